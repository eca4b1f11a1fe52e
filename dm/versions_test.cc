#include "dm/versions.h"

#include <gtest/gtest.h>

namespace dm {
namespace {

TEST(Version, ReadsTags) {
  struct Case {
    std::string_view tag;
    std::string text;      // empty: no version
  };
  for (const Case& c : {Case{"v8.5.7", "v8.5.7"}, Case{"8.5.7", "v8.5.7"}, Case{"v8.5.7-alpha", "v8.5.7-alpha"},
                        Case{"v8.5.3-20251013-2c9a781", "v8.5.3-20251013-2c9a781"}, Case{"latest", ""}, Case{"nightly", ""},
                        Case{"v8.5", ""}, Case{"v8.5.7.1", ""}, Case{"v8.5.x", ""}, Case{"v8.5.7-", ""}, Case{"", ""},
                        Case{"v", ""}, Case{"v8..7", ""}, Case{"v8.5.99999999", ""}, Case{"v-8.5.7", ""}}) {
    const auto version = ParseVersion(c.tag);
    EXPECT_EQ(version ? version->ToString() : "", c.text) << c.tag;
  }
}

TEST(Version, OrdersReleasesPreReleasesAndHotfixes) {
  const std::string_view ascending[] = {"v6.0.9", "v6.1.0-alpha", "v6.1.0-beta", "v6.1.0", "v6.5.12", "v7.5.0",
                                        "v8.5.3", "v8.5.3-20251013-2c9a781", "v8.5.3-20260101-abc", "v8.5.7", "v8.5.10"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(*ParseVersion(ascending[i]) <=> *ParseVersion(ascending[j]), i <=> j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Version, SupportedSince61) {
  EXPECT_FALSE(IsSupported(*ParseVersion("v5.4.3")));
  EXPECT_FALSE(IsSupported(*ParseVersion("v6.0.0")));
  EXPECT_TRUE(IsSupported(*ParseVersion("v6.1.0")));
  EXPECT_TRUE(IsSupported(*ParseVersion("v8.5.7")));
}

}  // namespace
}  // namespace dm
