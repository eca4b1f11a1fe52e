#include "webhook/own_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/fake_api.h"
#include "base/log.h"
#include "base/strings.h"

namespace dm::webhook {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using app::testing::FakeApi;
using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kSecret = "/api/v1/namespaces/dm/secrets/dm-webhook-ca";
constexpr const char* kConfiguration = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/dm-webhook";

struct OwnCertificatesTest : ::testing::Test {
  FakeApi api;
  kube::Client client{api};
  base::VirtualClock clock;
  base::SystemRandom random;
  OwnCertificatesOptions options{"dm", "dm-webhook", "dm-webhook-ca", "dm-webhook", {"127.0.0.1", "::1", "hook.example.com"}, "cluster.local"};

  OwnCertificatesTest() {
    base::SetLogSink([](std::string_view) {});
    PutConfiguration();
  }
  ~OwnCertificatesTest() override { base::SetLogSink({}); }
  void PutConfiguration() {
    api.Put(kConfiguration, {{"metadata", {{"name", "dm-webhook"}}},
                             {"webhooks", {{{"name", "a.b.c"}, {"clientConfig", {{"service", {{"name", "dm-webhook"}, {"namespace", "dm"}}}}}}}}});
  }
  std::string Published() const {
    return base::Base64Decode((*api.Get(kConfiguration))["webhooks"][0]["clientConfig"].value("caBundle", "")).value_or("");
  }
  std::unique_ptr<OwnCertificates> Replica() { return std::make_unique<OwnCertificates>(client, options, clock, random); }
  // Would the API server, which trusts what is published, take the connection?
  bool Trusted(const OwnCertificates& replica) const {
    const ServingPtr serving = replica.Current();
    return serving && net::CheckKeyPair(serving->pair, Published()).has_value();
  }
  void Fail(int status, const std::string& reason, const std::string& path) {
    api.SetHook([=](const net::Request& request) -> std::optional<base::Result<net::Response>> {
      if (net::PathOf(request.target) != path) return std::nullopt;
      return base::Result<net::Response>(FakeApi::Status(status, reason, "because"));
    });
  }
};

TEST_F(OwnCertificatesTest, ServesUnderEveryNameThatCallersUse) {
  auto replica = Replica();
  ASSERT_TRUE(replica->Tick().has_value());
  const auto facts = net::ReadCertificate(replica->Current()->pair.certificate_pem);
  ASSERT_TRUE(facts.has_value());
  for (const char* name : {"dm-webhook", "dm-webhook.dm", "dm-webhook.dm.svc", "dm-webhook.dm.svc.cluster.local", "hook.example.com"}) {
    EXPECT_THAT(facts->dns, Contains(name));
  }
  EXPECT_THAT(facts->ips, Contains("127.0.0.1"));
  EXPECT_EQ(facts->ips.size(), 2u);
  EXPECT_FALSE(facts->is_authority);
  EXPECT_TRUE(Trusted(*replica));
  EXPECT_EQ(replica->Problem(clock.Wall()), "");
  EXPECT_NEAR(std::chrono::duration<double>(facts->not_after - clock.Wall()).count() / 3600, 168, 2);
}

TEST_F(OwnCertificatesTest, LongNamesGetACertificateToo) {
  options.service = std::string(63, 's');
  options.ns = std::string(63, 'n');
  options.configuration.clear();
  auto replica = Replica();
  const auto ticked = replica->Tick();
  ASSERT_TRUE(ticked.has_value()) << ticked.error().ToString();
  EXPECT_TRUE(replica->Current());
}

TEST_F(OwnCertificatesTest, ASteadyStateWritesNothing) {
  auto replica = Replica();
  ASSERT_TRUE(replica->Tick().has_value());
  const int writes = api.Writes();
  EXPECT_EQ(writes, 2);   // the Secret and the caBundle
  const ServingPtr serving = replica->Current();
  for (int minute = 0; minute < 60; ++minute) {
    clock.Advance(minutes(1));
    ASSERT_TRUE(replica->Tick().has_value());
  }
  EXPECT_EQ(api.Writes(), writes);
  EXPECT_EQ(replica->Current(), serving);
}

TEST_F(OwnCertificatesTest, TheLeafIsRenewedInTimeWithoutAWrite) {
  auto replica = Replica();
  ASSERT_TRUE(replica->Tick().has_value());
  const std::string first = replica->Current()->pair.certificate_pem;
  const int writes = api.Writes();
  clock.Advance(hours(24 * 4));
  (void)replica->Tick();
  EXPECT_EQ(replica->Current()->pair.certificate_pem, first);
  clock.Advance(hours(24));   // past two thirds of seven days
  (void)replica->Tick();
  EXPECT_NE(replica->Current()->pair.certificate_pem, first);
  EXPECT_EQ(api.Writes(), writes);
}

TEST_F(OwnCertificatesTest, ALeafThatAClockMadeThatWasAheadIsMadeAgain) {
  auto replica = Replica();
  ASSERT_TRUE(replica->Tick().has_value());
  clock.Advance(hours(24 * 5));      // past its renewal
  ASSERT_TRUE(replica->Tick().has_value());
  clock.Advance(-hours(24 * 5));     // the clock is put right
  ASSERT_TRUE(replica->Tick().has_value());
  EXPECT_LE(net::ReadCertificate(replica->Current()->pair.certificate_pem)->not_before, clock.Wall());
}

// Five hundred days with two replicas, half a step apart: steps of a day, of a minute after each rotation. What
// is served is trusted by what is published at every moment, also by a caller that holds the bundle of nine minutes ago.
TEST_F(OwnCertificatesTest, RotationNeverLeavesACallerDistrusting) {
  auto one = Replica(), two = Replica();
  (void)two->Tick();
  std::vector<std::pair<base::WallTime, std::string>> bundles;
  std::string authority;
  int rotations = 0, fine_steps = 0;
  const base::WallTime end = clock.Wall() + hours(24 * 500);
  const auto check = [&](const OwnCertificates& replica) {
    ASSERT_TRUE(Trusted(replica)) << base::FormatRfc3339(clock.Wall());
    ASSERT_LT(clock.Wall(), replica.Current()->expires);
    for (auto old = bundles.rbegin(); old != bundles.rend(); ++old) {
      if (clock.Wall() - old->first < minutes(9)) continue;
      ASSERT_TRUE(net::CheckKeyPair(replica.Current()->pair, old->second).has_value()) << base::FormatRfc3339(clock.Wall());
      break;
    }
  };
  while (clock.Wall() < end) {
    ASSERT_TRUE(one->Tick().has_value());
    check(*one);
    check(*two);
    bundles.emplace_back(clock.Wall(), Published());
    const std::string now = (*api.Get(kSecret))["data"]["ca.crt"].get<std::string>();
    if (!authority.empty() && now != authority) {
      ++rotations;
      fine_steps = 20;
    }
    authority = now;
    const base::Duration half = fine_steps-- > 0 ? base::Duration(minutes(1)) : base::Duration(hours(24));
    clock.Advance(half);
    ASSERT_TRUE(two->Tick().has_value());
    check(*one);
    check(*two);
    bundles.emplace_back(clock.Wall(), Published());
    clock.Advance(half);
  }
  EXPECT_EQ(rotations, 2);
  EXPECT_LE(net::SplitBundle(Published())->size(), 2u);
}

TEST_F(OwnCertificatesTest, ReplicasShareOneAuthority) {
  auto one = Replica(), two = Replica();
  ASSERT_TRUE(one->Tick().has_value());
  ASSERT_TRUE(two->Tick().has_value());
  EXPECT_TRUE(Trusted(*one));
  EXPECT_TRUE(Trusted(*two));
  EXPECT_NE(one->Current()->pair.key_pem, two->Current()->pair.key_pem) << "a leaf's key never leaves its process";
  EXPECT_EQ(net::SplitBundle(Published())->size(), 1u);
}

TEST_F(OwnCertificatesTest, AnAuthorityMadeAnewIsPublishedBeforeItSigns) {
  auto one = Replica(), two = Replica();
  (void)one->Tick();
  (void)two->Tick();
  api.Remove(kSecret);   // somebody deletes the Secret
  ASSERT_TRUE(one->Tick().has_value());
  EXPECT_TRUE(Trusted(*one));
  EXPECT_TRUE(Trusted(*two)) << "the old one stays published while its leaves are in use";
  ASSERT_TRUE(two->Tick().has_value());
  EXPECT_TRUE(Trusted(*two));
}

TEST_F(OwnCertificatesTest, StartsWithoutAnAnswerAndSaysWhy) {
  auto replica = Replica();
  EXPECT_THAT(replica->Problem(clock.Wall()), HasSubstr("no certificate yet"));
  Fail(403, "Forbidden", kSecret);
  EXPECT_FALSE(replica->Tick().has_value());
  EXPECT_FALSE(replica->Pair().has_value());
  EXPECT_THAT(replica->Problem(clock.Wall()), HasSubstr("dm/dm-webhook-ca"));
  api.SetHook({});
  EXPECT_TRUE(replica->Tick().has_value());
  EXPECT_EQ(replica->Problem(clock.Wall()), "");
}

TEST_F(OwnCertificatesTest, WithoutItsConfigurationItServesButIsNotReady) {
  api.Remove(kConfiguration);
  auto replica = Replica();
  EXPECT_FALSE(replica->Tick().has_value());
  EXPECT_TRUE(replica->Pair().has_value());
  EXPECT_THAT(replica->Problem(clock.Wall()), HasSubstr("ValidatingWebhookConfiguration dm-webhook"));
  PutConfiguration();
  EXPECT_TRUE(replica->Tick().has_value());
  EXPECT_EQ(replica->Problem(clock.Wall()), "");
}

TEST_F(OwnCertificatesTest, AnApiServerThatIsAwayChangesNothing) {
  auto replica = Replica();
  ASSERT_TRUE(replica->Tick().has_value());
  Fail(503, "ServiceUnavailable", kSecret);
  EXPECT_FALSE(replica->Tick().has_value());
  EXPECT_EQ(replica->Problem(clock.Wall()), "");
  EXPECT_THAT(replica->LastError(), HasSubstr("because"));
  clock.Advance(kLeafLife + hours(1));
  EXPECT_THAT(replica->Problem(clock.Wall()), HasSubstr("expired at 2026-01-08"));
}

TEST_F(OwnCertificatesTest, TheCaBundleMayBelongToSomebodyElse) {
  options.configuration.clear();
  auto replica = Replica();
  ASSERT_TRUE(replica->Tick().has_value());
  EXPECT_EQ(Published(), "");
  EXPECT_EQ(replica->Problem(clock.Wall()), "");
}

TEST_F(OwnCertificatesTest, LooksAgainSoonAndStopsAtOnce) {
  auto replica = Replica();
  replica->Start();
  clock.AwaitWaiters(1);
  EXPECT_TRUE(Trusted(*replica));
  PutConfiguration();   // the chart was applied again and took the bundle away
  clock.Advance(minutes(1));
  clock.AwaitWaiters(1);
  EXPECT_TRUE(Trusted(*replica));
  EXPECT_FALSE(replica->Stuck());
  replica->Stop();
}

}  // namespace
}  // namespace dm::webhook
