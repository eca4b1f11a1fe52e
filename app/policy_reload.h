// PolicyReload: the administrator's policy file, read again every ten seconds. Contents are compared (a ConfigMap mount
// swaps symlinks, so times and inodes say nothing). A file that is wrong or gone leaves the last good policy in force and
// shows as an error. Thread-safe after Start.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "dm/requirements/policy.h"

namespace dm::app {

using PolicyPtr = std::shared_ptr<const requirements::Policy>;

struct PolicyState {
  PolicyPtr policy;                  // the last good one; null when there has never been one
  std::string error;                 // empty: the file is what is in force. "policy.yaml: line 4: rules.MasterCpu: …"
  std::uint64_t loads = 0;           // how often a new policy came into force
  std::uint64_t failures = 0;        // how often a new content was refused
};

class PolicyReload {
 public:
  using Handler = std::function<void(PolicyPtr)>;
  using Refused = std::function<void()>;
  using Read = std::function<base::Result<std::string>(const std::string& path)>;

  // `path` empty: the built-in policy, for ever. `on_change` runs for each new policy, on the thread that found it.
  PolicyReload(std::string path, base::Clock& clock, Handler on_change, Read read = {},
               base::Duration period = std::chrono::seconds(10));
  ~PolicyReload();

  // Runs for each new content that is refused, after State says so; register before Start. That the file is mended is told by
  // `on_change`, also when it says what is in force already.
  void OnRefused(Refused handler) { on_refused_ = std::move(handler); }
  void Start();                      // reads once before it returns
  void Stop();
  void Poll();                       // one look at the file
  PolicyState State() const { return state_.Copy(); }

 private:
  void Refuse(const std::string& seen, std::string error);

  const std::string path_;
  base::Clock& clock_;
  const Handler on_change_;
  Refused on_refused_;
  const Read read_;
  const base::Duration period_;
  std::string seen_;                 // content (or read error) of the last look; of the polling thread alone
  bool looked_ = false;
  base::Guarded<PolicyState> state_;
  std::jthread thread_;
};

}  // namespace dm::app
