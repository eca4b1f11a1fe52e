#include "operator/certificates/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "kube/testing/fake_api.h"
#include "operator/certificates/cert_manager.h"
#include "operator/certificates/secrets.h"

namespace dm::op::certificates {
namespace {

using base::Json;
using ::testing::HasSubstr;
using kube::testing::FakeApi;

struct KeeperTest : ::testing::Test {
  FakeApi api;
  kube::Client client{api};
  base::VirtualClock clock;
  Keeper keeper{client, clock};
  DMCluster want;

  KeeperTest() {
    base::SetLogSink([](std::string_view) {});
    want.meta.name = "orders";
    want.meta.ns = "shop";
    want.meta.uid = "u1";
    want.tls = true;
    want.issuer = Issuer::kSelfSigned;
  }
  ~KeeperTest() override { base::SetLogSink({}); }
  static std::string Path(const std::string& name) { return "/api/v1/namespaces/shop/secrets/" + name; }
  static std::string CertificatePath(const std::string& name) { return "/apis/cert-manager.io/v1/namespaces/shop/certificates/" + name; }
  Standing Keep(const std::set<std::string>& marks = {}) { return keeper.Keep(want, marks, {}); }
};

TEST_F(KeeperTest, MakesFourSecretsOfOursAndThenWritesNothing) {
  const Standing first = Keep();
  EXPECT_TRUE(first.usable) << first.message;
  EXPECT_TRUE(first.written);
  EXPECT_NE(first.news, "");
  EXPECT_EQ(first.reason, "Issued");
  EXPECT_THAT(first.message, HasSubstr("2026-04-01"));
  for (const char* name : {"orders-dm-master-cluster-secret", "orders-dm-worker-cluster-secret", "orders-dm-client-secret"}) {
    const Json secret = api.At(Path(name));
    EXPECT_EQ(secret["type"], "kubernetes.io/tls") << name;
    EXPECT_EQ(WhoseIs(secret, want), Whose::kOurs);
    for (const char* key : {"ca.crt", "tls.crt", "tls.key"}) EXPECT_TRUE(secret["data"].contains(key));
    EXPECT_FALSE(secret["data"].contains("ca.key"));
  }
  EXPECT_EQ(api.At(Path("orders-dm-authority"))["type"], "Opaque");
  const int writes = api.writes();
  for (int i = 0; i < 20; ++i) {
    clock.Advance(std::chrono::minutes(10));
    const Standing again = Keep({first.mark});
    EXPECT_FALSE(again.written);
    EXPECT_EQ(again.news, "");
    EXPECT_EQ(again.message, first.message);
  }
  EXPECT_EQ(api.writes(), writes);
}

TEST_F(KeeperTest, BetweenLooksItCostsNothingAndChangesShow) {
  const Standing first = Keep();
  Keep({first.mark});
  const auto calls = api.log().size();
  clock.Advance(std::chrono::minutes(4));
  EXPECT_LE(Keep({first.mark}).look_again, std::chrono::minutes(1));
  EXPECT_EQ(api.log().size(), calls);
  want.meta.annotations[kRotateAuthorityAt] = "now";
  EXPECT_EQ(Keep({first.mark}).reason, "RotatingAuthority");
  EXPECT_GT(api.log().size(), calls);
}

TEST_F(KeeperTest, ADeletedSecretComesBack) {
  const Standing first = Keep();
  api.Remove(Path("orders-dm-worker-cluster-secret"));
  clock.Advance(Keeper::kKeep);
  EXPECT_TRUE(Keep({first.mark}).written);
  EXPECT_FALSE(api.At(Path("orders-dm-worker-cluster-secret")).is_null());
}

TEST_F(KeeperTest, AUsersSecretIsNeverTouchedAndNothingElseIsMade) {
  api.Put(Path("orders-dm-worker-cluster-secret"), {{"metadata", {{"name", "orders-dm-worker-cluster-secret"}, {"namespace", "shop"}}}, {"data", {{"ca.crt", "YQ=="}}}});
  const Standing standing = Keep();
  EXPECT_FALSE(standing.usable);
  EXPECT_EQ(standing.reason, "SecretNotOurs");
  EXPECT_THAT(standing.message, HasSubstr("Secret orders-dm-worker-cluster-secret was not made by dm-operator and is never overwritten"));
  EXPECT_EQ(standing.mark, "");
  EXPECT_EQ(api.writes(), 0);
  api.Remove(Path("orders-dm-worker-cluster-secret"));
  clock.Advance(Keeper::kRetry);
  EXPECT_TRUE(Keep().usable);
}

TEST_F(KeeperTest, OurLabelAloneOrAnOlderClustersSecretIsNotOurs) {
  DMCluster older = want;
  older.meta.uid = "u0";
  api.Put(Path("orders-dm-authority"), {{"metadata", OwnMeta(older, "orders-dm-authority")}});
  EXPECT_EQ(Keep().reason, "OldObjectsRemain");
  Json labelled = OwnMeta(want, "orders-dm-authority");
  labelled.erase("ownerReferences");
  api.Put(Path("orders-dm-authority"), {{"metadata", labelled}});
  clock.Advance(Keeper::kRetry);
  EXPECT_EQ(Keep().reason, "SecretNotOurs");
  EXPECT_EQ(api.writes(), 0);
}

TEST_F(KeeperTest, ASecretThatAppearsInBetweenIsNotOverwritten) {
  bool raced = false;
  api.Inject([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method == "POST" && !raced) {
      raced = true;
      api.Put(Path("orders-dm-authority"), {{"metadata", {{"name", "orders-dm-authority"}, {"namespace", "shop"}}}, {"data", {{"a", "Yg=="}}}});
    }
    return std::nullopt;
  });
  EXPECT_FALSE(Keep().usable);
  EXPECT_EQ(api.At(Path("orders-dm-authority"))["data"], (Json{{"a", "Yg=="}}));
}

TEST_F(KeeperTest, ASecretThatChangesInBetweenIsNotOverwritten) {
  const std::string mark = Keep().mark;
  want.meta.annotations[kRotateAuthorityAt] = "1";
  bool raced = false;
  api.Inject([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method == "PATCH" && !raced) {
      raced = true;
      Json theirs = api.At(Path("orders-dm-authority"));
      theirs["data"]["ca.crt"] = "YQ==";
      api.Put(Path("orders-dm-authority"), theirs);
    }
    if (request.method != "PATCH") return std::nullopt;
    // The API server's own check, which FakeApi does not make for patches.
    const Json patch = Json::parse(request.body), live = api.At(std::string(net::PathOf(request.target)));
    if (patch["metadata"].value("resourceVersion", live["metadata"]["resourceVersion"]) == live["metadata"]["resourceVersion"]) return std::nullopt;
    return base::Result<net::Response>(FakeApi::StatusAnswer(409, "Conflict", "the object has been modified"));
  });
  Keep({mark});
  EXPECT_TRUE(raced);
  EXPECT_EQ(api.At(Path("orders-dm-authority"))["data"]["ca.crt"], "YQ==");
}

