// Controller: workers that take keys from a queue and reconcile them.
//   error          → again after the key's backoff
//   kInvalid error → terminal: logged and counted, not retried until the key is added anew
//   Requeue{after} → backoff forgotten, again after that time
//   Requeue{}      → done
// An exception out of `reconcile` counts as an error. Stop waits for the workers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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

class Controller {
 public:
  Controller(std::string name, WorkQueue& queue, Reconcile reconcile, int workers, base::Clock& clock);
  ~Controller();
  void Start();
  void Stop();
  ControllerStats Stats() const;
  // Longest time that one reconcile in hand has been running: what liveness is made of.
  base::Duration LongestRunning() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube
