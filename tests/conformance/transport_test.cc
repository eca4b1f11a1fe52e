// Every Transport against a scripted peer: whole answers, and what becomes of a peer that cuts, trickles, stalls or lies.
#include <gmock/gmock.h>

#include <atomic>

#include "tests/conformance/transports.h"

namespace dm::conformance {
namespace {

using base::Code;

TEST_P(TransportTest, AnswerArrivesWhole) {
  ScriptedServer server(ServerOptions());
  server.Answer([](const Request&) { return Response{200, {{"X-Word", "yes"}, {"Content-Type", "text/plain"}}, "hello"}; });
  auto transport = Dial(server);
  Request request = Get("/a/b%2Fc?x=1%202&y=");
  request.headers["X-Asked"] = "this";
  const auto response = transport->Send(request, {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.at("x-word"), "yes");
  ASSERT_EQ(server.requests().size(), 1u);
  const Request seen = server.requests().front();
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, "/a/b%2Fc?x=1%202&y=");
  EXPECT_EQ(seen.headers.at("X-Asked"), "this");
  EXPECT_EQ(seen.headers.at("Host"), "127.0.0.1:" + std::to_string(server.port()));
}

TEST_P(TransportTest, BodyArrivesWithEveryWritingMethod) {
  ScriptedServer server(ServerOptions());
  server.Answer([](const Request& r) { return Response{201, {}, r.method + ":" + r.body}; });
  auto transport = Dial(server);
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    Request request = Post("/x", std::string(100'000, 'b'));
    request.method = method;
    request.headers["Content-Type"] = "application/merge-patch+json";
    const auto response = transport->Send(request, {});
    ASSERT_TRUE(response) << method << ": " << response.error().ToString();
    EXPECT_EQ(response->body, method + ":" + request.body);
  }
  EXPECT_EQ(server.requests().back().headers.at("Content-Type"), "application/merge-patch+json");
}

TEST_P(TransportTest, StatusesOfFailureAreValues) {
  ScriptedServer server(ServerOptions());
  server.Answer([](const Request& r) {
    return Response{std::stoi(r.target.substr(1)), {{"Retry-After", "7"}}, "{\"kind\":\"Status\"}"};
  });
  auto transport = Dial(server);
  for (const int status : {400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504}) {
    const auto response = transport->Send(Get("/" + std::to_string(status)), {});
    ASSERT_TRUE(response) << status << ": " << response.error().ToString();
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->headers.at("Retry-After"), "7");
    EXPECT_EQ(response->body, "{\"kind\":\"Status\"}");
  }
}

TEST_P(TransportTest, RedirectIsAValueAndNotFollowed) {
  ScriptedServer trap(ServerOptions());
  trap.Answer([](const Request&) { return Response{200, {}, "stolen"}; });
  ScriptedServer server(ServerOptions());
  server.Answer([&](const Request&) { return Response{302, {{"Location", trap.url() + "/"}}, ""}; });
  auto transport = Dial(server);
  const auto response = transport->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(trap.connections(), 0);
}

TEST_P(TransportTest, AnswersWithoutBody) {
  ScriptedServer server(ServerOptions());
  server.Handle([](Connection& c) {
    while (const auto request = c.ReadRequest()) {
      if (request->method == "HEAD") c.Write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
      if (request->method == "GET") c.Write("HTTP/1.1 204 No Content\r\n\r\n");
      if (request->method == "DELETE") c.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  auto transport = Dial(server);
  for (const auto& [method, status] : std::map<std::string, int>{{"HEAD", 200}, {"GET", 204}, {"DELETE", 200}}) {
    Request request = Get("/");
    request.method = method;
    const auto response = transport->Send(request, {});
    ASSERT_TRUE(response) << method << ": " << response.error().ToString();
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, "");
  }
}

TEST_P(TransportTest, ChunkedBodyIsPutTogether) {
  ScriptedServer server(ServerOptions());
  server.Handle([](Connection& c) {
    while (c.ReadRequest()) {
      c.StartChunked();
      for (int i = 0; i < 100; ++i) c.Chunk(std::string(static_cast<std::size_t>(i + 1), 'x'));
      c.EndChunked();
    }
  });
  const auto response = Dial(server)->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, std::string(5050, 'x'));
}

TEST_P(TransportTest, BodyWithoutLengthEndsWithTheConnection) {
  ScriptedServer server(ServerOptions());
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end");
  });
  const auto response = Dial(server)->Send(Get("/"), {});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "to the end");
}

