#include "net/byte_stream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace dm::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(tcp::socket socket) : stream_(std::move(socket)) {}

  void ExpiresAt(base::TimePoint when) override { stream_.expires_at(when); }
  void Connect(const tcp::endpoint& peer, Done done) override { stream_.async_connect(peer, std::move(done)); }
  void Handshake(Done done) override {
    asio::post(stream_.get_executor(), [done = std::move(done)] { done({}); });
  }
  void ReadSome(asio::mutable_buffer into, Read done) override { stream_.async_read_some(into, std::move(done)); }
  void Write(asio::const_buffer all, Done done) override {
    asio::async_write(stream_, all, [done = std::move(done)](const Error& error, std::size_t) { done(error); });
  }
  void Shutdown(Done done) override {
    Error ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    asio::post(stream_.get_executor(), [done = std::move(done)] { done({}); });
  }
  void ReadRaw(asio::mutable_buffer into, Read done) override { ReadSome(into, std::move(done)); }
  void Cancel() override { stream_.cancel(); }
  void Close() override { stream_.close(); }

 private:
  beast::tcp_stream stream_;
};

class TlsStream final : public ByteStream {
 public:
  // The wrapper takes over one reference to the SSL_CTX.
  TlsStream(tcp::socket socket, SSL_CTX& context, bool server, std::function<bool(SSL&)> admit)
      : context_((SSL_CTX_up_ref(&context), &context)), stream_(std::move(socket), context_), server_(server), admit_(std::move(admit)) {}

  void ExpiresAt(base::TimePoint when) override { stream_.next_layer().expires_at(when); }
  void Connect(const tcp::endpoint& peer, Done done) override {
    stream_.next_layer().async_connect(peer, std::move(done));
  }
  void Handshake(Done done) override {
    stream_.async_handshake(server_ ? asio::ssl::stream_base::server : asio::ssl::stream_base::client,
                            [this, done = std::move(done)](const Error& error) {
                              done(!error && admit_ && !admit_(*stream_.native_handle()) ? Error(asio::error::access_denied) : error);
                            });
  }
  void ReadSome(asio::mutable_buffer into, Read done) override { stream_.async_read_some(into, std::move(done)); }
  void Write(asio::const_buffer all, Done done) override {
    asio::async_write(stream_, all, [done = std::move(done)](const Error& error, std::size_t) { done(error); });
  }
  // The operation also waits for the peer's close_notify; other input than that makes it fail as a matter of TLS.
  void Shutdown(Done done) override {
    stream_.async_shutdown([done = std::move(done)](const Error& error) {
      if (!error) return done(asio::error::eof);
      done(error.category() == asio::error::get_ssl_category() ? Error() : error);
    });
  }
  void ReadRaw(asio::mutable_buffer into, Read done) override {
    stream_.next_layer().async_read_some(into, std::move(done));
  }
  void Cancel() override { stream_.next_layer().cancel(); }
  void Close() override { stream_.next_layer().close(); }

 private:
  asio::ssl::context context_;
  asio::ssl::stream<beast::tcp_stream> stream_;
  bool server_;
  std::function<bool(SSL&)> admit_;
};

}  // namespace

std::unique_ptr<ByteStream> NewPlainStream(tcp::socket socket) { return std::make_unique<PlainStream>(std::move(socket)); }

std::unique_ptr<ByteStream> NewTlsStream(tcp::socket socket, SSL_CTX& context, bool server, std::function<bool(SSL&)> admit) {
  return std::make_unique<TlsStream>(std::move(socket), context, server, std::move(admit));
}

boost::system::error_code TimeoutError() { return beast::error::timeout; }

bool IsTimeout(const boost::system::error_code& error) { return error == beast::error::timeout; }

bool IsTruncated(const boost::system::error_code& error) {
  if (error == asio::ssl::error::stream_truncated) return true;
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

bool IsEnd(const boost::system::error_code& error) { return error == asio::error::eof || IsTruncated(error); }

}  // namespace dm::net
