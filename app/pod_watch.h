// PodWatch: what runs on the nodes, for capacity.measure: free. Lists and watches the pods of all namespaces while that is
// wanted, and only then: of a large cluster that is some hundred thousand pods, of which PodLedger keeps a line each. The API
// server leaves out pods that are not placed or have ended.
//
// Thread-safe. One thread more while it watches.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "app/pod_ledger.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/random.h"
#include "net/transport.h"

namespace dm::app {

class PodWatch {
 public:
  // `changed` is called on the watch's thread; `whole` once a list has been taken in.
  PodWatch(net::Transport& transport, base::Clock& clock, base::Random& random, std::function<void(bool whole)> changed);
  ~PodWatch();                    // as Stop

  // Begins, if started, or ends the watch and frees what it held. Waits for the watch's thread to end.
  void Want(bool wanted);
  void Start();
  void Stop();

  // A list that is not complete, and a watch from which nothing was heard for two minutes, are not known; never a guess.
  UsageNow Now() const;
  std::size_t pods() const;       // that are held

 private:
  struct Running;
  class Consumer;
  struct State {
    bool wanted = false, started = false;
    std::shared_ptr<Running> running;
  };
  void Adjust(bool State::*what, bool value);

  net::Transport& transport_;
  base::Clock& clock_;
  base::Random& random_;
  const std::function<void(bool)> changed_;
  base::Guarded<State> state_;
};

}  // namespace dm::app
