// The HttpServer against clients that mean harm. After each attack an honest client must be served.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <latch>

#include "base/clock.h"
#include "tests/conformance/servers.h"

namespace dm::conformance {
namespace {

class AttackTest : public ServerTest {
 protected:
  void SetUp() override { ServeEcho(); }
  void ServeHastily() {
    Serve(HastyOptions(), [](const Request&) { return Response{200, {}, ""}; });
  }
  void TearDown() override { EXPECT_TRUE(Serves()) << "an honest client after the attack"; }

  // Writes `piece` until the server does not take it any more; how much it took.
  static std::size_t Pour(RawClient& client, const std::string& piece, std::size_t at_most = 64u << 20) {
    std::size_t sent = 0;
    while (sent < at_most && client.Send(piece)) sent += piece.size();
    return sent;
  }
};

long ResidentKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    long value = 0;
    status >> value;
    return value;
  }
  return 0;
}

TEST_P(AttackTest, HalfARequestIsA408AndClosed) {
  ServeHastily();
  const auto client = Connect();
  client->Send("GET / HT");
  const Stopwatch watch;
  const auto response = client->ReadResponse(kPatience);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_GE(watch.elapsed(), 250ms);
  EXPECT_TRUE(client->AwaitClose(kPatience));
}

// Slowloris: a line now and then. The deadline is for the request, not for its next byte.
TEST_P(AttackTest, TricklingHeaderMeetsTheDeadline) {
  ServeHastily();
  const auto client = Connect();
  client->Send("GET / HTTP/1.1\r\nHost: h\r\n");
  const Stopwatch watch;
  while (watch.elapsed() < kPatience && client->Send("X: 1\r\n") && !client->AwaitClose(30ms)) continue;
  EXPECT_LT(watch.elapsed(), kSoon);
}

TEST_P(AttackTest, TricklingBodyMeetsTheDeadline) {
  ServeHastily();
  const auto client = Connect();
  client->Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n");
  const Stopwatch watch;
  while (watch.elapsed() < kPatience && client->Send("x") && !client->AwaitClose(30ms)) continue;
  EXPECT_LT(watch.elapsed(), kSoon);
}

TEST_P(AttackTest, ConnectionsThatNeverSpeakAreClosed) {
  ServeHastily();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<RawClient>(port_));    // TCP only, also under TLS
  for (int i = 0; i < 200 && server_->open_connections() < 50; ++i) base::SystemClock().WaitFor(1ms, {});
  EXPECT_GE(server_->open_connections(), 50);
  EXPECT_TRUE(Serves());
  EXPECT_TRUE(AwaitConnections(0));
}

TEST_P(AttackTest, IdleConnectionsAreClosed) {
  auto options = SmallOptions();
  options.limits.idle = 150ms;
  Serve(options, [](const Request&) { return Response{200, {}, ""}; });
  const auto client = Connect();
  client->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client->ReadResponse(kPatience));
  const Stopwatch watch;
  EXPECT_TRUE(client->AwaitClose(kPatience));
  EXPECT_GE(watch.elapsed(), 140ms);
}

