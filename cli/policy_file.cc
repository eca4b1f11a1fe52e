#include "cli/policy_file.h"

#include "base/files.h"
#include "base/yaml.h"

namespace dm::cli {

base::Result<requirements::Policy> ReadPolicyFile(const std::string& path) {
  if (path.empty()) return requirements::Policy{};
  auto text = base::ReadFile(path, 2u << 20);
  if (!text) return base::Propagate(text, "--policy " + path);
  // `kubectl get configmap dm-operator-policy -o yaml` can be given as it is.
  const auto documents = base::ParseYaml(*text);
  if (documents && documents->size() == 1 && base::GetStringOr(documents->front().value, "kind") == "ConfigMap") {
    const base::Json* inner = base::FindPath(documents->front().value, {"data", "policy.yaml"});
    if (inner == nullptr || !inner->is_string()) {
      return base::Fail(base::Code::kInvalid, "--policy " + path + ": the ConfigMap has no key policy.yaml");
    }
    text = inner->get<std::string>();
  }
  auto policy = requirements::ParsePolicy(*text);
  if (!policy) return base::Propagate(policy, "--policy " + path);
  return policy;
}

}  // namespace dm::cli
