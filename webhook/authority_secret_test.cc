#include "webhook/authority_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "app/testing/fake_api.h"
#include "base/log.h"
#include "base/strings.h"

namespace dm::webhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using app::testing::FakeApi;
using std::chrono::hours;

constexpr const char* kPath = "/api/v1/namespaces/dm/secrets/dm-webhook-ca";
const SecretPlace kPlace{"dm", "dm-webhook-ca", "dm-webhook authority"};

struct AuthoritySecretTest : ::testing::Test {
  FakeApi api;
  kube::Client client{api};
  base::VirtualClock clock;
  base::WallTime start = clock.Wall();

  AuthoritySecretTest() { base::SetLogSink([](std::string_view) {}); }
  ~AuthoritySecretTest() override { base::SetLogSink({}); }
  base::Result<Authorities> Ensure(base::WallTime now) { return EnsureAuthorities(client, kPlace, now); }
};

TEST_F(AuthoritySecretTest, IsMadeOnceAndKept) {
  const auto first = Ensure(start);
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  const base::Json secret = *api.Get(kPath);
  EXPECT_EQ(secret["type"], "Opaque");
  EXPECT_EQ(secret["metadata"]["labels"]["app.kubernetes.io/managed-by"], "dm-webhook");
  EXPECT_EQ(*base::Base64Decode(secret["data"]["ca.crt"].get<std::string>()), first->current.certificate_pem);
  const auto second = Ensure(start + hours(24 * 30));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->current.certificate_pem, first->current.certificate_pem);
  EXPECT_EQ(api.Writes(), 1);
}

TEST_F(AuthoritySecretTest, TheLoserOfTheRaceTakesTheWinners) {
  const Authorities winner = *NewAuthorities(kPlace.common_name, start);
  bool raced = false;
  api.SetHook([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method != "POST" || raced) return std::nullopt;
    raced = true;   // between our look and our create another replica was faster
    api.Put(kPath, {{"metadata", {{"name", "dm-webhook-ca"}, {"namespace", "dm"}, {"labels", {{"app.kubernetes.io/managed-by", "dm-webhook"}}}}},
                    {"data", ToSecretData(winner)}});
    return std::nullopt;
  });
  const auto ours = Ensure(start);
  ASSERT_TRUE(ours.has_value()) << ours.error().ToString();
  EXPECT_TRUE(raced);
  EXPECT_EQ(ours->current.certificate_pem, winner.current.certificate_pem);
}

TEST_F(AuthoritySecretTest, ManyAtOnceAgree) {
  std::vector<std::string> seen(6);
  {
    std::vector<std::jthread> replicas;
    for (std::string& certificate : seen) {
      replicas.emplace_back([&] {
        const auto authorities = Ensure(start);
        if (authorities) certificate = authorities->current.certificate_pem;
      });
    }
  }
  for (const std::string& certificate : seen) EXPECT_EQ(certificate, seen.front());
  EXPECT_FALSE(seen.front().empty());
}

TEST_F(AuthoritySecretTest, IsRotatedInTimeByOneReplicaOnly) {
  const Authorities first = *Ensure(start);
  const base::WallTime later = start + hours(24 * 250);
  const auto rotated = Ensure(later);
  ASSERT_TRUE(rotated.has_value());
  EXPECT_NE(rotated->current.certificate_pem, first.current.certificate_pem);
  EXPECT_EQ(rotated->previous->certificate_pem, first.current.certificate_pem);
  const auto again = Ensure(later);   // another replica
  EXPECT_EQ(again->current.certificate_pem, rotated->current.certificate_pem);
  EXPECT_EQ(api.Writes(), 2);
}

TEST_F(AuthoritySecretTest, ALostUpdateIsReadAgain) {
  (void)Ensure(start);
  const base::WallTime later = start + hours(24 * 250);
  bool raced = false;
  api.SetHook([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method != "PUT" || raced) return std::nullopt;
    raced = true;
    FakeApi& server = api;
    base::Json theirs = *server.Get(kPath);
    theirs["data"] = ToSecretData(*Rotate(*FromSecret(theirs), kPlace.common_name, later));
    server.Put(kPath, theirs);
    return std::nullopt;
  });
  const auto ours = Ensure(later);
  ASSERT_TRUE(ours.has_value()) << ours.error().ToString();
  EXPECT_EQ(ours->current.certificate_pem, FromSecret(*api.Get(kPath))->current.certificate_pem);
  EXPECT_TRUE(raced);
}

TEST_F(AuthoritySecretTest, OurBrokenSecretIsMadeAnew) {
  (void)Ensure(start);
  base::Json broken = *api.Get(kPath);
  broken["data"]["ca.key"] = base::Base64Encode("garbage");
  broken["metadata"]["labels"]["team"] = "db";
  api.Put(kPath, broken);
  const auto made = Ensure(start);
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_TRUE(FromSecret(*api.Get(kPath)).has_value());
  EXPECT_EQ((*api.Get(kPath))["metadata"]["labels"]["team"], "db");
}

TEST_F(AuthoritySecretTest, AnEmptySecretIsFilled) {
  api.Put(kPath, {{"metadata", {{"name", "dm-webhook-ca"}, {"namespace", "dm"}}}});
  EXPECT_TRUE(Ensure(start).has_value());
  EXPECT_TRUE(FromSecret(*api.Get(kPath)).has_value());
}

TEST_F(AuthoritySecretTest, ASecretOfSomebodyElseIsLeftAlone) {
  api.Put(kPath, {{"metadata", {{"name", "dm-webhook-ca"}, {"namespace", "dm"}}}, {"data", {{"password", "c2VjcmV0"}}}});
  const auto refused = Ensure(start);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kInvalid);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("--ca-secret"));
  EXPECT_EQ(api.Writes(), 0);
}

TEST_F(AuthoritySecretTest, WithoutPermissionTheReasonIsTold) {
  api.SetHook([](const net::Request&) { return base::Result<net::Response>(FakeApi::Status(403, "Forbidden", "secrets is forbidden")); });
  const auto refused = Ensure(start);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kDenied);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("dm/dm-webhook-ca"));
  EXPECT_THAT(api.Requests(), ElementsAre("GET /api/v1/namespaces/dm/secrets/dm-webhook-ca"));
}

}  // namespace
}  // namespace dm::webhook
