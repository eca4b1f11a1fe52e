// What only the members' transport has: hard limits against a peer that nobody vouches for, and addresses of its own.
#include <gmock/gmock.h>

#include "tests/conformance/transports.h"

namespace dm::conformance {
namespace {

using base::Code;
using ::testing::HasSubstr;

const Kind kPlain{Library::kMember, false};

TEST(MemberTest, HeaderAboveTheLimitIsRefused) {
  Limits limits;
  limits.max_header = 2000;
  const std::vector<std::function<void(Connection&)>> heads = {
      [](Connection& c) { while (c.Write("X-Line: 1\r\n")) continue; },             // many lines
      [](Connection& c) { while (c.Write(std::string(1000, 'x'))) continue; },      // one line
  };
  for (const auto& head : heads) {
    ScriptedServer server(false);
    server.Handle([&](Connection& c) {
      c.ReadRequest();
      c.Write("HTTP/1.1 200 OK\r\n");
      head(c);
    });
    const auto response = MakeTransport(kPlain, server.port(), "", limits)->Send(Get("/"), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::kInvalid) << response.error().ToString();
  }
}

TEST(MemberTest, EndlessChunkExtensionIsRefused) {
  ScriptedServer server(false);
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
    while (c.Write(std::string(1000, 'x'))) continue;
  });
  const auto response = MakeTransport(kPlain, server.port(), "")->Send(Get("/"), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInvalid) << response.error().ToString();
}

// A length is only a claim: nothing is reserved by it, neither for a body nor for a stream.
TEST(MemberTest, ClaimedLengthIsNotBelieved) {
  ScriptedServer server(false);
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Write("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nline\n");
  });
  auto transport = MakeTransport(kPlain, server.port(), "");
  const auto response = transport->Send(Get("/"), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInvalid) << response.error().ToString();
  class Ignore : public net::LineSink {
    Flow OnLine(std::string_view) noexcept override { return Flow::kContinue; }
  } sink;
  const auto end = transport->Stream(Get("/"), sink, {kPatience, 1000}, {});
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, net::StreamEndKind::kBroken);
}

TEST(MemberTest, InterimAnswersAreSkippedAndTheirFloodMeetsTheDeadline) {
  ScriptedServer server(false);
  server.Handle([](Connection& c) {
    const auto request = c.ReadRequest();
    c.Write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    while (request && request->target == "/flood" && c.Write("HTTP/1.1 100 Continue\r\n\r\n")) continue;
    c.WriteResponse(200, {}, "at last");
  });
  auto transport = MakeTransport(kPlain, server.port(), "");
  const auto response = transport->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "at last");
  const auto flooded = transport->Send(Get("/flood", 200ms), {});
  ASSERT_FALSE(flooded);
  EXPECT_EQ(flooded.error().code, Code::kTimeout) << flooded.error().ToString();
}

TEST(MemberTest, BothFramingsAreRefused) {
  ScriptedServer server(false);
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  });
  const auto response = MakeTransport(kPlain, server.port(), "")->Send(Get("/"), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable) << response.error().ToString();
}

TEST(MemberTest, EveryExchangeHasItsOwnConnection) {
  ScriptedServer server(false);
  server.Answer([](const Request& r) { return Response{200, {}, r.headers.at("Connection")}; });
  auto transport = MakeTransport(kPlain, server.port(), "");
  EXPECT_EQ(BodyOf(transport->Send(Get("/"), {})), "close");
  EXPECT_EQ(BodyOf(transport->Send(Get("/"), {})), "close");
  EXPECT_EQ(server.connections(), 2);
}

// The answer to a body that the server does not want to read.
TEST(MemberTest, EarlyAnswerToALargeBodyIsHeard) {
  ScriptedServer server(false);
  server.Handle([](Connection& c) {
    c.WriteResponse(413, {}, "too large");
    c.Close();
  });
  const auto response = MakeTransport(kPlain, server.port(), "")->Send(Post("/", std::string(100'000, 'x')), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 413);
}

TEST(MemberTest, Ipv6) {
  ScriptedOptions server_options;
  server_options.ipv6 = true;
  ScriptedServer server(server_options);
  server.Answer([](const Request& r) { return Response{200, {}, r.headers.at("Host")}; });
  net::MemberTransportOptions options;
  options.address = "::1";
  options.port = static_cast<std::uint16_t>(server.port());
  options.tls = true;
  options.authority_pem = server.authority_pem();
  const auto response = net::NewMemberTransport(options)->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "[::1]:" + std::to_string(server.port()));
}

TEST(MemberTest, DialsTheAddressAndNamesTheHost) {
  ScriptedServer server(false);
  server.Answer([](const Request& r) { return Response{200, {}, r.headers.at("Host")}; });
  const auto response = MakeTransport(kPlain, server.port(), "", {}, "orders-dm-master-0.peer.ns.svc")->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "orders-dm-master-0.peer.ns.svc:" + std::to_string(server.port()));
}

TEST(MemberTest, ShowsItsCertificate) {
  ScriptedOptions server_options;
  server_options.request_client_certificate = true;
  ScriptedServer server(server_options);
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.WriteResponse(200, {}, c.peer_subject());
  });
  net::MemberTransportOptions options;
  options.address = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(server.port());
  options.tls = true;
  options.authority_pem = server.authority_pem();
  std::tie(options.certificate_pem, options.key_pem) = server.IssueClient("dm-operator");
  const auto response = net::NewMemberTransport(options)->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "CN=dm-operator");
}

TEST(MemberTest, WrongOptionsAreSaidByEveryCall) {
  net::MemberTransportOptions options;
  options.address = "dm-master";
  auto response = net::NewMemberTransport(options)->Send(Get("/"), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInvalid);
  EXPECT_THAT(response.error().message, HasSubstr("dm-master"));
  options.address = "127.0.0.1";
  options.tls = true;
  response = net::NewMemberTransport(options)->Send(Get("/"), {});      // no authority
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInvalid);
}

}  // namespace
}  // namespace dm::conformance
