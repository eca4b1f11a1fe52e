// Controller: workers that take keys from a queue and reconcile them.
//   error          → again after the key's backoff, or after the error's retry_after if that is longer
//   kInvalid error → terminal: logged and counted, not retried until the key is added anew
//   kCancelled     → when we are stopping: nothing; else as an error
//   Requeue{after} → backoff forgotten, again after that time
//   Requeue{}      → done
// An exception out of `reconcile` counts as an error. Stop waits for the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "kube/work_queue.h"

namespace dm::kube {

struct Requeue {
  std::optional<base::Duration> after;
};

using Reconcile = std::function<base::Result<Requeue>(const Key& key, std::stop_token stop)>;

struct ControllerStats {
  std::uint64_t success = 0, error = 0, requeue = 0, terminal = 0, panic = 0;
  int active = 0;
};

// For a histogram of reconcile times; `result` is success | error | requeue | terminal | panic. Called by the workers.
using ReconcileObserver = std::function<void(const char* result, base::Duration took)>;

class Controller {
 public:
  Controller(std::string name, WorkQueue& queue, Reconcile reconcile, int workers, base::Clock& clock,
             ReconcileObserver observer = {});
  ~Controller();
  void Start();
  void Stop();  // asks the reconciles in hand to stop and waits for them; the queue itself stays open
  ControllerStats Stats() const;
  // Longest time that one reconcile in hand has been running: what liveness is made of.
  base::Duration LongestRunning() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube
