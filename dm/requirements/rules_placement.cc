// Who may share a host with whom.
#include <algorithm>

#include "base/json.h"
#include "dm/requirements/node_groups.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

using kube::api::PodSpec;

constexpr std::string_view kHostname = "kubernetes.io/hostname";

// Where the user wrote the affinity or spread that counts for the masters.
std::string PlacementField(const DMCluster& cluster, bool spread) {
  const char* key = spread ? "topologySpreadConstraints" : "affinity";
  const bool own = base::Find(cluster.master.raw, key) != nullptr;
  return own || base::Find(cluster.raw, key) == nullptr ? "spec.master." + std::string(key) : "spec." + std::string(key);
}

bool ContradictorySelectors(const PodSpec& a, const PodSpec& b) {
  return std::any_of(a.node_selector.begin(), a.node_selector.end(), [&](const auto& entry) {
    const auto other = b.node_selector.find(entry.first);
    return other != b.node_selector.end() && other->second != entry.second;
  });
}

bool ShareCandidate(Context& context) {
  const auto& masters = context.Nodes(Role::kMaster).candidates;
  const auto& workers = context.Nodes(Role::kWorker).candidates;
  for (std::size_t m = 0, w = 0; m < masters.size() && w < workers.size();) {    // both in the view's order
    if (masters[m].index == workers[w].index) return true;
    (masters[m].index < workers[w].index ? m : w) += 1;
  }
  return false;
}

bool MayShareHost(Context& context, const PodSpec& master, const PodSpec& worker) {
  const Home home = HomeOf(context.view, context.cluster().meta.ns);
  if (Repels(master, worker, home) || Repels(worker, master, home) || master.SharesHostPort(worker)) return false;
  if (ContradictorySelectors(master, worker)) return false;
  if (!context.view.nodes_known) return true;
  const bool judged = !context.Nodes(Role::kMaster).candidates.empty() && !context.Nodes(Role::kWorker).candidates.empty();
  return !judged || ShareCandidate(context);
}

// A hard spread over hosts lets a host hold at most `skew` pods more than the emptiest candidate host.
enum class Kept { kApart, kTogether, kDependsOnNodes };
Kept KeptBySpread(Context& context, const kube::api::TopologySpread& spread, int replicas) {
  if (spread.topology_key != kHostname || spread.max_skew != 1) return Kept::kTogether;
  if (spread.min_domains >= replicas) return Kept::kApart;
  if (!context.view.nodes_known) return Kept::kDependsOnNodes;
  return static_cast<int>(context.Nodes(Role::kMaster).candidates.size()) >= replicas ? Kept::kApart : Kept::kTogether;
}

// Required anti-affinity keeps one pod a value of its keys, and any number on nodes without them; a port of the host one a node.
Kept KeptByAffinity(Context& context, const std::vector<std::string>& keys) {
  if (keys.empty()) return Kept::kTogether;
  for (const std::string_view one_host : {kHostname, std::string_view(kNodeItself)}) {
    if (std::find(keys.begin(), keys.end(), one_host) != keys.end()) return Kept::kApart;
  }
  if (!context.view.nodes_known) return Kept::kDependsOnNodes;
  const auto& candidates = context.Nodes(Role::kMaster).candidates;
  const bool all = std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return LabelOf(*candidate.node, key).has_value(); });
  });
  return all ? Kept::kApart : Kept::kTogether;
}

}  // namespace

