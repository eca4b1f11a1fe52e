// EventRecorder: core/v1 Events about objects, aggregated (same object, reason and message: count + 1) and bounded in
// rate (burst 25 an object, one more every 5 minutes, as client-go). Thread-safe; posting happens on its own thread,
// from a bounded queue: Record never waits. What the rate holds back of a repeated event is counted and told with the
// next that may pass.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/client.h"

namespace dm::kube {

struct ObjectReference {
  std::string api_version, kind, ns, name, uid;
};

struct EventStats {
  std::uint64_t posted = 0, patched = 0;  // first occurrences; counts raised
  std::uint64_t held_back = 0;            // by the rate
  std::uint64_t dropped = 0;              // queue full, refused by the server, or given up
};

class EventRecorder {
 public:
  static constexpr std::size_t kMaxQueue = 1000;
  static constexpr std::size_t kMaxKnown = 4096;  // series and objects remembered; the least used is forgotten
  static constexpr int kMaxTries = 12;            // 10 s apart, while the server is unavailable

  EventRecorder(const Client& client, std::string component, base::Clock& clock);
  ~EventRecorder();
  // type: Normal | Warning. reason CamelCase; message cut at 1 kB.
  void Record(const ObjectReference& about, const std::string& type, const std::string& reason,
              const std::string& message);
  // Waits until everything recorded so far has been dealt with; false after `timeout`. For a graceful end, and tests.
  bool Flush(base::Duration timeout);
  EventStats Stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube
