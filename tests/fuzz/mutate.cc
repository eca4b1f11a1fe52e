// Mutations of a text.
#include "tests/fuzz/mutate.h"

#include <algorithm>

namespace dm::fuzz {
namespace {

constexpr std::size_t kMaxBytes = 4096;

std::string RandomPiece(const std::string& text, base::Random& random) {
  if (text.empty()) return {};
  const std::size_t begin = random.Below(text.size());
  return text.substr(begin, 1 + random.Below(std::min<std::size_t>(text.size() - begin, 32)));
}

}  // namespace

std::string Mutate(const std::vector<std::string>& seeds, const std::vector<std::string>& words, base::Random& random) {
  std::string text = seeds[random.Below(seeds.size())];
  for (auto edits = 1 + random.Below(6); edits > 0; --edits) {
    const std::size_t at = random.Below(text.size() + 1);
    switch (random.Below(7)) {
      case 0: text.insert(at, 1, static_cast<char>(random.Below(256))); break;
      case 1:
      case 2:
        if (!words.empty()) text.insert(at, words[random.Below(words.size())]);
        break;
      case 3: text.erase(at, 1 + random.Below(random.Below(4) == 0 ? 64 : 3)); break;
      case 4: text.insert(at, RandomPiece(text, random)); break;
      case 5: text.insert(at, RandomPiece(seeds[random.Below(seeds.size())], random)); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1u << random.Below(8)));
    }
  }
  text.resize(std::min(text.size(), kMaxBytes));
  return text;
}

}  // namespace dm::fuzz
