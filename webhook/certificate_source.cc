#include "webhook/certificate_source.h"

namespace dm::webhook {

std::optional<net::KeyPair> CertificateSource::Pair() const {
  const ServingPtr serving = Current();
  if (!serving) return std::nullopt;
  return serving->pair;
}

std::string CertificateSource::Problem(base::WallTime now) const {
  const auto state = state_.Copy();
  if (!state.problem.empty()) return state.problem;
  if (!state.serving) return "there is no certificate yet";
  if (now >= state.serving->expires) return "the certificate expired at " + base::FormatRfc3339(state.serving->expires);
  return {};
}

}  // namespace dm::webhook
