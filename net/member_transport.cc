// One exchange = one connection on one private io_context that runs on the caller's thread: a blocking call with
// deadlines, and nothing of the peer's survives it.
#include "net/member_transport.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>
#include <optional>

#include "base/strings.h"
#include "net/byte_stream.h"
#include "net/http_text.h"
#include "net/line_splitter.h"
#include "net/tls_context.h"

namespace dm::net {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using base::Code;
using base::Fail;
using base::Result;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();   // Beast's own "none" refuses every length

// A body that collects what has arrived until it is taken. Unlike Beast's string_body it reserves nothing by the peer's
// word: "Content-Length: 1000000000000" is only a claim.
struct TakenBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, ByteStream::Error& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, ByteStream::Error& error) {
      error = {};
      std::size_t size = 0;
      for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at) {
        const asio::const_buffer piece(*at);
        body_.append(static_cast<const char*>(piece.data()), piece.size());
        size += piece.size();
      }
      return size;
    }
    void finish(ByteStream::Error& error) { error = {}; }

   private:
    value_type& body_;
  };
};
using Parser = http::response_parser<TakenBody>;

Headers ToHeaders(const Parser& parser) {
  Headers headers;
  for (const auto& field : parser.get()) {
    const std::string name(field.name_string().data(), field.name_string().size());
    const std::string_view value(field.value().data(), field.value().size());
    auto [at, inserted] = headers.try_emplace(name, value);
    if (!inserted) at->second.append(", ").append(value);
  }
  return headers;
}

struct Peer {
  tcp::endpoint endpoint;
  std::string text;                       // "10.0.0.7:8261", for messages
  std::string host_header;
  std::size_t max_header_bytes, max_body_bytes;
};

enum class ReadResult { kMore, kDone };

class Exchange {
 public:
  Exchange(const Peer& peer, SSL_CTX* tls, PeerCheck& check, const Request& request, std::stop_token stop)
      : peer_(peer),
        tls_(tls),
        check_(check),
        request_(request),
        stream_(tls != nullptr ? NewTlsStream(tcp::socket(io_), *tls, false) : NewPlainStream(tcp::socket(io_))),
        buffer_(peer.max_header_bytes + kReadBytes),
        stop_(stop),
        on_stop_(std::move(stop), Closer{this}) {
    Expire(request.timeout);
  }

  void Expire(base::Duration after) {
    allowed_ = after;
    deadline_ = std::chrono::steady_clock::now() + after;
    stream_->ExpiresAt(deadline_);
  }

  Result<void> SendRequest() {
    doing_ = "connecting";
    auto error = Run([this](auto done) { stream_->Connect(peer_.endpoint, done); });
    if (error) return FailNet(error);
    if (tls_ != nullptr) {
      doing_ = "in the TLS handshake";
      check_.failure.Set({});
      error = Run([this](auto done) { stream_->Handshake(done); });
      if (error) return FailHandshake(error);
    }
    doing_ = "sending the request";
    const std::string text = RequestHead(request_, peer_.host_header) + request_.body;
    error = Run([this, &text](auto done) { stream_->Write(asio::buffer(text), done); });
    // A server may answer and close before it has read a large body: then its answer counts, not our broken pipe.
    if (error && (stop_.stop_requested() || IsTimeout(error))) return FailNet(error);
    return {};
  }

  // Up to the end of the head; interim answers (1xx) are skipped.
  Result<void> ReadHead(std::uint64_t body_limit) {
    doing_ = "waiting for the answer";
    do {
      parser_.emplace();
      parser_->header_limit(static_cast<std::uint32_t>(peer_.max_header_bytes));
      parser_->body_limit(body_limit);
      parser_->eager(false);      // until the head is parsed: see ServerSession::Feed
      parser_->skip(request_.method == "HEAD");
      while (!parser_->is_header_done()) {
        auto more = ReadOnce();
        if (!more) return base::Propagate(more);
      }
    } while (parser_->get().result_int() / 100 == 1);
    doing_ = "reading the answer";
    return {};
  }

  // One step on: what has come is in body().
  Result<ReadResult> ReadOnce() {
    if (parser_->is_done()) return ReadResult::kDone;
    ByteStream::Error error;
    if (buffer_.size() == 0 || starved_) {
      const std::size_t room = buffer_.max_size() - buffer_.size();
      if (room == 0) return Fail(Code::kInvalid, "the answer of " + peer_.text + " has a header or chunk head that is too long");
      std::size_t size = 0;
      const auto into = buffer_.prepare(std::min(kReadBytes, room));
      error = Run([this, into, &size](const ByteStream::Done& done) {
        stream_->ReadSome(into, [done, &size](const ByteStream::Error& e, std::size_t n) {
          size = n;
          done(e);
        });
      });
      buffer_.commit(size);
      if (error == asio::error::eof) return ReadEnd();
      if (error) return FailNet(error);
    }
    parser_->eager(parser_->is_header_done());
    buffer_.consume(parser_->put(buffer_.data(), error));
    starved_ = error == http::error::need_more;
    if (error && !starved_) return FailParse(error);
    return parser_->is_done() ? ReadResult::kDone : ReadResult::kMore;
  }

