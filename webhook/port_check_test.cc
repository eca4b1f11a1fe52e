#include "webhook/port_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_server.h"
#include "webhook/authority.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using std::chrono::hours;
using std::chrono::seconds;

struct FixedCertificates final : CertificateSource {
  void Start() override {}
  void Stop() override {}
  void Serve(const net::KeyPair& pair, const std::string& authority) {
    auto serving = std::make_shared<Serving>();
    serving->pair = pair;
    serving->authority_pem = authority;
    serving->host_name = "hook.dm.svc";
    state_.Lock()->serving = std::move(serving);
  }
};

struct PortCheckTest : ::testing::Test {
  base::VirtualClock clock;
  // TLS itself looks at the real date.
  Authorities authority = *NewAuthorities("test", std::chrono::system_clock::now());
  net::KeyPair leaf = *net::IssueLeaf(authority.current, {"hook", {"hook.dm.svc"}, {}}, std::chrono::system_clock::now(), hours(24), true, false);
  FixedCertificates certificates;
  PortCheck check{certificates, "0.0.0.0", clock};

  std::unique_ptr<net::HttpServer> Listen(int status = 200) {
    net::ServerOptions options;
    options.address = "127.0.0.1";
    options.tls = [this] { return certificates.Pair(); };
    auto server = std::make_unique<net::HttpServer>(options, [status](const net::Request&) { return net::Response{status, {}, "ok"}; });
    check.SetPort(*server->Start());
    return server;
  }
};

TEST_F(PortCheckTest, SaysWhetherCallersWouldGetThrough) {
  EXPECT_THAT(check.Problem(), HasSubstr("no certificate yet"));
  certificates.Serve(leaf, authority.current.certificate_pem);
  EXPECT_THAT(check.Problem(), HasSubstr("does not answer")) << "nobody listens";
  auto server = Listen();
  EXPECT_EQ(check.Problem(), "");
  certificates.Serve(leaf, NewAuthorities("other", std::chrono::system_clock::now())->current.certificate_pem);
  EXPECT_THAT(check.Problem(), HasSubstr("does not answer")) << "a new certificate is looked at at once";
}

TEST_F(PortCheckTest, AnAnswerCountsForSeconds) {
  certificates.Serve(leaf, authority.current.certificate_pem);
  auto server = Listen();
  EXPECT_EQ(check.Problem(), "");
  server.reset();
  EXPECT_EQ(check.Problem(), "");
  clock.Advance(seconds(6));
  EXPECT_THAT(check.Problem(), HasSubstr("does not answer"));
}

TEST_F(PortCheckTest, AnErrorIsNoAnswer) {
  certificates.Serve(leaf, authority.current.certificate_pem);
  auto server = Listen(500);
  EXPECT_THAT(check.Problem(), HasSubstr("status 500"));
}

TEST_F(PortCheckTest, WithoutAnAuthorityThereIsNothingToHoldItAgainst) {
  certificates.Serve(leaf, "");
  EXPECT_EQ(check.Problem(), "");
}

}  // namespace
}  // namespace dm::webhook