void CheckMastersSpread(Rule rule, Context& context) {
  const desired::RolePods* masters = context.Pods(Role::kMaster);
  if (masters == nullptr || masters->replicas < 2) return;
  const Home home = HomeOf(context.view, context.cluster().meta.ns);
  const Spreading spreading = SpreadingOf(masters->pod, home);
  switch (KeptByAffinity(context, spreading.exclusive)) {
    case Kept::kApart: return;
    case Kept::kTogether: break;
    case Kept::kDependsOnNodes:
      return context.NotCheck(rule, "whether the masters' podAntiAffinity keeps them apart depends on the labels of the nodes, which are not known");
  }
  const auto& terms = masters->pod.required_anti_affinity;
  const bool by_labels = std::any_of(terms.begin(), terms.end(), [](const auto& term) { return term.namespace_selector.has_value(); });
  if (by_labels && !context.view.namespaces.contains(home.ns)) {
    return context.NotCheck(rule, "whether the masters' podAntiAffinity keeps them apart depends on the labels of the namespace, which are not known");
  }
  bool depends = false;
  for (const auto& spread : spreading.hard) {
    const Kept kept = KeptBySpread(context, spread, masters->replicas);
    if (kept == Kept::kApart) return;
    depends = depends || kept == Kept::kDependsOnNodes;
  }
  if (depends) {
    return context.NotCheck(rule, "whether the masters' topologySpreadConstraints keep them apart depends on the number of nodes, "
                                  "which is not known");
  }
  Finding finding;
  finding.field = PlacementField(context.cluster(), !spreading.hard.empty());
  finding.shape = Shape::kForbidden;
  finding.required = "one DM-master a host";
  finding.shortfall = Shortfall::Count(1);
  finding.message = "two DM-masters may land on one host, and the loss of that host may take the majority with it";
  finding.remedy = "require podAntiAffinity on kubernetes.io/hostname among the masters, or remove the affinity: the "
                   "operator's default in production does it";
  if (!context.production()) finding.remedy = "nothing needs to be done for a test; in production the operator requires one a host";
  context.Add(rule, std::move(finding));
}

void CheckCoLocation(Rule rule, Context& context) {
  const desired::RolePods* masters = context.Pods(Role::kMaster);
  const desired::RolePods* workers = context.Pods(Role::kWorker);
  if (masters == nullptr || workers == nullptr || masters->replicas < 1 || workers->replicas < 1) return;
  const bool performance = context.cluster().purpose == Purpose::kPerformance;
  if (!MayShareHost(context, masters->pod, workers->pod)) return;
  Finding finding;
  finding.role = Role::kWorker;
  finding.field = "spec.worker.affinity";
  finding.shape = Shape::kForbidden;
  finding.required = "hosts of their own";
  finding.shortfall = Shortfall::Count(1);
  finding.message = "DM-masters and DM-workers may land on one node, where a worker's writes disturb the master's etcd";
  finding.remedy = "keep them apart with podAntiAffinity or node selectors";
  if (!context.production() && performance) {
    context.Add(rule, std::move(finding), Severity::kWarn);
  } else {
    context.Add(rule, std::move(finding));
  }
}

void CheckPerformanceTest(Rule rule, Context& context) {
  if (context.cluster().purpose != Purpose::kPerformance) return;
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    if (context.Pods(role) == nullptr) continue;
    const StorageChoice& choice = context.Storage(role);
    const DiskGrade grade = choice.disk ? choice.disk->grade : DiskGrade::kUnknown;
    if (grade == DiskGrade::kUnknown) {
      context.NotCheck(rule, "the kind of disk behind the storage class is not known");
    } else if (grade < DiskGrade::kSsd) {
      Finding finding;
      finding.role = role;
      finding.key = "disk";
      finding.field = PathOf(role) + ".storageClassName";
      finding.found = choice.name;
      finding.required = "ssd";
      finding.shortfall = Shortfall::Count(static_cast<int>(DiskGrade::kSsd) - static_cast<int>(grade));
      finding.message = "a performance test on " + std::string(GradeName(grade)) + " disks does not measure what production would do";
      finding.remedy = "use a storage class of SSD";
      finding.subjects = {choice.name};
      context.Add(rule, std::move(finding));
    }
    if (!context.view.nodes_known) {
      context.NotCheck(rule, "no data on nodes was given");
      continue;
    }
    const double floor = NetworkFloor(role, Environment::kProduction);
    std::vector<std::string> slow;
    bool unknown = false;
    for (const Candidate& candidate : context.Nodes(role).candidates) {
      if (!candidate.node->network_gbps) {
        unknown = true;
      } else if (*candidate.node->network_gbps < floor) {
        slow.push_back(candidate.node->node->meta.name);
      }
    }
    if (unknown) context.NotCheck(rule, "how fast the nodes' network is, is not known");
    if (slow.empty()) continue;
    Finding finding;
    finding.role = role;
    finding.key = "network";
    finding.field = "spec.purpose";
    finding.found = "performance";
    finding.required = role == Role::kWorker ? "a 10 Gb/s network" : "a 1 Gb/s network";
    finding.shortfall = Shortfall::Count(1);
    finding.message = "on " + List(slow) + " the network is slower than production's " + (role == Role::kWorker ? "10" : "1") + " Gb/s";
    finding.remedy = "keep the pods off them with a node selector";
    finding.subjects = std::move(slow);
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements
