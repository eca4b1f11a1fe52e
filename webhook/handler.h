// Handler: HTTP in, HTTP out, around Decider. Counts, times, and lets no exception out. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "app/metrics.h"
#include "base/clock.h"
#include "net/http_types.h"
#include "webhook/decide.h"

namespace dm::webhook {

class Handler {
 public:
  Handler(const Decider& decider, app::Metrics& metrics, const base::Clock& clock);

  // POST /validate; GET /healthz answers "ok", for the look at our own port.
  net::Response Handle(const net::Request& request);

  // From now on every review is answered with 503: the API server asks another replica. The last step before the server drains.
  void Leave() { leaving_ = true; }

 private:
  net::Response Validate(const net::Request& request);
  net::Response Judge(const Review& review);
  void Count(const Review& review, const Decision& decision);

  const Decider& decider_;
  const base::Clock& clock_;
  std::atomic<bool> leaving_{false};
  std::map<int, app::Counter> by_code_;               // all below are filled in the constructor and only read later
  app::Histogram latency_;
  app::Gauge in_flight_;
  app::Counter panics_;
  std::map<std::string, app::Counter> verdicts_;      // "create allowed"
  std::map<std::string, app::Counter, std::less<>> denied_, warned_;   // by rule
};

}  // namespace dm::webhook
