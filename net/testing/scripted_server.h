// ScriptedServer: an HTTP/1.1 peer for tests that does exactly what a script says, bytes, stalls and resets included.
// It listens on loopback from construction; every accepted connection runs the script on a thread of its own; the
// destructor cuts all connections and joins.
//
//   ScriptedServer server(/*tls=*/true);
//   server.Handle([](Connection& c) {
//     while (auto request = c.ReadRequest()) {
//       if (PathOf(request->target) == "/version") { c.WriteResponse(200, {}, "{}"); continue; }
//       c.StartChunked(200, {{"Content-Type", "application/json"}});
//       c.Chunk("{\"type\":\"ADDED\"}\n");
//       c.Stall();                                  // silent until the peer goes or the server stops
//     }
//   });
//   transport options: base_url = server.url(), tls.authority_pem = server.authority_pem()
//
// Thread rule: ScriptedServer's methods from any thread; a Connection only inside its script.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/http_types.h"

namespace dm::net::testing {

// All writers return false once the peer is gone or the server stops; a script may ignore that and read on (ReadRequest
// then gives nullopt, so `while (ReadRequest())` loops always end).
class Connection {
 public:
  // The next request (Content-Length and chunked bodies are read). nullopt: closed by the peer, no HTTP, or stopping.
  std::optional<Request> ReadRequest();
  bool Write(std::string_view bytes);                                            // raw
  // A whole answer with Content-Length; the connection stays open.
  bool WriteResponse(int status, const Headers& headers = {}, std::string_view body = {});
  bool StartChunked(int status = 200, const Headers& headers = {});
  bool Chunk(std::string_view bytes);
  bool EndChunked();
  // Does nothing for `at_most`, or until the peer closes or the server stops (true when the peer closed).
  bool Stall(base::Duration at_most = std::chrono::hours(1));
  void Close();                  // orderly: close_notify under TLS, then FIN
  void Abort();                  // RST
  int number() const;            // 0 for the first connection that the server accepted
  // Subject of the client's certificate, "CN=name"; empty without one.
  std::string peer_subject() const;

  struct Impl;
  explicit Connection(Impl& impl) : impl_(impl) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  Impl& impl_;
};

struct ScriptedOptions {
  bool tls = true;
  bool ipv6 = false;                                       // listen on ::1 instead of 127.0.0.1
  std::vector<std::string> dns = {"localhost"};            // names in the server's certificate
  std::vector<std::string> ips = {"127.0.0.1", "::1"};
  bool handshake = true;                                   // false: the script starts on the bare TCP connection
  bool request_client_certificate = false;                 // one that comes must be signed by this server's authority
  int max_tls_version = 0;                                 // 0: any; else 0x0301 (TLS 1.0) … 0x0304
  int buffer_bytes = 0;                                    // socket buffers; 0: the system's. Small for back-pressure tests
};

class ScriptedServer {
 public:
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(bool tls = true);
  explicit ScriptedServer(ScriptedOptions options);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // For connections accepted from now on; until the first call they wait. The connection is closed in an orderly way
  // when the script returns.
  void Handle(Script script);
  // As Handle, for the common case: one answer a request, keep-alive.
  void Answer(std::function<Response(const Request&)> answer);

  int port() const;
  std::string url() const;                                 // https://127.0.0.1:port or http://…
  std::string authority_pem() const;                       // empty when plain
  std::string certificate_pem() const;                     // that it shows; empty when plain
  // A client certificate signed by the server's authority: certificate PEM, key PEM.
  std::pair<std::string, std::string> IssueClient(const std::string& common_name) const;
  int connections() const;                                 // accepted so far
  int open_connections() const;
  std::vector<Request> requests() const;                   // all that scripts have read so far, in order of arrival
  // Waits until `count` requests were read; false after `at_most`.
  bool AwaitRequests(int count, base::Duration at_most = std::chrono::seconds(5)) const;
  void Stop();                                             // what the destructor does

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::net::testing
