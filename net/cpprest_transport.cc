#include "net/cpprest_transport.h"

#include <cpprest/containerstream.h>
#include <pplx/threadpool.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <system_error>

#include "base/guarded.h"
#include "base/log.h"
#include "base/strings.h"
#include "net/cpprest_exchange.h"
#include "net/http_text.h"
#include "net/line_splitter.h"
#include "net/tls_context.h"

namespace dm::net {

namespace {

namespace http = web::http;
using base::Code;
using base::Fail;
using base::Result;
using HttpClient = http::client::http_client;

// The library's own timer runs anew at every step and is one for all requests of a client, so it cannot be anybody's
// deadline. Ours are kept by the calling thread; this one only ends what was abandoned and still hangs.
constexpr auto kBackstop = std::chrono::minutes(10);
constexpr std::size_t kMaxErrorBody = 64u << 10;

// One request as the library wants it, kept to be sent a second time.
struct Attempt {
  std::shared_ptr<ExchangeState> state;
  pplx::cancellation_token_source cancel;

  // Whatever happens, the library is told to stop and what it still does finds nothing of ours.
  ~Attempt() {
    try {
      state->Abandon();
      if (!state->seen().Lock()->ended) cancel.cancel();
    } catch (const std::exception& e) {
      base::LogError("giving a request up failed", {{"error", e.what()}});
    }
  }
};

// Where the system keeps its certificate authorities, as OpenSSL would look for them.
struct SystemTrust {
  std::string file, directory;
};

// Once, before any connection: remembers where the authorities are and hides them from the library. It reads all of them
// for every connection, before anybody can say which ones count: 25 ms each time, on the caller's thread, for nothing.
const SystemTrust& HideSystemTrust() {
  static const SystemTrust trust = [] {
    const auto take = [](const char* variable, const char* otherwise) {
      const char* value = std::getenv(variable);
      std::string found = value != nullptr ? value : otherwise;
      ::setenv(variable, "/nonexistent", 1);
      return found;
    };
    return SystemTrust{take(X509_get_default_cert_file_env(), X509_get_default_cert_file()),
                       take(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())};
  }();
  return trust;
}

Result<StorePtr> NewSystemStore() {
  const SystemTrust& trust = HideSystemTrust();
  return NewStoreFromFiles(trust.file, trust.directory);
}

bool IsStaleWrite(const ExchangeState::Failure& failure) {
  return failure.what == "Failed to write request body" || failure.what == "Failed to write request headers";
}

// By whom the server has to be signed: read once, unless `authority` says another one. The contexts share it. Thread-safe.
class Trusted {
 public:
  Trusted(StorePtr store, const ClientTls& tls) : authority_(tls.authority), kept_(Kept{tls.authority_pem, {}, std::move(store)}) {}

  std::shared_ptr<X509_STORE> Now() {
    const std::string text = authority_ ? authority_() : std::string();
    auto kept = kept_.Lock();
    if (text.empty() || text == kept->text || text == kept->refused) return kept->store;
    auto fresh = NewStore(text);
    if (fresh) {
      base::LogInfo("the API server's authority has changed", {});
      *kept = Kept{text, {}, std::move(*fresh)};
    } else {
      base::LogWarn("the API server's authority could not be read again, the last one serves", {{"error", fresh.error().ToString()}});
      kept->refused = text;
    }
    return kept->store;
  }

 private:
  struct Kept {
    std::string text, refused;
    std::shared_ptr<X509_STORE> store;
  };
  const std::function<std::string()> authority_;
  base::Guarded<Kept> kept_;
};

class CpprestTransport final : public Transport {
 public:
  explicit CpprestTransport(ApiTransportOptions options) : options_(std::move(options)), ready_(Prepare()) {}

