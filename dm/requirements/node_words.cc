#include "dm/requirements/node_words.h"

#include <algorithm>
#include <bit>
#include <set>

#include "base/strings.h"
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

}  // namespace

Misses DescribeMisses(const RoleNodes& nodes, const KindWeights& weights, Environment environment) {
  Misses misses;
  std::array<int, kKindFaults> counts{};
  std::vector<const Candidate*> failed;
  for (const Candidate& candidate : nodes.candidates) {
    if (candidate.kind) continue;
    failed.push_back(&candidate);
    for (unsigned i = 0; i < kKindFaults; ++i) {
      const auto fault = static_cast<KindFault>(i);
      if (Has(candidate.faults, fault) && Has(weights.denying, fault)) ++counts[i];
    }
  }
  std::vector<std::string> parts;
  for (unsigned i = 0; i < kKindFaults; ++i) {
    if (counts[i] > 0) parts.push_back(Counted(static_cast<KindFault>(i), counts[i]));
  }
  misses.counted = base::Join(parts, ", ");

  // The nearest miss first: the fewest faults that disqualify.
  const auto distance = [&](const Candidate* c) { return std::popcount(static_cast<unsigned>(c->faults & weights.denying)); };
  std::stable_sort(failed.begin(), failed.end(),
                   [&](const Candidate* a, const Candidate* b) { return distance(a) < distance(b); });
  std::set<std::string> admitted;
  std::vector<std::string> named, admit;
  for (std::size_t n = 0; n < failed.size() && n < kNamed; ++n) {
    const NodeView& node = *failed[n]->node;
    misses.nodes.push_back(node.node->meta.name);
    std::vector<std::string> why;
    for (unsigned i = 0; i < kKindFaults; ++i) {
      const auto fault = static_cast<KindFault>(i);
      if (!Has(failed[n]->faults, fault) || !Has(weights.denying, fault)) continue;
      why.push_back(Describe(fault, node, nodes.role, environment));
      const bool of_os = fault == KindFault::kOsUnlisted || fault == KindFault::kOsUnsupported;
      if (of_os && !node.os.name.empty() && admitted.insert(node.os.name).second) admit.push_back(AdmitLine(node.os));
    }
    named.push_back(node.node->meta.name + " " + base::Join(why, " and "));
  }
  misses.named = base::Join(named, "; ");
  if (failed.size() > kNamed) misses.named += "; and " + std::to_string(failed.size() - kNamed) + " more";
  if (!admit.empty()) misses.admit = "operatingSystems: [" + base::Join(admit, ", ") + "]";
  return misses;
}

std::optional<std::string> SeparatingSelector(const RoleNodes& nodes) {
  const auto first = std::find_if(nodes.candidates.begin(), nodes.candidates.end(), [](const Candidate& c) { return c.kind; });
  if (first == nodes.candidates.end()) return std::nullopt;
  std::optional<std::string> best;
  for (const auto& [key, value] : first->node->node->meta.labels) {
    if (Identifies(key)) continue;
    const bool separates = std::all_of(nodes.candidates.begin(), nodes.candidates.end(), [&, &k = key, &v = value](const Candidate& c) {
      const auto& labels = c.node->node->meta.labels;
      const auto label = labels.find(k);
      return c.kind == (label != labels.end() && label->second == v);
    });
    if (!separates) continue;
    const bool well_known = base::StartsWith(key, "kubernetes.io/");
    if (!best || well_known) best = key + ": \"" + value + "\"";
    if (well_known) break;
  }
  return best;
}

}  // namespace dm::requirements
