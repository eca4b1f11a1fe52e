// The HttpServer under test, plain or TLS, and what its tests share.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "net/http_server.h"
#include "net/testing/raw_client.h"
#include "tests/conformance/transports.h"

namespace dm::conformance {

using net::Handler;
using net::HttpServer;
using net::KeyPair;
using net::testing::RawClient;

// A key pair for 127.0.0.1 with this common name, signed by `authority`.
KeyPair Issue(const KeyPair& authority, const std::string& common_name);

// Small sizes, so that every test is short, and deadlines that no honest client meets on a loaded machine.
net::ServerOptions SmallOptions();
// The same with deadlines of 300 ms, for the tests of deadlines.
net::ServerOptions HastyOptions();

class ServerTest : public ::testing::TestWithParam<bool> {
 protected:
  bool tls() const { return GetParam(); }
  // Starts a server on 127.0.0.1; ends the previous one.
  void Serve(net::ServerOptions options, Handler handler);
  void Serve(Handler handler) { Serve(SmallOptions(), std::move(handler)); }
  void ServeEcho() {
    Serve([](const Request& r) { return Response{200, {}, r.method + " " + r.target + " " + r.body}; });
  }
  // A connection to it.
  std::unique_ptr<RawClient> Connect() const;
  // What a fresh connection gets for `bytes`: one answer, or nothing.
  std::optional<Response> Ask(const std::string& bytes) const;
  // Whether a fresh, honest client is served: asked after every attack. Some tries, for hasty servers.
  bool Serves() const;
  // Waits for the server to have that many connections at most.
  bool AwaitConnections(int at_most, std::chrono::milliseconds within = kPatience) const;

  KeyPair authority_;
  base::Guarded<std::optional<KeyPair>> pair_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

std::string PlainOrTls(const ::testing::TestParamInfo<bool>& chosen);

}  // namespace dm::conformance
