// EventRecorder: core/v1 Events about objects, aggregated (same object, reason and message: count + 1) and bounded in rate
// (burst 25 an object, one more every 5 minutes, as client-go). Thread-safe; posting happens on its own thread.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/client.h"

namespace dm::kube {

struct ObjectReference {
  std::string api_version, kind, ns, name, uid;
};

class EventRecorder {
 public:
  EventRecorder(const Client& client, std::string component, base::Clock& clock);
  ~EventRecorder();
  // type: Normal | Warning. reason CamelCase; message cut at 1 kB.
  void Record(const ObjectReference& about, const std::string& type, const std::string& reason, const std::string& message);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube
