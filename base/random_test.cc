#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace dm::base {
namespace {

class Fixed final : public Random {
 public:
  explicit Fixed(double value) : value_(value) {}
  double Uniform() override { return value_; }

 private:
  double value_;
};

TEST(Random, BelowStaysBelow) {
  Fixed nearly_one(0x1.fffffffffffffp-1);
  EXPECT_EQ(nearly_one.Below(10), 9u);
  EXPECT_EQ(nearly_one.Below(1), 0u);
  EXPECT_EQ(nearly_one.Below(0), 0u);
  EXPECT_LT(nearly_one.Below(~std::uint64_t{0}), ~std::uint64_t{0});
}

TEST(Random, ASeedReproducesAcrossStandardLibraries) {
  SeededRandom one(42), two(42), other(43);
  const double first = one.Uniform();
  EXPECT_EQ(first, two.Uniform());
  EXPECT_NE(first, other.Uniform());
  // The first output of std::mt19937_64 is fixed by the standard; ours is its upper 53 bits.
  SeededRandom standard(5489);
  EXPECT_EQ(standard.Uniform(), static_cast<double>(14514284786278117030ull >> 11) * 0x1.0p-53);
}

TEST(Random, SystemRandomSpreads) {
  SystemRandom random;
  double least = 1, most = 0;
  for (int i = 0; i < 1000; ++i) {
    const double drawn = random.Uniform();
    ASSERT_GE(drawn, 0);
    ASSERT_LT(drawn, 1);
    least = std::min(least, drawn);
    most = std::max(most, drawn);
  }
  EXPECT_LT(least, 0.1);
  EXPECT_GT(most, 0.9);
}

TEST(Uuid, HasTheFormOfVersion4AndDiffers) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = NewUuid();
    ASSERT_EQ(uuid.size(), 36u);
    for (std::size_t k = 0; k < uuid.size(); ++k) {
      const bool dash = k == 8 || k == 13 || k == 18 || k == 23;
      EXPECT_EQ(uuid[k] == '-', dash) << uuid;
      EXPECT_TRUE(dash || std::string("0123456789abcdef").find(uuid[k]) != std::string::npos) << uuid;
    }
    EXPECT_EQ(uuid[14], '4') << uuid;
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

}  // namespace
}  // namespace dm::base
