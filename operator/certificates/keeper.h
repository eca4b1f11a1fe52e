// Keeper: sees to it that the certificates of a cluster with an issuer exist and are renewed in time. Looks at the Secrets when
// something it depends on has changed, when a renewal is due, and every kKeep; in between it costs nothing.
//
// Thread-safe for different clusters. Blocking: a few calls to the API server.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "dm/cluster.h"
#include "kube/client.h"

namespace dm::op::certificates {

struct Standing {
  bool usable = false;               // every certificate is there
  std::string mark;                  // for pod templates; empty: whatever is there stays
  bool written = false;              // in this call: what was read of the Secrets before is old
  std::string reason, message;       // of the condition CertificatesReady and, while not usable, of a wait
  std::string news;                  // for an event; empty: none
  base::Duration look_again{};
};

class Keeper {
 public:
  static constexpr base::Duration kKeep = std::chrono::minutes(5);
  static constexpr base::Duration kRetry = std::chrono::seconds(10);

  Keeper(const kube::Client& client, const base::Clock& clock) : client_(client), clock_(clock) {}

  // `marks`: of every pod there is, "" of one without. For clusters with an issuer only, and only for those that we may change.
  Standing Keep(const DMCluster& want, const std::set<std::string>& marks, std::stop_token stop);
  void Forget(const std::string& cluster);

 private:
  struct Kept {
    std::string looked_at;           // what the answer depends on, Secrets and time apart
    base::TimePoint until{};
    Standing standing;
  };
  base::Result<Standing> Look(const DMCluster& want, const std::set<std::string>& marks, std::stop_token stop) const;
  base::Result<Standing> LookOwn(const DMCluster& want, const std::set<std::string>& marks, std::stop_token stop) const;
  base::Result<Standing> LookCertManager(const DMCluster& want, std::stop_token stop) const;

  const kube::Client& client_;
  const base::Clock& clock_;
  base::Guarded<std::map<std::string, Kept>> kept_;     // by cluster
};

}  // namespace dm::op::certificates
