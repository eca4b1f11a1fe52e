// Health: named checks behind /healthz and /readyz, answered as Kubernetes' own components do. A check returns "" when all
// is well, else the reason for a person. Liveness asks only about our own progress; what the API server does belongs to
// readiness. Register at start; asking is thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/http_types.h"

namespace dm::app {

using Check = std::function<std::string()>;

class Checks {
 public:
  void Add(std::string name, Check check);
  // 200 "ok", or 503 with a line a check: "[+]policy ok", "[-]caches: nodes have not been listed yet". With `verbose` the
  // lines come in any case.
  net::Response Answer(bool verbose) const;
  // The failing ones: "caches: nodes have not been listed yet".
  std::vector<std::string> Failing() const;

 private:
  struct Named {
    std::string name;
    Check check;
  };
  std::vector<Named> checks_;
};

}  // namespace dm::app
