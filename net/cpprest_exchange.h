// One HTTP exchange through cpprestsdk, seen from a blocking thread of ours. The library's pool threads only move bytes
// and set flags here; the caller's thread waits, runs the sink and keeps every deadline. An exchange that the caller has
// left (deadline, stop) is abandoned: the library ends it in the background and finds nothing of ours to touch.
//
// Includes cpprestsdk: for the .cc files of the transport only.
#pragma once

#include <cpprest/astreambuf.h>
#include <cpprest/http_client.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "net/http_types.h"

namespace dm::net {

// What the pool threads report. A body arrives as pieces; in streaming mode each piece is lent to the reader and the
// socket is not read until it is given back (the library reads on when the task returned by _putn completes).
class ExchangeState {
 public:
  struct Failure {
    std::string what;          // the library's phase text, as "Failed to write request body"
    int code = 0;              // errno, or OpenSSL's number after a handshake
  };
  struct Seen {
    bool has_head = false;
    int status = 0;
    Headers headers;
    std::optional<std::string_view> lent;                     // streaming: a piece that waits for the reader
    pplx::task_completion_event<std::size_t> give_back;
    std::string body;                                         // collecting: all so far
    bool too_large = false;
    bool ended = false;
    std::optional<Failure> failure;                           // with ended
    bool abandoned = false;
  };

  ExchangeState(bool streaming, std::size_t max_body_bytes) : streaming_(streaming), max_(max_body_bytes) {}

  // Pool side. None throws.
  void OnHead(const web::http::http_response& response) noexcept;
  void OnEnd() noexcept;
  void OnFailure(std::exception_ptr failure) noexcept;
  pplx::task<std::size_t> OnPiece(const std::uint8_t* data, std::size_t size) noexcept;

  // Reader side. Gives a lent piece back; `more` false makes the library drop the connection.
  void GiveBack(bool more);
  void Abandon();                      // nothing of the caller is touched from now on
  base::Guarded<Seen>& seen() { return seen_; }

 private:
  const bool streaming_;
  const std::size_t max_;
  base::Guarded<Seen> seen_;
};

// The sink that the library writes a body to.
class BodySink final : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit BodySink(std::shared_ptr<ExchangeState> state)
      : streambuf_state_manager(std::ios_base::out), state_(std::move(state)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(off_type(-1)); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(off_type(-1)); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override { return pos_type(off_type(-1)); }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  // Throwing here ends the process.
  pplx::task<std::size_t> _putn(const std::uint8_t* data, std::size_t size) noexcept override {
    return state_->OnPiece(data, size);
  }
  pplx::task<int_type> _putc(std::uint8_t byte) noexcept override;
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  // Only written to.
  pplx::task<int_type> _bumpc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  pplx::task<int_type> _ungetc() override { return pplx::task_from_result<int_type>(traits::eof()); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override { return pplx::task_from_result<std::size_t>(0); }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  std::shared_ptr<ExchangeState> state_;
};

// Starts the request and wires its end to `state`, so that no task is left whose exception nobody looks at (the library
// kills the process for one).
void StartExchange(web::http::client::http_client& client, web::http::http_request request,
                   std::shared_ptr<ExchangeState> state, const pplx::cancellation_token& token);

}  // namespace dm::net
