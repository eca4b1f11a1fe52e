#include "webhook/warnings.h"

#include <algorithm>
#include <set>

#include "base/strings.h"

namespace dm::webhook {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr std::size_t kRoomForCount = 80;

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

std::string CountLine(std::size_t left) {
  return std::to_string(left) + " more warning" + (left == 1 ? "" : "s") + " did not fit: see all with kubectl dm check";
}

// Bytes of one character at `at`, 0 when it is no UTF-8.
std::size_t CharacterAt(std::string_view text, std::size_t at) {
  for (std::size_t size = 1; size <= 4 && at + size <= text.size(); ++size) {
    if (base::IsUtf8(text.substr(at, size))) return size;
  }
  return 0;
}

bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  // C1 controls, and the separators that some terminals break lines at.
  if (character.size() == 2) return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
  return character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9";
}

}  // namespace

std::size_t Runes(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return !Continues(c); }));
}

std::string CleanLine(std::string_view text, std::size_t most_runes) {
  std::string clean;
  std::size_t runes = 0, cut = 0;
  for (std::size_t at = 0; at < text.size(); ++runes) {
    if (runes + 1 == most_runes) cut = clean.size();   // where the ellipsis would go
    if (runes == most_runes) {
      clean.resize(cut);
      clean += kEllipsis;
      return clean;
    }
    const std::size_t size = CharacterAt(text, at);
    const std::string_view character = text.substr(at, std::max<std::size_t>(size, 1));
    if (size == 0) {
      clean += '?';
    } else if (IsControl(character)) {
      clean += ' ';
    } else {
      clean += character;
    }
    at += character.size();
  }
  return clean;
}

std::vector<std::string> FitWarnings(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  std::set<std::string> told;
  for (const std::string& text : texts) {
    std::string line = CleanLine(text, kLongestWarning);
    if (base::Trim(line).empty() || !told.insert(line).second) continue;
    lines.push_back(std::move(line));
  }
  std::size_t total = 0;
  for (const std::string& line : lines) total += Runes(line);
  if (total <= kWarningBudget) return lines;

  std::vector<std::string> fitting;
  std::size_t used = 0;
  for (const std::string& line : lines) {
    if (used + Runes(line) > kWarningBudget - kRoomForCount) break;
    used += Runes(line);
    fitting.push_back(line);
  }
  fitting.push_back(CountLine(lines.size() - fitting.size()));
  return fitting;
}

}  // namespace dm::webhook