TEST_P(AttackTest, EndlessHeaderIsA431AndNotRead) {
  for (const std::string piece : {"X-Line: 1\r\n", "xxxxxxxxxxxxxxxxxxxxxxxx"}) {
    const auto client = Connect();
    client->Send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
    const long before = ResidentKilobytes();
    const std::string block = [&] {
      std::string all;
      while (all.size() < 16'000) all += piece;
      return all;
    }();
    const std::size_t sent = Pour(*client, block);
    EXPECT_LT(sent, 32u << 20);
    EXPECT_LT(ResidentKilobytes() - before, 20'000);
  }
  const auto response = Ask("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(9000, 'x') + "\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 431);
}

TEST_P(AttackTest, EndlessRequestLineIsA431) {
  const auto response = Ask("GET /" + std::string(9000, 'a'));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 431);
}

TEST_P(AttackTest, AnnouncedLargeBodyIsA413BeforeItIsSent) {
  for (const std::string body : {"", "some of it"}) {
    const auto response = Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 400000000\r\n\r\n" + body);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 413) << response->body;
    EXPECT_EQ(response->headers.at("Connection"), "close");
  }
}

// The answer arrives although the client is still writing: no RST overtakes it.
TEST_P(AttackTest, LargeBodyIsA413ForOneWhoKeepsWriting) {
  for (const bool chunked : {true, false}) {
    const auto client = Connect();
    client->Send(chunked ? "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                         : "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n");
    for (int i = 0; i < 20; ++i) client->Send((chunked ? "2710\r\n" : "") + std::string(10'000, 'x') + (chunked ? "\r\n" : ""));
    const auto response = client->ReadResponse(kPatience);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 413);
  }
}

TEST_P(AttackTest, EndlessBodyIsNotRead) {
  const auto client = Connect();
  client->Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const long before = ResidentKilobytes();
  EXPECT_LT(Pour(*client, "2710\r\n" + std::string(10'000, 'x') + "\r\n"), 32u << 20);
  EXPECT_LT(ResidentKilobytes() - before, 20'000);
}

// However many connections send them: what is held of large bodies has a limit, which small ones never meet.
TEST_P(AttackTest, LargeBodiesTogetherHaveALimit) {
  auto options = SmallOptions();
  options.limits.max_body_bytes = 1u << 20;
  options.limits.max_held_bytes = 150'000;
  std::latch entered(1), leave(1);
  Serve(options, [&](const Request& request) {
    if (request.target == "/held") {
      entered.count_down();
      leave.wait();
    }
    return Response{200, {}, std::to_string(request.body.size())};
  });
  const auto post = [](const std::string& target, std::size_t size) {
    return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  };
  const auto first = Connect();
  first->Send(post("/held", 165'000));
  entered.wait();
  const auto refused = Ask(post("/", 165'000));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.at("Retry-After"), "1");
  EXPECT_EQ(refused->headers.at("Connection"), "close");
  const auto small = Ask(post("/", 60'000));
  leave.count_down();
  ASSERT_TRUE(small);
  EXPECT_EQ(small->status, 200);
  ASSERT_TRUE(first->ReadResponse(kPatience));
  for (int i = 0; i < 3; ++i) {      // what was held has been given back, each time
    const auto later = Ask(post("/", 165'000));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->status, 200) << later->body;
    EXPECT_EQ(later->body, "165000");
  }
}

TEST_P(AttackTest, EndlessChunkExtensionIsRefused) {
  const auto client = Connect();
  client->Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;");
  client->Send(std::string(60'000, 'x'));
  const auto response = client->ReadResponse(kPatience);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 431);
}

TEST_P(AttackTest, WhatIsNoHttpIsA400) {
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::map<std::string, std::string> attacks = {
      {"chunk size -1", chunked + "-1\r\nabc\r\n0\r\n\r\n"},
      {"chunk size zz", chunked + "zz\r\nabc\r\n0\r\n\r\n"},
      {"chunk without end", chunked + "3\r\nabcdef\r\n0\r\n\r\n"},
      {"chunk size of 17 digits", chunked + "10000000000000003\r\nabc\r\n0\r\n\r\n"},
      {"both framings", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"both framings, turned", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"},
      {"length -1", post + "Content-Length: -1\r\n\r\n"},
      {"length of letters", post + "Content-Length: ten\r\n\r\n"},
      {"length above 64 bits", post + "Content-Length: 99999999999999999999999\r\n\r\n"},
      {"unknown coding", post + "Transfer-Encoding: gzip\r\n\r\n"},
      {"coding after chunked", post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"},
      {"space before colon", "GET / HTTP/1.1\r\nHost: h\r\nX : 1\r\n\r\n"},
      {"no colon", "GET / HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n"},
      {"control byte in a value", std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a") + '\0' + "b\r\n\r\n"},
      {"no host", "GET / HTTP/1.1\r\n\r\n"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"SSH", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
      {"zeros", std::string(64, '\0')},
  };
  for (const auto& [name, bytes] : attacks) {
    const auto response = Ask(bytes);
    ASSERT_TRUE(response) << name;
    EXPECT_EQ(response->status, 400) << name;
    EXPECT_EQ(response->headers.at("Connection"), "close") << name;
  }
}

TEST_P(AttackTest, LongPathCostsNothing) {
  auto options = SmallOptions();
  options.limits.max_header_bytes = 64u << 10;
  Serve(options, [](const Request&) { return Response{200, {}, ""}; });
  std::string path;
  while (path.size() < 60'000) path += "/a";
  const Stopwatch watch;
  const auto response = Ask("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_LT(watch.elapsed(), kSoon);      // the listener that this replaces: 7.8 s of computing
}

// Above the limit the connection that has kept us waiting longest goes, so silent ones cannot shut others out.
TEST_P(AttackTest, ConnectionsAboveTheLimitPushOutTheSilent) {
  auto options = SmallOptions();
  options.limits.max_connections = 20;
  Serve(options, [](const Request&) { return Response{200, {}, ""}; });
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 60; ++i) silent.push_back(std::make_unique<RawClient>(port_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Serves());
  EXPECT_TRUE(AwaitConnections(21));
  EXPECT_GE(server_->open_connections(), 15);
}

TEST_P(AttackTest, ReaderThatDoesNotReadIsCut) {
  std::atomic<bool> asked = false;
  Serve(HastyOptions(), [&](const Request&) {
    asked = true;
    return Response{200, {}, std::string(64u << 20, 'x')};
  });
  const auto client = Connect();
  client->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!asked) std::this_thread::yield();
  EXPECT_EQ(server_->open_connections(), 1);
  EXPECT_TRUE(AwaitConnections(0));      // the write deadline, without one byte read
  ServeEcho();
}

TEST_P(AttackTest, ResetsInEveryPhaseLeaveNothingOpen) {
  const std::vector<std::string> phases = {"", "GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
                                           "GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
  for (int round = 0; round < 5; ++round) {
    for (const std::string& bytes : phases) {
      const auto client = Connect();
      if (!bytes.empty()) client->Send(bytes);
      client->Abort();
      RawClient bare(port_);      // and before the handshake
      bare.Send("\x16\x03\x01");
      bare.Abort();
    }
  }
  EXPECT_TRUE(AwaitConnections(0));
}

TEST_P(AttackTest, HalfClosedClientStillGetsItsAnswer) {
  if (tls()) return;      // there FIN without close_notify is a cut
  const auto client = Connect();
  client->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client->HalfClose();
  EXPECT_TRUE(client->ReadResponse(kPatience));
}

// Out of file descriptors the server waits, without burning a core, and goes on once there are some.
TEST_P(AttackTest, SurvivesWithoutFileDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<int> hoard;
  rlimit tight = before;
  tight.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) hoard.push_back(fd);
  ASSERT_FALSE(hoard.empty());
  ::close(hoard.back());                     // one, for the client's end
  hoard.pop_back();
  rusage cpu_before{};
  ::getrusage(RUSAGE_SELF, &cpu_before);
  {
    const RawClient waiting(port_);          // in the kernel's queue; accept fails
    base::SystemClock().WaitFor(300ms, {});      // the time in which a busy loop would show
    rusage cpu_after{};
    ::getrusage(RUSAGE_SELF, &cpu_after);
    const auto micros = [](const rusage& u) {
      return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1'000'000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
    };
    EXPECT_LT(micros(cpu_after) - micros(cpu_before), 150'000);
  }
  for (const int fd : hoard) ::close(fd);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(Serves());
}

INSTANTIATE_TEST_SUITE_P(All, AttackTest, ::testing::Bool(), PlainOrTls);

}  // namespace
}  // namespace dm::conformance
