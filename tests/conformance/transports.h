// The transports under test, made for a scripted server, and what their tests share.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/cpprest_transport.h"
#include "net/member_transport.h"
#include "net/testing/scripted_server.h"
#include "net/transport.h"

namespace dm::conformance {

using namespace std::chrono_literals;
using net::Request;
using net::Response;
using net::testing::Connection;
using net::testing::ScriptedOptions;
using net::testing::ScriptedServer;

// How long a test waits for what must happen; long, so that a loaded machine is no failure. What must happen *promptly*
// is measured several times, and the best counts.
constexpr auto kPatience = 20s;
constexpr auto kSoon = 5s;            // an upper bound for what ends after some 300 ms; the alternative is kPatience or never
constexpr auto kPromptly = 100ms;
constexpr int kTries = 5;

enum class Library { kCpprest, kMember };

struct Kind {
  Library library;
  bool tls;
};

struct Limits {
  std::size_t max_body = 1u << 20;
  std::size_t max_header = 16u << 10;
};

std::string KindName(const ::testing::TestParamInfo<Kind>& info);
// A transport that reaches `port` of 127.0.0.1 under the name 127.0.0.1, trusting `authority_pem`.
std::unique_ptr<net::Transport> MakeTransport(const Kind& kind, int port, const std::string& authority_pem,
                                              const Limits& limits = {}, const std::string& server_name = {});

// Elapsed time, for tests that say "promptly".
class Stopwatch {
 public:
  std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// Requests a stop from another thread after a while; joins at the end.
class StopAfter {
 public:
  explicit StopAfter(std::chrono::milliseconds after)
      : thread_([this, after] {
          base::SystemClock().WaitFor(after, {});      // the moment of the stop is the test's input
          requested_ = std::chrono::steady_clock::now();
          source_.request_stop();
        }) {}
  std::stop_token token() const { return source_.get_token(); }
  // Since the stop was requested.
  std::chrono::milliseconds since() {
    if (thread_.joinable()) thread_.join();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - requested_);
  }

 private:
  std::stop_source source_;
  std::chrono::steady_clock::time_point requested_;
  std::jthread thread_;
};

inline Request Get(const std::string& target, std::chrono::milliseconds timeout = kPatience) {
  Request request;
  request.target = target;
  request.timeout = timeout;
  return request;
}

inline Request Post(const std::string& target, const std::string& body, std::chrono::milliseconds timeout = kPatience) {
  Request request = Get(target, timeout);
  request.method = "POST";
  request.body = body;
  return request;
}

// Its body, or what went wrong instead.
inline std::string BodyOf(const base::Result<Response>& response) {
  return response ? response->body : response.error().ToString();
}
inline std::string HeaderOf(const base::Result<Response>& response, const std::string& name) {
  if (!response) return response.error().ToString();
  const auto found = response->headers.find(name);
  return found == response->headers.end() ? "no " + name : found->second;
}

class TransportTest : public ::testing::TestWithParam<Kind> {
 protected:
  ScriptedOptions ServerOptions() const {
    ScriptedOptions options;
    options.tls = GetParam().tls;
    return options;
  }
  std::unique_ptr<net::Transport> Dial(const ScriptedServer& server, const Limits& limits = {}) const {
    return MakeTransport(GetParam(), server.port(), server.authority_pem(), limits);
  }
};

}  // namespace dm::conformance
