// PodLedger: what each pod reserves of its node, and the sums. Of a pod it keeps its name, its node, two amounts and the
// DMCluster it belongs to; pods that hold nothing (not placed, ended) are not kept. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "dm/requirements/usage.h"
#include "kube/api/pod_requests.h"

namespace dm::app {

// The field selector of the pods that count: those that are placed and have not ended.
inline constexpr char kPlacedPods[] = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed";

using UsagePtr = std::shared_ptr<const requirements::Usage>;

struct UsageNow {
  UsagePtr usage;                 // null: not known
  std::string missing;            // why not, a clause for a person
};

class PodLedger {
 public:
  PodLedger() = default;
  PodLedger(PodLedger&&) = default;
  PodLedger& operator=(PodLedger&&) = default;
  PodLedger(const PodLedger&) = delete;              // pods point at their nodes' sums
  PodLedger& operator=(const PodLedger&) = delete;

  // Each says whether a sum changed.
  bool Put(const kube::api::PodRequests& pod);
  // As the API server sends it. One whose requests cannot be read is logged and kept in mind: how much its node has left is
  // not known.
  bool Put(const base::Json& object);
  bool Remove(const std::string& key);               // namespace/name

  std::size_t pods() const { return pods_.size(); }
  // The same pointer until a sum changes; none while a pod cannot be read.
  UsageNow Now();

 private:
  struct Sum {
    requirements::Reserved all;
    std::map<std::string, requirements::Reserved> clusters;
    std::shared_ptr<const requirements::NodeUsage> made;       // null: has changed since
  };
  using ByNode = std::map<std::string, Sum>;
  struct Held {
    kube::api::Quantity cpu, memory;
    ByNode::iterator node;
    std::map<std::string, requirements::Reserved>::iterator cluster;   // only if owned
    bool owned = false;
  };
  void Take(const Held& held);
  UsagePtr Sums();

  std::unordered_map<std::string, Held> pods_;       // by namespace/name
  ByNode sums_;                                      // by node
  std::set<std::string> unreadable_;
  UsagePtr made_;
};

}  // namespace dm::app
