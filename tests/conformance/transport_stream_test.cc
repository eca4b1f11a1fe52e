// Every Transport's Stream: lines, ends, back-pressure.
#include <gmock/gmock.h>

#include <atomic>

#include "base/clock.h"
#include "tests/conformance/transports.h"

namespace dm::conformance {
namespace {

using base::Code;
using net::LineSink;
using net::StreamEndKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Collector : public LineSink {
 public:
  void OnOpened() noexcept override { opened += lines.empty() ? 1 : 100; }
  Flow OnLine(std::string_view line) noexcept override {
    lines.emplace_back(line);
    return lines.size() >= stop_after ? Flow::kStop : Flow::kContinue;
  }
  std::vector<std::string> lines;
  std::size_t stop_after = SIZE_MAX;
  int opened = 0;
};

class StreamTest : public TransportTest {
 protected:
  // Streams what `script` writes after the request was read.
  base::Result<net::StreamEnd> Stream(const ScriptedServer::Script& script, LineSink& sink, std::stop_token stop = {}) {
    server_.Handle([script](Connection& c) {
      c.ReadRequest();
      script(c);
    });
    transport_ = Dial(server_);
    return transport_->Stream(Get("/watch", timeout_), sink, options_, std::move(stop));
  }

  ScriptedServer server_{ServerOptions()};
  std::unique_ptr<net::Transport> transport_;
  net::StreamOptions options_{kPatience, 1u << 20};
  std::chrono::milliseconds timeout_ = kPatience;
  Collector sink_;
};

TEST_P(StreamTest, LinesWhateverTheChunks) {
  const auto end = Stream(
      [](Connection& c) {
        c.StartChunked(200, {{"X-Word", "yes"}});
        c.Chunk("one\ntwo\nthr");
        c.Chunk("ee");
        c.Chunk("\n");
        c.Chunk("\nlast without newline");
        c.EndChunked();
      },
      sink_);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kClosed);
  EXPECT_EQ(end->status, 200);
  EXPECT_EQ(end->headers.at("x-word"), "yes");
  EXPECT_EQ(sink_.opened, 1) << "once, before the lines";
  EXPECT_THAT(sink_.lines, ElementsAre("one", "two", "three", "", "last without newline"));
}

TEST_P(StreamTest, LinesOfABodyWithLength) {
  const auto end = Stream([](Connection& c) { c.WriteResponse(200, {}, "one\ntwo\n"); }, sink_);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kClosed);
  EXPECT_THAT(sink_.lines, ElementsAre("one", "two"));
}

TEST_P(StreamTest, EmptyStream) {
  const auto end = Stream([](Connection& c) { c.StartChunked(), c.EndChunked(); }, sink_);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kClosed);
  EXPECT_THAT(sink_.lines, IsEmpty());
}

// A line arrives when it was sent, not when more comes.
TEST_P(StreamTest, LinesArriveAtOnce) {
  std::atomic<bool> seen = false;
  class Flag : public LineSink {
   public:
    explicit Flag(std::atomic<bool>& flag) : flag_(flag) {}
    Flow OnLine(std::string_view) noexcept override {
      flag_ = true;
      return Flow::kContinue;
    }

   private:
    std::atomic<bool>& flag_;
  } flag(seen);
  bool seen_in_time = false;
  const auto end = Stream(
      [&](Connection& c) {
        c.StartChunked();
        c.Chunk("{}\n");
        for (int i = 0; i < 1000 && !seen; ++i) c.Stall(10ms);
        seen_in_time = seen;
        c.EndChunked();
      },
      flag);
  server_.Stop();
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_TRUE(seen_in_time);
}

TEST_P(StreamTest, CutInTheMiddleIsBrokenAndHalfALineIsDropped) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::map<std::string, std::function<void(Connection&)>> cuts = {
      {"in a chunk", [=](Connection& c) { c.Write(chunked + "4\r\none\n\r\n10\r\nhal"); }},
      {"between chunks", [=](Connection& c) { c.Write(chunked + "7\r\none\nhal\r\n"); }},
      {"by reset", [=](Connection& c) { c.Write(chunked + "7\r\none\nhal\r\n"); c.Stall(300ms); c.Abort(); }},
      {"by nonsense", [=](Connection& c) { c.Write(chunked + "7\r\none\nhal\r\nzz\r\n"); }},
  };
  for (const auto& [name, cut] : cuts) {
    Collector sink;
    const auto end = Stream(cut, sink);
    ASSERT_TRUE(end) << name << ": " << end.error().ToString();
    EXPECT_EQ(end->kind, StreamEndKind::kBroken) << name;
    EXPECT_THAT(sink.lines, ElementsAre("one")) << name;
  }
}

