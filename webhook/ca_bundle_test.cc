#include "webhook/ca_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/fake_api.h"
#include "base/log.h"
#include "base/strings.h"
#include "webhook/authority.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using app::testing::FakeApi;
using std::chrono::hours;

constexpr const char* kPath = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/dm-webhook";
constexpr const char* kName = "dm-webhook authority";

base::Json Entry(const std::string& name, const std::string& service, const std::string& ns) {
  return {{"name", name}, {"failurePolicy", "Fail"}, {"clientConfig", {{"service", {{"name", service}, {"namespace", ns}, {"path", "/validate"}}}}}};
}

struct CaBundleTest : ::testing::Test {
  FakeApi api;
  kube::Client client{api};
  base::VirtualClock clock;
  base::WallTime now = clock.Wall();
  EntryMatch match{"dm-webhook", "dm", {}};
  Authorities authorities = *NewAuthorities(kName, now);

  CaBundleTest() {
    base::SetLogSink([](std::string_view) {});
    api.Put(kPath, {{"metadata", {{"name", "dm-webhook"}}},
                    {"webhooks", {Entry("other.example.com", "other", "dm"), Entry("dmclusters.dm.pingcap.com", "dm-webhook", "dm")}}});
  }
  ~CaBundleTest() override { base::SetLogSink({}); }
  base::Result<bool> Ensure(const std::string& bundle) { return EnsureBundle(client, "dm-webhook", match, bundle, now); }
  std::string Held() const {
    return base::Base64Decode((*api.Get(kPath))["webhooks"][1]["clientConfig"].value("caBundle", "")).value_or("");
  }
};

TEST_F(CaBundleTest, IsPatchedOnceAndNothingElseIs) {
  const base::Json before = *api.Get(kPath);
  auto wrote = Ensure(BundleOf(authorities, now));
  ASSERT_TRUE(wrote.has_value()) << wrote.error().ToString();
  EXPECT_TRUE(*wrote);
  EXPECT_EQ(Held(), authorities.current.certificate_pem);
  base::Json after = *api.Get(kPath);
  after["webhooks"][1]["clientConfig"].erase("caBundle");
  after["metadata"] = before["metadata"];
  EXPECT_EQ(after, before);
  wrote = Ensure(BundleOf(authorities, now));
  EXPECT_FALSE(*wrote);
  EXPECT_EQ(api.Writes(), 1);
}

TEST_F(CaBundleTest, DriftIsRepaired) {
  (void)Ensure(BundleOf(authorities, now));
  for (const std::string& drift : {std::string(), std::string("Cg=="), std::string("%%%"), base::Base64Encode("garbage")}) {
    base::Json changed = *api.Get(kPath);
    changed["webhooks"][1]["clientConfig"]["caBundle"] = drift;
    api.Put(kPath, changed);
    EXPECT_TRUE(*Ensure(BundleOf(authorities, now))) << drift;
    EXPECT_EQ(Held(), authorities.current.certificate_pem);
  }
}

TEST_F(CaBundleTest, OldAndNewStandTogether) {
  (void)Ensure(BundleOf(authorities, now));
  now += hours(24 * 250);
  const Authorities rotated = *Rotate(authorities, kName, now);
  EXPECT_TRUE(*Ensure(BundleOf(rotated, now)));
  EXPECT_EQ(net::SplitBundle(Held())->size(), 2u);
  // A replica that has not seen the rotation yet must not take the new one away.
  EXPECT_FALSE(*Ensure(BundleOf(authorities, now)));
  EXPECT_EQ(net::SplitBundle(Held())->size(), 2u);
  now += hours(24 * 130);   // the old one has expired
  EXPECT_TRUE(*Ensure(BundleOf(rotated, now)));
  EXPECT_EQ(Held(), rotated.current.certificate_pem);
}

TEST_F(CaBundleTest, ForeignAuthoritiesGo) {
  const Authorities foreign = *NewAuthorities("somebody else", now);
  base::Json changed = *api.Get(kPath);
  changed["webhooks"][1]["clientConfig"]["caBundle"] =
      base::Base64Encode(authorities.current.certificate_pem + foreign.current.certificate_pem);
  api.Put(kPath, changed);
  EXPECT_TRUE(*Ensure(BundleOf(authorities, now)));
  EXPECT_EQ(Held(), authorities.current.certificate_pem);
}

TEST_F(CaBundleTest, EntriesOfOthersAreNeverTouched) {
  (void)Ensure(BundleOf(authorities, now));
  EXPECT_FALSE((*api.Get(kPath))["webhooks"][0]["clientConfig"].contains("caBundle"));
}

TEST_F(CaBundleTest, UrlsMatchByHost) {
  const struct {
    const char* url;
    bool ours;
  } rows[] = {
      {"https://127.0.0.1:9443/validate", true}, {"https://[::1]:9443/validate", true},  {"https://hook.example.com/validate", true},
      {"https://127.0.0.11:9443/validate", false}, {"https://evil.example.com/127.0.0.1", false}, {"", false},
  };
  match.hosts = {"127.0.0.1", "::1", "hook.example.com"};
  for (const auto& row : rows) {
    api.Put(kPath, {{"metadata", {{"name", "dm-webhook"}}}, {"webhooks", {{{"name", "a.b.c"}, {"clientConfig", {{"url", row.url}}}}}}});
    const auto wrote = Ensure(BundleOf(authorities, now));
    EXPECT_EQ(wrote.has_value(), row.ours) << row.url;
  }
}

TEST_F(CaBundleTest, AnEntryThatMovedMeanwhileIsNotOverwritten) {
  const auto patch = BundlePatch(*api.Get(kPath), match, BundleOf(authorities, now), now);
  ASSERT_TRUE(patch.has_value() && patch->has_value());
  base::Json swapped = *api.Get(kPath);
  std::swap(swapped["webhooks"][0], swapped["webhooks"][1]);
  api.Put(kPath, swapped);
  EXPECT_FALSE(client.Raw("PATCH", kPath, base::DumpJson(**patch), "application/json-patch+json").has_value());
  EXPECT_EQ((*api.Get(kPath))["webhooks"], swapped["webhooks"]);
}

TEST_F(CaBundleTest, WhatIsMissingIsNamed) {
  match.service = "gone";
  auto refused = Ensure(BundleOf(authorities, now));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kNotFound);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("dm/gone"));
  api.Remove(kPath);
  refused = Ensure(BundleOf(authorities, now));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().ToString(), HasSubstr("ValidatingWebhookConfiguration dm-webhook"));
}

}  // namespace
}  // namespace dm::webhook
