// Credentials: the client certificate by which a cluster's members let us in, from the Secret <dc>-dm-client-secret. One get of
// one named Secret, kept for some minutes; Secrets are never listed or watched. Thread-safe.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "dm/cluster.h"
#include "kube/client.h"
#include "operator/members/client.h"

namespace dm::op {

class CredentialSource {
 public:
  static constexpr base::Duration kKeep = std::chrono::minutes(5);
  static constexpr base::Duration kKeepFailure = std::chrono::seconds(15);

  CredentialSource(const kube::Client& client, const base::Clock& clock) : client_(client), clock_(clock) {}

  // Plain ones without TLS. kInvalid names the Secret and the key that is missing. While the API server does not answer, the last good
  // ones; kUnavailable or kTimeout where there are none.
  base::Result<members::Credentials> Of(const DMCluster& want, std::stop_token stop);
  void Forget(const std::string& cluster);

 private:
  struct Kept {
    base::Result<members::Credentials> result = base::Fail(base::Code::kInternal, "not read");
    base::TimePoint until{};
  };
  base::Result<members::Credentials> Read(const DMCluster& want, std::stop_token stop) const;

  const kube::Client& client_;
  const base::Clock& clock_;
  base::Guarded<std::map<std::string, Kept>> kept_;   // by cluster
};

}  // namespace dm::op
