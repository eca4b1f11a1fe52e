// A pod spec from JSON.
#include <nlohmann/json.hpp>

#include "kube/api/fields.h"
#include "kube/api/pod_spec.h"
#include "kube/api/pod_spec_fields.h"
#include "kube/api/selector_fields.h"

namespace dm::kube::api {
namespace {

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::size_t kMostTerms = 100;   // each is held against every node and pod
constexpr std::size_t kMostValues = 10'000;   // of node affinity: each is held against every node
constexpr std::size_t kMostHostPorts = 100;   // each is held against every other

Container ReadContainer(const Fields& fields) {
  Container container;
  container.name = fields.String("name");
  container.image = fields.String("image");
  const Fields resources = fields.Object("resources");
  const Fields requests = resources.Object("requests");
  const Fields limits = resources.Object("limits");
  container.cpu_limit = limits.Amount("cpu");
  container.memory_limit = limits.Amount("memory");
  container.cpu_request = requests.Amount("cpu");
  container.memory_request = requests.Amount("memory");
  if (!container.cpu_request) container.cpu_request = container.cpu_limit;   // the API server's default
  if (!container.memory_request) container.memory_request = container.memory_limit;
  container.always_restarts = fields.String("restartPolicy") == "Always";
  return container;
}

// "In" (or "NotIn") the pod's own values of these label keys; the API server adds such requirements to the selector.
void AddOwnLabels(const Fields& fields, const char* list, Operator op, const Labels& own, LabelSelector& selector) {
  for (const std::string& key : fields.StringList(list)) {
    if (const auto found = own.find(key); found != own.end()) {
      selector.match_expressions.push_back({key, op, {found->second}});
    }
  }
}

PodAffinityTerm ReadAffinityTerm(const Fields& fields, const Labels& own) {
  PodAffinityTerm term;
  term.selector = ReadLabelSelector(fields.Object("labelSelector"));
  AddOwnLabels(fields, "matchLabelKeys", Operator::kIn, own, term.selector);
  AddOwnLabels(fields, "mismatchLabelKeys", Operator::kNotIn, own, term.selector);
  term.topology_key = fields.String("topologyKey");
  if (term.topology_key.empty()) fields.Refuse("topologyKey", "the key of a node label");
  term.namespaces = fields.StringList("namespaces");
  const Fields namespaces = fields.Object("namespaceSelector");
  if (namespaces.present()) term.namespace_selector = ReadLabelSelector(namespaces);
  return term;
}

void ReadAffinity(const Fields& affinity, PodSpec& spec) {
  const Fields required = affinity.Object("nodeAffinity").Object(kRequired);
  spec.has_required_node_affinity = required.present();
  std::size_t terms_read = 0, values = 0;
  required.ForEach("nodeSelectorTerms", [&](const Fields& fields) {
    NodeSelectorTerm term;
    const auto read = [&](const char* list, std::vector<Requirement>& into) {
      fields.ForEach(list, [&](const Fields& expression) {
        if (values > kMostValues) return;
        into.push_back(ReadRequirement(expression, Comparisons::kAllowed));
        values += 1 + into.back().values.size();
      });
    };
    if (++terms_read > kMostTerms) return;
    read("matchExpressions", term.match_expressions);
    read("matchFields", term.match_fields);
    spec.required_node_affinity.push_back(std::move(term));
  });
  if (terms_read > kMostTerms) required.Refuse("nodeSelectorTerms", "at most 100 terms");
  if (values > kMostValues) required.Refuse("nodeSelectorTerms", "at most 10000 expressions and values in all");
  const auto terms = [&](const char* kind, std::vector<PodAffinityTerm>& into) {
    const Fields list = affinity.Object(kind);
    std::size_t count = 0;
    list.ForEach(kRequired, [&](const Fields& term) {
      if (++count <= kMostTerms) into.push_back(ReadAffinityTerm(term, spec.labels));
    });
    if (count > kMostTerms) list.Refuse(kRequired, "at most 100 terms");
  };
  terms("podAffinity", spec.required_affinity);
  terms("podAntiAffinity", spec.required_anti_affinity);
}

TopologySpread ReadSpread(const Fields& fields, const Labels& own) {
  TopologySpread spread;
  spread.topology_key = fields.String("topologyKey");
  if (spread.topology_key.empty()) fields.Refuse("topologyKey", "the key of a node label");
  spread.max_skew = fields.SmallInt("maxSkew", 1);
  if (spread.max_skew < 1) fields.Refuse("maxSkew", "at least 1");
  spread.min_domains = fields.SmallInt("minDomains", 0);
  spread.honors_affinity = fields.String("nodeAffinityPolicy", "Honor") != "Ignore";
  const std::string otherwise = fields.String("whenUnsatisfiable", "DoNotSchedule");
  spread.hard = otherwise != "ScheduleAnyway";
  if (spread.hard && otherwise != "DoNotSchedule") {
    fields.Refuse("whenUnsatisfiable", "DoNotSchedule or ScheduleAnyway");
  }
  spread.selector = ReadLabelSelector(fields.Object("labelSelector"));
  AddOwnLabels(fields, "matchLabelKeys", Operator::kIn, own, spread.selector);
  return spread;
}

Toleration ReadToleration(const Fields& fields) {
  Toleration toleration;
  toleration.key = fields.String("key");
  toleration.op = fields.String("operator", "Equal");
  if (toleration.op.empty()) toleration.op = "Equal";
  if (toleration.op != "Equal" && toleration.op != "Exists") fields.Refuse("operator", "Equal or Exists");
  toleration.value = fields.String("value");
  toleration.effect = fields.String("effect");
  return toleration;
}

// As the scheduler counts them: of containers, and of sidecars among the init containers.
void ReadHostPorts(const Fields& fields, PodSpec& spec) {
  const bool host_network = fields.Bool("hostNetwork");
  std::size_t count = 0;
  for (const char* list : {"containers", "initContainers"}) {
    fields.ForEach(list, [&](const Fields& container) {
      if (list == std::string_view("initContainers") && container.String("restartPolicy") != "Always") return;
      container.ForEach("ports", [&](const Fields& port) {
        const int number = port.SmallInt("hostPort", host_network ? port.SmallInt("containerPort") : 0);
        if (number <= 0 || ++count > kMostHostPorts) return;
        spec.host_ports.push_back({number, port.String("protocol", "TCP"), port.String("hostIP")});
      });
    });
  }
  if (count > kMostHostPorts) fields.Refuse("containers", "at most 100 ports of the host");
}

}  // namespace

void ReadCosts(const Fields& fields, PodSpec& spec) {
  fields.ForEach("containers", [&](const Fields& c) { spec.containers.push_back(ReadContainer(c)); });
  fields.ForEach("initContainers", [&](const Fields& c) { spec.init_containers.push_back(ReadContainer(c)); });
  spec.node_name = fields.String("nodeName");
  const Fields overhead = fields.Object("overhead");
  spec.cpu_overhead = overhead.Amount("cpu");
  spec.memory_overhead = overhead.Amount("memory");
  const Fields requests = fields.Object("resources").Object("requests");
  spec.pod_cpu_request = requests.Amount("cpu");
  spec.pod_memory_request = requests.Amount("memory");
}

base::Result<PodSpec> ParsePodSpec(const base::Json& pod_template) {
  FieldError error;
  const Fields root(&pod_template, "", error);
  const Fields fields = root.Object("spec");
  PodSpec spec;
  spec.labels = root.Object("metadata").StringMap("labels");
  ReadCosts(fields, spec);
  spec.node_selector = fields.StringMap("nodeSelector");
  ReadAffinity(fields.Object("affinity"), spec);
  fields.ForEach("topologySpreadConstraints",
                 [&](const Fields& spread) { spec.topology_spread.push_back(ReadSpread(spread, spec.labels)); });
  fields.ForEach("tolerations", [&](const Fields& t) { spec.tolerations.push_back(ReadToleration(t)); });
  ReadHostPorts(fields, spec);
  spec.scheduler_name = fields.String("schedulerName");
  if (error) return base::Fail(*std::move(error));
  return spec;
}

}  // namespace dm::kube::api
