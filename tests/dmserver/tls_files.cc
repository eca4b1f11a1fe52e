#include "tests/dmserver/tls_files.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/files.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/strings.h"

namespace dm::standin {
namespace {

constexpr auto kKnown = std::chrono::seconds(10);

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList LookUp(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) list = nullptr;
  return {list, freeaddrinfo};
}

std::string Text(const addrinfo& entry, int flags) {
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), text.size(), nullptr, 0, flags) != 0) return {};
  return text.data();
}

bool StandsFor(const std::string& host, const std::string& address) {
  const auto list = LookUp(host, 0);
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (Text(*entry, NI_NUMERICHOST) == address) return true;
  }
  return false;
}

}  // namespace

bool CoversSource(const net::CertificateFacts& certificate, const std::string& address) {
  if (certificate.ips.empty() && certificate.dns.empty()) return true;
  if (std::find(certificate.ips.begin(), certificate.ips.end(), address) != certificate.ips.end()) return true;
  std::string reverse;
  for (const std::string& name : certificate.dns) {
    if (!base::StartsWith(name, "*.")) {
      if (StandsFor(name, address)) return true;
      continue;
    }
    if (reverse.empty()) {
      const auto list = LookUp(address, AI_NUMERICHOST);
      reverse = list ? Text(*list, NI_NAMEREQD) : "";
      if (reverse.empty()) reverse = "-";
    }
    const auto dot = reverse.find('.');
    if (dot != std::string::npos && reverse.substr(dot) == name.substr(1)) return true;
  }
  return false;
}

base::Result<TlsFiles> TlsFiles::Open(const std::string& ca, const std::string& certificate, const std::string& key) {
  TlsFiles files;
  if (ca.empty() && certificate.empty() && key.empty()) return files;
  const auto pem = base::ReadFile(ca);
  if (!pem) return base::Propagate(pem, "could not read ca certificate");
  files.ca_pem_ = *pem;
  files.certificate_path_ = certificate;
  files.key_path_ = key;
  const PeerTls now = files.Client();
  if (const auto fits = net::CheckKeyPair({now.cert_pem, now.key_pem}, ""); !fits) return base::Propagate(fits, "could not load client key pair");
  return files;
}

PeerTls TlsFiles::Client() const {
  if (!on()) return {};
  const auto certificate = base::ReadFile(certificate_path_);
  const auto key = base::ReadFile(key_path_);
  return {ca_pem_, certificate ? *certificate : "", key ? *key : ""};
}

void TlsFiles::Serve(net::ServerOptions& options, Demand demand) const {
  if (!on()) return;
  options.tls = [files = *this]() -> std::optional<net::KeyPair> {
    const PeerTls now = files.Client();
    return net::KeyPair{now.cert_pem, now.key_pem};
  };
  if (demand == Demand::kNothing) return;
  options.client_authority_pem = ca_pem_;
  if (demand != Demand::kSource) return;
  options.io_threads = 2;   // looking names up takes its time
  // DM's peers keep a connection for long, ours make one a message: who was let in a moment ago is let in.
  auto known = std::make_shared<base::Guarded<std::map<std::string, base::TimePoint>>>();
  options.admit = [known](const net::CertificateFacts& peer, const std::string& address) {
    const auto now = std::chrono::steady_clock::now();
    const std::string key = peer.fingerprint + "@" + address;
    {
      auto all = known->Lock();
      if (const auto it = all->find(key); it != all->end() && now < it->second) return true;
    }
    if (CoversSource(peer, address)) {
      (*known->Lock())[key] = now + kKnown;
      return true;
    }
    base::LogWarn("rejected connection: tls: the client's address does not match any of its DNSNames",
                  {{"address", address}, {"names", base::Join(peer.dns, ",")}});
    return false;
  };
}

}  // namespace dm::standin
