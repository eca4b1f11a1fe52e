// TLS through the whole shell: certificates before pods, and what is said while they are missing.
#include <gtest/gtest.h>

#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using testing::Json;
using testing::SmallCluster;

Json Issued(const char* issuer) {
  Json object = app::testing::ClusterJson();
  object["spec"]["tlsCluster"] = {{"enabled", true}, {"issuer", {{issuer, Json::object()}}}};
  if (std::string(issuer) == "certManager") object["spec"]["tlsCluster"]["issuer"][issuer]["issuerRef"] = {{"name", "our-ca"}};
  return object;
}

std::string MarkOf(const SmallCluster& c, const char* set) {
  const Json object = c.At("statefulsets", set);
  const Json* notes = base::FindPath(object, {"spec", "template", "metadata", "annotations"});
  return notes ? base::GetStringOr(*notes, lifecycle::kAuthorityMark) : "";
}

TEST(ReconcilerTls, SelfSignedCertificatesComeFirstAndCostNothingAfterwards) {
  SmallCluster c;
  c.Create(Issued("selfSigned"));
  c.Settle();
  EXPECT_EQ(c.Condition("Ready"), "True/Ready") << c.Status();
  EXPECT_EQ(c.Condition("CertificatesReady"), "True/Issued");
  for (const char* secret : {"orders-dm-authority", "orders-dm-master-cluster-secret", "orders-dm-worker-cluster-secret", "orders-dm-client-secret"}) {
    EXPECT_FALSE(c.At("secrets", secret).is_null()) << secret;
  }
  EXPECT_NE(MarkOf(c, "orders-dm-master"), "");
  EXPECT_EQ(MarkOf(c, "orders-dm-master"), MarkOf(c, "orders-dm-worker"));
  EXPECT_EQ(std::count(c.events.begin(), c.events.end(), "CertificatesChanged"), 1);
  const int writes = c.api.writes();
  c.Settle(20);
  EXPECT_EQ(c.api.writes(), writes);
}

TEST(ReconcilerTls, AnotherAuthorityChangesTheTemplatesAndSignsOnlyWhenThePodsHaveChanged) {
  SmallCluster c;
  c.Create(Issued("selfSigned"));
  c.Settle();
  const std::string before = MarkOf(c, "orders-dm-master");
  const Json leaf = c.At("secrets", "orders-dm-master-cluster-secret")["data"]["tls.crt"];
  c.Edit([](Json& o) { o["metadata"]["annotations"]["dm.pingcap.com/rotateAuthorityAt"] = "2026-11-24"; });
  c.Settle(10);
  EXPECT_NE(MarkOf(c, "orders-dm-master"), before);
  EXPECT_EQ(c.Condition("CertificatesReady"), "True/RotatingAuthority");
  EXPECT_EQ(c.At("secrets", "orders-dm-master-cluster-secret")["data"]["tls.crt"], leaf);   // its pods are still the old ones
}

TEST(ReconcilerTls, NothingIsStartedWithoutCertificates) {
  SmallCluster c;
  c.api.Put("/api/v1/namespaces/shop/secrets/orders-dm-master-cluster-secret", {{"metadata", {{"name", "orders-dm-master-cluster-secret"}, {"namespace", "shop"}}}});
  c.Create(Issued("selfSigned"));
  c.Settle(5);
  EXPECT_EQ(c.Condition("Ready"), "False/SecretNotOurs");
  EXPECT_EQ(c.Condition("CertificatesReady"), "False/SecretNotOurs");
  EXPECT_TRUE(c.At("statefulsets", "orders-dm-master").is_null());
  EXPECT_TRUE(c.At("secrets", "orders-dm-authority").is_null());
  c.api.Remove("/api/v1/namespaces/shop/secrets/orders-dm-master-cluster-secret");
  c.Settle();
  EXPECT_EQ(c.Condition("Ready"), "True/Ready");
}

// Nothing tells the operator that a Secret of the user's has come.
TEST(ReconcilerTls, ASecretThatIsMissingIsLookedForAgainSoon) {
  SmallCluster c;
  Json object = app::testing::ClusterJson();
  object["spec"]["tlsCluster"] = {{"enabled", true}};
  c.Create(object);
  c.Settle(20);
  ASSERT_TRUE(c.last_requeue);
  EXPECT_LE(*c.last_requeue, CredentialSource::kKeepFailure);
}

TEST(ReconcilerTls, APausedClusterGetsNoSecrets) {
  SmallCluster c;
  Json object = Issued("selfSigned");
  object["spec"]["paused"] = true;
  c.Create(object);
  c.Settle(5);
  EXPECT_TRUE(c.At("secrets", "orders-dm-authority").is_null());
  EXPECT_EQ(c.Condition("CertificatesReady"), "");
}

TEST(ReconcilerTls, CertManagerIsAskedAndAwaited) {
  SmallCluster c;
  c.Create(Issued("certManager"));
  c.Settle(5);
  EXPECT_EQ(c.Condition("CertificatesReady"), "False/CertificateNotIssued");
  EXPECT_TRUE(c.At("statefulsets", "orders-dm-master").is_null());
  for (const char* name : {"orders-dm-master-cluster-secret", "orders-dm-worker-cluster-secret", "orders-dm-client-secret"}) {
    const std::string path = "/apis/cert-manager.io/v1/namespaces/shop/certificates/" + std::string(name);
    Json certificate = c.api.At(path);
    ASSERT_FALSE(certificate.is_null()) << name;
    certificate["status"] = {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}};
    c.api.Put(path, certificate);
    c.api.Put("/api/v1/namespaces/shop/secrets/" + std::string(name),
              {{"metadata", {{"name", name}, {"namespace", "shop"}}}, {"data", {{"ca.crt", "YQ=="}, {"tls.crt", "Yg=="}, {"tls.key", "Yw=="}}}});
  }
  c.Settle();
  EXPECT_EQ(c.Condition("CertificatesReady"), "True/Issued");
  EXPECT_EQ(c.Condition("Ready"), "True/Ready") << c.Status();
}

}  // namespace
}  // namespace dm::op
