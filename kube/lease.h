// LeaderElector: a coordination.k8s.io Lease held by one replica, with a fence: Remaining() is what every mutation must fit
// into. Figures (architecture.md): lease 30 s, renew deadline 20 s, retry 4 s. Clocks of others are never compared.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/client.h"

namespace dm::kube {

struct LeaseOptions {
  std::string ns, name, identity;
  base::Duration lease = std::chrono::seconds(30);
  base::Duration renew_deadline = std::chrono::seconds(20);
  base::Duration retry = std::chrono::seconds(4);
};

class LeaderElector {
 public:
  // `client` should be of its own connection with a short timeout. on_lost runs at the latest when the renew deadline has
  // passed; the program must exit then.
  LeaderElector(const Client& client, LeaseOptions options, base::Clock& clock, base::Random& random,
                std::function<void()> on_started, std::function<void()> on_lost);
  ~LeaderElector();
  void Start();
  void StopAndRelease();               // only after the work has ended
  bool IsLeader() const;
  // Time until our lease may be taken by another, by our own clock; zero when we do not hold it. Thread-safe.
  base::Duration Remaining() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube
