// What the HttpServer does for honest clients: keep-alive, pipelining, continue, drain, rotation of its certificate.
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <atomic>

#include "base/clock.h"
#include "tests/conformance/servers.h"

namespace dm::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A latch that a handler waits at.
class Gate {
 public:
  void Pass() {
    ++waiting_;
    waiting_.notify_all();
    open_.wait(false);
  }
  void Open() {
    open_ = true;
    open_.notify_all();
  }
  void AwaitWaiting(int count) {
    for (int seen = waiting_; seen < count; seen = waiting_) waiting_.wait(seen);
  }

 private:
  std::atomic<bool> open_ = false;
  std::atomic<int> waiting_ = 0;
};

const std::string kGet = "GET /x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_P(ServerTest, RequestsReachTheHandlerAndAnswersTheClient) {
  Serve([](const Request& r) {
    return Response{201, {{"X-Seen", r.headers.at("x-ASKED")}, {"Content-Type", "text/plain"}}, r.method + r.target + r.body};
  });
  const auto response = Ask("POST /p?q=%20 HTTP/1.1\r\nHost: h\r\nX-Asked: a\r\nX-Asked: b\r\nContent-Length: 4\r\n\r\nbody");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "POST/p?q=%20body");
  EXPECT_EQ(response->headers.at("X-Seen"), "a, b");
  EXPECT_TRUE(response->headers.contains("Date"));
  EXPECT_FALSE(response->headers.contains("Connection"));
}

TEST_P(ServerTest, TheHandlerIsToldTheAddressWhoeverClaimsAnother) {
  auto options = SmallOptions();
  options.local_address_header = "X-Asked-At";
  options.address = "0.0.0.0";
  Serve(options, [](const Request& r) { return Response{200, {}, r.headers.at("X-Asked-At")}; });
  const auto response = Ask("GET / HTTP/1.1\r\nHost: h\r\nx-asked-at: 10.0.0.1\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "127.0.0.1");
  ServeEcho();
  EXPECT_EQ(Ask(kGet)->body, "GET /x?y=1 ");
}

TEST_P(ServerTest, ChunkedRequestBody) {
  ServeEcho();
  const auto response =
      Ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "POST / abcdefg");
}

TEST_P(ServerTest, KeepAliveServesManyRequests) {
  ServeEcho();
  const auto client = Connect();
  for (int i = 0; i < 50; ++i) {
    client->Send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = client->ReadResponse(kPatience);
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "GET /" + std::to_string(i) + " ");
  }
  EXPECT_EQ(server_->open_connections(), 1);
}

TEST_P(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Serve([](const Request& r) {
    if (r.target == "/0") base::SystemClock().WaitFor(50ms, {});     // the first is the slowest
    return Response{200, {}, r.target};
  });
  const auto client = Connect();
  std::string all;
  for (int i = 0; i < 10; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client->Send(all);
  for (int i = 0; i < 10; ++i) {
    const auto response = client->ReadResponse(kPatience);
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "/" + std::to_string(i));
  }
}

TEST_P(ServerTest, RequestInManyPieces) {
  ServeEcho();
  const auto client = Connect();
  const std::string request = "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  for (const char c : request) client->Send(std::string(1, c));
  const auto response = client->ReadResponse(kPatience);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "POST /slow abc");
}

TEST_P(ServerTest, ConnectionClosesWhenTheClientAsksForIt) {
  ServeEcho();
  for (const std::string head : {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    const auto client = Connect();
    client->Send(head);
    const auto response = client->ReadResponse(kPatience);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->headers.at("Connection"), "close");
    EXPECT_TRUE(client->AwaitClose(kPatience)) << head;
  }
}

TEST_P(ServerTest, HeadHasLengthButNoBody) {
  Serve([](const Request&) { return Response{200, {}, "twelve bytes"}; });
  const auto client = Connect();
  client->Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + kGet);
  const auto head = client->ReadResponse(kPatience, true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.at("Content-Length"), "12");
  const auto next = client->ReadResponse(kPatience);     // in step: nothing of a body came between
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "twelve bytes");
}

TEST_P(ServerTest, ContinueIsGivenWhenAskedFor) {
  ServeEcho();
  const auto client = Connect();
  client->Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  const auto interim = client->ReadResponse(kPatience);
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->status, 100);
  client->Send("body");
  const auto response = client->ReadResponse(kPatience);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "POST / body");
}

TEST_P(ServerTest, ContinueIsNotGivenForABodyThatIsTooLarge) {
  ServeEcho();
  const auto response =
      Ask("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
}

TEST_P(ServerTest, HandlerThatThrowsIsA500AndTheConnectionLives) {
  Serve([](const Request& r) -> Response {
    if (r.target == "/std") throw std::runtime_error("secret detail");
    if (r.target == "/int") throw 7;
    return {200, {}, "fine"};
  });
  const auto client = Connect();
  for (const std::string target : {"/std", "/int"}) {
    client->Send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = client->ReadResponse(kPatience);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 500);
    EXPECT_THAT(response->body, ::testing::Not(HasSubstr("secret")));
  }
  client->Send(kGet);
  const auto last = client->ReadResponse(kPatience);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->body, "fine");
}

TEST_P(ServerTest, AnswerCannotInjectALine) {
  Serve([](const Request&) { return Response{200, {{"X-A", "a\r\nX-Evil: 1"}, {"Content-Length", "999"}}, "fine"}; });
  const auto response = Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_FALSE(response->headers.contains("X-Evil"));
  EXPECT_EQ(response->body, "fine");
}

TEST_P(ServerTest, FullQueueIsA503AtOnce) {
  Gate gate;
  auto options = SmallOptions();
  options.workers = 1;
  options.max_queue = 1;
  Serve(options, [&](const Request& r) {
    if (r.target == "/wait") gate.Pass();
    return Response{200, {}, ""};
  });
  const auto busy = Connect();
  busy->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);
  // The first of these waits in the queue, and there is room for no second.
  std::vector<std::unique_ptr<RawClient>> others;
  std::optional<Response> refused;
  for (int i = 0; i < 20 && !refused; ++i) {
    others.push_back(Connect());
    others.back()->Send(kGet);
    refused = others.back()->ReadResponse(200ms);
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.at("Retry-After"), "1");
  gate.Open();
  for (RawClient* waiting : {busy.get(), others.front().get()}) {
    const auto response = waiting->ReadResponse(kPatience);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
  }
}

TEST_P(ServerTest, SlowHandlerDoesNotStopTheOthers) {
  Gate gate;
  Serve([&](const Request& r) {
    if (r.target == "/wait") gate.Pass();
    return Response{200, {}, ""};
  });
  const auto busy = Connect();
  busy->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);
  EXPECT_TRUE(Serves());
  gate.Open();
  EXPECT_TRUE(busy->ReadResponse(kPatience));      // the handler has left the gate
}

TEST_P(ServerTest, DrainAnswersWhatIsInFlight) {
  Gate gate;
  Serve([&](const Request& r) {
    if (r.target == "/wait") gate.Pass();
    return Response{200, {}, "done"};
  });
  const auto idle = Connect();
  idle->Send(kGet);
  ASSERT_TRUE(idle->ReadResponse(kPatience));
  const auto silent = Connect();          // connected, nothing said
  const auto busy = Connect();
  busy->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);
  const Stopwatch watch;
  std::jthread opener([&] {
    EXPECT_TRUE(idle->AwaitClose(kPatience));
    EXPECT_TRUE(silent->AwaitClose(kPatience));
    gate.Open();
    const auto response = busy->ReadResponse(kPatience);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "done");
    EXPECT_EQ(response->headers.at("Connection"), "close");
    EXPECT_TRUE(busy->AwaitClose(kPatience));
    busy->Abort();
    idle->Abort();
    silent->Abort();
  });
  server_->Drain(kPatience);
  EXPECT_LT(watch.elapsed(), kPatience / 2);
  EXPECT_EQ(server_->open_connections(), 0);
  EXPECT_FALSE(RawClient(port_).connected());
}

TEST_P(ServerTest, DrainAnswersTheLastOne) {   // the only connection, and no I/O is pending on it
  Gate gate;
  Serve([&](const Request&) {
    gate.Pass();
    return Response{200, {}, "done"};
  });
  const auto busy = Connect();
  busy->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);
  std::jthread opener([&] {
    while (RawClient(port_).connected() || server_->open_connections() > 1) std::this_thread::yield();   // drained but for it
    gate.Open();
    const auto response = busy->ReadResponse(kPatience);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "done");
    busy->Abort();
  });
  const Stopwatch watch;
  server_->Drain(kPatience);
  EXPECT_LT(watch.elapsed(), kPatience / 2);
}

TEST_P(ServerTest, DrainCutsWhatDoesNotEnd) {
  Serve([](const Request&) { return Response{200, {}, ""}; });
  const auto half = Connect();
  half->Send("GET / HT");
  base::SystemClock().WaitFor(50ms, {});      // until it was read
  const Stopwatch watch;
  server_->Drain(200ms);
  EXPECT_GE(watch.elapsed(), 190ms);
  EXPECT_LT(watch.elapsed(), kSoon);
  EXPECT_TRUE(half->AwaitClose(kPatience));
}