TEST_P(TransportTest, NobodyListens) {
  int port = 0;
  std::string authority;
  {
    ScriptedServer gone(ServerOptions());
    port = gone.port();
    authority = gone.authority_pem();
  }
  const Stopwatch watch;
  const auto response = MakeTransport(GetParam(), port, authority)->Send(Get("/"), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable) << response.error().ToString();
  EXPECT_THAT(response.error().message, ::testing::HasSubstr(std::to_string(port)));
  EXPECT_LT(watch.elapsed(), kSoon);
}

// What a peer may do to a request, and how it must end. A script gets one request read.
struct Misdeed {
  const char* name;
  std::function<void(Connection&)> script;
  Code code;
};

TEST_P(TransportTest, BrokenAnswersAreErrorsAndTheProcessLives) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<Misdeed> misdeeds = {
      {"close at once", [](Connection& c) { c.Close(); }, Code::kUnavailable},
      {"reset at once", [](Connection& c) { c.Abort(); }, Code::kUnavailable},
      {"half a head", [](Connection& c) { c.Write("HTTP/1.1 200 OK\r\nContent-Le"); }, Code::kUnavailable},
      {"no HTTP", [](Connection& c) { c.Write("220 mail.example.com ESMTP\r\n\r\n"); }, Code::kUnavailable},
      {"body cut", [=](Connection& c) { c.Write(head + "half"); }, Code::kUnavailable},
      {"body reset", [=](Connection& c) { c.Write(head + "half"); c.Abort(); }, Code::kUnavailable},
      {"cut in a chunk", [=](Connection& c) { c.Write(chunked + "10\r\nhalf"); }, Code::kUnavailable},
      {"cut between chunks", [=](Connection& c) { c.Write(chunked + "4\r\nhalf\r\n"); }, Code::kUnavailable},
      {"chunk size zz", [=](Connection& c) { c.Write(chunked + "zz\r\nhalf\r\n0\r\n\r\n"); }, Code::kUnavailable},
      {"chunk size -1", [=](Connection& c) { c.Write(chunked + "-1\r\nhalf\r\n0\r\n\r\n"); }, Code::kUnavailable},
      {"chunk size 2^64-1", [=](Connection& c) { c.Write(chunked + "ffffffffffffffff\r\nhalf\r\n0\r\n\r\n"); }, Code::kUnavailable},
  };
  for (const Misdeed& misdeed : misdeeds) {
    ScriptedServer server(ServerOptions());
    server.Handle([&](Connection& c) {
      c.ReadRequest();
      misdeed.script(c);
    });
    const auto response = Dial(server)->Send(Get("/"), {});
    ASSERT_FALSE(response) << misdeed.name << " gave " << response->status << " " << response->body;
    // A nonsensical chunk size may also be told from a body above the limit.
    const bool fine = response.error().code == misdeed.code ||
                      (std::string_view(misdeed.name).find("2^64") != std::string_view::npos && response.error().code == Code::kInvalid);
    EXPECT_TRUE(fine) << misdeed.name << ": " << response.error().ToString();
  }
}