  Parser& parser() { return *parser_; }
  std::string& body() { return parser_->get().body(); }
  bool cancelled() const { return stop_.stop_requested(); }
  bool timed_out() const { return timed_out_; }

 private:
  struct Closer {
    Exchange* exchange;
    // Runs on the thread that asks to stop; the stream belongs to ours.
    void operator()() const {
      asio::post(exchange->io_, [exchange = exchange] { exchange->stream_->Close(); });
    }
  };

  template <class Start>
  ByteStream::Error Run(Start start) {
    if (stop_.stop_requested()) return asio::error::operation_aborted;
    // The stream's own timer loses against a peer whose bytes are always there already.
    if (std::chrono::steady_clock::now() >= deadline_) {
      timed_out_ = true;
      return TimeoutError();
    }
    std::optional<ByteStream::Error> result;
    start([&result](const ByteStream::Error& error) { result = error; });
    while (!result) {
      if (io_.stopped()) io_.restart();
      io_.run_one();
    }
    timed_out_ = timed_out_ || IsTimeout(*result);
    return *result;
  }

  // The peer closed. That ends a body which has no other end, unless TLS says that somebody cut it.
  Result<ReadResult> ReadEnd() {
    ByteStream::Error error;
    if (buffer_.size() > 0 && !parser_->is_done()) buffer_.consume(parser_->put(buffer_.data(), error));
    if (!parser_->is_done() && parser_->got_some()) parser_->put_eof(error);
    if (parser_->is_done()) return ReadResult::kDone;
    return Fail(Code::kUnavailable, peer_.text + " closed the connection " + doing_);
  }

  tl::unexpected<base::Error> FailNet(const ByteStream::Error& error) const {
    if (cancelled()) return Fail(Code::kCancelled, "cancelled " + doing_);
    if (IsTimeout(error)) {
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(allowed_).count();
      return Fail(Code::kTimeout, "no answer from " + peer_.text + " within " + std::to_string(ms) + " ms (" + doing_ + ")");
    }
    return Fail(Code::kUnavailable, peer_.text + ": " + error.message() + " (" + doing_ + ")");
  }

  tl::unexpected<base::Error> FailHandshake(const ByteStream::Error& error) const {
    const std::string why = check_.failure.Copy();
    if (cancelled() || IsTimeout(error) || why.empty()) return FailNet(error);
    return Fail(Code::kUnavailable, peer_.text + ": TLS: " + why);
  }

  tl::unexpected<base::Error> FailParse(const ByteStream::Error& error) const {
    if (error == http::error::header_limit) {
      return Fail(Code::kInvalid, "the answer of " + peer_.text + " has a header larger than " +
                                      std::to_string(peer_.max_header_bytes) + " bytes");
    }
    if (error == http::error::body_limit || error == http::error::buffer_overflow) {
      base::Error large{Code::kInvalid, "the answer of " + peer_.text + " is larger than " + std::to_string(peer_.max_body_bytes) + " bytes"};
      large.reason = kAnswerTooLarge;
      return Fail(std::move(large));
    }
    return Fail(Code::kUnavailable, "the answer of " + peer_.text + " is not HTTP: " + error.message());
  }

  const Peer& peer_;
  SSL_CTX* tls_;
  PeerCheck& check_;
  const Request& request_;
  asio::io_context io_{1};
  std::unique_ptr<ByteStream> stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string doing_;
  base::Duration allowed_{};
  base::TimePoint deadline_{};
  bool starved_ = false;
  bool timed_out_ = false;
  std::stop_token stop_;
  std::stop_callback<Closer> on_stop_;    // last: it may call at once, and must be gone first
};

class MemberTransport final : public Transport {
 public:
  explicit MemberTransport(MemberTransportOptions options) : options_(std::move(options)), ready_(Prepare()) {}

