// Parts: what a program is made of, started in the order of Add and stopped in the opposite one. A part that does not start
// stops those before it; a stop that does not end is ended, so that a stuck thread never outlives the grace period.
// Thread-safety: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace dm::app {

class Parts {
 public:
  using StartPart = std::function<base::Result<void>()>;
  using StopPart = std::function<void()>;

  void Add(std::string name, StartPart start, StopPart stop);
  base::Result<void> Start();
  // Exits the process with code 1 when `grace` passes before all have stopped.
  void Stop(base::Duration grace);

 private:
  struct Part {
    std::string name;
    StartPart start;
    StopPart stop;
  };
  std::vector<Part> parts_;
  std::size_t started_ = 0;
};

}  // namespace dm::app
