// One accepted connection of the HttpServer, from handshake to lingering close: reads a request within its limits and
// deadline, hands it to a worker, writes the answer, and so on, one request at a time (pipelined ones wait in the buffer).
//
// Thread rule: everything runs on the connection's strand; the methods marked "any thread" post there or are atomic.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/byte_stream.h"
#include "net/http_server.h"
#include "net/worker_pool.h"

namespace dm::net {

// What one request's body takes of `left`, the bytes that all bodies may (ServerLimits::max_held_bytes); given back with it. One
// thread at a time.
class BodyShare {
 public:
  using Left = std::shared_ptr<std::atomic<std::size_t>>;
  explicit BodyShare(Left left) : left_(std::move(left)) {}
  ~BodyShare() { *left_ += taken_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  // For a body of `size` bytes so far; false when that is not to be had.
  bool GrowTo(std::size_t size);

 private:
  const Left left_;
  std::size_t taken_ = 0;
};

// What all connections of a server share.
struct SessionContext {
  SessionContext(const ServerOptions& options, Handler answer)
      : limits(options.limits),
        local_address_header(options.local_address_header),
        handler(std::move(answer)),
        body_bytes_left(std::make_shared<std::atomic<std::size_t>>(options.limits.max_held_bytes)),
        workers(options.workers, options.max_queue) {}
  const ServerLimits limits;
  const std::string local_address_header;
  const Handler handler;
  const BodyShare::Left body_bytes_left;
  WorkerPool workers;
  std::atomic<bool> closing = false;        // every answer from now on says "Connection: close"
  std::atomic<bool> draining = false;       // and no further request is waited for
};

class ServerSession : public std::enable_shared_from_this<ServerSession> {
 public:
  enum class Phase { kHandshake, kIdle, kReading, kAnswering, kClosing };

  // on_end runs once, when the session is destroyed. `local_address`: for context->local_address_header.
  ServerSession(boost::asio::any_io_executor strand, std::unique_ptr<ByteStream> stream, std::string local_address,
                std::shared_ptr<SessionContext> context, std::function<void()> on_end);
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  void Start();               // any thread, once
  void CloseIfIdle();         // any thread: an orderly close unless a request is being read or answered
  void CloseNow();            // any thread
  Phase phase() const { return phase_; }                            // any thread
  base::TimePoint since() const { return base::TimePoint(since_.load()); }   // any thread: when that phase began

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void Enter(Phase phase);
  void NextRequest();
  void StartReadDeadline(base::Duration duration);
  void ReadMore();
  void OnRead(const ByteStream::Error& error, std::size_t size);
  void OnReadDeadline();
  bool HasBegun() const;              // something of the request at hand has arrived
  void Parse();
  ByteStream::Error Feed();
  void OnParseError(const ByteStream::Error& error);
  bool AskedToContinue() const;
  void SendContinue();
  const char* Objection() const;      // why a parsed head must not be served, or null
  void Dispatch();
  void Answer(const Response& response);
  void Refuse(int status, const std::string& why, bool later = false);   // later: Retry-After
  void WriteOut(bool keep_alive);
  void LingeringClose();
  void Discard();
  void Close();

  boost::asio::any_io_executor strand_;
  std::unique_ptr<ByteStream> stream_;
  const std::string local_address_;
  std::shared_ptr<SessionContext> context_;
  std::function<void()> on_end_;
  boost::asio::steady_timer read_deadline_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::shared_ptr<BodyShare> share_;  // of the body that parser_ holds; goes with it
  std::string out_;
  std::atomic<Phase> phase_ = Phase::kHandshake;
  std::atomic<base::TimePoint::duration> since_;
  std::size_t discarded_ = 0;
  bool read_timed_out_ = false;
  bool leaving_ = false;              // asked to close while idle
  bool continued_ = false;            // "100 Continue" was sent for this request
  bool keep_alive_ = false;           // of the request being answered
  bool head_ = false;                 // it is a HEAD
  bool served_one_ = false;
};

}  // namespace dm::net
