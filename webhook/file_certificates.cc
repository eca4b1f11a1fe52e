#include "webhook/file_certificates.h"

#include "base/files.h"
#include "base/log.h"

namespace dm::webhook {
namespace {

constexpr auto kLook = std::chrono::seconds(10);
constexpr std::size_t kMaxBytes = 1u << 20;

}  // namespace

FileCertificates::FileCertificates(std::string directory, base::Clock& clock, app::Metrics& metrics, Read read)
    : directory_(std::move(directory)),
      clock_(clock),
      read_(read ? std::move(read) : [](const std::string& path) { return base::ReadFile(path, kMaxBytes); }),
      reads_(metrics.AddCounter("certwatcher_read_certificate_total", "Reads of the certificate files.")),
      failures_(metrics.AddCounter("certwatcher_read_certificate_errors_total", "Reads of the certificate files that failed.")) {}

FileCertificates::~FileCertificates() { Stop(); }

void FileCertificates::Start() {
  Tick();
  thread_ = std::jthread([this](std::stop_token stop) {
    while (clock_.WaitFor(kLook, stop)) Tick();
  });
}

void FileCertificates::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

base::Result<ServingPtr> FileCertificates::Load() const {
  auto certificate = read_(directory_ + "/tls.crt");
  if (!certificate) return base::Propagate(certificate, directory_ + "/tls.crt");
  auto key = read_(directory_ + "/tls.key");
  if (!key) return base::Propagate(key, directory_ + "/tls.key");
  const auto authority = read_(directory_ + "/ca.crt");
  if (!authority && authority.error().code != base::Code::kNotFound) return base::Propagate(authority, directory_ + "/ca.crt");

  auto serving = std::make_shared<Serving>();
  serving->pair = {std::move(*certificate), std::move(*key)};
  if (authority) serving->authority_pem = *authority;
  const auto facts = net::ReadCertificate(serving->pair.certificate_pem);
  if (!facts) return base::Propagate(facts, directory_ + "/tls.crt");
  // Without an authority only key and certificate are held against each other.
  const auto fits = net::CheckKeyPair(serving->pair, serving->authority_pem);
  if (!fits) return base::Propagate(fits, directory_);
  serving->expires = facts->not_after;
  if (authority) {
    if (const auto issuer = net::ReadCertificate(*authority)) serving->authority_expires = issuer->not_after;
  }
  if (!facts->dns.empty()) {
    serving->host_name = facts->dns.front();
  } else if (!facts->ips.empty()) {
    serving->host_name = facts->ips.front();
  }
  return ServingPtr(std::move(serving));
}

void FileCertificates::Tick() {
  reads_.Add();
  auto loaded = Load();
  auto state = state_.Lock();
  if (!loaded) {
    failures_.Add();
    const std::string error = loaded.error().ToString();
    if (error != state->last_error) {
      base::LogWarn("the certificate files were refused", {{"error", error}, {"in_use", state->serving ? "the last good pair" : "none"}});
    }
    state->last_error = error;
    if (!state->serving) state->problem = error;
    return;
  }
  state->problem.clear();
  state->last_error.clear();
  const bool same = state->serving && state->serving->pair.certificate_pem == (*loaded)->pair.certificate_pem &&
                    state->serving->pair.key_pem == (*loaded)->pair.key_pem &&
                    state->serving->authority_pem == (*loaded)->authority_pem;
  if (same) return;
  state->serving = std::move(*loaded);
  base::LogInfo("serving certificate read", {{"directory", directory_}, {"expires", base::FormatRfc3339(state->serving->expires)}});
}

}  // namespace dm::webhook
