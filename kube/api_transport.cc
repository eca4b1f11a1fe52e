// MakeTransport: the configuration turned into a transport, with credentials that follow their files.
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/guarded.h"
#include "base/log.h"
#include "kube/config.h"
#include "kube/token_source.h"
#include "net/cpprest_transport.h"

namespace dm::kube {
namespace {

using CertificateAndKey = std::pair<std::string, std::string>;

// Reads the pair again for each new connection; keeps the last good one while a file is missing.
class CertificateFiles {
 public:
  CertificateFiles(std::string certificate, std::string key, CertificateAndKey first)
      : certificate_(std::move(certificate)), key_(std::move(key)), last_(std::move(first)) {}

  CertificateAndKey Get() {
    auto certificate =
        certificate_.empty() ? base::Result<std::string>(last_.Copy().first) : base::ReadFile(certificate_);
    auto key = key_.empty() ? base::Result<std::string>(last_.Copy().second) : base::ReadFile(key_);
    if (certificate && key && !certificate->empty() && !key->empty()) {
      last_.Set({std::move(*certificate), std::move(*key)});
    } else {
      base::LogWarn("the client certificate could not be read again, the last one serves",
                    {{"certificate", certificate_}, {"key", key_}});
    }
    return last_.Copy();
  }

 private:
  const std::string certificate_, key_;
  base::Guarded<CertificateAndKey> last_;
};

// Drops the token when the server refuses it, so that the next request reads it anew.
class TokenTransport final : public net::Transport {
 public:
  TokenTransport(std::unique_ptr<net::Transport> inner, std::shared_ptr<TokenSource> token)
      : inner_(std::move(inner)), token_(std::move(token)) {}

  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override {
    auto response = inner_->Send(request, std::move(stop));
    if (response && response->status == 401) token_->Drop();
    return response;
  }
  base::Result<net::StreamEnd> Stream(const net::Request& request, net::LineSink& sink,
                                      const net::StreamOptions& options, std::stop_token stop) override {
    auto end = inner_->Stream(request, sink, options, std::move(stop));
    if (end && end->status == 401) token_->Drop();
    return end;
  }

 private:
  std::unique_ptr<net::Transport> inner_;
  std::shared_ptr<TokenSource> token_;
};

}  // namespace

std::unique_ptr<net::Transport> MakeTransport(const Config& config, base::Clock* clock) {
  net::ApiTransportOptions options;
  options.base_url = config.server;
  options.user_agent = config.user_agent;
  options.tls.authority_pem = config.authority_pem;
  if (!config.authority_file.empty()) {
    options.tls.authority = [file = config.authority_file] { return base::ReadFile(file).value_or(""); };
  }
  options.tls.server_name = config.server_name;
  options.tls.insecure_skip_verify = config.insecure;
  if (!config.certificate_pem.empty()) {
    const CertificateAndKey first{config.certificate_pem, config.key_pem};
    if (config.certificate_file.empty() && config.key_file.empty()) {
      options.tls.client_certificate = [first] { return first; };
    } else {
      auto files = std::make_shared<CertificateFiles>(config.certificate_file, config.key_file, first);
      options.tls.client_certificate = [files] { return files->Get(); };
    }
  }
  if (config.token_file.empty()) {
    if (!config.token.empty()) {
      options.bearer_token = [token = config.token]() -> base::Result<std::string> { return token; };
    }
    return net::NewCpprestTransport(std::move(options));
  }
  auto token = std::make_shared<TokenSource>(config.token_file, clock != nullptr ? *clock : base::SystemTime());
  options.bearer_token = [token] { return token->Get(); };
  return std::make_unique<TokenTransport>(net::NewCpprestTransport(std::move(options)), token);
}

}  // namespace dm::kube
