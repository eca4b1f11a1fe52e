#include "dm/requirements/node_words.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/strings.h"
#include "dm/requirements/os_version.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

constexpr std::size_t kNamed = 5;

std::string Counted(KindFault fault, int count) {
  const std::string number = std::to_string(count) + " ";
  const bool one = count == 1;
  switch (fault) {
    case KindFault::kNotLinux: return number + (one ? "does not run Linux" : "do not run Linux");
    case KindFault::kArchitecture: return number + (one ? "is not amd64" : "are not amd64");
    case KindFault::kOsUnsupported: return number + (one ? "runs" : "run") + " an operating system older than the table allows";
    case KindFault::kOsUnlisted: return number + (one ? "runs" : "run") + " an operating system that is not in the table";
    case KindFault::kOsUnknown: return number + (one ? "runs" : "run") + " an operating system that cannot be told";
    case KindFault::kNetworkSlow: return number + (one ? "has" : "have") + " too slow a network";
    case KindFault::kNetworkUnknown: return number + (one ? "does" : "do") + " not say how fast the network is";
    case KindFault::kContradictory:
    case KindFault::kCount: break;
  }
  return number + (one ? "has" : "have") + " an image that the kernel contradicts";
}

std::string AdmitLine(const OsFacts& os) {
  std::string line = "{name: \"" + base::Printable(os.name, 80) + "\"";
  if (!os.version.empty()) line += ", minVersion: \"" + base::Printable(os.version, 40) + "\"";
  return line + "}";
}

// Labels that say which node it is, not which kind.
bool Identifies(const std::string& key) {
  return key == "kubernetes.io/hostname" || key == "topology.kubernetes.io/zone" || key == "topology.kubernetes.io/region" ||
         base::StartsWith(key, "topology.") || base::StartsWith(key, "failure-domain.");
}

// Does the label stand on all candidates that qualify and on no other?
bool Separates(const RoleNodes& nodes, const std::string& key, const std::string& value) {
  return std::all_of(nodes.candidates.begin(), nodes.candidates.end(), [&](const Candidate& c) {
    const auto& labels = c.node->node->meta.labels;
    const auto label = labels.find(key);
    return c.kind == (label != labels.end() && label->second == value);
  });
}

// Which kinds of candidates a group of nodes that are alike has.
struct GroupKinds {
  bool qualifying = false, failing = false;
};
std::vector<GroupKinds> KindsOf(const RoleNodes& nodes) {
  std::vector<GroupKinds> kinds(nodes.groups->first.size());
  for (const Candidate& candidate : nodes.candidates) {
    (candidate.kind ? kinds[candidate.group].qualifying : kinds[candidate.group].failing) = true;
  }
  return kinds;
}

// The same question, put to each group once. Where the label is each node's own, every node is asked.
bool SeparatesGroups(const RoleNodes& nodes, const std::vector<GroupKinds>& kinds, const std::string& key, const std::string& value) {
  for (std::size_t group = 0; group < kinds.size(); ++group) {
    if (!kinds[group].qualifying && !kinds[group].failing) continue;
    const NodeTraits& traits = *nodes.groups->first[group]->traits;
    if (traits.Owns(key)) return Separates(nodes, key, value);
    const auto label = traits.labels.find(key);
    const bool has = label != traits.labels.end() && label->second == value;
    if (has ? kinds[group].failing : kinds[group].qualifying) return false;
  }
  return true;
}

// Of each system the oldest that was seen, or the line would not admit all.
std::string AdmitLines(const RoleNodes& nodes, const KindWeights& weights) {
  const FaultSet of_os = weights.denying & static_cast<FaultSet>(Bit(KindFault::kOsUnlisted) | Bit(KindFault::kOsUnsupported));
  std::map<std::string, const OsFacts*> oldest;
  for (const Candidate& candidate : nodes.candidates) {
    if (candidate.kind || (candidate.faults & of_os) == 0) continue;
    const OsFacts& os = candidate.node->os;
    if (os.name.empty()) continue;
    const auto [at, fresh] = oldest.emplace(os.name, &os);
    if (!fresh && VersionNumbers(os.version) < VersionNumbers(at->second->version)) at->second = &os;
  }
  std::vector<std::string> lines;
  for (const auto& [name, os] : oldest) {
    if (lines.size() < kNamed) lines.push_back(AdmitLine(*os));
  }
  return lines.empty() ? std::string() : "operatingSystems: [" + base::Join(lines, ", ") + "]";
}

std::string MissingLabels(const RoleNodes& nodes, const KindWeights& weights) {
  std::vector<std::string> labels;
  const auto lacking = [&](KindFault fault) { return Has(weights.denying, fault) && nodes.WithFault(fault, false) > 0; };
  if (lacking(KindFault::kOsUnknown)) labels.emplace_back(annotations::kNodeOsVersion);
  if (lacking(KindFault::kNetworkUnknown)) labels.emplace_back(annotations::kNodeNetworkGbps);
  return base::Join(labels, " and ");
}

}  // namespace

Misses DescribeMisses(const RoleNodes& nodes, const KindWeights& weights, Environment environment) {
  Misses misses;
  std::vector<std::string> parts;
  for (unsigned i = 0; i < kKindFaults; ++i) {
    const auto fault = static_cast<KindFault>(i);
    const int count = Has(weights.denying, fault) ? nodes.WithFault(fault, false) : 0;
    if (count > 0) parts.push_back(Counted(fault, count));
  }
  misses.counted = base::Join(parts, ", ");

  // The nearest miss first, the fewest faults that disqualify; of equals the first by name.
  std::array<std::vector<const Candidate*>, kKindFaults + 1> by_distance;
  for (const Candidate& candidate : nodes.candidates) {
    if (candidate.kind) continue;
    auto& equals = by_distance[static_cast<std::size_t>(std::popcount(static_cast<unsigned>(candidate.faults & weights.denying)))];
    if (equals.size() < kNamed) equals.push_back(&candidate);
  }
  std::vector<const Candidate*> nearest;
  for (const auto& equals : by_distance) nearest.insert(nearest.end(), equals.begin(), equals.end());
  if (nearest.size() > kNamed) nearest.resize(kNamed);
  const auto failed = nodes.candidates.size() - static_cast<std::size_t>(nodes.qualified);
  std::vector<std::string> named;
  for (const Candidate* miss : nearest) {
    const NodeView& node = *miss->node;
    misses.nodes.push_back(node.node->meta.name);
    std::vector<std::string> why;
    for (unsigned i = 0; i < kKindFaults; ++i) {
      const auto fault = static_cast<KindFault>(i);
      if (!Has(miss->faults, fault) || !Has(weights.denying, fault)) continue;
      why.push_back(Describe(fault, node, nodes.role, environment));
    }
    named.push_back(node.node->meta.name + " " + base::Join(why, " and "));
  }
  misses.named = base::Join(named, "; ");
  if (failed > kNamed) misses.named += "; and " + std::to_string(failed - kNamed) + " more";
  misses.admit = AdmitLines(nodes, weights);
  misses.labels = MissingLabels(nodes, weights);
  return misses;
}

std::optional<std::string> SeparatingSelector(const RoleNodes& nodes) {
  const auto first = std::find_if(nodes.candidates.begin(), nodes.candidates.end(), [](const Candidate& c) { return c.kind; });
  if (first == nodes.candidates.end()) return std::nullopt;
  const std::vector<GroupKinds> kinds = KindsOf(nodes);
  std::optional<std::string> best;
  for (const auto& [key, value] : first->node->node->meta.labels) {
    if (Identifies(key)) continue;
    const bool separates = first->node->traits->Owns(key) ? Separates(nodes, key, value) : SeparatesGroups(nodes, kinds, key, value);
    if (!separates) continue;
    const bool well_known = base::StartsWith(key, "kubernetes.io/");
    if (!best || well_known) best = key + ": \"" + value + "\"";
    if (well_known) break;
  }
  return best;
}

}  // namespace dm::requirements
