// PortCheck: does our own port answer TLS with the certificate that callers trust? Readiness asks it; an answer counts for
// some seconds, so that probes every other second cost nothing. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "webhook/certificate_source.h"

namespace dm::webhook {

class PortCheck {
 public:
  // `address` is what the server listens on; "any" addresses are dialled through loopback.
  PortCheck(const CertificateSource& certificates, std::string address, base::Clock& clock);
  void SetPort(std::uint16_t port) { port_ = port; }   // before the first Problem
  std::string Problem();                               // empty: it answers

 private:
  std::string Dial(const Serving& serving) const;

  struct Answer {
    std::string problem = "the port was not asked yet";
    base::TimePoint until{};
    ServingPtr serving;
  };
  const CertificateSource& certificates_;
  const std::string address_;
  base::Clock& clock_;
  std::uint16_t port_ = 0;
  base::Guarded<Answer> answer_;
};

}  // namespace dm::webhook