TEST_F(KeeperTest, WithoutTheRightItSaysWhatGivesIt) {
  api.Inject([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method == "GET") return std::nullopt;
    return base::Result<net::Response>(FakeApi::StatusAnswer(403, "Forbidden", "secrets is forbidden"));
  });
  const Standing standing = Keep();
  EXPECT_EQ(standing.reason, "CertificatesFailed");
  EXPECT_THAT(standing.message, HasSubstr("rbac.certificates"));
}

TEST_F(KeeperTest, AnApiServerThatIsAwayTakesNothingBack) {
  const Standing first = Keep();
  api.Inject([](const net::Request&) -> std::optional<base::Result<net::Response>> { return base::Result<net::Response>(base::Fail(base::Code::kUnavailable, "refused")); });
  clock.Advance(Keeper::kKeep);
  const Standing standing = Keep();
  EXPECT_TRUE(standing.usable);
  EXPECT_EQ(standing.mark, first.mark);
  EXPECT_EQ(standing.look_again, Keeper::kRetry);
}

TEST_F(KeeperTest, AWholeRotationThroughTheApi) {
  const std::string old_mark = Keep().mark;
  Keep({old_mark});
  want.meta.annotations[kRotateAuthorityAt] = "1";
  EXPECT_EQ(Keep({old_mark}).mark, old_mark);
  clock.Advance(kDelivery + std::chrono::seconds(1));
  const std::string new_mark = Keep({old_mark}).mark;
  EXPECT_NE(new_mark, old_mark);
  EXPECT_TRUE(api.At(Path("orders-dm-authority"))["data"].contains("previous.key"));
  EXPECT_EQ(Keep({new_mark}).reason, "Issued");
  clock.Advance(kOverlap);
  Keep({new_mark});
  EXPECT_FALSE(api.At(Path("orders-dm-authority"))["data"].contains("previous.crt"));
  EXPECT_EQ(api.At(Path("orders-dm-authority"))["metadata"]["annotations"][kRotateAuthorityAt], "1");
}

