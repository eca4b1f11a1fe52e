#include "dm/requirements/growth.h"

namespace dm::requirements {

namespace {

using kube::api::PodSpec;

void Put(std::string& text, const std::string& word) {
  text += std::to_string(word.size()) + ":" + word;   // length first: no two lists read alike
}

void Put(std::string& text, const kube::api::Labels& labels) {
  for (const auto& [key, value] : labels) {
    Put(text, key);
    Put(text, value);
  }
  text += ';';
}

void Put(std::string& text, const std::vector<kube::api::Requirement>& list) {
  for (const auto& requirement : list) {
    Put(text, requirement.key);
    text += std::to_string(static_cast<int>(requirement.op));
    for (const auto& value : requirement.values) Put(text, value);
    text += ',';
  }
  text += ';';
}

void Put(std::string& text, const kube::api::LabelSelector& selector) {
  Put(text, selector.match_labels);
  Put(text, selector.match_expressions);
}

void Put(std::string& text, const std::vector<kube::api::PodAffinityTerm>& terms) {
  for (const auto& term : terms) {
    Put(text, term.topology_key);
    Put(text, term.selector);
    for (const auto& ns : term.namespaces) Put(text, ns);
    if (term.namespace_selector) {
      text += 'n';
      Put(text, *term.namespace_selector);
    }
    text += ',';
  }
  text += ';';
}

// Everything that decides where the pod may stand, as one text.
std::string Constraints(const PodSpec& pod) {
  std::string text;
  Put(text, pod.node_selector);
  text += pod.has_required_node_affinity ? 'a' : '-';
  for (const auto& term : pod.required_node_affinity) {
    Put(text, term.match_expressions);
    Put(text, term.match_fields);
  }
  Put(text, pod.required_anti_affinity);
  Put(text, pod.required_affinity);
  for (const auto& spread : pod.topology_spread) {
    Put(text, spread.topology_key);
    text += std::to_string(spread.max_skew) + "," + std::to_string(spread.min_domains) + (spread.hard ? "h" : "s") +
            (spread.honors_affinity ? "" : "i");
    Put(text, spread.selector);
  }
  for (const auto& toleration : pod.tolerations) {
    Put(text, toleration.key);
    Put(text, toleration.op);
    Put(text, toleration.value);
    Put(text, toleration.effect);
  }
  for (const auto& wanted : pod.host_ports) {
    Put(text, wanted.protocol);
    Put(text, wanted.ip);
    text += std::to_string(wanted.port) + ",";
  }
  Put(text, pod.node_name);
  Put(text, pod.scheduler_name);
  return text;
}

}  // namespace

bool NeedsGrew(Role role, const Subject& now, const Subject& before) {
  const desired::RolePods* wanted = now.objects.Find(role);
  if (wanted == nullptr) return false;
  const desired::RolePods* had = before.objects.Find(role);
  if (had == nullptr) return true;
  return now.effective.environment > before.effective.environment || wanted->replicas > had->replicas ||
         wanted->pod.TotalCpu() > had->pod.TotalCpu() || wanted->pod.TotalMemory() > had->pod.TotalMemory() ||
         Constraints(wanted->pod) != Constraints(had->pod);
}

}  // namespace dm::requirements
