// LeaderElector: a coordination.k8s.io Lease held by one replica, with a fence: Remaining() is what every mutation must
// fit into (kube/fence.h). Figures (architecture.md): lease 30 s, renew deadline 20 s, retry 4 s; who waits for the lease looks
// each 1 to 2.2 s. Clocks of others are never compared.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "kube/client.h"

namespace dm::kube {

struct LeaseOptions {
  std::string ns, name, identity;
  base::Duration lease = std::chrono::seconds(30);
  base::Duration renew_deadline = std::chrono::seconds(20);
  base::Duration retry = std::chrono::seconds(4);
};

// kInvalid unless lease > renew_deadline > 1.2 retry > 0 and the names are given.
base::Result<void> CheckLeaseOptions(const LeaseOptions& options);

class LeaderElector {
 public:
  // `client` should be of its own connection with a short timeout. on_started runs once, on a thread of its own.
  // on_lost runs at most once, at the latest when the renew deadline has passed, even while a request hangs; the
  // program must exit then. Neither may destroy or stop the elector.
  LeaderElector(const Client& client, LeaseOptions options, base::Clock& clock, base::Random& random,
                std::function<void()> on_started, std::function<void()> on_lost);
  ~LeaderElector();
  void Start();
  void StopAndRelease();  // only after the work has ended
  bool IsLeader() const;
  // Time until our lease may be taken by another, by our own clock; zero when we do not hold it. Thread-safe.
  base::Duration Remaining() const;
  std::string Holder() const;  // who holds it as far as we know; may be empty

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube
