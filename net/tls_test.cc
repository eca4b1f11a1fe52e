#include "net/tls.h"

#include <gmock/gmock.h>

#include "net/openssl_ptr.h"

namespace dm::net {
namespace {

using base::Code;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const auto kNow = std::chrono::system_clock::from_time_t(1'800'000'000);
const auto kDay = hours(24);

KeyPair Authority(const std::string& name = "test authority") { return *MakeAuthority(name, kNow, 10 * kDay); }
KeyPair Server(const KeyPair& authority, CertificateNames names = {"web", {"web.ns.svc"}, {"10.0.0.1"}}) {
  auto pair = IssueLeaf(authority, names, kNow, kDay, true, false);
  EXPECT_TRUE(pair) << pair.error().ToString();
  return *pair;
}

// As `openssl verify -x509_strict` for a server at kNow.
std::string VerifyStrictly(const std::string& leaf, const std::string& authority, const char* host) {
  X509StackPtr leaves = ReadCertificates(leaf);
  X509StackPtr roots = ReadCertificates(authority);
  StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), sk_X509_value(roots.get(), 0));
  StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), sk_X509_value(leaves.get(), 0), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(kNow));
  X509_VERIFY_PARAM_set1_host(parameters, host, 0);
  return X509_verify_cert(context.get()) == 1 ? "ok" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

TEST(MakeAuthority, IsAnAuthority) {
  const KeyPair authority = Authority();
  EXPECT_THAT(authority.key_pem, StartsWith("-----BEGIN PRIVATE KEY-----"));      // PKCS#8
  const auto facts = ReadCertificate(authority.certificate_pem);
  ASSERT_TRUE(facts) << facts.error().ToString();
  EXPECT_TRUE(facts->is_authority);
  EXPECT_EQ(facts->subject, "CN=test authority");
  EXPECT_EQ(facts->issuer, facts->subject);
  EXPECT_EQ(facts->not_before, kNow - hours(1));
  EXPECT_EQ(facts->not_after, kNow + 10 * kDay);
  EXPECT_EQ(facts->fingerprint.size(), 64u);
}

TEST(MakeAuthority, TwoAreNeverTheSame) {
  EXPECT_NE(ReadCertificate(Authority().certificate_pem)->fingerprint, ReadCertificate(Authority().certificate_pem)->fingerprint);
  EXPECT_NE(Authority().key_pem, Authority().key_pem);
}

TEST(MakeAuthority, RefusesNames) {
  EXPECT_EQ(MakeAuthority("", kNow, kDay).error().code, Code::kInvalid);
  EXPECT_EQ(MakeAuthority(std::string(65, 'x'), kNow, kDay).error().code, Code::kInvalid);
  EXPECT_EQ(MakeAuthority("\xff", kNow, kDay).error().code, Code::kInvalid);
  EXPECT_TRUE(MakeAuthority(std::string(64, 'x'), kNow, kDay));
}

TEST(MakeAuthority, LivesBeyond2050) {
  const auto authority = MakeAuthority("long", kNow, 40 * 365 * kDay);      // the other date format of X.509
  ASSERT_TRUE(authority);
  EXPECT_EQ(ReadCertificate(authority->certificate_pem)->not_after, kNow + 40 * 365 * kDay);
}

// RFC 5280's date for "no end" lies beyond what nanoseconds in 64 bits can say.
TEST(ReadCertificate, ADateBeyondOurTimeIsItsEnd) {
  const KeyPair authority = Authority();
  const X509StackPtr certificates = ReadCertificates(authority.certificate_pem);
  X509& certificate = *sk_X509_value(certificates.get(), 0);
  ASSERT_EQ(ASN1_TIME_set_string(X509_getm_notBefore(&certificate), "19500101000000Z"), 1);
  ASSERT_EQ(ASN1_TIME_set_string(X509_getm_notAfter(&certificate), "99991231235959Z"), 1);
  ASSERT_GT(X509_sign(&certificate, ReadKey(authority.key_pem).get(), EVP_sha256()), 0);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_X509(bio.get(), &certificate), 1);
  const std::string pem = TakeBio(*bio);
  const auto facts = ReadCertificate(pem);
  ASSERT_TRUE(facts) << facts.error().ToString();
  EXPECT_EQ(facts->not_before, base::WallTime{});
  EXPECT_GT(facts->not_after, kNow + 200 * 365 * kDay);
  EXPECT_GT(RenewAt(facts->not_before, facts->not_after), kNow + 100 * 365 * kDay);
  EXPECT_LT(RenewAt(facts->not_before, facts->not_after), facts->not_after);
  // A leaf of it lives as long as it is asked for.
  const auto leaf = IssueLeaf({pem, authority.key_pem}, {"web", {"web"}, {}}, kNow, kDay, true, false);
  ASSERT_TRUE(leaf) << leaf.error().ToString();
  EXPECT_EQ(ReadCertificate(leaf->certificate_pem)->not_after, kNow + kDay);
}

TEST(IssueLeaf, CarriesNamesAndPassesAStrictVerifier) {
  const KeyPair authority = Authority();
  const KeyPair leaf = Server(authority, {"web", {"web.ns.svc", "*.web.ns.svc"}, {"10.0.0.1", "fd00::1"}});
  const auto facts = ReadCertificate(leaf.certificate_pem);
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->is_authority);
  EXPECT_EQ(facts->issuer, "CN=test authority");
  EXPECT_THAT(facts->dns, ElementsAre("web.ns.svc", "*.web.ns.svc"));
  EXPECT_THAT(facts->ips, ElementsAre("10.0.0.1", "fd00::1"));
  EXPECT_EQ(VerifyStrictly(leaf.certificate_pem, authority.certificate_pem, "web.ns.svc"), "ok");
  EXPECT_EQ(VerifyStrictly(leaf.certificate_pem, authority.certificate_pem, "a.web.ns.svc"), "ok");
  EXPECT_EQ(VerifyStrictly(leaf.certificate_pem, authority.certificate_pem, "other.svc"), "hostname mismatch");
  EXPECT_NE(VerifyStrictly(leaf.certificate_pem, Authority("other").certificate_pem, "web.ns.svc"), "ok");
}

TEST(IssueLeaf, UsageIsWhatWasAskedFor) {
  const KeyPair authority = Authority();
  const auto client = IssueLeaf(authority, {"operator", {}, {}}, kNow, kDay, false, true);
  ASSERT_TRUE(client) << client.error().ToString();
  EXPECT_EQ(VerifyStrictly(client->certificate_pem, authority.certificate_pem, ""), "unsuitable certificate purpose");
  EXPECT_TRUE(IssueLeaf(authority, {"both", {"a.b"}, {}}, kNow, kDay, true, true));
  EXPECT_EQ(IssueLeaf(authority, {"none", {"a.b"}, {}}, kNow, kDay, false, false).error().code, Code::kInvalid);
}

TEST(IssueLeaf, LongNameFitsWithoutCommonName) {
  const KeyPair authority = Authority();
  std::string dns = "dm-master-0.dm-master-peer.a-namespace-with-a-really-long-name-indeed.svc.cluster.local";
  const KeyPair leaf = Server(authority, {"", {dns}, {}});
  EXPECT_EQ(VerifyStrictly(leaf.certificate_pem, authority.certificate_pem, dns.c_str()), "ok");
}

TEST(IssueLeaf, RefusesNames) {
  const KeyPair authority = Authority();
  const std::vector<std::string> wrong = {"", "a b", "a,DNS:evil.example", "a..b", "-a", "a-", std::string(64, 'a'), "*", "a.*.b",
                                          "ä.example", std::string("a\0b", 3), std::string(300, 'a')};
  for (const std::string& dns : wrong) {
    const auto leaf = IssueLeaf(authority, {"x", {dns}, {}}, kNow, kDay, true, false);
    ASSERT_FALSE(leaf) << dns;
    EXPECT_EQ(leaf.error().code, Code::kInvalid) << dns;
  }
  for (const std::string ip : {"", "10.0.0", "10.0.0.256", "fd00::1::2", "10.0.0.1/24", "localhost"}) {
    const auto leaf = IssueLeaf(authority, {"x", {}, {ip}}, kNow, kDay, true, false);
    ASSERT_FALSE(leaf) << ip;
    EXPECT_THAT(leaf.error().message, HasSubstr("\"" + ip + "\""));
  }
  EXPECT_FALSE(IssueLeaf(authority, {"x", {}, {}}, kNow, kDay, true, false));      // a server without a name
}

