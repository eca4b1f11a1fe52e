#include "app/parts.h"

#include <unistd.h>

#include <memory>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"

namespace dm::app {

void Parts::Add(std::string name, StartPart start, StopPart stop) {
  parts_.push_back({std::move(name), std::move(start), std::move(stop)});
}

base::Result<void> Parts::Start() {
  for (const Part& part : parts_) {
    const auto started = part.start();
    if (!started) return base::Propagate(started, "starting the " + part.name);
    ++started_;
    base::LogDebug("started", {{"part", part.name}});
  }
  return {};
}

void Parts::Stop(base::Duration grace) {
  base::Guarded<std::string> stopping;
  std::jthread watchdog([&](std::stop_token stop) {
    auto name = stopping.Lock();
    stopping.WaitFor(name, stop, grace, [](const std::string&) { return false; });
    if (stop.stop_requested()) return;
    base::LogError("a part did not stop in time: exiting", {{"part", *name}});
    _exit(1);
  });
  for (; started_ > 0; --started_) {
    const Part& part = parts_[started_ - 1];
    stopping.Set(part.name);
    part.stop();
    base::LogDebug("stopped", {{"part", part.name}});
  }
}

}  // namespace dm::app
