// Expectations: what we have written and not yet seen in the stores. A plan made before the cache has caught up would write the
// same again; so a cluster is left alone until it has, or for a few seconds at most. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"

namespace dm::op {

class Expectations {
 public:
  static constexpr base::Duration kAtMost = std::chrono::seconds(5);   // an event that takes longer is not waited for

  explicit Expectations(const base::Clock& clock) : clock_(clock) {}

  // Until `seen` says true.
  void Add(const std::string& key, std::function<bool()> seen);
  // Everything has been seen, or waited for long enough.
  bool Met(const std::string& key);
  void Forget(const std::string& key);

 private:
  struct Expected {
    std::function<bool()> seen;
    base::TimePoint until;
  };
  const base::Clock& clock_;
  base::Guarded<std::map<std::string, std::vector<Expected>>> expected_;
};

// Whether the resource version `held` is `written` or a later one.
bool HasReached(const std::string& held, const std::string& written);

}  // namespace dm::op