struct CertManagerTest : KeeperTest {
  CertManagerTest() {
    want.issuer = Issuer::kCertManager;
    want.issuer_ref = {{"name", "our-ca"}, {"kind", "ClusterIssuer"}};
  }
  void SetReady(bool ready) {
    for (const Purpose purpose : kPurposes) {
      Json certificate = api.At(CertificatePath(SecretName(want, purpose)));
      certificate["status"] = {{"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "False"}, {"message", ready ? "" : "issuer our-ca not found"}}}}};
      api.Put(CertificatePath(SecretName(want, purpose)), certificate);
    }
  }
};

TEST_F(CertManagerTest, AsksForTheSameNamesAndWaitsForReady) {
  const Standing first = Keep();
  EXPECT_FALSE(first.usable);
  EXPECT_EQ(first.reason, "CertificateNotIssued");
  const Json certificate = api.At(CertificatePath("orders-dm-master-cluster-secret"));
  EXPECT_EQ(certificate["spec"]["secretName"], "orders-dm-master-cluster-secret");
  EXPECT_EQ(certificate["spec"]["dnsNames"], Json(NamesOf(want, Purpose::kMaster).dns));
  EXPECT_EQ(certificate["spec"]["usages"], Json({"digital signature", "server auth", "client auth"}));
  EXPECT_EQ(certificate["spec"]["issuerRef"], (Json{{"name", "our-ca"}, {"kind", "ClusterIssuer"}, {"group", "cert-manager.io"}}));
  EXPECT_EQ(api.At(CertificatePath("orders-dm-client-secret"))["spec"]["usages"], Json({"digital signature", "client auth"}));
  SetReady(false);
  clock.Advance(Keeper::kRetry);
  EXPECT_THAT(Keep().message, HasSubstr("issuer our-ca not found"));
  SetReady(true);
  clock.Advance(Keeper::kRetry);
  const int writes = api.writes();
  const Standing last = Keep();
  EXPECT_TRUE(last.usable) << last.message;
  EXPECT_EQ(last.mark, "");
  EXPECT_EQ(api.writes(), writes);
  EXPECT_TRUE(api.At(Path("orders-dm-authority")).is_null());
}

TEST_F(CertManagerTest, WithoutCertManagerItSaysSo) {
  api.Inject([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.target.find("cert-manager.io") == std::string::npos) return std::nullopt;
    return base::Result<net::Response>(net::Response{404, {}, "404 page not found\n"});
  });
  const Standing standing = Keep();
  EXPECT_EQ(standing.reason, "CertManagerMissing");
  EXPECT_THAT(standing.message, HasSubstr("install cert-manager"));
}

TEST_F(CertManagerTest, NeitherAUsersSecretNorAUsersCertificateIsTakenOver) {
  api.Put(Path("orders-dm-client-secret"), {{"metadata", {{"name", "orders-dm-client-secret"}, {"namespace", "shop"}}}});
  EXPECT_EQ(Keep().reason, "SecretNotOurs");
  EXPECT_TRUE(api.At(CertificatePath("orders-dm-client-secret")).is_null());
  api.Remove(Path("orders-dm-client-secret"));
  api.Put(CertificatePath("orders-dm-client-secret"), {{"metadata", {{"name", "orders-dm-client-secret"}, {"namespace", "shop"}}}, {"spec", {{"secretName", "x"}}}});
  clock.Advance(Keeper::kRetry);
  EXPECT_EQ(Keep().reason, "CertificateNotOurs");
  EXPECT_EQ(api.At(CertificatePath("orders-dm-client-secret"))["spec"], (Json{{"secretName", "x"}}));
}

}  // namespace
}  // namespace dm::op::certificates
