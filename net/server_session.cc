#include "net/server_session.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "net/http_text.h"

namespace dm::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr base::Duration kLinger = std::chrono::seconds(1);
constexpr std::size_t kMaxDiscard = 1u << 20;

Request ToRequest(http::request<http::string_body>&& message) {
  Request request;
  const auto method = message.method_string();
  const auto target = message.target();
  request.method.assign(method.data(), method.size());
  request.target.assign(target.data(), target.size());
  for (const auto& field : message) {
    const std::string name(field.name_string().data(), field.name_string().size());
    const std::string_view value(field.value().data(), field.value().size());
    auto [at, inserted] = request.headers.try_emplace(name, value);
    if (!inserted) at->second.append(", ").append(value);
  }
  request.body = std::move(message.body());
  return request;
}

Response CallHandler(const Handler& handler, const Request& request) noexcept {
  std::string why;
  try {
    return handler(request);
  } catch (const std::exception& e) {
    why = e.what();
  } catch (...) {
    why = "unknown exception";
  }
  base::LogError("request handler failed", {{"path", std::string(PathOf(request.target))}, {"error", why}});
  return Response{500, {{"Content-Type", "text/plain"}}, "internal error\n"};
}

}  // namespace

bool BodyShare::GrowTo(std::size_t size) {
  if (size <= ServerLimits::kSmallBody + taken_) return true;
  const std::size_t more = size - ServerLimits::kSmallBody - taken_;
  std::size_t left = *left_;
  do {
    if (left < more) return false;
  } while (!left_->compare_exchange_weak(left, left - more));
  taken_ += more;
  return true;
}

ServerSession::ServerSession(asio::any_io_executor strand, std::unique_ptr<ByteStream> stream, std::string local_address,
                             std::shared_ptr<SessionContext> context, std::function<void()> on_end)
    : strand_(std::move(strand)),
      stream_(std::move(stream)),
      local_address_(std::move(local_address)),
      context_(std::move(context)),
      on_end_(std::move(on_end)),
      read_deadline_(strand_),
      buffer_(context_->limits.max_header_bytes + kReadBytes),
      since_(std::chrono::steady_clock::now().time_since_epoch()) {}

ServerSession::~ServerSession() {
  if (on_end_) on_end_();
}

void ServerSession::Enter(Phase phase) {
  phase_ = phase;
  since_ = std::chrono::steady_clock::now().time_since_epoch();
}

void ServerSession::Start() {
  asio::dispatch(strand_, [self = shared_from_this()] {
    self->stream_->ExpiresAfter(self->context_->limits.handshake);
    self->stream_->Handshake([self](const ByteStream::Error& error) {
      if (error || self->phase_ == Phase::kClosing) return self->Close();
      self->stream_->ExpiresAt(base::TimePoint::max());
      self->NextRequest();
    });
  });
}

void ServerSession::CloseIfIdle() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->phase_ == Phase::kHandshake) return self->Close();
    if (self->phase_ != Phase::kIdle && !(self->phase_ == Phase::kReading && !self->HasBegun())) return;
    self->leaving_ = true;
    self->stream_->Cancel();      // OnRead goes on to the close, unless a request came at this very moment
  });
}

void ServerSession::CloseNow() {
  asio::post(strand_, [self = shared_from_this()] { self->Close(); });
}

void ServerSession::Close() {
  Enter(Phase::kClosing);
  read_deadline_.cancel();
  stream_->Close();
}

void ServerSession::NextRequest() {
  if (phase_ == Phase::kClosing) return Close();
  buffer_.reserve(kReadBytes);
  parser_.emplace();
  share_ = std::make_shared<BodyShare>(context_->body_bytes_left);
  parser_->header_limit(static_cast<std::uint32_t>(context_->limits.max_header_bytes));
  parser_->body_limit(context_->limits.max_body_bytes);
  parser_->eager(false);      // until the head is parsed, see Feed
  read_timed_out_ = false;
  continued_ = false;
  const bool waiting = served_one_ && buffer_.size() == 0;
  if (waiting && context_->draining) return LingeringClose();
  Enter(waiting ? Phase::kIdle : Phase::kReading);
  StartReadDeadline(waiting ? context_->limits.idle : context_->limits.read);
  if (buffer_.size() > 0) return Parse();
  ReadMore();
}

