// HttpServer: Boost.Beast on Boost.Asio, plain or TLS, with a limit and a deadline for everything a peer can do.
// I/O runs on few threads of its own; the handler runs on a small worker pool, so a slow handler never stops accepting.
//
//   HttpServer server(options, [](const Request& r) { return Response{200, {}, "ok"}; });
//   auto port = server.Start();   // serves until Drain or destruction
//
// Thread-safety: Start and Drain from one thread; the handler is called from many.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/http_types.h"
#include "net/tls.h"

namespace dm::net {

struct ServerLimits {
  std::size_t max_header_bytes = 64u << 10;
  std::size_t max_body_bytes = 7u << 20;                        // controller-runtime's figure
  // Of all connections together: what is held of bodies beyond each one's first kSmallBody, from its arrival until the handler has
  // returned. Above: 503 with Retry-After, and the connection is closed. Small requests are never refused for others' large ones.
  std::size_t max_held_bytes = 64u << 20;
  static constexpr std::size_t kSmallBody = 64u << 10;
  int max_connections = 512;                                    // above: the one that has kept us waiting longest goes
  base::Duration handshake = std::chrono::seconds(10);
  base::Duration read = std::chrono::seconds(30);               // header and body of one request
  base::Duration write = std::chrono::seconds(30);
  base::Duration idle = std::chrono::seconds(120);              // above the API server's 90 s, so it never races our close
};

struct ServerOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;                                       // 0: any free one
  std::function<std::optional<KeyPair>()> tls;                  // absent: plain. Asked per accepted connection (cheap: the
                                                                // context is rebuilt only when the pair changed); nullopt:
                                                                // not ready, the connection is closed
  // Under TLS: not empty, and a client must show a certificate that one of these signed. `admit` may still refuse it, by the
  // address that it comes from; it runs on the I/O thread.
  std::string client_authority_pem;
  std::function<bool(const CertificateFacts& client, const std::string& address)> admit;
  // A header that every request is given, with the IP address of ours that it came to; one that the client sent under this
  // name is replaced. Empty: none.
  std::string local_address_header;
  ServerLimits limits;
  int io_threads = 1;
  int workers = 4;
  std::size_t max_queue = 256;                                  // requests waiting for a worker; above: 503 with Retry-After
};

using Handler = std::function<Response(const Request&)>;        // an exception becomes a 500

class HttpServer {
 public:
  HttpServer(ServerOptions options, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The port it listens on. kInvalid for an address that is none, kUnavailable when it cannot be had.
  base::Result<std::uint16_t> Start();
  // From now on every answer says "Connection: close"; accepting goes on. For the time between "not ready" and Drain, so
  // that clients with long-lived connections move away.
  void CloseAfterAnswers();
  // Stops accepting, closes idle connections, answers what is in flight with "Connection: close", waits for at most
  // `grace`, then cuts what is left. Returns when no handler runs any more. Once; the destructor does it without grace.
  void Drain(base::Duration grace);
  int open_connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dm::net
