// A server that demands client certificates: who gets in, who does not.
#include <gtest/gtest.h>

#include <atomic>

#include "net/http_server.h"
#include "net/member_transport.h"

namespace dm::net {
namespace {

using std::chrono::hours;

struct ClientCertificate : ::testing::Test {
  base::WallTime now = base::SystemClock().Wall();
  KeyPair authority = *MakeAuthority("ours", now, hours(24)), other = *MakeAuthority("another", now, hours(24));
  KeyPair server_pair = *IssueLeaf(authority, {"web", {"web.ns.svc"}, {}}, now, hours(2), true, true);
  std::atomic<bool> welcome = true;
  std::string seen;

  base::Result<Response> Ask(const std::optional<KeyPair>& client) {
    ServerOptions options;
    options.address = "127.0.0.1";
    options.tls = [this] { return server_pair; };
    options.client_authority_pem = authority.certificate_pem;
    options.admit = [this](const CertificateFacts& facts, const std::string& address) {
      seen = facts.subject + " from " + address;
      return welcome.load();
    };
    HttpServer server(options, [](const Request&) { return Response{200, {}, "hello"}; });
    MemberTransportOptions to;
    to.address = "127.0.0.1";
    to.port = *server.Start();
    to.host_name = "web.ns.svc";
    to.tls = true;
    to.authority_pem = authority.certificate_pem;
    if (client) {
      to.certificate_pem = client->certificate_pem;
      to.key_pem = client->key_pem;
    }
    Request request;
    request.timeout = std::chrono::seconds(10);
    return NewMemberTransport(to)->Send(request, {});
  }
  KeyPair Client(const KeyPair& signer, base::Duration life = hours(2)) { return *IssueLeaf(signer, {"orders", {}, {}}, now, life, false, true); }
};

TEST_F(ClientCertificate, OneOfTheRightAuthorityGetsIn) {
  const auto answer = Ask(Client(authority));
  ASSERT_TRUE(answer) << answer.error().ToString();
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(seen, "CN=orders from 127.0.0.1");
}

TEST_F(ClientCertificate, NobodyElseDoes) {
  EXPECT_FALSE(Ask(std::nullopt));
  EXPECT_FALSE(Ask(Client(other)));
  EXPECT_FALSE(Ask(*IssueLeaf(authority, {"web", {"web.ns.svc"}, {}}, now, hours(2), true, false))) << "for servers only";
  EXPECT_EQ(seen, "") << "asked only about certificates that hold";
}

TEST_F(ClientCertificate, WhoIsNotWelcomeIsTurnedAway) {
  welcome = false;
  EXPECT_FALSE(Ask(Client(authority)));
  EXPECT_EQ(seen, "CN=orders from 127.0.0.1");
}

}  // namespace
}  // namespace dm::net