TEST(IssueLeaf, DoesNotOutliveItsAuthority) {
  const auto leaf = IssueLeaf(Authority(), {"x", {"a.b"}, {}}, kNow, 100 * kDay, true, false);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(ReadCertificate(leaf->certificate_pem)->not_after, kNow + 10 * kDay);
}

TEST(IssueLeaf, RefusesWhatIsNoAuthority) {
  const KeyPair authority = Authority();
  const KeyPair leaf = Server(authority);
  const KeyPair mixed{authority.certificate_pem, Authority().key_pem};
  for (const KeyPair& wrong : {KeyPair{}, KeyPair{"x", "y"}, leaf, mixed}) {
    const auto issued = IssueLeaf(wrong, {"x", {"a.b"}, {}}, kNow, kDay, true, false);
    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().code, Code::kInvalid);
  }
}

TEST(ReadCertificate, RefusesWhatIsNone) {
  const std::string good = Authority().certificate_pem;
  for (const std::string& wrong : {std::string(), std::string("hello"), good.substr(0, good.size() / 2), Authority().key_pem,
                                   std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    const auto facts = ReadCertificate(wrong);
    ASSERT_FALSE(facts) << wrong;
    EXPECT_EQ(facts.error().code, Code::kInvalid);
  }
}

TEST(SplitBundle, GivesEveryCertificate) {
  const std::string a = Authority("a").certificate_pem;
  const std::string b = Authority("b").certificate_pem;
  const auto parts = SplitBundle("# a comment\n" + a + "\n\n" + b);
  ASSERT_TRUE(parts) << parts.error().ToString();
  EXPECT_THAT(*parts, ElementsAre(a, b));
  EXPECT_FALSE(SplitBundle(""));
  EXPECT_FALSE(SplitBundle(a + b.substr(0, 100)));
}

TEST(CheckKeyPair, TellsWhatDoesNotFit) {
  const KeyPair authority = Authority();
  const KeyPair leaf = Server(authority);
  EXPECT_TRUE(CheckKeyPair(leaf, authority.certificate_pem));
  EXPECT_TRUE(CheckKeyPair(leaf, ""));
  EXPECT_TRUE(CheckKeyPair(leaf, Authority("old").certificate_pem + authority.certificate_pem));      // a bundle
  EXPECT_THAT(CheckKeyPair({leaf.certificate_pem, Server(authority).key_pem}, "").error().message,
              HasSubstr("does not belong to the certificate of CN=web"));
  EXPECT_THAT(CheckKeyPair(leaf, Authority("test authority").certificate_pem).error().message,      // same name, other key
              HasSubstr("does not lead to the authority"));
  EXPECT_EQ(CheckKeyPair({leaf.certificate_pem, "no key"}, "").error().code, Code::kInvalid);
  EXPECT_EQ(CheckKeyPair({"none", leaf.key_pem}, "").error().code, Code::kInvalid);
}

TEST(CheckAuthority, TellsWhoCannotSign) {
  const KeyPair authority = Authority();
  EXPECT_TRUE(CheckAuthority(authority));
  EXPECT_THAT(CheckAuthority(Server(authority)).error().message, HasSubstr("CN=web is no authority's"));
  EXPECT_EQ(CheckAuthority({authority.certificate_pem, Authority().key_pem}).error().code, Code::kInvalid);
  EXPECT_EQ(CheckAuthority({"none", authority.key_pem}).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace dm::net