TEST_P(TransportTest, AnswerAboveTheLimitIsRefused) {
  Limits limits;
  limits.max_body = 1000;
  ScriptedServer server(ServerOptions());
  server.Handle([](Connection& c) {
    while (const auto request = c.ReadRequest()) {
      if (request->target == "/length") c.WriteResponse(200, {}, std::string(1001, 'x'));
      if (request->target == "/exact") c.WriteResponse(200, {}, std::string(1000, 'x'));
      if (request->target != "/chunked") continue;
      c.StartChunked();
      while (c.Chunk(std::string(100, 'x'))) continue;      // for ever
    }
  });
  auto transport = Dial(server, limits);
  for (const std::string target : {"/length", "/chunked"}) {
    const auto response = transport->Send(Get(target), {});
    ASSERT_FALSE(response) << target;
    EXPECT_EQ(response.error().code, Code::kInvalid) << response.error().ToString();
    EXPECT_THAT(response.error().message, ::testing::HasSubstr("1000 bytes"));
    EXPECT_EQ(response.error().reason, net::kAnswerTooLarge);
  }
  const auto exact = transport->Send(Get("/exact"), {});
  ASSERT_TRUE(exact) << exact.error().ToString();
  EXPECT_EQ(exact->body.size(), 1000u);
}

TEST_P(TransportTest, SilentPeerMeetsTheDeadline) {
  ScriptedServer server(ServerOptions());
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Stall();
  });
  const Stopwatch watch;
  const auto response = Dial(server)->Send(Get("/", 200ms), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kTimeout) << response.error().ToString();
  EXPECT_GE(watch.elapsed(), 190ms);
  EXPECT_LT(watch.elapsed(), kSoon);
}

// The deadline is for the whole exchange: a byte now and then does not extend it.
TEST_P(TransportTest, TricklingPeerMeetsTheDeadline) {
  for (const bool in_head : {true, false}) {
    ScriptedServer server(ServerOptions());
    server.Handle([in_head](Connection& c) {
      c.ReadRequest();
      c.Write(in_head ? "HTTP/1.1 200 OK\r\nX: " : "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      while (c.Write("x") && !c.Stall(20ms)) continue;
    });
    const Stopwatch watch;
    const auto response = Dial(server)->Send(Get("/", 300ms), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::kTimeout) << response.error().ToString();
    EXPECT_LT(watch.elapsed(), kSoon);
  }
}

TEST_P(TransportTest, StopEndsACallPromptly) {
  ScriptedServer server(ServerOptions());
  server.Handle([](Connection& c) {
    c.ReadRequest();
    c.Stall();
  });
  auto best = std::chrono::milliseconds::max();
  for (int i = 0; i < kTries && best >= kPromptly; ++i) {
    StopAfter stop(100ms);
    const auto response = Dial(server)->Send(Get("/"), stop.token());
    best = std::min(best, stop.since());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::kCancelled) << response.error().ToString();
  }
  EXPECT_LT(best, kPromptly);
}

TEST_P(TransportTest, StopBeforeTheCall) {
  ScriptedServer server(ServerOptions());
  server.Answer([](const Request&) { return Response{200, {}, ""}; });
  std::stop_source stop;
  stop.request_stop();
  const auto response = Dial(server)->Send(Get("/"), stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kCancelled) << response.error().ToString();
}

TEST_P(TransportTest, WhatMayNotGoOnAWireIsRefused) {
  ScriptedServer server(ServerOptions());
  auto transport = Dial(server);
  std::vector<Request> wrong(7, Get("/"));
  wrong[0].target = "no-slash";
  wrong[1].target = "/a b";
  wrong[2].target = "/x HTTP/1.1\r\nEvil: 1";
  wrong[3].method = "GET /evil";
  wrong[4].headers["X"] = "a\r\nEvil: 1";
  wrong[5].headers["X: y\r\nEvil"] = "1";
  wrong[6].headers["Host"] = "elsewhere";      // would become the name that TLS verifies
  for (const Request& request : wrong) {
    const auto response = transport->Send(request, {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::kInvalid) << response.error().ToString();
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_P(TransportTest, ManyThreadsShareATransport) {
  ScriptedServer server(ServerOptions());
  server.Answer([](const Request& r) { return Response{200, {}, r.target}; });
  auto transport = Dial(server);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
          const auto response = transport->Send(Get(target), {});
          if (response && response->body == target) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 80);
}

INSTANTIATE_TEST_SUITE_P(All, TransportTest,
                         ::testing::Values(Kind{Library::kCpprest, true}, Kind{Library::kCpprest, false},
                                           Kind{Library::kMember, true}, Kind{Library::kMember, false}),
                         KindName);

}  // namespace
}  // namespace dm::conformance
