#include "webhook/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kName = "dm-webhook authority";

struct AuthorityTest : ::testing::Test {
  base::VirtualClock clock;
  base::WallTime start = clock.Wall();
  Authorities first = *NewAuthorities(kName, start);

  static base::Json Secret(const Authorities& authorities) { return {{"data", ToSecretData(authorities)}}; }
  static std::size_t Count(const std::string& bundle) { return net::SplitBundle(bundle)->size(); }
};

TEST_F(AuthorityTest, SurvivesTheSecret) {
  const auto rotated = Rotate(first, kName, start + hours(24 * 300));
  ASSERT_TRUE(rotated.has_value());
  const auto read = FromSecret(Secret(*rotated));
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(read->current.certificate_pem, rotated->current.certificate_pem);
  EXPECT_EQ(read->current.key_pem, rotated->current.key_pem);
  ASSERT_TRUE(read->previous);
  EXPECT_EQ(read->previous->key_pem, first.current.key_pem);
}

TEST_F(AuthorityTest, WhatIsNoneIsRefused) {
  const Authorities other = *NewAuthorities(kName, start);
  const auto leaf = net::IssueLeaf(first.current, {"x", {"x"}, {}}, start, hours(1), true, false);
  ASSERT_TRUE(leaf.has_value());
  Authorities mixed = first;
  mixed.current.key_pem = other.current.key_pem;
  const struct {
    base::Json secret;
    const char* says;
  } rows[] = {
      {base::Json::object(), "holds nothing"},
      {{{"data", nullptr}}, "holds nothing"},
      {{{"data", {{"ca.crt", "%%%"}, {"ca.key", "x"}}}}, "ca.crt"},
      {{{"data", {{"ca.crt", base::Base64Encode(first.current.certificate_pem)}}}}, "ca.key"},
      {{{"data", {{"ca.crt", 5}, {"ca.key", 5}}}}, "ca.crt"},
      {Secret(mixed), "does not belong"},
      {Secret({*leaf, std::nullopt}), "no authority"},
  };
  for (const auto& row : rows) {
    const auto read = FromSecret(row.secret);
    ASSERT_FALSE(read.has_value()) << row.says;
    EXPECT_THAT(read.error().ToString(), HasSubstr(row.says));
  }
}

TEST_F(AuthorityTest, ABrokenPreviousOneCostsNothing) {
  base::Json secret = Secret(first);
  secret["data"]["previous.crt"] = base::Base64Encode("garbage");
  const auto read = FromSecret(secret);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->previous);
}

TEST_F(AuthorityTest, IsRotatedAtTwoThirds) {
  const auto facts = net::ReadCertificate(first.current.certificate_pem);
  EXPECT_FALSE(WantsRotation(first, start));
  EXPECT_TRUE(WantsRotation(first, facts->not_before - std::chrono::seconds(1))) << "made by a clock that was ahead";
  EXPECT_FALSE(WantsRotation(first, net::RenewAt(facts->not_before, facts->not_after) - std::chrono::seconds(1)));
  EXPECT_TRUE(WantsRotation(first, net::RenewAt(facts->not_before, facts->not_after)));
  EXPECT_NEAR(std::chrono::duration<double>(net::RenewAt(facts->not_before, facts->not_after) - start).count() / 86400, 365 * 2 / 3.0, 1);
}

TEST_F(AuthorityTest, BothStandInTheBundleUntilTheOldOneExpires) {
  const base::WallTime later = start + hours(24 * 244);
  const Authorities rotated = *Rotate(first, kName, later);
  EXPECT_EQ(Count(BundleOf(first, start)), 1u);
  EXPECT_EQ(Count(BundleOf(rotated, later)), 2u);
  EXPECT_EQ(BundleOf(rotated, later).find(rotated.current.certificate_pem), 0u) << "newest first";
  EXPECT_EQ(Count(BundleOf(rotated, start + kAuthorityLife - minutes(1))), 2u);
  EXPECT_EQ(Count(BundleOf(rotated, start + kAuthorityLife + minutes(1))), 1u);
}

TEST_F(AuthorityTest, TheNewOneSignsOnceItIsKnownEverywhere) {
  EXPECT_EQ(SignerOf(first, start).key_pem, first.current.key_pem) << "a first authority signs at once";
  const base::WallTime later = start + hours(24 * 244);
  const Authorities rotated = *Rotate(first, kName, later);
  EXPECT_EQ(SignerOf(rotated, later).key_pem, first.current.key_pem);
  EXPECT_EQ(SignerOf(rotated, later + kSettle - std::chrono::seconds(2)).key_pem, first.current.key_pem);
  EXPECT_EQ(SignerOf(rotated, later + kSettle + std::chrono::seconds(2)).key_pem, rotated.current.key_pem);
}

TEST_F(AuthorityTest, AnExpiredOneIsReplacedAtOnce) {
  const base::WallTime much_later = start + kAuthorityLife + hours(1);
  EXPECT_TRUE(WantsRotation(first, much_later));
  const Authorities rotated = *Rotate(first, kName, much_later);
  EXPECT_FALSE(rotated.previous) << "nobody is to trust an expired one";
  EXPECT_EQ(SignerOf(rotated, much_later).key_pem, rotated.current.key_pem);
}

}  // namespace
}  // namespace dm::webhook