void ServerSession::StartReadDeadline(base::Duration duration) {
  read_deadline_.expires_after(duration);
  read_deadline_.async_wait([self = shared_from_this()](const ByteStream::Error& error) {
    if (!error) self->OnReadDeadline();
  });
}

// The read is cancelled, not the connection closed: there may be somebody who should be told (408).
void ServerSession::OnReadDeadline() {
  if (phase_ != Phase::kIdle && phase_ != Phase::kReading) return;
  if (read_deadline_.expiry() > std::chrono::steady_clock::now()) return;   // armed anew while this was on its way
  read_timed_out_ = true;
  stream_->Cancel();
}

void ServerSession::ReadMore() {
  if (read_timed_out_) return OnRead(asio::error::operation_aborted, 0);
  const std::size_t room = buffer_.max_size() - buffer_.size();
  if (room == 0) return Refuse(431, "a header or a chunk's extension is too long");
  stream_->ReadSome(buffer_.prepare(std::min(kReadBytes, room)),
                    [self = shared_from_this()](const ByteStream::Error& error, std::size_t size) {
                      self->OnRead(error, size);
                    });
}

void ServerSession::OnRead(const ByteStream::Error& error, std::size_t size) {
  if (phase_ == Phase::kClosing) return Close();
  if (error) {
    if (read_timed_out_ && HasBegun()) return Refuse(408, "the request did not arrive in time");
    if ((read_timed_out_ && served_one_) || leaving_) return LingeringClose();
    return Close();
  }
  buffer_.commit(size);
  if (phase_ == Phase::kIdle) {
    Enter(Phase::kReading);
    StartReadDeadline(context_->limits.read);
  }
  Parse();
}

bool ServerSession::HasBegun() const { return buffer_.size() > 0 || (parser_ && parser_->got_some()); }

// An eager parser (1.74) forgets that a head announced too large a body when more bytes follow in the same buffer, and
// reads them as header fields. So the head is parsed alone, eagerly only the body.
ByteStream::Error ServerSession::Feed() {
  ByteStream::Error error;
  while (buffer_.size() > 0 && !error && !parser_->is_done()) {
    parser_->eager(parser_->is_header_done());
    buffer_.consume(parser_->put(buffer_.data(), error));
  }
  return error;
}

void ServerSession::Parse() {
  const ByteStream::Error error = Feed();
  if (error && error != http::error::need_more) return OnParseError(error);
  if (parser_->is_header_done()) {
    if (const char* objection = Objection()) return Refuse(400, objection);
  }
  // What has come, not what was announced: memory that is not written to costs nothing.
  if (!share_->GrowTo(parser_->get().body().size())) return Refuse(503, "too many large requests are at hand", true);
  if (parser_->is_done()) return Dispatch();
  if (AskedToContinue()) return SendContinue();
  ReadMore();
}

void ServerSession::OnParseError(const ByteStream::Error& error) {
  if (error == http::error::header_limit) {
    return Refuse(431, "the request's header is larger than " + std::to_string(context_->limits.max_header_bytes) + " bytes");
  }
  if (error == http::error::body_limit || error == http::error::buffer_overflow) {
    return Refuse(413, "the request's body is larger than " + std::to_string(context_->limits.max_body_bytes) + " bytes");
  }
  Refuse(400, "not an HTTP request: " + error.message());
}

// What Beast lets pass and a server should not serve: it would be read differently by something before or behind us.
const char* ServerSession::Objection() const {
  const auto& head = parser_->get();
  if (head.version() != 10 && head.version() != 11) return "HTTP/1.0 or HTTP/1.1 expected";
  if (head.version() == 11 && head.count(http::field::host) != 1) return "exactly one Host header expected";
  if (head.count(http::field::transfer_encoding) > 0 && (!parser_->chunked() || head.version() == 10)) {
    return "no transfer encoding but chunked is served";
  }
  return nullptr;
}