  Result<Response> Send(const Request& request, std::stop_token stop) override try {
    if (!ready_) return base::Propagate(ready_);
    if (auto fine = CheckRequest(request); !fine) return base::Propagate(fine);
    Exchange exchange(peer_, tls_.get(), *check_, request, std::move(stop));
    if (auto sent = exchange.SendRequest(); !sent) return base::Propagate(sent);
    if (auto head = exchange.ReadHead(options_.max_body_bytes); !head) return base::Propagate(head);
    while (true) {
      auto step = exchange.ReadOnce();
      if (!step) return base::Propagate(step);
      if (*step == ReadResult::kDone) break;
    }
    Response response;
    response.status = static_cast<int>(exchange.parser().get().result_int());
    response.headers = ToHeaders(exchange.parser());
    response.body = std::move(exchange.body());
    return response;
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, "exchange with " + peer_.text + ": " + e.what());
  }

  Result<StreamEnd> Stream(const Request& request, LineSink& sink, const StreamOptions& stream_options,
                           std::stop_token stop) override try {
    if (!ready_) return base::Propagate(ready_);
    if (auto fine = CheckRequest(request); !fine) return base::Propagate(fine);
    Exchange exchange(peer_, tls_.get(), *check_, request, std::move(stop));
    if (auto sent = exchange.SendRequest(); !sent) return base::Propagate(sent);
    if (auto head = exchange.ReadHead(kNoLimit); !head) return base::Propagate(head);
    StreamEnd end;
    end.status = static_cast<int>(exchange.parser().get().result_int());
    end.headers = ToHeaders(exchange.parser());
    if (end.status / 100 != 2) return Collect(exchange, std::move(end));
    sink.OnOpened();
    return Deliver(exchange, std::move(end), sink, stream_options);
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, "exchange with " + peer_.text + ": " + e.what());
  }

 private:
  Result<void> Prepare() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) return Fail(Code::kInvalid, "member address \"" + base::Printable(options_.address) + "\" is no IP address");
    peer_.endpoint = tcp::endpoint(address, options_.port);
    const std::string port = ":" + std::to_string(options_.port);
    const auto bracketed = [](const std::string& host) {
      return host.find(':') == std::string::npos ? host : "[" + host + "]";
    };
    peer_.text = bracketed(options_.address) + port;
    const std::string name = options_.host_name.empty() ? options_.address : options_.host_name;
    if (!IsFieldValue(name)) return Fail(Code::kInvalid, "member name \"" + base::Printable(name) + "\"");
    peer_.host_header = bracketed(name) + port;
    peer_.max_header_bytes = options_.max_header_bytes;
    peer_.max_body_bytes = options_.max_body_bytes;
    check_->name = name;
    return options_.tls ? PrepareTls() : Result<void>();
  }

  Result<void> PrepareTls() {
    tls_.reset(SSL_CTX_new(TLS_client_method()));
    if (!tls_) return Fail(Code::kInternal, "setting up TLS: " + OpensslError());
    if (auto done = Harden(*tls_); !done) return done;
    if (auto done = TrustOnly(*tls_, options_.authority_pem); !done) return done;
    if (!options_.certificate_pem.empty() || !options_.key_pem.empty()) {
      if (auto done = UseKeyPair(*tls_, KeyPair{options_.certificate_pem, options_.key_pem}); !done) return done;
    }
    return InstallPeerCheck(*tls_, check_);
  }

  Result<StreamEnd> Deliver(Exchange& exchange, StreamEnd end, LineSink& sink, const StreamOptions& stream_options) {
    LineSplitter lines(sink, stream_options.max_line_bytes);
    bool complete = exchange.parser().is_done();
    end.kind = StreamEndKind::kStopped;
    while (true) {
      auto outcome = lines.Feed(exchange.body());
      exchange.body().clear();
      if (complete && outcome == LineSplitter::Outcome::kMore) outcome = lines.Finish();
      if (outcome == LineSplitter::Outcome::kTooLong) {
        return Fail(Code::kInvalid, "a line of " + peer_.text + " is longer than " +
                                        std::to_string(stream_options.max_line_bytes) + " bytes");
      }
      if (outcome == LineSplitter::Outcome::kStopped || exchange.cancelled()) return end;
      if (complete) {
        end.kind = StreamEndKind::kClosed;
        return end;
      }
      exchange.Expire(stream_options.inactivity);
      auto step = exchange.ReadOnce();
      if (!step) {
        if (exchange.cancelled()) return end;
        lines.Feed(exchange.body());      // whole lines that came before the break count
        end.kind = exchange.timed_out() ? StreamEndKind::kInactive : StreamEndKind::kBroken;
        return end;
      }
      complete = *step == ReadResult::kDone;
    }
  }

  // An answer that is no stream: its body is text for a person, and a cut one is better than none.
  Result<StreamEnd> Collect(Exchange& exchange, StreamEnd end) {
    while (exchange.body().size() < options_.max_body_bytes) {
      auto step = exchange.ReadOnce();
      if (!step && exchange.cancelled()) return base::Propagate(step);
      if (!step) end.kind = StreamEndKind::kBroken;
      if (!step || *step == ReadResult::kDone) break;
    }
    end.body = std::move(exchange.body());
    if (end.body.size() > options_.max_body_bytes) end.body.resize(options_.max_body_bytes);
    return end;
  }

  MemberTransportOptions options_;
  Peer peer_{};
  std::shared_ptr<PeerCheck> check_ = std::make_shared<PeerCheck>();
  SslContextPtr tls_;
  Result<void> ready_;      // last: Prepare fills the others
};

}  // namespace

std::unique_ptr<Transport> NewMemberTransport(MemberTransportOptions options) {
  return std::make_unique<MemberTransport>(std::move(options));
}

}  // namespace dm::net
