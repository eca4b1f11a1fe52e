#include "net/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "base/strings.h"
#include "net/openssl_ptr.h"
#include "net/tls_context.h"

namespace dm::net::testing {

namespace {

using Clock = std::chrono::steady_clock;

int Dial(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  if (fd >= 0) ::close(fd);
  return -1;
}

// OpenSSL writes with write(2), which signals a peer that went away.
void BlockBrokenPipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::size_t HexSize(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

}  // namespace

struct RawClient::Impl {
  int fd = -1;
  SslContextPtr context;
  SslPtr ssl;
  bool ready = false;
  bool ended = false;
  std::string buffer;

  ~Impl() {
    ssl.reset();
    if (fd >= 0) ::close(fd);
  }

  // Whether there is something to read, or an end, before `until`.
  bool Wait(Clock::time_point until) const {
    if (ssl && SSL_pending(ssl.get()) > 0) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(std::max<long>(left, 0))) > 0;
  }

  bool Fill(Clock::time_point until) {
    std::array<char, 16384> bytes;
    while (!ended && Wait(until)) {
      const long size = ssl ? SSL_read(ssl.get(), bytes.data(), static_cast<int>(bytes.size()))
                            : ::recv(fd, bytes.data(), bytes.size(), 0);
      if (size > 0) {
        buffer.append(bytes.data(), static_cast<std::size_t>(size));
        return true;
      }
      if (ssl && SSL_get_error(ssl.get(), static_cast<int>(size)) == SSL_ERROR_WANT_READ) continue;   // a ticket
      ended = true;
    }
    return false;
  }

  std::optional<std::string> Line(Clock::time_point until) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n")) == std::string::npos) {
      if (!Fill(until)) return std::nullopt;
    }
    std::string line = buffer.substr(0, end);
    buffer.erase(0, end + 2);
    return line;
  }

  bool Take(std::size_t size, std::string& into, Clock::time_point until) {
    while (buffer.size() < size) {
      if (!Fill(until)) return false;
    }
    into.append(buffer, 0, size);
    buffer.erase(0, size);
    return true;
  }
};

RawClient::RawClient(int port) : impl_(std::make_unique<Impl>()) {
  BlockBrokenPipe();
  impl_->fd = Dial(port);
  impl_->ready = impl_->fd >= 0;
}

RawClient::RawClient(int port, Tls tls) : RawClient(port) {
  if (!std::exchange(impl_->ready, false)) return;
  impl_->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX& context = *impl_->context;
  if (!tls.authority_pem.empty()) {
    if (!TrustOnly(context, tls.authority_pem)) return;
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
  }
  if (tls.max_version != 0) SSL_CTX_set_max_proto_version(&context, tls.max_version);
  if (tls.max_version != 0 && tls.max_version < TLS1_2_VERSION) SSL_CTX_set_security_level(&context, 0);
  impl_->ssl.reset(SSL_new(&context));
  if (!tls.alpn.empty()) {
    std::basic_string<unsigned char> wire(1, static_cast<unsigned char>(tls.alpn.size()));
    wire.append(tls.alpn.begin(), tls.alpn.end());
    SSL_set_alpn_protos(impl_->ssl.get(), wire.data(), static_cast<unsigned>(wire.size()));
  }
  timeval limit{10, 0};
  ::setsockopt(impl_->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  SSL_set_fd(impl_->ssl.get(), impl_->fd);
  impl_->ready = SSL_connect(impl_->ssl.get()) == 1;
  SSL_clear_mode(impl_->ssl.get(), SSL_MODE_AUTO_RETRY);      // a session ticket must not make a read wait for more
}

RawClient::~RawClient() = default;

bool RawClient::connected() const { return impl_->ready; }

std::string RawClient::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (impl_->ssl) SSL_get0_alpn_selected(impl_->ssl.get(), &name, &size);
  return {name, name + size};
}

std::string RawClient::tls_version() const { return impl_->ssl ? SSL_get_version(impl_->ssl.get()) : ""; }

std::string RawClient::peer_subject() const {
  const X509Ptr certificate(impl_->ssl ? SSL_get1_peer_certificate(impl_->ssl.get()) : nullptr);
  return certificate ? NameText(X509_get_subject_name(certificate.get())) : std::string();
}

bool RawClient::Renegotiate() {
  return impl_->ssl && SSL_renegotiate(impl_->ssl.get()) == 1 && SSL_do_handshake(impl_->ssl.get()) == 1;
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes.size(), 1u << 20);
    const long size = impl_->ssl ? SSL_write(impl_->ssl.get(), bytes.data(), static_cast<int>(piece))
                                 : ::send(impl_->fd, bytes.data(), piece, MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::optional<Response> RawClient::ReadResponse(base::Duration at_most, bool head) {
  const auto until = Clock::now() + at_most;
  const auto status = impl_->Line(until);
  if (!status || status->size() < 12) return std::nullopt;
  Response response;
  response.status = static_cast<int>(base::ParseInt(std::string_view(*status).substr(9, 3)).value_or(0));
  while (true) {
    const auto line = impl_->Line(until);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) return std::nullopt;
    response.headers[line->substr(0, colon)] = base::Trim(std::string_view(*line).substr(colon + 1));
  }
  if (head || response.status / 100 == 1 || response.status == 204 || response.status == 304) return response;
  if (const auto length = response.headers.find("Content-Length"); length != response.headers.end()) {
    const auto size = static_cast<std::size_t>(base::ParseInt(length->second).value_or(0));
    if (!impl_->Take(size, response.body, until)) return std::nullopt;
    return response;
  }
  if (!response.headers.contains("Transfer-Encoding")) {
    while (impl_->Fill(until)) continue;
    response.body = std::move(impl_->buffer);
    return response;
  }
  while (true) {
    const auto line = impl_->Line(until);
    if (!line) return std::nullopt;
    const std::size_t size = HexSize(*line);
    if (!impl_->Take(size, response.body, until) || !impl_->Line(until)) return std::nullopt;
    if (size == 0) return response;
  }
}

std::string RawClient::ReadAll(base::Duration at_most) {
  const auto until = Clock::now() + at_most;
  while (impl_->Fill(until)) continue;
  return std::move(impl_->buffer);
}

bool RawClient::AwaitClose(base::Duration at_most) {
  const auto until = Clock::now() + at_most;
  while (impl_->Fill(until)) impl_->buffer.clear();
  return impl_->ended;
}

void RawClient::HalfClose() { ::shutdown(impl_->fd, SHUT_WR); }

void RawClient::Abort() {
  const linger at_once{1, 0};
  ::setsockopt(impl_->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(impl_->fd, -1));
  impl_->ended = true;
}

}  // namespace dm::net::testing