bool ServerSession::AskedToContinue() const {
  if (continued_ || !parser_->is_header_done() || parser_->get().version() != 11) return false;
  return beast::iequals(parser_->get()[http::field::expect], "100-continue");
}

void ServerSession::SendContinue() {
  continued_ = true;
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_->ExpiresAfter(context_->limits.write);
  stream_->Write(asio::buffer(out_), [self = shared_from_this()](const ByteStream::Error& error) {
    if (error || self->phase_ == Phase::kClosing) return self->Close();
    self->stream_->ExpiresAt(base::TimePoint::max());
    self->ReadMore();
  });
}

void ServerSession::Dispatch() {
  read_deadline_.cancel();
  Enter(Phase::kAnswering);
  keep_alive_ = parser_->keep_alive();
  head_ = parser_->get().method() == http::verb::head;
  auto request = std::make_shared<Request>(ToRequest(parser_->release()));
  if (const auto& header = context_->local_address_header; !header.empty()) request->headers.insert_or_assign(header, local_address_);
  const bool taken = context_->workers.TryPost([self = shared_from_this(), request, share = std::exchange(share_, nullptr)]() mutable {
    auto response = std::make_shared<Response>(CallHandler(self->context_->handler, *request));
    request.reset();
    share.reset();
    asio::post(self->strand_, [self, response] { self->Answer(*response); });
  });
  if (!taken) Answer(Response{503, {{"Content-Type", "text/plain"}, {"Retry-After", "1"}}, "too many requests wait\n"});
}

void ServerSession::Answer(const Response& response) {
  if (phase_ == Phase::kClosing) return;
  const bool keep_alive = keep_alive_ && !context_->closing;
  out_ = ResponseHead(response, keep_alive);
  const bool bodyless = head_ || response.status == 204 || response.status == 304;
  if (!bodyless) out_ += response.body;
  WriteOut(keep_alive);
}

void ServerSession::Refuse(int status, const std::string& why, bool later) {
  read_deadline_.cancel();
  Enter(Phase::kAnswering);
  parser_.reset();      // nothing more of it is read
  share_.reset();
  Response response{status, {{"Content-Type", "text/plain"}}, why + "\n"};
  if (later) response.headers["Retry-After"] = "1";
  out_ = ResponseHead(response, false) + response.body;
  WriteOut(false);
}

void ServerSession::WriteOut(bool keep_alive) {
  stream_->ExpiresAfter(context_->limits.write);
  stream_->Write(asio::buffer(out_), [self = shared_from_this(), keep_alive](const ByteStream::Error& error) {
    if (error || self->phase_ == Phase::kClosing) return self->Close();
    self->stream_->ExpiresAt(base::TimePoint::max());
    self->out_.clear();
    self->served_one_ = true;
    if (!keep_alive) return self->LingeringClose();
    self->NextRequest();
  });
}

// Closing a socket with unread input sends RST, which can overtake the answer: say that we are done, then drop what
// still comes until the peer closes, for a moment and up to a limit.
void ServerSession::LingeringClose() {
  read_deadline_.cancel();
  Enter(Phase::kClosing);
  stream_->ExpiresAfter(kLinger);
  stream_->Shutdown([self = shared_from_this()](const ByteStream::Error& error) {
    if (error) return self->Close();
    self->buffer_.clear();
    self->Discard();
  });
}

void ServerSession::Discard() {
  if (discarded_ > kMaxDiscard) return Close();
  stream_->ReadRaw(buffer_.prepare(kReadBytes), [self = shared_from_this()](const ByteStream::Error& error, std::size_t size) {
    if (error) return self->Close();
    self->discarded_ += size;
    self->Discard();
  });
}

}  // namespace dm::net
