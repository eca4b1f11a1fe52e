// Every Transport's judgement of the server's certificate, and the certificate that it shows itself.
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "net/tls.h"
#include "tests/conformance/transports.h"

namespace dm::conformance {
namespace {

using base::Code;
using ::testing::HasSubstr;

class TlsTest : public TransportTest {
 protected:
  static ScriptedOptions Named(std::vector<std::string> dns, std::vector<std::string> ips) {
    ScriptedOptions options;
    options.dns = std::move(dns);
    options.ips = std::move(ips);
    return options;
  }
  static void Fine(ScriptedServer& server) {
    server.Answer([](const Request&) { return Response{200, {}, "fine"}; });
  }
  base::Result<Response> Ask(const ScriptedServer& server, const std::string& authority, const std::string& name = {}) {
    return MakeTransport(GetParam(), server.port(), authority, {}, name)->Send(Get("/"), {});
  }
};

TEST_P(TlsTest, ForeignAuthorityIsRefusedWithTheReason) {
  ScriptedServer server;
  ScriptedServer other;
  Fine(server);
  const auto response = Ask(server, other.authority_pem());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("scripted server"));       // whose certificate it was
  EXPECT_THAT(response.error().message, HasSubstr("issuer certificate"));    // and what is wrong with it
  EXPECT_TRUE(server.requests().empty());
}

TEST_P(TlsTest, WrongNameIsRefusedWithTheReason) {
  ScriptedServer server(Named({"elsewhere.example"}, {"127.0.0.2"}));
  Fine(server);
  const auto response = Ask(server, server.authority_pem());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("is not for \"127.0.0.1\""));
  EXPECT_TRUE(server.requests().empty());
}

// What is trusted need not be a root: an intermediate authority, or the certificate itself, as Go's verifier has it.
TEST_P(TlsTest, TrustNeedsNoRoot) {
  ScriptedServer server, other;
  Fine(server);
  const auto response = Ask(server, server.certificate_pem());
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "fine");
  EXPECT_FALSE(Ask(server, other.certificate_pem()));
}

// The common name does not count, as with Go's verifier.
TEST_P(TlsTest, CommonNameIsNoName) {
  ScriptedServer server(Named({"elsewhere.example"}, {}));     // its common name is "scripted server"
  Fine(server);
  EXPECT_FALSE(Ask(server, server.authority_pem(), "scripted server"));
}

TEST_P(TlsTest, AnotherNameCanBeVerified) {
  ScriptedServer server(Named({"dm-master-0.dm-master-peer.ns.svc"}, {}));
  Fine(server);
  const auto response = Ask(server, server.authority_pem(), "dm-master-0.dm-master-peer.ns.svc");
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "fine");
  EXPECT_FALSE(Ask(server, server.authority_pem(), "dm-master-1.dm-master-peer.ns.svc"));
}

TEST_P(TlsTest, WildcardCoversOneLabel) {
  ScriptedServer server(Named({"*.dm-master-peer.ns.svc"}, {}));
  Fine(server);
  EXPECT_TRUE(Ask(server, server.authority_pem(), "dm-master-0.dm-master-peer.ns.svc"));
  EXPECT_FALSE(Ask(server, server.authority_pem(), "a.b.dm-master-peer.ns.svc"));
}

TEST_P(TlsTest, OldProtocolIsRefused) {
  ScriptedOptions options;
  options.max_tls_version = TLS1_1_VERSION;
  ScriptedServer server(options);
  Fine(server);
  EXPECT_FALSE(Ask(server, server.authority_pem()));
  EXPECT_TRUE(server.requests().empty());
}

TEST_P(TlsTest, Tls12Works) {
  ScriptedOptions options;
  options.max_tls_version = TLS1_2_VERSION;
  ScriptedServer server(options);
  Fine(server);
  const auto response = Ask(server, server.authority_pem());
  EXPECT_TRUE(response) << response.error().ToString();
}

TEST_P(TlsTest, ServerThatNeverShakesHandsMeetsTheDeadline) {
  ScriptedOptions options;
  options.handshake = false;
  ScriptedServer server(options);
  server.Handle([](Connection& c) { c.Stall(); });
  const Stopwatch watch;
  const auto response =
      MakeTransport(GetParam(), server.port(), server.authority_pem())->Send(Get("/", 200ms), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kTimeout) << response.error().ToString();
  EXPECT_LT(watch.elapsed(), kSoon);

  auto best = std::chrono::milliseconds::max();
  for (int i = 0; i < kTries && best >= kPromptly; ++i) {
    StopAfter stop(100ms);
    const auto stopped = MakeTransport(GetParam(), server.port(), server.authority_pem())->Send(Get("/"), stop.token());
    best = std::min(best, stop.since());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Code::kCancelled) << stopped.error().ToString();
  }
  EXPECT_LT(best, kPromptly);
}

TEST_P(TlsTest, PlainServerBehindHttpsIsAnError) {
  ScriptedServer plain(false);
  plain.Handle([](Connection& c) { c.WriteResponse(400, {}, "an HTTP request to an HTTPS port"); });
  ScriptedServer tls;
  const auto response = Ask(plain, tls.authority_pem());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable) << response.error().ToString();
}

TEST_P(TlsTest, AuthorityThatIsNoPemIsSaid) {
  ScriptedServer server;
  Fine(server);
  const auto response = Ask(server, "not a certificate");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInvalid) << response.error().ToString();
  EXPECT_THAT(response.error().message, HasSubstr("authority"));
}

INSTANTIATE_TEST_SUITE_P(All, TlsTest, ::testing::Values(Kind{Library::kCpprest, true}, Kind{Library::kMember, true}),
                         KindName);

}  // namespace
}  // namespace dm::conformance
