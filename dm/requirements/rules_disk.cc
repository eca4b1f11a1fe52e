// The worker's disk against the data to migrate. A worker holds the full data of its source while it dumps and loads, and
// with the relay log on the binlog too. The page says "greater than", so equal is not enough.
#include <algorithm>
#include <optional>

#include "dm/requirements/config_facts.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

using kube::api::Quantity;

struct Load {
  Quantity largest, sum;
  std::string largest_name;
  bool with_relay = false;      // the largest
};

// What is known of the upstreams' needs; nullopt when nothing is.
std::optional<Load> Needs(const DMCluster& cluster) {
  std::optional<Load> load;
  const bool elsewhere = RelayLogElsewhere(cluster);
  for (const Upstream& upstream : cluster.upstreams) {
    const Quantity relay = upstream.relay && !elsewhere ? upstream.relay_space.value_or(Quantity()) : Quantity();
    const Quantity need = upstream.data_size.value_or(Quantity()) + relay;
    if (need.IsZero()) continue;
    if (!load) load.emplace();
    load->sum = load->sum + need;
    if (need > load->largest) {
      load->largest = need;
      load->largest_name = upstream.name;
      load->with_relay = !relay.IsZero();
    }
  }
  return load;
}

Finding AboutDisk(const Context& context, const desired::RolePods& pods, Quantity need) {
  Finding finding;
  finding.role = Role::kWorker;
  finding.field = "spec.worker.storageSize";
  const std::optional<Quantity> size = pods.claim ? pods.claim->size : std::nullopt;
  const bool written = size && base::Find(context.cluster().worker.raw, "storageSize") != nullptr;
  finding.shape = written ? Shape::kInvalid : Shape::kRequired;
  if (written) finding.found = Written(context.cluster().worker.raw, {"storageSize"}, *size);
  finding.required = "more than " + need.ToString();
  // Strictly greater: equal falls short by the least there is.
  finding.shortfall = Shortfall::Of(need - size.value_or(Quantity()) + Quantity::FromNano(1));
  finding.remedy = (written ? "raise it above " : "set it above ") + need.ToString();
  return finding;
}

bool Holds(const desired::RolePods& pods, Quantity need) {
  return pods.claim && pods.claim->size && *pods.claim->size > need;
}

}  // namespace

void CheckWorkerDiskHoldsData(Rule rule, Context& context) {
  const desired::RolePods* worker = context.Pods(Role::kWorker);
  if (worker == nullptr) return;
  const auto load = Needs(context.cluster());
  if (!load) return context.NotCheck(rule, "no upstream says how large its data is");
  if (Holds(*worker, load->largest)) return;
  Finding finding = AboutDisk(context, *worker, load->largest);
  finding.message = "a DM-worker's disk must be greater than the data of its upstream, and " + Quoted(load->largest_name) +
                    " has " + load->largest.ToString() + (load->with_relay ? " with its relay log" : "");
  context.Add(rule, std::move(finding));
}

void CheckWorkerDiskHoldsAll(Rule rule, Context& context) {
  const desired::RolePods* worker = context.Pods(Role::kWorker);
  if (worker == nullptr) return;
  const auto load = Needs(context.cluster());
  if (!load) return context.NotCheck(rule, "no upstream says how large its data is");
  if (load->sum == load->largest || Holds(*worker, load->sum)) return;   // one upstream is WorkerDiskHoldsData's
  Finding finding = AboutDisk(context, *worker, load->sum);
  finding.message = "all upstreams together have " + load->sum.ToString() +
                    "; any DM-worker may come to hold any of them, and dump files can stay behind";
  if (context.policy.data_fits_sum) {
    context.Add(rule, std::move(finding), Severity::kDeny);
  } else {
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements
