#include "base/packed_text.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/random.h"
#include "base/strings.h"

namespace dm::base {
namespace {

// As Kubernetes objects are: long alike, with a name, a uid and a hash of their own.
std::string ObjectNumber(int number, std::string_view kind = "set") {
  std::string text = "{\"kind\":\"" + std::string(kind) + "\",\"metadata\":{\"name\":\"orders-" + std::to_string(number) + "\",\"hash\":\"" +
                     Sha256Hex(std::string(kind) + std::to_string(number)) + "\"},\"spec\":[";
  for (int i = 0; i < 200; ++i) text += "{\"path\":\"/" + Sha256Hex(std::string(kind) + " part " + std::to_string(i)).substr(0, 20) + "\"},";
  return text + "]}";
}

TEST(PackedText, GivesBackWhatItWasGiven) {
  SeededRandom random(7);
  std::string noise(5000, '\0');
  for (char& c : noise) c = static_cast<char>(random.Below(256));
  const auto sample = std::make_shared<const std::string>(ObjectNumber(0));
  for (const std::string& text : {std::string(), std::string("x"), std::string(64, 'a'), std::string(65, 'a'), ObjectNumber(1), noise, std::string(100000, '\0')}) {
    for (const auto& with : {PackedText::Sample(), sample}) {
      const PackedText packed(text, with);
      const auto back = packed.Unpack();
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, text);
      EXPECT_EQ(packed.size(), text.size());
      EXPECT_LE(packed.packed_size(), text.size());
    }
  }
  EXPECT_EQ(*PackedText().Unpack(), "");
}

TEST(PackedText, TheSampleIsWhatMakesItSmall) {
  const auto sample = std::make_shared<const std::string>(ObjectNumber(0));
  const std::string text = ObjectNumber(1);
  EXPECT_GT(PackedText(text).packed_size(), text.size() / 4);
  EXPECT_LT(PackedText(text, sample).packed_size(), text.size() / 30);
}

TEST(TextPacker, LearnsEachShapeOnceAndNoMoreThanItMay) {
  TextPacker packer;
  std::vector<PackedText> all;
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    texts.push_back(ObjectNumber(i, i % 2 == 0 ? "set" : "map"));
    all.push_back(packer.Pack(texts.back()));
  }
  // Fifty shapes are more than the sample takes: still all come back.
  for (int i = 0; i < 50; ++i) {
    texts.push_back(ObjectNumber(i, "shape " + std::to_string(i)));
    all.push_back(packer.Pack(texts.back()));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(all[i].Unpack());
    EXPECT_EQ(*all[i].Unpack(), texts[i]) << i;
    if (i < 2 || i >= 40) continue;
    EXPECT_LT(all[i].packed_size(), texts[i].size() / 30) << i;
  }
}

TEST(TextPacker, ServesSeveralThreads) {
  TextPacker packer;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&packer, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string text = ObjectNumber(i, "kind " + std::to_string((i + t) % 7));
        const auto back = packer.Pack(text).Unpack();
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, text);
      }
    });
  }
}

}  // namespace
}  // namespace dm::base
