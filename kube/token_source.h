// TokenSource: a bearer token in a file that somebody renews (a projected service account token). Thread-safe.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"

namespace dm::kube {

class TokenSource {
 public:
  // Read again each minute, less a leeway of 10 s; after a failed read the last good token serves and the next try is
  // soon.
  static constexpr base::Duration kFresh = std::chrono::seconds(50);
  static constexpr base::Duration kTryAgain = std::chrono::seconds(10);

  TokenSource(std::string file, base::Clock& clock) : file_(std::move(file)), clock_(clock) {}

  base::Result<std::string> Get();
  // The server said 401: what we hold is worth nothing.
  void Drop();

 private:
  struct State {
    std::string token;        // "" : none
    base::TimePoint until{};  // good without another look until then
  };
  const std::string file_;
  base::Clock& clock_;
  base::Guarded<State> state_;
};

}  // namespace dm::kube
