// OwnCertificates: the webhook looks after its certificates itself. Every ten seconds, by the wall clock: the authority's Secret
// (created, rotated), the caBundle (patched on drift), and a leaf that lives in this process's memory only. Without an API
// server or permissions it keeps trying; what it has stays in use.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "kube/client.h"
#include "webhook/authority_secret.h"
#include "webhook/ca_bundle.h"
#include "webhook/certificate_source.h"

namespace dm::webhook {

struct OwnCertificatesOptions {
  std::string ns, service;                        // where callers find us
  std::string secret;                             // of the authority, in ns
  std::string configuration;                      // ValidatingWebhookConfiguration; empty: somebody else keeps the caBundle
  std::vector<std::string> hosts;                 // further names or addresses
  std::string cluster_domain = "cluster.local";
};

// Everything by which a caller may know us.
net::CertificateNames ServingNames(const OwnCertificatesOptions& options);

class OwnCertificates final : public CertificateSource {
 public:
  OwnCertificates(const kube::Client& client, OwnCertificatesOptions options, base::Clock& clock, base::Random& random);
  ~OwnCertificates() override;
  void Start() override;
  void Stop() override;
  // One look at everything; the first error.
  base::Result<void> Tick(std::stop_token stop = {});
  // Is one look under way for longer than any of its deadlines allows? What liveness asks.
  bool Stuck() const;

 private:
  base::Result<void> Look(std::stop_token stop);
  base::Result<void> KeepLeaf(const Authorities& authorities, base::WallTime now);
  void Run(std::stop_token stop);

  const kube::Client& client_;
  const OwnCertificatesOptions options_;
  base::Clock& clock_;
  base::Backoff backoff_;                         // of the one thread that ticks
  std::string signer_;                            // fingerprint of who signed the leaf; likewise
  base::WallTime valid_from_{};                   // of the leaf; one that a clock made that was ahead is not valid yet
  base::WallTime renew_at_{};                     // likewise
  base::Guarded<std::optional<base::TimePoint>> looking_since_;
  std::jthread thread_;
};

}  // namespace dm::webhook
