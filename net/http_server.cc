#include "net/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "net/server_session.h"
#include "net/tls_context.h"

namespace dm::net {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr base::Duration kAcceptPause = std::chrono::milliseconds(100);   // after "too many open files" and its like
constexpr base::Duration kCutWait = std::chrono::seconds(1);            // for cut connections to end before the threads do

// The open sessions. Outlives the server if a session does.
class Registry {
 public:
  int Add(const std::shared_ptr<ServerSession>& session, int id) {
    auto sessions = sessions_.Lock();
    sessions->emplace(id, session);
    return static_cast<int>(sessions->size());
  }
  void Remove(int id) {
    {
      auto sessions = sessions_.Lock();
      sessions->erase(id);
    }
    sessions_.NotifyAll();
  }
  int Size() const { return static_cast<int>(sessions_.Lock()->size()); }

  std::vector<std::shared_ptr<ServerSession>> All() const {
    std::vector<std::shared_ptr<ServerSession>> all;
    auto sessions = sessions_.Lock();
    for (const auto& [id, session] : *sessions) {
      if (auto alive = session.lock()) all.push_back(std::move(alive));
    }
    return all;
  }

  bool WaitForNone(base::Duration at_most) {
    auto sessions = sessions_.Lock();
    return sessions_.WaitFor(sessions, std::stop_token(), at_most, [](const auto& s) { return s.empty(); });
  }

 private:
  base::Guarded<std::map<int, std::weak_ptr<ServerSession>>> sessions_;
};

// Who has kept the server waiting the longest: not yet through the handshake, idle, or with half a request. Null when
// every connection has a request in work.
std::shared_ptr<ServerSession> LongestWaiting(const Registry& registry) {
  std::shared_ptr<ServerSession> found;
  for (auto& session : registry.All()) {
    const auto phase = session->phase();
    if (phase == ServerSession::Phase::kAnswering || phase == ServerSession::Phase::kClosing) continue;
    if (!found || session->since() < found->since()) found = std::move(session);
  }
  return found;
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(ServerOptions server_options, Handler handler)
      : options(std::move(server_options)),
        context(std::make_shared<SessionContext>(options, std::move(handler))),
        acceptor(asio::make_strand(io)),
        pause(acceptor.get_executor()) {}

  void Accept();
  void OnAccept(const boost::system::error_code& error, tcp::socket socket);
  void Serve(tcp::socket socket);
  bool MakeRoom();
  // The context of the present key pair; null when there is none.
  SSL_CTX* CurrentTls();
  // Asks options.admit about the client at `address`.
  std::function<bool(SSL&)> Admission(const std::string& address);

  const ServerOptions options;
  std::shared_ptr<SessionContext> context;
  std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  asio::io_context io;
  // A request in a worker's hands is nothing that io knows of: without this, a drain ends run() before its answer comes.
  asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
  tcp::acceptor acceptor;           // this and all below: on the acceptor's strand once started
  asio::steady_timer pause;
  KeyPair tls_pair;
  SslContextPtr tls_context;
  int next_id = 0;
  std::vector<std::jthread> threads;
  bool drained = false;
};

HttpServer::HttpServer(ServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() { Drain(base::Duration::zero()); }

base::Result<std::uint16_t> HttpServer::Start() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(impl_->options.address, error);
  if (error) {
    return base::Fail(base::Code::kInvalid,
                      "listen address \"" + impl_->options.address + "\" is no IP address (use 0.0.0.0 or :: for all)");
  }
  const tcp::endpoint endpoint(address, impl_->options.port);
  tcp::acceptor& acceptor = impl_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return base::Fail(base::Code::kUnavailable, "cannot listen on " + impl_->options.address + ":" +
                                                    std::to_string(impl_->options.port) + ": " + error.message());
  }
  const std::uint16_t port = acceptor.local_endpoint(error).port();
  impl_->Accept();
  for (int i = 0; i < std::max(impl_->options.io_threads, 1); ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] {
      while (true) {
        try {
          impl->io.run();
          return;
        } catch (const std::exception& e) {
          base::LogError("connection handling failed", {{"error", e.what()}});
        }
      }
    });
  }
  return port;
}

void HttpServer::CloseAfterAnswers() { impl_->context->closing = true; }

void HttpServer::Drain(base::Duration grace) {
  if (std::exchange(impl_->drained, true)) return;
  Impl& impl = *impl_;
  impl.context->closing = true;
  impl.context->draining = true;
  asio::post(impl.acceptor.get_executor(), [&impl] {
    boost::system::error_code ignored;
    impl.acceptor.close(ignored);
    impl.pause.cancel();
  });
  for (const auto& session : impl.registry->All()) session->CloseIfIdle();
  if (!impl.threads.empty()) impl.registry->WaitForNone(grace);
  for (const auto& session : impl.registry->All()) session->CloseNow();
  impl.context->workers.Stop();
  if (!impl.threads.empty()) impl.registry->WaitForNone(kCutWait);   // what is closed is one task away from being so
  impl.io.stop();
  impl.threads.clear();
}

int HttpServer::open_connections() const { return impl_->registry->Size(); }

void HttpServer::Impl::Accept() {
  acceptor.async_accept(asio::make_strand(io), [this](const boost::system::error_code& error, tcp::socket socket) {
    OnAccept(error, std::move(socket));
  });
}

void HttpServer::Impl::OnAccept(const boost::system::error_code& error, tcp::socket socket) {
  if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
  if (error) {
    // Out of descriptors or memory: the connection stays in the queue of the kernel. Trying again at once would only burn
    // a core.
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) Accept();
    });
    return;
  }
  try {
    Serve(std::move(socket));
  } catch (const std::exception& e) {
    base::LogError("connection refused", {{"error", e.what()}});
  }
  Accept();
}

void HttpServer::Impl::Serve(tcp::socket socket) {
  if (!MakeRoom()) return;      // the socket closes
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const std::string address = options.admit ? socket.remote_endpoint(ignored).address().to_string() : std::string();
  std::string local_address = options.local_address_header.empty() ? std::string() : socket.local_endpoint(ignored).address().to_string();
  asio::any_io_executor strand = socket.get_executor();
  std::unique_ptr<ByteStream> stream;
  if (options.tls) {
    SSL_CTX* current = CurrentTls();
    if (current == nullptr) return;
    stream = NewTlsStream(std::move(socket), *current, true, Admission(address));
  } else {
    stream = NewPlainStream(std::move(socket));
  }
  const int id = next_id++;
  auto session = std::make_shared<ServerSession>(std::move(strand), std::move(stream), std::move(local_address), context,
                                                 [sessions = registry, id] { sessions->Remove(id); });
  registry->Add(session, id);
  session->Start();
}

bool HttpServer::Impl::MakeRoom() {
  if (registry->Size() < options.limits.max_connections) return true;
  const auto victim = LongestWaiting(*registry);
  if (victim) victim->CloseNow();
  return victim != nullptr;
}

std::function<bool(SSL&)> HttpServer::Impl::Admission(const std::string& address) {
  if (!options.admit) return {};
  return [admit = options.admit, address](SSL& ssl) {   // not this: pending operations live in our own io_context
    const X509Ptr certificate(SSL_get1_peer_certificate(&ssl));
    if (!certificate) return false;
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), certificate.get()) != 1) return false;
    const auto facts = ReadCertificate(TakeBio(*bio));
    return facts && admit(*facts, address);
  };
}

SSL_CTX* HttpServer::Impl::CurrentTls() {
  std::optional<KeyPair> pair = options.tls();
  if (!pair) return nullptr;
  if (pair->certificate_pem == tls_pair.certificate_pem && pair->key_pem == tls_pair.key_pem) {
    return tls_context.get();
  }
  auto made = NewServerContext(*pair, options.client_authority_pem);
  if (made) {
    tls_context = std::move(*made);
  } else {
    base::LogError("key pair refused, the one before stays in use", {{"error", made.error().ToString()}});
  }
  tls_pair = std::move(*pair);    // also when refused: it is not tried again for each connection
  return tls_context.get();
}

}  // namespace dm::net
