#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strings.h"
#include "net/http_text.h"
#include "net/testing/connection_impl.h"

namespace dm::net::testing {

namespace {

constexpr std::size_t kMaxLine = 1u << 20;
constexpr std::size_t kMaxBody = 256u << 20;

std::optional<std::size_t> ParseSize(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data() || value > kMaxBody) return std::nullopt;
  return value;
}

std::string Hex(std::size_t value) {
  std::array<char, 20> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value, 16);
  return {text.data(), result.ptr};
}

}  // namespace

bool Connection::Impl::Handshake() {
  if (!server.tls) return true;
  ssl.reset(SSL_new(server.tls.get()));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return false;
  return SSL_accept(ssl.get()) == 1;
}

long Connection::Impl::Read(char* into, std::size_t size) {
  if (closed) return -1;
  if (ssl) return SSL_read(ssl.get(), into, static_cast<int>(size));
  return ::recv(fd, into, size, 0);
}

bool Connection::Impl::Fill() {
  std::array<char, 16384> bytes;
  const long size = Read(bytes.data(), bytes.size());
  if (size <= 0) return false;
  buffer.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<std::string> Connection::Impl::ReadLine() {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n")) == std::string::npos) {
    if (buffer.size() > kMaxLine || !Fill()) return std::nullopt;
  }
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 2);
  return line;
}

bool Connection::Impl::ReadExactly(std::size_t size, std::string& into) {
  while (buffer.size() < size) {
    if (!Fill()) return false;
  }
  into.append(buffer, 0, size);
  buffer.erase(0, size);
  return true;
}

bool Connection::Impl::ReadChunks(std::string& body) {
  while (true) {
    const auto head = ReadLine();
    const auto size = head ? ParseSize(*head, 16) : std::nullopt;
    if (!size || !ReadExactly(*size, body)) return false;
    const auto blank = ReadLine();
    if (!blank) return false;
    if (*size == 0) return true;
  }
}

void Connection::Impl::Cut() {
  if (closed) return;
  closed = true;
  server.Forget(number);
  ::close(fd);
}

std::optional<Request> Connection::ReadRequest() {
  const auto first = impl_.ReadLine();
  if (!first) return std::nullopt;
  const auto words = base::Split(*first, ' ');
  if (words.size() != 3 || !base::StartsWith(words[2], "HTTP/1.")) return std::nullopt;
  Request request;
  request.method = words[0];
  request.target = words[1];
  while (true) {
    const auto line = impl_.ReadLine();
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) return std::nullopt;
    request.headers[line->substr(0, colon)] = base::Trim(std::string_view(*line).substr(colon + 1));
  }
  if (request.headers.contains("Transfer-Encoding")) {
    if (!impl_.ReadChunks(request.body)) return std::nullopt;
  } else if (const auto length = request.headers.find("Content-Length"); length != request.headers.end()) {
    const auto size = ParseSize(length->second, 10);
    if (!size || !impl_.ReadExactly(*size, request.body)) return std::nullopt;
  }
  impl_.server.Record(request);
  return request;
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (impl_.closed || impl_.server.stopping) return false;
    const std::size_t piece = std::min<std::size_t>(bytes.size(), 1u << 20);
    const long written = impl_.ssl ? SSL_write(impl_.ssl.get(), bytes.data(), static_cast<int>(piece))
                                   : ::send(impl_.fd, bytes.data(), piece, MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool Connection::WriteResponse(int status, const Headers& headers, std::string_view body) {
  const Response response{status, headers, std::string(body)};
  return Write(ResponseHead(response, true) + response.body);
}

bool Connection::StartChunked(int status, const Headers& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + std::string(ReasonPhrase(status)) + "\r\n";
  for (const auto& [name, value] : headers) head.append(name).append(": ").append(value).append("\r\n");
  return Write(head + "Transfer-Encoding: chunked\r\n\r\n");
}

bool Connection::Chunk(std::string_view bytes) {
  if (bytes.empty()) return true;      // would be the end
  return Write(Hex(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n");
}

bool Connection::EndChunked() { return Write("0\r\n\r\n"); }

bool Connection::Stall(base::Duration at_most) {
  if (impl_.closed) return true;
  std::array<pollfd, 2> watched{pollfd{impl_.fd, POLLRDHUP, 0}, pollfd{impl_.server.stop_event.get(), POLLIN, 0}};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  if (::poll(watched.data(), watched.size(), static_cast<int>(std::min<long>(ms, 1L << 30))) <= 0) return false;
  return watched[0].revents != 0 && !impl_.server.stopping;
}

void Connection::Close() {
  if (impl_.closed) return;
  if (impl_.ssl && SSL_is_init_finished(impl_.ssl.get()) == 1) SSL_shutdown(impl_.ssl.get());
  // FIN first; what the peer still sends is dropped for a moment, because closing over unread bytes would be RST.
  ::shutdown(impl_.fd, SHUT_WR);
  timeval wait{1, 0};
  ::setsockopt(impl_.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  std::array<char, 16384> bytes;
  for (int i = 0; i < 1024 && !impl_.server.stopping; ++i) {
    if (::recv(impl_.fd, bytes.data(), bytes.size(), 0) <= 0) break;
  }
  impl_.Cut();
}

void Connection::Abort() {
  if (impl_.closed) return;
  const linger at_once{1, 0};
  ::setsockopt(impl_.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  impl_.Cut();
}

int Connection::number() const { return impl_.number; }

std::string Connection::peer_subject() const {
  if (!impl_.ssl) return {};
  const X509Ptr certificate(SSL_get1_peer_certificate(impl_.ssl.get()));
  return certificate ? NameText(X509_get_subject_name(certificate.get())) : std::string();
}

}  // namespace dm::net::testing
