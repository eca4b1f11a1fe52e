// How many instances: the page's last column.
#include <algorithm>

#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

// Declared or reported by the running DM, whichever is more; none known counts as one.
int Upstreams(const Context& context) {
  const std::size_t declared = context.cluster().upstreams.size();
  const std::size_t reported = context.now.live.known ? context.now.live.sources.size() : 0;
  return std::max(1, static_cast<int>(std::max(declared, reported)));
}

Finding TooFew(Role role, int found, bool given, int needed) {
  Finding finding;
  finding.role = role;
  finding.field = PathOf(role) + ".replicas";
  finding.shortfall = Shortfall::Count(needed - found);
  finding.shape = given ? Shape::kInvalid : Shape::kRequired;
  finding.number = true;
  if (given) finding.found = std::to_string(found);
  finding.required = std::to_string(needed);
  finding.remedy = (given ? "raise it to " : "set it to ") + finding.required;
  return finding;
}

int InstanceFloor(const Context& context, Environment environment, Role role) {
  const auto floor = Floor(context.policy, environment, role, Resource::kInstances);
  return floor ? static_cast<int>(std::min<std::int64_t>(floor->Value(), 10'000)) : 0;
}

int WorkersNeeded(const Context& context, Environment environment) {
  const int upstreams = Upstreams(context);
  const int spare = environment == Environment::kProduction ? 1 : 0;
  return std::max(upstreams + spare, InstanceFloor(context, environment, Role::kWorker));
}

void NoteLowered(Context& context, Role role, int found) {
  const auto table = TableFloor(context.environment(), role, Resource::kInstances);
  if (table && found < table->Value()) {
    context.Note(MinimumKey(context.environment(), role, Resource::kInstances) + " is lowered by the policy: the page asks for " +
                 table->ToString() + ", this cluster has " + std::to_string(found));
  }
}

}  // namespace

void CheckMasterReplicas(Rule rule, Context& context) {
  const Component& master = context.cluster().master;
  const int needed = InstanceFloor(context, context.environment(), Role::kMaster);
  if (master.replicas >= needed) return NoteLowered(context, Role::kMaster, master.replicas);
  Finding finding = TooFew(Role::kMaster, master.replicas, master.replicas_set, needed);
  finding.message = context.production()
                        ? "a production cluster needs at least " + Plural(needed, "DM-master") + ", so that the loss of one stops nothing"
                        : "a development cluster needs at least " + Plural(needed, "DM-master");
  finding.remedy += OrDevelopment(
      context, master.replicas >= InstanceFloor(context, Environment::kDevelopment, Role::kMaster));
  context.Add(rule, std::move(finding));
}

void CheckMasterReplicasOdd(Rule rule, Context& context) {
  const int replicas = context.cluster().master.replicas;
  if (replicas < 2 || replicas % 2 != 0) return;
  Finding finding;
  finding.field = "spec.master.replicas";
  finding.number = true;
  finding.found = std::to_string(replicas);
  finding.required = "an odd number";
  finding.shortfall = Shortfall::Count(1);
  finding.message = Plural(replicas, "DM-master") + " survive no more losses than " + std::to_string(replicas - 1);
  finding.remedy = "use " + std::to_string(replicas - 1) + " or " + std::to_string(replicas + 1);
  context.Add(rule, std::move(finding));
}

void CheckWorkerReplicas(Rule rule, Context& context) {
  const DMCluster& cluster = context.cluster();
  const int replicas = cluster.has_worker ? cluster.worker.replicas : 0;
  const int needed = WorkersNeeded(context, context.environment());
  if (replicas >= needed) return;
  Finding finding = TooFew(Role::kWorker, replicas, cluster.has_worker && cluster.worker.replicas_set, needed);
  const int upstreams = Upstreams(context);
  const bool none = cluster.upstreams.empty() && (!context.now.live.known || context.now.live.sources.empty());
  const std::string count = none ? "1 upstream (none is declared, which counts as one)" : Plural(upstreams, "upstream");
  if (needed > upstreams + (context.production() ? 1 : 0)) {
    finding.message = "the policy asks for at least " + Plural(needed, "DM-worker");
  } else if (context.production()) {
    finding.message = "a production cluster needs more DM-workers than upstreams, and there is " + count +
                      ": a spare one takes over when another is lost";
    if (!none && upstreams > 1) {
      finding.message = "a production cluster needs more DM-workers than upstreams, and there are " + count +
                        ": a spare one takes over when another is lost";
    }
  } else {
    finding.message = "each upstream needs a DM-worker of its own, and there " + std::string(upstreams > 1 ? "are " : "is ") + count;
  }
  finding.remedy += OrDevelopment(context, replicas >= WorkersNeeded(context, Environment::kDevelopment));
  context.Add(rule, std::move(finding));
}

void CheckMonitorReplicas(Rule rule, Context& context) {
  const auto& monitor = context.cluster().monitor;
  if (context.now.effective.monitor_external || (monitor && monitor->external)) return;
  const int replicas = monitor ? monitor->replicas : 0;
  const int needed = std::max(1, InstanceFloor(context, context.environment(), Role::kMonitor));
  if (replicas >= needed) return;
  Finding finding = TooFew(Role::kMonitor, replicas, monitor.has_value(), needed);
  if (!monitor) finding.field = "spec.monitor";
  finding.message = "a " + std::string(EnvironmentName(context.environment())) + " cluster needs a monitor";
  finding.remedy = std::string(monitor ? "raise it to " + std::to_string(needed) : "add spec.monitor") +
                   ", or set spec.monitor.external to true if one that stands elsewhere watches this cluster" +
                   OrDevelopment(context, true);
  context.Add(rule, std::move(finding));
}

}  // namespace dm::requirements