  Result<Response> Send(const Request& request, std::stop_token stop) override try {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    auto attempt = Begin(request, false, deadline, stop);
    if (!attempt) return base::Propagate(attempt);
    ExchangeState& state = *(*attempt)->state;
    const bool came = Await(state, deadline, stop, [](const ExchangeState::Seen& s) { return s.ended; });
    if (!came) return FailWaiting(request, stop);
    auto seen = state.seen().Lock();
    if (seen->too_large) {
      base::Error error{Code::kInvalid, "the answer to " + request.method + " " + std::string(PathOf(request.target)) +
                                            " is larger than " + std::to_string(options_.max_response_bytes) + " bytes"};
      error.reason = kAnswerTooLarge;
      return Fail(std::move(error));
    }
    if (seen->failure) return FailExchange(*seen->failure, seen->has_head);
    return Response{seen->status, std::move(seen->headers), std::move(seen->body)};
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, Where(request) + ": " + e.what());
  }

  Result<StreamEnd> Stream(const Request& request, LineSink& sink, const StreamOptions& options,
                           std::stop_token stop) override try {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    auto attempt = Begin(request, true, deadline, stop);
    if (!attempt) return base::Propagate(attempt);
    ExchangeState& state = *(*attempt)->state;
    const bool came =
        Await(state, deadline, stop, [](const ExchangeState::Seen& s) { return s.has_head || s.ended; });
    if (!came) return FailWaiting(request, stop);
    StreamEnd end;
    {
      auto seen = state.seen().Lock();
      if (!seen->has_head) return FailExchange(seen->failure.value_or(ExchangeState::Failure{}), false);
      end.status = seen->status;
      end.headers = seen->headers;
    }
    if (end.status / 100 != 2) return Collect(state, std::move(end), deadline, stop);
    sink.OnOpened();
    return Deliver(state, std::move(end), sink, options, stop);
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, Where(request) + ": " + e.what());
  }

 private:
  Result<void> Prepare() try {
    const web::uri base(options_.base_url);
    if ((base.scheme() != "https" && base.scheme() != "http") || base.host().empty()) {
      return Fail(Code::kInvalid, "API server \"" + base::Printable(options_.base_url) + "\": https://host:port expected");
    }
    if (base.host().find(':') != std::string::npos) {
      return Fail(Code::kInvalid, "API server \"" + base::Printable(options_.base_url) +
                                      "\": IPv6 literals cannot be dialled; use a host name, as kubernetes.default.svc");
    }
    check_->name = options_.tls.server_name.empty() ? base.host() : options_.tls.server_name;
    InitializeCpprest();
    if (base.scheme() == "https" && !options_.tls.insecure_skip_verify) {
      auto store = options_.tls.authority_pem.empty() ? NewSystemStore() : NewStore(options_.tls.authority_pem);
      if (!store) return base::Propagate(store);
      trust_ = std::make_shared<Trusted>(std::move(*store), options_.tls);
    }
    client_.Set(NewClient());
    return {};
  } catch (const std::exception& e) {
    return Fail(Code::kInvalid, "API server \"" + base::Printable(options_.base_url) + "\": " + e.what());
  }

  std::shared_ptr<HttpClient> NewClient() {
    http::client::http_client_config config;
    config.set_timeout(kBackstop);
    config.set_max_redirects(0);      // it would forward Authorization to wherever the answer points
    config.set_validate_certificates(!options_.tls.insecure_skip_verify);
    config.set_ssl_context_callback([tls = options_.tls, trust = trust_, check = check_](boost::asio::ssl::context& context) {
      SetUpTls(*context.native_handle(), tls, trust ? trust->Now() : nullptr, check);
    });
    return std::make_shared<HttpClient>(web::uri(options_.base_url), config);
  }

  // Called by the library for each new connection; what is thrown here reaches the request as its failure.
  static void SetUpTls(SSL_CTX& context, const ClientTls& tls, const std::shared_ptr<X509_STORE>& store, const std::shared_ptr<PeerCheck>& check) {
    const auto enforce = [](const Result<void>& done) {
      if (!done) throw std::runtime_error(done.error().ToString());
    };
    enforce(Harden(context));
    if (store != nullptr) Trust(context, *store);
    enforce(InstallPeerCheck(context, check));
    if (!tls.client_certificate) return;
    auto [certificate, key] = tls.client_certificate();
    if (!certificate.empty() || !key.empty()) enforce(UseKeyPair(context, KeyPair{certificate, key}));
    OPENSSL_cleanse(key.data(), key.size());
  }

  Result<http::http_request> Translate(const Request& request) {
    if (auto fine = CheckRequest(request); !fine) return base::Propagate(fine);
    http::http_request out(request.method);
    try {
      out.set_request_uri(web::uri(request.target));
    } catch (const web::uri_exception& e) {
      return Fail(Code::kInvalid, "request target \"" + base::Printable(request.target) + "\": " + e.what());
    }
    if (!request.body.empty()) out.set_body(request.body, "application/json");
    auto& headers = out.headers();      // no Host: its value would become the name that is verified
    headers["User-Agent"] = options_.user_agent;
    for (const auto& [name, value] : request.headers) headers[name] = value;
    if (options_.bearer_token) {
      auto token = options_.bearer_token();
      if (!token) return base::Propagate(token, "bearer token");
      if (!IsFieldValue(*token)) return Fail(Code::kInvalid, "the bearer token has control characters");
      if (!token->empty()) headers["Authorization"] = "Bearer " + *token;
    }
    return out;
  }

  // Starts the request. If it failed because it was written to a pooled connection that the server had closed (the
  // library repeats only those without a body), it is started once more on an empty pool, where nothing is stale.
  Result<std::unique_ptr<Attempt>> Begin(const Request& request, bool streaming, base::TimePoint deadline,
                                         const std::stop_token& stop) {
    if (!ready_) return base::Propagate(ready_);
    auto client = client_.Copy();
    auto attempt = Start(*client, request, streaming);
    if (!attempt) return attempt;
    Await(*(*attempt)->state, deadline, stop, [](const ExchangeState::Seen& s) { return s.has_head || s.ended; });
    {
      auto seen = (*attempt)->state->seen().Lock();
      if (seen->has_head || !seen->failure || !IsStaleWrite(*seen->failure)) return attempt;
    }
    return Start(*Renew(client), request, streaming);
  }

  Result<std::unique_ptr<Attempt>> Start(HttpClient& client, const Request& request, bool streaming) {
    auto translated = Translate(request);
    if (!translated) return base::Propagate(translated);
    auto attempt = std::make_unique<Attempt>();
    attempt->state = std::make_shared<ExchangeState>(streaming, options_.max_response_bytes);
    const auto sink = std::make_shared<BodySink>(attempt->state);
    translated->set_response_stream(concurrency::streams::streambuf<std::uint8_t>(sink).create_ostream());
    StartExchange(client, std::move(*translated), attempt->state, attempt->cancel.get_token());
    return attempt;
  }

  std::shared_ptr<HttpClient> Renew(const std::shared_ptr<HttpClient>& stale) {
    auto current = client_.Lock();
    if (*current == stale) *current = NewClient();
    return *current;
  }

  // False when the deadline passed or a stop was requested first.
  template <class Predicate>
  static bool Await(ExchangeState& state, base::TimePoint deadline, const std::stop_token& stop, Predicate predicate) {
    auto seen = state.seen().Lock();
    const auto left = deadline - std::chrono::steady_clock::now();
    return state.seen().WaitFor(seen, stop, std::max(left, base::Duration::zero()), predicate);
  }