TEST_P(StreamTest, SilenceEndsIt) {
  options_.inactivity = 200ms;
  const Stopwatch watch;
  const auto end = Stream(
      [](Connection& c) {
        c.StartChunked();
        c.Chunk("one\n");
        c.Stall();
      },
      sink_);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kInactive);
  EXPECT_THAT(sink_.lines, ElementsAre("one"));
  EXPECT_GE(watch.elapsed(), 190ms);
  EXPECT_LT(watch.elapsed(), kSoon);
}

// Neither the inactivity timer nor the request's timeout (it is for the head) ends a stream in which something happens.
TEST_P(StreamTest, SignsOfLifeKeepItOpen) {
  options_.inactivity = 1s;
  timeout_ = 1s;
  const auto end = Stream(
      [](Connection& c) {
        c.StartChunked();
        for (int i = 0; i < 8; ++i) {
          c.Chunk("x\n");
          c.Stall(200ms);
        }
        c.EndChunked();
      },
      sink_);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kClosed);
  EXPECT_EQ(sink_.lines.size(), 8u);
}

TEST_P(StreamTest, SilenceBeforeTheHeadIsATimeout) {
  timeout_ = 200ms;
  const Stopwatch watch;
  const auto end = Stream([](Connection& c) { c.Stall(); }, sink_);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kTimeout) << end.error().ToString();
  EXPECT_LT(watch.elapsed(), kSoon);
}

TEST_P(StreamTest, CloseBeforeTheHeadIsAnError) {
  const auto end = Stream([](Connection& c) { c.Close(); }, sink_);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kUnavailable) << end.error().ToString();
}

TEST_P(StreamTest, SinkStopsIt) {
  sink_.stop_after = 2;
  bool closed = false;
  const auto end = Stream(
      [&](Connection& c) {
        c.StartChunked();
        c.Chunk("one\ntwo\nthree\n");
        closed = c.Stall(kPatience);
      },
      sink_);
  transport_.reset();
  for (int i = 0; i < 1000 && server_.open_connections() > 0; ++i) base::SystemClock().WaitFor(10ms, {});
  server_.Stop();
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kStopped);
  EXPECT_THAT(sink_.lines, ElementsAre("one", "two"));
  EXPECT_TRUE(closed) << "the connection must not stay open";
}

TEST_P(StreamTest, StopTokenEndsItPromptly) {
  auto best = std::chrono::milliseconds::max();
  for (int i = 0; i < kTries && best >= kPromptly; ++i) {
    StopAfter stop(150ms * (1 << i));
    const auto end = Stream(
        [](Connection& c) {
          c.StartChunked();
          c.Chunk("one\n");
          c.Stall();
        },
        sink_, stop.token());
    best = std::min(best, stop.since());
    if (!end && i + 1 < kTries) continue;      // a loaded machine: the head had not come yet
    ASSERT_TRUE(end) << end.error().ToString();
    EXPECT_EQ(end->kind, StreamEndKind::kStopped);
  }
  EXPECT_LT(best, kPromptly);
}

TEST_P(StreamTest, StopTokenBeforeTheHead) {
  auto best = std::chrono::milliseconds::max();
  for (int i = 0; i < kTries && best >= kPromptly; ++i) {
    StopAfter stop(100ms);
    const auto end = Stream([](Connection& c) { c.Stall(); }, sink_, stop.token());
    best = std::min(best, stop.since());
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, Code::kCancelled) << end.error().ToString();
  }
  EXPECT_LT(best, kPromptly);
}

