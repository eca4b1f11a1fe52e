// FakeTransport: a Transport that answers from scripts, without a socket. Thread-safe.
//
//   FakeTransport transport;
//   transport.OnSend([](const net::Request& r) -> base::Result<net::Response> { return net::Response{200, {}, "{}"};
//   }); transport.Push({.lines = {R"({"type":"ADDED",...})"}, .life = std::chrono::minutes(3)});
//
// Streams are taken from the queue in order; when it is empty a stream is held open until its caller is stopped.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/transport.h"

namespace dm::kube::testing {

struct FakeStream {
  int status = 200;  // not 2xx: `body` is the answer
  std::string body{};
  net::Headers headers{};
  std::vector<std::string> lines{};
  net::StreamEndKind end = net::StreamEndKind::kClosed;
  base::Duration life = std::chrono::minutes(3);  // passes before it ends
  std::optional<base::Error> error{};             // the result instead of an end
  std::function<void()> during{};                 // runs after the lines
};

class FakeTransport final : public net::Transport {
 public:
  using SendScript = std::function<base::Result<net::Response>(const net::Request&)>;

  void OnSend(SendScript script) {
    const std::lock_guard lock(mutex_);
    send_ = std::move(script);
  }
  void Push(FakeStream stream) {
    const std::lock_guard lock(mutex_);
    streams_.push_back(std::move(stream));
  }
  // Called with the life of a stream: how a test's clock goes on.
  void OnTime(std::function<void(base::Duration)> pass) { pass_ = std::move(pass); }

  std::vector<net::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Waits until a stream is held open (so the script is played out); false after 5 s.
  bool AwaitHeld() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return held_ > 0; });
  }
  bool AwaitRequests(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return requests_.size() >= count; });
  }

  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override {
    SendScript script;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      script = send_;
    }
    changed_.notify_all();
    if (stop.stop_requested()) return base::Fail(base::Code::kCancelled, "stopped");
    if (!script) return net::Response{404, {}, ""};
    return script(request);
  }

  base::Result<net::StreamEnd> Stream(const net::Request& request, net::LineSink& sink, const net::StreamOptions&,
                                      std::stop_token stop) override {
    FakeStream stream;
    {
      std::unique_lock lock(mutex_);
      requests_.push_back(request);
      changed_.notify_all();
      if (streams_.empty()) {
        sink.OnOpened();
        ++held_;
        changed_.notify_all();
        changed_.wait(lock, stop, [] { return false; });
        --held_;
        return net::StreamEnd{net::StreamEndKind::kStopped, 200, {}, ""};
      }
      stream = std::move(streams_.front());
      streams_.pop_front();
    }
    if (stream.status < 200 || stream.status > 299) {
      return net::StreamEnd{net::StreamEndKind::kClosed, stream.status, stream.headers, stream.body};
    }
    if (!stream.error || !stream.lines.empty()) sink.OnOpened();
    for (const std::string& line : stream.lines) {
      if (sink.OnLine(line) == net::LineSink::Flow::kStop) {
        return net::StreamEnd{net::StreamEndKind::kStopped, stream.status, stream.headers, ""};
      }
    }
    if (stream.during) stream.during();
    if (pass_) pass_(stream.life);
    if (stream.error) return base::Fail(*stream.error);
    return net::StreamEnd{stream.end, stream.status, stream.headers, ""};
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  SendScript send_;
  std::deque<FakeStream> streams_;
  std::function<void(base::Duration)> pass_;
  std::vector<net::Request> requests_;
  int held_ = 0;
};

}  // namespace dm::kube::testing
