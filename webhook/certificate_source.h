// What the port shows its callers, and where it comes from. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "net/tls.h"

namespace dm::webhook {

struct Serving {
  net::KeyPair pair;
  std::string authority_pem;          // what verifies it; empty: unknown
  std::string host_name;              // one that is in it
  base::WallTime expires;
  base::WallTime authority_expires;
};
using ServingPtr = std::shared_ptr<const Serving>;

class CertificateSource {
 public:
  virtual ~CertificateSource() = default;
  virtual void Start() = 0;
  virtual void Stop() = 0;

  ServingPtr Current() const { return state_.Lock()->serving; }       // null: none yet
  std::optional<net::KeyPair> Pair() const;                           // for net::ServerOptions::tls
  // Why callers could not trust the port; empty: they can.
  std::string Problem(base::WallTime now) const;
  // How the last look went, also where it does not hurt yet; empty: well.
  std::string LastError() const { return state_.Lock()->last_error; }

 protected:
  struct State {
    ServingPtr serving;
    std::string problem = "there is no certificate yet";
    std::string last_error;
  };
  base::Guarded<State> state_;
};

}  // namespace dm::webhook