TEST_P(StreamTest, ErrorStatusGivesItsBodyAndNoLine) {
  for (const bool chunked : {true, false}) {
    Collector sink;
    const auto end = Stream(
        [chunked](Connection& c) {
          if (!chunked) {
            c.WriteResponse(410, {{"Retry-After", "3"}}, "{\"reason\":\n\"Expired\"}");
            return;
          }
          c.StartChunked(410, {{"Retry-After", "3"}});
          c.Chunk("{\"reason\":\n");
          c.Chunk("\"Expired\"}");
          c.EndChunked();
        },
        sink);
    ASSERT_TRUE(end) << end.error().ToString();
    EXPECT_EQ(end->status, 410);
    EXPECT_EQ(sink.opened, 0);
    EXPECT_EQ(end->headers.at("Retry-After"), "3");
    EXPECT_EQ(end->body, "{\"reason\":\n\"Expired\"}");
    EXPECT_THAT(sink.lines, IsEmpty());
  }
}

TEST_P(StreamTest, EndlessErrorBodyIsBounded) {
  const auto end = Stream(
      [](Connection& c) {
        c.StartChunked(500);
        while (c.Chunk(std::string(10'000, 'x'))) continue;
      },
      sink_);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->status, 500);
  EXPECT_GT(end->body.size(), 10'000u);
  EXPECT_LE(end->body.size(), 1u << 20);
}

TEST_P(StreamTest, HugeLineIsRefused) {
  options_.max_line_bytes = 10'000;
  const auto end = Stream(
      [](Connection& c) {
        c.StartChunked();
        c.Chunk("short\n" + std::string(10'000, 'y') + "\n");
        while (c.Chunk(std::string(1000, 'x'))) continue;      // never a newline
      },
      sink_);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kInvalid) << end.error().ToString();
  EXPECT_THAT(end.error().message, ::testing::HasSubstr("10000 bytes"));
  EXPECT_EQ(sink_.lines.size(), 2u);
}

TEST_P(StreamTest, ManyLines) {
  constexpr int kLines = 50'000;
  class Counter : public LineSink {
   public:
    Flow OnLine(std::string_view line) noexcept override {
      bytes += line.size();
      ++lines;
      return Flow::kContinue;
    }
    int lines = 0;
    std::size_t bytes = 0;
  } counter;
  const auto end = Stream(
      [](Connection& c) {
        c.StartChunked();
        std::string batch;
        for (int i = 0; i < kLines; ++i) {
          batch += std::string(99, 'e') + "\n";
          if (batch.size() < 30'000) continue;
          c.Chunk(batch);
          batch.clear();
        }
        c.Chunk(batch);
        c.EndChunked();
      },
      counter);
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kClosed);
  EXPECT_EQ(counter.lines, kLines);
  EXPECT_EQ(counter.bytes, 99u * kLines);
}

// While the consumer sleeps, the socket is not read: the server's writes block instead of our memory growing.
TEST_P(StreamTest, SlowConsumerStallsTheServer) {
  std::atomic<std::size_t> written = 0;
  std::atomic<bool> go_on = false;
  class Sleeper : public LineSink {
   public:
    explicit Sleeper(std::atomic<bool>& go) : go_(go) {}
    Flow OnLine(std::string_view) noexcept override {
      go_.wait(false);
      return Flow::kStop;
    }

   private:
    std::atomic<bool>& go_;
  } sleeper(go_on);
  std::jthread waker([&] {
    base::SystemClock().WaitFor(500ms, {});     // how long the consumer sleeps is the test's input
    go_on = true;
    go_on.notify_all();
  });
  std::atomic<std::size_t> written_while_asleep = 0;
  const auto end = Stream(
      [&](Connection& c) {
        c.StartChunked();
        const std::string line(9'999, 'x');
        while (c.Chunk(line + "\n")) {
          written += 10'000;
          if (!go_on) written_while_asleep = written.load();
        }
      },
      sleeper);
  server_.Stop();
  ASSERT_TRUE(end) << end.error().ToString();
  EXPECT_EQ(end->kind, StreamEndKind::kStopped);
  // What fits the socket buffers of both sides (autotuned, some megabytes); unbounded reading would take hundreds.
  EXPECT_LT(written_while_asleep, 16u << 20);
}

INSTANTIATE_TEST_SUITE_P(All, StreamTest,
                         ::testing::Values(Kind{Library::kCpprest, true}, Kind{Library::kCpprest, false},
                                           Kind{Library::kMember, true}, Kind{Library::kMember, false}),
                         KindName);

}  // namespace
}  // namespace dm::conformance
