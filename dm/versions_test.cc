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

TEST(Version, OrdersReleasesAndPreReleases) {
  const std::string_view ascending[] = {"v6.0.9", "v6.1.0-alpha", "v6.1.0-beta", "v6.1.0-beta.2", "v6.1.0-rc.9", "v6.1.0-RC10", "v6.1.0", "v6.5.12", "v7.5.0",
                                        "v8.5.3", "v8.5.7", "v8.5.10"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(*ParseVersion(ascending[i]) <=> *ParseVersion(ascending[j]), i <=> j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Version, BuildsOfOneReleaseAreEquivalent) {
  const std::string_view builds[] = {"v8.5.7", "v8.5.7-20251013-2c9a781", "v8.5.7-20240101", "v8.5.7-hotfix1", "v8.5.7-patch10", "v8.5.7-debian", "v8.5.7-alpine"};
  for (const auto a : builds) {
    for (const auto b : builds) EXPECT_EQ(*ParseVersion(a) <=> *ParseVersion(b), std::weak_ordering::equivalent) << a << " " << b;
    EXPECT_LT(*ParseVersion("v8.5.7-rc.1"), *ParseVersion(a)) << a;
    EXPECT_LT(*ParseVersion(a), *ParseVersion("v8.5.8-alpha")) << a;
  }
  EXPECT_EQ(*ParseVersion("v9.0.0-alpha-123-gabcdef"), *ParseVersion("v9.0.0-alpha"));
}

TEST(Version, SupportedSince61) {
  EXPECT_FALSE(IsSupported(*ParseVersion("v5.4.3")));
  EXPECT_FALSE(IsSupported(*ParseVersion("v6.0.0")));
  EXPECT_TRUE(IsSupported(*ParseVersion("v6.1.0")));
  EXPECT_TRUE(IsSupported(*ParseVersion("v8.5.7")));
}

}  // namespace
}  // namespace dm
