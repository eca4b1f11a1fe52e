// LeaseLock: one candidate's dealings with the Lease object: taking it, renewing it, giving it back. The protocol only;
// who calls when, and what follows, is LeaderElector's. Not thread-safe: one thread at a time.
//
// The times in the record are for people. What counts is how long, by our own clock, a record of another has not
// changed.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "kube/lease.h"

namespace dm::kube {

class LeaseLock {
 public:
  enum class Attempt {
    kHeld,    // ours, counted from Held().since
    kTaken,   // somebody else's, and not yet to be taken
    kFailed,  // nothing can be said: no answer, or a lost race
  };

  LeaseLock(const Client& client, const LeaseOptions& options, base::Clock& clock)
      : client_(client), options_(options), clock_(clock) {}

  Attempt Try(std::stop_token stop);
  // A write was sent and its answer not seen: the lease may be ours without our knowing.
  bool unsure() const { return unsure_; }
  // After kHeld: the moment just before the request that renewed was sent. Others count from later.
  base::TimePoint since() const { return since_; }
  const std::string& holder() const { return holder_; }  // as last seen; may be empty
  // Gives it up if it is ours; conflicts are tried again until `deadline`.
  void Release(base::TimePoint deadline);

 private:
  struct Observed {
    base::Json spec;
    base::TimePoint since{};
  };
  Attempt TryFromServer(std::stop_token stop);
  Attempt Write(base::Json lease, bool create, std::stop_token stop);
  bool MayTake(const base::Json& live);
  std::string Name() const { return options_.ns + "/" + options_.name; }

  const Client& client_;
  const LeaseOptions& options_;
  base::Clock& clock_;
  std::optional<base::Json> mine_;  // the object as we last wrote it: enough to renew with
  std::optional<Observed> observed_;
  base::TimePoint since_{};
  std::string holder_;
  bool unsure_ = false;
};

}  // namespace dm::kube
