#include "webhook/own_certificates.h"

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"

namespace dm::webhook {
namespace {

constexpr auto kLook = std::chrono::seconds(10);    // how long a caBundle that somebody took away is missing
constexpr auto kStuck = std::chrono::minutes(10);   // far above the sum of a look's deadlines
constexpr base::BackoffPolicy kRetry{std::chrono::milliseconds(500), 2.0, std::chrono::seconds(30), 0.5, std::chrono::minutes(2)};

// dotted quads and everything with a colon; names have neither form.
bool IsAddress(const std::string& host) {
  if (host.find(':') != std::string::npos) return true;
  return !host.empty() && host.find_first_not_of("0123456789.") == std::string::npos;
}

bool Passing(const base::Error& error) {
  return error.code == base::Code::kUnavailable || error.code == base::Code::kTimeout || error.code == base::Code::kConflict ||
         error.code == base::Code::kCancelled;
}

}  // namespace

net::CertificateNames ServingNames(const OwnCertificatesOptions& options) {
  const std::string qualified = options.service + "." + options.ns;
  net::CertificateNames names;
  names.dns = {qualified + ".svc", options.service, qualified, qualified + ".svc." + options.cluster_domain};
  // A common name holds 64 characters at most; nobody reads it, all read the list.
  names.common_name = names.dns.front().size() <= 64 ? names.dns.front() : "dm-webhook";
  for (const std::string& host : options.hosts) {
    auto& list = IsAddress(host) ? names.ips : names.dns;
    if (std::find(list.begin(), list.end(), host) == list.end()) list.push_back(host);
  }
  return names;
}

OwnCertificates::OwnCertificates(const kube::Client& client, OwnCertificatesOptions options, base::Clock& clock,
                                 base::Random& random)
    : client_(client), options_(std::move(options)), clock_(clock), backoff_(kRetry, clock, random) {}

OwnCertificates::~OwnCertificates() { Stop(); }

void OwnCertificates::Start() {
  thread_ = std::jthread([this](std::stop_token stop) { Run(std::move(stop)); });
}

void OwnCertificates::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void OwnCertificates::Run(std::stop_token stop) {
  bool well = true;
  while (!stop.stop_requested()) {
    well = Tick(stop).has_value();
    if (well) backoff_.Reset();
    const base::Duration wait = well ? base::Duration(kLook) : backoff_.Next();
    if (!clock_.WaitFor(wait, stop)) return;
  }
}

bool OwnCertificates::Stuck() const {
  const auto since = looking_since_.Copy();
  return since && clock_.Now() - *since > kStuck;
}

base::Result<void> OwnCertificates::Tick(std::stop_token stop) {
  looking_since_.Set(clock_.Now());
  auto looked = Look(stop);
  looking_since_.Set(std::nullopt);
  auto state = state_.Lock();
  if (looked) {
    state->problem.clear();
    state->last_error.clear();
    return looked;
  }
  const std::string error = looked.error().ToString();
  if (error != state->last_error && !stop.stop_requested()) base::LogWarn("the webhook's certificates need care", {{"error", error}});
  state->last_error = error;
  // Where everything was in place, an API server that is away changes nothing: the callers trust what they trusted.
  if (!state->problem.empty() || !Passing(looked.error())) state->problem = error;
  return looked;
}

base::Result<void> OwnCertificates::Look(std::stop_token stop) {
  const base::WallTime now = clock_.Wall();
  const SecretPlace place{options_.ns, options_.secret, "dm-webhook authority"};
  const auto authorities = EnsureAuthorities(client_, place, now, stop);
  if (!authorities) return base::Propagate(authorities);
  if (!options_.configuration.empty()) {
    const EntryMatch match{options_.service, options_.ns, options_.hosts};
    const auto bundled = EnsureBundle(client_, options_.configuration, match, BundleOf(*authorities, now), now, stop);
    if (!bundled) {
      // A first leaf does no harm and lets the port answer; a switch to a signer that is not published would.
      if (!Current()) {
        if (const auto kept = KeepLeaf(*authorities, now); !kept) return kept;
      }
      return base::Propagate(bundled);
    }
  }
  return KeepLeaf(*authorities, now);
}

base::Result<void> OwnCertificates::KeepLeaf(const Authorities& authorities, base::WallTime now) {
  const net::KeyPair& signer = SignerOf(authorities, now);
  const auto signer_facts = net::ReadCertificate(signer.certificate_pem);
  if (!signer_facts) return base::Propagate(signer_facts, "reading the authority");
  const ServingPtr held = Current();
  const std::string bundle = BundleOf(authorities, now);
  if (held && signer_ == signer_facts->fingerprint && valid_from_ <= now && now < renew_at_ && held->authority_pem == bundle) return {};

  auto serving = std::make_shared<Serving>();
  const net::CertificateNames names = ServingNames(options_);
  const auto life = std::min<base::Duration>(kLeafLife, signer_facts->not_after - now);   // no leaf outlives who signed it
  auto leaf = net::IssueLeaf(signer, names, now, life, /*server=*/true, /*client=*/false);
  if (!leaf) return base::Propagate(leaf, "issuing the serving certificate");
  const auto facts = net::ReadCertificate(leaf->certificate_pem);
  if (!facts) return base::Propagate(facts, "reading the serving certificate");
  serving->pair = std::move(*leaf);
  serving->authority_pem = bundle;
  serving->host_name = names.dns.front();
  serving->expires = facts->not_after;
  serving->authority_expires = signer_facts->not_after;
  signer_ = signer_facts->fingerprint;
  valid_from_ = facts->not_before;
  renew_at_ = net::RenewAt(facts->not_before, facts->not_after);
  base::LogInfo("a new serving certificate", {{"expires", base::FormatRfc3339(facts->not_after)}, {"signer", signer_.substr(0, 16)}});
  state_.Lock()->serving = std::move(serving);
  return {};
}

}  // namespace dm::webhook
