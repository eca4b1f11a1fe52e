#include "net/testing/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "net/testing/connection_impl.h"
#include "net/tls_context.h"

namespace dm::net::testing {

namespace {

// A test that cannot have its server cannot go on: what is missing ends it with this exception.
template <class T>
T Must(base::Result<T> result) {
  if (!result) throw std::runtime_error("scripted server: " + result.error().ToString());
  return std::move(*result);
}
void Check(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("scripted server: ") + what);
}

template <class Address>
const sockaddr* Generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

int Listen(const ScriptedOptions& options, int& port) {
  const int fd = ::socket(options.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd >= 0, "no socket");
  if (options.buffer_bytes > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &options.buffer_bytes, sizeof options.buffer_bytes);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.buffer_bytes, sizeof options.buffer_bytes);
  }
  if (options.ipv6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    Check(::bind(fd, Generic(address), size) == 0 && ::listen(fd, 128) == 0, "cannot listen on ::1");
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin6_port);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    Check(::bind(fd, Generic(address), size) == 0 && ::listen(fd, 128) == 0, "cannot listen on 127.0.0.1");
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  return fd;
}

SslContextPtr MakeContext(const ScriptedOptions& options, const KeyPair& authority, std::string& certificate_pem) {
  const CertificateNames names{"scripted server", options.dns, options.ips};
  const auto now = std::chrono::system_clock::now();
  const KeyPair leaf = Must(IssueLeaf(authority, names, now, std::chrono::hours(24), true, false));
  certificate_pem = leaf.certificate_pem;
  SslContextPtr context = Must(NewServerContext(leaf));
  if (options.request_client_certificate) {
    const auto trusted = TrustOnly(*context, authority.certificate_pem);
    Check(trusted.has_value(), "cannot trust its own authority");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (options.max_tls_version != 0) {
    if (options.max_tls_version < TLS1_2_VERSION) {     // what a client of ours must refuse
      SSL_CTX_set_security_level(context.get(), 0);
      SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
      SSL_CTX_set_min_proto_version(context.get(), options.max_tls_version);
    }
    SSL_CTX_set_max_proto_version(context.get(), options.max_tls_version);
  }
  return context;
}

// A peer that went away must not end the test program. Threads of this server only.
void BlockBrokenPipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

ScriptedServer::Impl::Impl(ScriptedOptions chosen)
    : options(std::move(chosen)), listener(Listen(options, port)), stop_event(::eventfd(0, EFD_CLOEXEC)) {
  if (!options.tls) return;
  authority = Must(MakeAuthority("scripted authority", std::chrono::system_clock::now(), std::chrono::hours(48)));
  tls = MakeContext(options, authority, certificate_pem);
}

void ScriptedServer::Impl::AcceptLoop() {
  BlockBrokenPipe();
  while (true) {
    const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (stopping) return;
      std::this_thread::yield();
      continue;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex);
    const int number = accepted++;
    open.emplace(number, fd);
    threads.emplace_back([this, fd, number] {
      BlockBrokenPipe();
      Connection::Impl connection(*this, fd, number);
      Run(connection);
    });
    if (stopping) ::shutdown(fd, SHUT_RDWR);
    changed.notify_all();
  }
}

void ScriptedServer::Impl::Run(Connection::Impl& inner) {
  Script chosen;
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return script || stopping; });
    if (stopping) return;
    chosen = script;
  }
  if (options.handshake && !inner.Handshake()) return;
  Connection connection(inner);
  chosen(connection);
  connection.Close();
}

void ScriptedServer::Impl::Forget(int number) {
  {
    const std::lock_guard lock(mutex);
    open.erase(number);
  }
  changed.notify_all();
}

void ScriptedServer::Impl::Record(const Request& request) {
  {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
  }
  changed.notify_all();
}

ScriptedServer::ScriptedServer(bool tls) : ScriptedServer([tls] {
      ScriptedOptions options;
      options.tls = tls;
      return options;
    }()) {}

ScriptedServer::ScriptedServer(ScriptedOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  impl_->accept_thread = std::jthread([impl = impl_.get()] { impl->AcceptLoop(); });
}

ScriptedServer::~ScriptedServer() { Stop(); }

void ScriptedServer::Handle(Script script) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->script = std::move(script);
  }
  impl_->changed.notify_all();
}

void ScriptedServer::Answer(std::function<Response(const Request&)> answer) {
  Handle([answer = std::move(answer)](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const Response response = answer(*request);
      if (!connection.WriteResponse(response.status, response.headers, response.body)) return;
    }
  });
}

int ScriptedServer::port() const { return impl_->port; }

std::string ScriptedServer::url() const {
  return std::string(impl_->options.tls ? "https" : "http") + "://" + (impl_->options.ipv6 ? "[::1]" : "127.0.0.1") + ":" +
         std::to_string(impl_->port);
}

std::string ScriptedServer::authority_pem() const { return impl_->authority.certificate_pem; }
std::string ScriptedServer::certificate_pem() const { return impl_->certificate_pem; }

std::pair<std::string, std::string> ScriptedServer::IssueClient(const std::string& common_name) const {
  const KeyPair pair = Must(IssueLeaf(impl_->authority, CertificateNames{common_name, {}, {}},
                                      std::chrono::system_clock::now(), std::chrono::hours(24), false, true));
  return {pair.certificate_pem, pair.key_pem};
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->accepted;
}

int ScriptedServer::open_connections() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->open.size());
}

std::vector<Request> ScriptedServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

bool ScriptedServer::AwaitRequests(int count, base::Duration at_most) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, at_most, [&] { return static_cast<int>(impl_->requests.size()) >= count; });
}

void ScriptedServer::Stop() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    const std::uint64_t one = 1;
    static_cast<void>(::write(impl_->stop_event.get(), &one, sizeof one) == sizeof one);
    ::shutdown(impl_->listener.get(), SHUT_RDWR);
    for (const auto& [number, fd] : impl_->open) ::shutdown(fd, SHUT_RDWR);
  }
  impl_->changed.notify_all();
  if (impl_->accept_thread.joinable()) impl_->accept_thread.join();
  {
    const std::lock_guard lock(impl_->mutex);
    threads.swap(impl_->threads);
  }
  threads.clear();
}

}  // namespace dm::net::testing