TEST_P(ServerTest, CloseAfterAnswersSendsClientsAway) {
  ServeEcho();
  const auto client = Connect();
  client->Send(kGet);
  const auto before = client->ReadResponse(kPatience);
  ASSERT_TRUE(before);
  EXPECT_FALSE(before->headers.contains("Connection"));
  server_->CloseAfterAnswers();           // a client that is about to send its next request still gets it answered
  client->Send(kGet);
  const auto after = client->ReadResponse(kPatience);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->headers.at("Connection"), "close");
  EXPECT_TRUE(Serves());                  // and new ones are still served
}

TEST_P(ServerTest, LargeAnswerToASlowReader) {
  Serve([](const Request&) { return Response{200, {}, std::string(4u << 20, 'x')}; });
  const auto client = Connect();
  client->Send(kGet);
  base::SystemClock().WaitFor(100ms, {});     // the slow reader
  const auto response = client->ReadResponse(kPatience);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.size(), 4u << 20);
}

TEST_P(ServerTest, ManyClientsAtOnce) {
  auto options = SmallOptions();
  options.io_threads = 2;
  Serve(options, [](const Request& r) { return Response{200, {}, r.target}; });
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        const auto client = Connect();
        for (int i = 0; i < 25; ++i) {
          const std::string target = "/" + std::to_string(t * 100 + i);
          client->Send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
          const auto response = client->ReadResponse(kPatience);
          if (response && response->body == target) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 200);
}

INSTANTIATE_TEST_SUITE_P(All, ServerTest, ::testing::Bool(), PlainOrTls);

class TlsServerTest : public ServerTest {};

TEST_P(TlsServerTest, PrefersTls13AndHttp11) {
  ServeEcho();
  const auto client = Connect();
  EXPECT_EQ(client->tls_version(), "TLSv1.3");
  EXPECT_EQ(client->alpn(), "http/1.1");
}

TEST_P(TlsServerTest, SpeaksTls12AndNothingOlder) {
  ServeEcho();
  EXPECT_EQ(RawClient(port_, {authority_.certificate_pem, "", TLS1_2_VERSION}).tls_version(), "TLSv1.2");
  EXPECT_FALSE(RawClient(port_, {authority_.certificate_pem, "", TLS1_1_VERSION}).connected());
}

TEST_P(TlsServerTest, RefusesRenegotiation) {
  ServeEcho();
  RawClient client(port_, {authority_.certificate_pem, "", TLS1_2_VERSION});
  ASSERT_TRUE(client.connected());
  EXPECT_FALSE(client.Renegotiate());
}

TEST_P(TlsServerTest, NewKeyPairServesNewConnectionsAtOnce) {
  ServeEcho();
  const auto before = Connect();
  EXPECT_EQ(before->peer_subject(), "CN=first");
  pair_.Set(Issue(authority_, "second"));
  EXPECT_EQ(Connect()->peer_subject(), "CN=second");
  before->Send(kGet);                     // the old connection goes on
  EXPECT_TRUE(before->ReadResponse(kPatience));
}

TEST_P(TlsServerTest, BrokenKeyPairLeavesTheOldOneInUse) {
  ServeEcho();
  EXPECT_EQ(Connect()->peer_subject(), "CN=first");
  pair_.Set(KeyPair{Issue(authority_, "x").certificate_pem, Issue(authority_, "y").key_pem});
  EXPECT_EQ(Connect()->peer_subject(), "CN=first");
  EXPECT_TRUE(Serves());
}

TEST_P(TlsServerTest, WithoutKeyPairConnectionsAreClosed) {
  ServeEcho();
  pair_.Set(std::nullopt);
  EXPECT_FALSE(Connect()->connected());
  pair_.Set(Issue(authority_, "late"));
  EXPECT_TRUE(Serves());
}

INSTANTIATE_TEST_SUITE_P(All, TlsServerTest, ::testing::Values(true), PlainOrTls);

TEST(ServerStart, SaysWhatIsWrong) {
  net::ServerOptions options;
  options.address = "localhost";
  HttpServer nameless(options, [](const Request&) { return Response{}; });
  const auto no_address = nameless.Start();
  ASSERT_FALSE(no_address);
  EXPECT_EQ(no_address.error().code, base::Code::kInvalid);

  options.address = "127.0.0.1";
  HttpServer first(options, [](const Request&) { return Response{}; });
  options.port = *first.Start();
  HttpServer second(options, [](const Request&) { return Response{}; });
  const auto taken = second.Start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, base::Code::kUnavailable);
  EXPECT_THAT(taken.error().message, StartsWith("cannot listen on 127.0.0.1:"));
}

TEST(ServerStart, NeedNotHappen) {
  HttpServer server(net::ServerOptions{}, [](const Request&) { return Response{}; });
  server.Drain(1s);
}

}  // namespace
}  // namespace dm::conformance
