#include "cli/render.h"

#include <ostream>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/yaml.h"
#include "cli/exit_codes.h"
#include "cli/input.h"
#include "cli/policy_file.h"
#include "dm/cluster.h"
#include "dm/desired/render.h"

namespace dm::cli {

namespace {

bool Complain(const Item& item, const std::vector<FieldProblem>& problems, std::ostream& err) {
  for (const FieldProblem& problem : problems) {
    err << "error: " << item.Where() << ": " << problem.field << ": " << (problem.value.empty() ? "" : "\"" + base::Printable(problem.value) + "\" ")
        << problem.message << "\n";
  }
  return !problems.empty();
}

}  // namespace

int RunRender(const RenderOptions& options, std::ostream& out, std::ostream& err) {
  const auto policy = ReadPolicyFile(options.policy);
  auto loaded = Load(options.files);
  if (!policy || !loaded) {
    err << "error: " << (policy ? loaded.error() : policy.error()).ToString() << "\n";
    return kUnreadable;
  }
  int clusters = 0;
  for (Item& item : loaded->items) {
    if (item.kind() != kKind) continue;
    ++clusters;
    const std::string ns = options.ns.empty() ? "default" : options.ns;
    Decoded decoded = Decode(item.value);
    if (Complain(item, decoded.problems, err)) return kUnreadable;
    if (decoded.cluster.meta.ns.empty()) decoded.cluster.meta.ns = ns;
    desired::RenderFacts facts;
    facts.environment =
        requirements::Resolve(*policy, {{"kubernetes.io/metadata.name", decoded.cluster.meta.ns}}, decoded.cluster.environment).environment;
    facts.cluster_domain = options.cluster_domain;
    facts.runbooks = policy->runbooks;
    const desired::Objects objects = desired::Render(decoded.cluster, facts);
    if (Complain(item, objects.problems, err)) return kUnreadable;
    for (const base::Json& manifest : objects.manifests) out << "---\n" << base::ToYaml(manifest);
  }
  if (clusters > 0) return kNothingDenied;
  err << "error: " << base::Join(options.files, ", ") << ": holds no DMCluster\n";
  return kUnreadable;
}

}  // namespace dm::cli