  Result<StreamEnd> Deliver(ExchangeState& state, StreamEnd end, LineSink& sink, const StreamOptions& options,
                            const std::stop_token& stop) {
    LineSplitter lines(sink, options.max_line_bytes);
    end.kind = StreamEndKind::kStopped;
    while (true) {
      const auto until = std::chrono::steady_clock::now() + options.inactivity;
      const bool came = Await(state, until, stop, [](const ExchangeState::Seen& s) { return s.lent || s.ended; });
      if (stop.stop_requested()) return end;
      if (!came) {
        end.kind = StreamEndKind::kInactive;
        return end;
      }
      std::optional<std::string_view> piece;
      std::optional<ExchangeState::Failure> failure;
      {
        auto seen = state.seen().Lock();
        piece = seen->lent;         // stays valid until it is given back: the library waits
        failure = seen->failure;
      }
      if (!piece) {
        const bool whole = !failure && lines.Finish() == LineSplitter::Outcome::kMore;
        if (failure) end.kind = StreamEndKind::kBroken;
        if (whole) end.kind = StreamEndKind::kClosed;
        return end;
      }
      const auto outcome = lines.Feed(*piece);
      state.GiveBack(outcome == LineSplitter::Outcome::kMore);
      if (outcome == LineSplitter::Outcome::kStopped) return end;
      if (outcome == LineSplitter::Outcome::kTooLong) {
        return Fail(Code::kInvalid, "a line of " + options_.base_url + " is longer than " +
                                        std::to_string(options.max_line_bytes) + " bytes");
      }
    }
  }

  // An answer that is no stream: its body is text for a person, and a cut one is better than none.
  Result<StreamEnd> Collect(ExchangeState& state, StreamEnd end, base::TimePoint deadline, const std::stop_token& stop) {
    while (Await(state, deadline, stop, [](const ExchangeState::Seen& s) { return s.lent || s.ended; })) {
      {
        auto seen = state.seen().Lock();
        if (!seen->lent) {
          if (seen->failure) end.kind = StreamEndKind::kBroken;
          return end;
        }
        end.body.append(seen->lent->substr(0, kMaxErrorBody - end.body.size()));
      }
      state.GiveBack(end.body.size() < kMaxErrorBody);
      if (end.body.size() >= kMaxErrorBody) return end;
    }
    if (stop.stop_requested()) return Fail(Code::kCancelled, "cancelled while reading the answer");
    end.kind = StreamEndKind::kBroken;
    return end;
  }

  std::string Where(const Request& request) const {
    return request.method + " " + options_.base_url + std::string(PathOf(request.target));
  }

  tl::unexpected<base::Error> FailWaiting(const Request& request, const std::stop_token& stop) const {
    if (stop.stop_requested()) return Fail(Code::kCancelled, Where(request) + ": cancelled");
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(request.timeout).count();
    return Fail(Code::kTimeout, Where(request) + ": no answer within " + std::to_string(ms) + " ms");
  }

  tl::unexpected<base::Error> FailExchange(const ExchangeState::Failure& failure, bool has_head) const {
    const std::string server = options_.base_url + ": ";
    if (failure.what == "Error in SSL handshake") {
      std::string why = check_->failure.Copy();
      const char* reason = ERR_reason_error_string(static_cast<unsigned long>(failure.code));
      if (why.empty()) why = reason != nullptr ? reason : "the server closed the connection";
      return Fail(Code::kUnavailable, server + "TLS: " + why);
    }
    const std::string why =
        failure.code == 0 ? failure.what
                          : failure.what + " (" + std::generic_category().message(failure.code) + ")";
    if (failure.code == ETIMEDOUT) return Fail(Code::kTimeout, server + why);
    return Fail(Code::kUnavailable, server + (has_head ? "the answer was cut: " : "") + why);
  }

  const ApiTransportOptions options_;
  std::shared_ptr<PeerCheck> check_ = std::make_shared<PeerCheck>();
  std::shared_ptr<Trusted> trust_;         // null when nothing is verified
  base::Guarded<std::shared_ptr<HttpClient>> client_;
  Result<void> ready_;      // last: Prepare fills the others
};

}  // namespace

void InitializeCpprest(int threads) {
  static std::once_flag once;
  std::call_once(once, [threads] {
    HideSystemTrust();
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
    try {
      crossplat::threadpool::initialize_with_threads(static_cast<std::size_t>(std::max(threads, 1)));
    } catch (const std::exception& e) {
      base::LogWarn("the HTTP client's pool had been started before", {{"error", e.what()}});
    }
  });
}

void LeaveProcess(int code) {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  _exit(code);
}

std::unique_ptr<Transport> NewCpprestTransport(ApiTransportOptions options) {
  return std::make_unique<CpprestTransport>(std::move(options));
}

}  // namespace dm::net
