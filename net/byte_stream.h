// ByteStream: one connection, plain or TLS, with a deadline, behind callbacks that do not depend on which it is. Keeps
// the heavy templates of Asio's TLS streams in one translation unit. For the .cc files of this room only.
//
// Thread rule: all calls from the executor the socket was made with. One operation of each direction at a time. The
// callback of an operation is never run from inside the call. A stream may be destroyed while nothing is pending.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "net/openssl_ptr.h"

namespace dm::net {

// Asked for at once. Beast's buffer starts at 512 bytes and would then read 512 at a time: a megabyte took 5 to 7 ms instead of 1.8.
inline constexpr std::size_t kReadBytes = 32u << 10;

class ByteStream {
 public:
  using Error = boost::system::error_code;
  using Done = std::function<void(const Error&)>;
  using Read = std::function<void(const Error&, std::size_t)>;

  virtual ~ByteStream() = default;
  // Holds for the operations started from now on; when it passes, they end with IsTimeout errors and the connection is
  // closed.
  virtual void ExpiresAt(base::TimePoint when) = 0;
  void ExpiresAfter(base::Duration duration) { ExpiresAt(std::chrono::steady_clock::now() + duration); }
  virtual void Connect(const boost::asio::ip::tcp::endpoint& peer, Done done) = 0;
  virtual void Handshake(Done done) = 0;     // nothing to do on a plain stream
  virtual void ReadSome(boost::asio::mutable_buffer into, Read done) = 0;
  virtual void Write(boost::asio::const_buffer all, Done done) = 0;
  // Says that we are done writing. Ends with no error when the peer may still be sending, with one (eof, reset, timeout)
  // when nothing can come any more.
  virtual void Shutdown(Done done) = 0;
  virtual void ReadRaw(boost::asio::mutable_buffer into, Read done) = 0;   // below TLS: to drop what still comes
  virtual void Cancel() = 0;                 // pending operations end with an error; the connection stays
  virtual void Close() = 0;                  // at once; pending operations end with an error
};

std::unique_ptr<ByteStream> NewPlainStream(boost::asio::ip::tcp::socket socket);
// Keeps a reference to the context. `admit`, if any, is asked when the handshake is done; false ends it with an error.
std::unique_ptr<ByteStream> NewTlsStream(boost::asio::ip::tcp::socket socket, SSL_CTX& context, bool server,
                                         std::function<bool(SSL&)> admit = {});

boost::system::error_code TimeoutError();                  // what an operation ends with when its deadline passes
bool IsTimeout(const boost::system::error_code& error);
bool IsEnd(const boost::system::error_code& error);        // the peer closed, in an orderly way or without close_notify
bool IsTruncated(const boost::system::error_code& error);  // TLS ended by FIN without close_notify

}  // namespace dm::net
