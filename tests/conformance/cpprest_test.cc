// What only the API transport has: a pool of connections that go stale, tokens, rotating client certificates.
#include <gmock/gmock.h>

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "tests/conformance/transports.h"

namespace dm::conformance {
namespace {

using base::Code;
using ::testing::HasSubstr;

class CpprestTest : public ::testing::TestWithParam<bool> {
 protected:
  net::ApiTransportOptions Options(const ScriptedServer& server) const {
    net::ApiTransportOptions options;
    options.base_url = server.url();
    options.tls.authority_pem = server.authority_pem();
    return options;
  }
};

TEST_P(CpprestTest, ConnectionsAreReused) {
  ScriptedServer server(GetParam());
  server.Answer([](const Request&) { return Response{200, {}, ""}; });
  auto transport = net::NewCpprestTransport(Options(server));
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(transport->Send(Post("/", "x"), {}));
  EXPECT_LE(server.connections(), 3);     // the library gives one back a moment after its answer is complete
}

// The server closes idle connections as it likes. Neither a read nor a write may fail for that, and a write arrives.
TEST_P(CpprestTest, StaleConnectionsAreInvisible) {
  for (const bool reset : {false, true}) {
    ScriptedServer server(GetParam());
    server.Handle([reset](Connection& c) {      // one request a connection, without saying so
      if (!c.ReadRequest()) return;
      c.WriteResponse(200, {}, "ok");
      reset ? c.Abort() : c.Close();
    });
    auto transport = net::NewCpprestTransport(Options(server));
    for (int i = 0; i < 4; ++i) {
      for (const std::string method : {"GET", "POST", "PATCH", "DELETE"}) {
        Request request = Get("/" + std::to_string(i));
        request.method = method;
        if (method != "GET") request.body = std::string(2000, 'x');
        const auto response = transport->Send(request, {});
        ASSERT_TRUE(response) << method << (reset ? " after reset: " : " after close: ") << response.error().ToString();
        base::SystemClock().WaitFor(2ms, {});       // lets the close arrive: that is the case under test
      }
    }
    EXPECT_GE(server.requests().size(), 16u);
  }
}

// After a server's restart every pooled connection is stale, not only one.
TEST_P(CpprestTest, AWholePoolOfStaleConnectionsIsInvisible) {
  ScriptedServer server(GetParam());
  std::atomic<int> together = 0;
  std::atomic<bool> restart = false;
  server.Handle([&](Connection& c) {
    while (c.ReadRequest()) {
      ++together;
      for (int i = 0; i < 2000 && together < 6 && !restart; ++i) c.Stall(2ms);    // so that six connections are opened
      c.WriteResponse(200, {}, "ok");
      if (restart) continue;
      while (!restart && !c.Stall(2ms)) continue;
      c.Abort();
      return;
    }
  });
  auto transport = net::NewCpprestTransport(Options(server));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) threads.emplace_back([&] { EXPECT_TRUE(transport->Send(Post("/", "x"), {})); });
  }
  restart = true;
  for (int i = 0; i < 2000 && server.open_connections() > 0; ++i) base::SystemClock().WaitFor(5ms, {});
  for (int i = 0; i < 6; ++i) {
    const auto response = transport->Send(Post("/", std::string(5000, 'y')), {});
    ASSERT_TRUE(response) << response.error().ToString();
  }
  server.Stop();
}

// Repeated once, not for ever.
TEST_P(CpprestTest, AServerThatAlwaysBreaksIsAnError) {
  ScriptedServer server(GetParam());
  server.Handle([](Connection& c) { c.Abort(); });
  auto transport = net::NewCpprestTransport(Options(server));
  const auto response = transport->Send(Post("/", std::string(3u << 20, 'x')), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable) << response.error().ToString();
  EXPECT_LE(server.connections(), 3);
}

TEST_P(CpprestTest, TokenIsAskedForEachRequest) {
  ScriptedServer server(GetParam());
  server.Answer([](const Request& r) {
    const auto found = r.headers.find("Authorization");
    return Response{200, {}, found == r.headers.end() ? "none" : found->second};
  });
  auto options = Options(server);
  int asked = 0;
  options.bearer_token = [&]() -> base::Result<std::string> {
    ++asked;
    if (asked == 3) return std::string();
    if (asked == 4) return base::Fail(Code::kDenied, "token file gone");
    return "token-" + std::to_string(asked);
  };
  options.user_agent = "dm-test/1";
  auto transport = net::NewCpprestTransport(std::move(options));
  EXPECT_EQ(BodyOf(transport->Send(Get("/"), {})), "Bearer token-1");
  EXPECT_EQ(BodyOf(transport->Send(Get("/"), {})), "Bearer token-2");
  EXPECT_EQ(BodyOf(transport->Send(Get("/"), {})), "none");
  EXPECT_EQ(server.requests().front().headers.at("User-Agent"), "dm-test/1");
  const auto failed = transport->Send(Get("/"), {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kDenied);
  EXPECT_THAT(failed.error().ToString(), HasSubstr("token file gone"));
}

TEST_P(CpprestTest, BasePathStaysInFront) {
  ScriptedServer server(GetParam());
  server.Answer([](const Request& r) { return Response{200, {}, r.target}; });
  auto options = Options(server);
  options.base_url += "/k8s/clusters/c-1";
  auto transport = net::NewCpprestTransport(std::move(options));
  EXPECT_EQ(BodyOf(transport->Send(Get("/api/v1/pods?limit=5&continue=a%3D%3D"), {})),
            "/k8s/clusters/c-1/api/v1/pods?limit=5&continue=a%3D%3D");
}

INSTANTIATE_TEST_SUITE_P(All, CpprestTest, ::testing::Bool(),
                         [](const auto& chosen) { return std::string(chosen.param ? "Tls" : "Plain"); });

TEST(CpprestTls, ClientCertificateIsAskedForEachConnection) {
  ScriptedOptions server_options;
  server_options.request_client_certificate = true;
  ScriptedServer server(server_options);
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\nX-Peer: " + c.peer_subject() + "\r\n\r\n");
  });
  net::ApiTransportOptions options;
  options.base_url = server.url();
  options.tls.authority_pem = server.authority_pem();
  std::atomic<int> asked = 0;
  options.tls.client_certificate = [&] { return server.IssueClient("operator-" + std::to_string(++asked)); };
  auto transport = net::NewCpprestTransport(std::move(options));
  EXPECT_EQ(HeaderOf(transport->Send(Get("/"), {}), "X-Peer"), "CN=operator-1");
  for (int i = 0; i < 2000 && server.open_connections() > 0; ++i) base::SystemClock().WaitFor(5ms, {});
  EXPECT_EQ(HeaderOf(transport->Send(Get("/"), {}), "X-Peer"), "CN=operator-2");
}

// A cluster's authority is replaced while we run: its file says so.
TEST(CpprestTls, AnotherAuthorityIsTrustedFromTheNextConnectionOn) {
  ScriptedServer old(true), server(true);
  server.Handle([](Connection& c) {      // a connection a request
    if (c.ReadRequest()) c.WriteResponse(200, {}, "ok");
    c.Close();
  });
  std::string file = old.authority_pem();
  net::ApiTransportOptions options;
  options.base_url = server.url();
  options.tls.authority_pem = file;
  options.tls.authority = [&] { return file; };
  auto transport = net::NewCpprestTransport(std::move(options));
  EXPECT_FALSE(transport->Send(Get("/"), {}));
  file = server.authority_pem();
  const auto trusted = transport->Send(Get("/"), {});
  EXPECT_TRUE(trusted) << trusted.error().ToString();
  for (const char* unreadable : {"", "no PEM"}) {
    file = unreadable;
    EXPECT_TRUE(transport->Send(Get("/"), {})) << "the last good one stays";
  }
}

TEST(CpprestTls, BrokenClientCertificateIsSaid) {
  ScriptedServer server;
  server.Answer([](const Request&) { return Response{200, {}, ""}; });
  net::ApiTransportOptions options;
  options.base_url = server.url();
  options.tls.authority_pem = server.authority_pem();
  options.tls.client_certificate = [] { return std::pair<std::string, std::string>("no", "pem"); };
  const auto response = net::NewCpprestTransport(std::move(options))->Send(Get("/"), {});
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().ToString(), HasSubstr("certificate is not PEM"));
}

// In a process of its own, for what the system trusts is looked up once.
TEST(CpprestTls, WithoutAnAuthorityTheSystemsAreTrusted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto status = [](bool known) {
    ScriptedServer server;
    server.Answer([](const Request&) { return Response{200, {}, "fine"}; });
    const std::string path = ::testing::TempDir() + "authorities-" + std::to_string(::getpid()) + ".pem";
    std::ofstream(path) << (known ? server.authority_pem() : ScriptedServer().authority_pem());
    ::setenv("SSL_CERT_FILE", path.c_str(), 1);
    net::ApiTransportOptions options;
    options.base_url = server.url();
    const auto response = net::NewCpprestTransport(std::move(options))->Send(Get("/"), {});
    std::filesystem::remove(path);
    return response ? 10 : 11;
  };
  EXPECT_EXIT(net::LeaveProcess(status(true)), ::testing::ExitedWithCode(10), "");
  EXPECT_EXIT(net::LeaveProcess(status(false)), ::testing::ExitedWithCode(11), "");
}

TEST(CpprestTls, VerificationCanBeSwitchedOff) {
  ScriptedOptions server_options;
  server_options.dns = {"elsewhere.example"};
  server_options.ips = {};
  ScriptedServer server(server_options);
  server.Answer([](const Request&) { return Response{200, {}, "fine"}; });
  net::ApiTransportOptions options;
  options.base_url = server.url();
  options.tls.insecure_skip_verify = true;
  const auto response = net::NewCpprestTransport(std::move(options))->Send(Get("/"), {});
  EXPECT_TRUE(response) << response.error().ToString();
}

TEST(CpprestOptions, WhatIsWrongIsSaidByEveryCall) {
  for (const auto& [url, expected] : std::map<std::string, std::string>{{"", "https://host:port expected"},
                                                                        {"kubernetes:6443", "https://host:port expected"},
                                                                        {"ftp://host", "https://host:port expected"},
                                                                        {"https://[fd00::1]:6443", "IPv6 literals"},
                                                                        {"https://ho st", "https://ho st"}}) {
    net::ApiTransportOptions options;
    options.base_url = url;
    const auto response = net::NewCpprestTransport(std::move(options))->Send(Get("/"), {});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Code::kInvalid) << url;
    EXPECT_THAT(response.error().message, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace dm::conformance
