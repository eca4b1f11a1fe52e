#include "cli/policy_file.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/strings.h"
#include "base/yaml.h"

namespace dm::cli {

namespace {

using base::Code;
using base::Json;

constexpr const char* kPolicyLabels = "app.kubernetes.io/name=dm-operator,app.kubernetes.io/component=policy";
constexpr const char* kUsualNamespace = "dm-system";
constexpr const char* kUsualName = "dm-operator-policy";
constexpr const char* kBuiltIn = "the built-in policy";

std::string KeyOf(const Json& object) {
  const Json* meta = base::Find(object, "metadata");
  return meta == nullptr ? "" : base::GetStringOr(*meta, "namespace") + "/" + base::GetStringOr(*meta, "name");
}

ChosenPolicy BuiltIn(std::string why) { return {requirements::Policy{}, kBuiltIn, std::move(why) + ": judged by the built-in policy; --policy FILE gives another"}; }

}  // namespace

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

ChosenPolicy ReadLivePolicy(LiveCluster& live) {
  auto found = live.List(kube::resources::kConfigMaps, {}, kPolicyLabels);
  if (!found && found.error().code == Code::kDenied) {
    const auto usual = live.Get(kube::resources::kConfigMaps, kUsualNamespace, kUsualName);
    if (!usual) {
      return BuiltIn("the cluster's policy may not be read (it takes the right to get the ConfigMap " + std::string(kUsualNamespace) + "/" +
                     kUsualName + ", or to list ConfigMaps; " + base::Printable(usual.error().ToString(), 300) + ")");
    }
    found = std::vector<Json>{*usual};
  }
  if (!found) return BuiltIn("the cluster's policy cannot be read (" + base::Printable(found.error().ToString(), 300) + ")");
  if (found->empty()) return BuiltIn("this cluster has no ConfigMap of a dm-operator with a policy");
  if (found->size() > 1) {
    std::vector<std::string> names;
    for (const Json& object : *found) names.push_back(KeyOf(object));
    return BuiltIn("this cluster has several policies (" + base::Printable(base::Join(names, ", "), 300) + ")");
  }
  const std::string from = "ConfigMap " + base::Printable(KeyOf(found->front()), 300);
  const Json* text = base::FindPath(found->front(), {"data", "policy.yaml"});
  if (text == nullptr || !text->is_string()) return BuiltIn(from + " has no key policy.yaml");
  auto policy = requirements::ParsePolicy(text->get_ref<const std::string&>());
  if (!policy) return BuiltIn(from + " is wrong, and dm-operator holds on to the one before it (" + base::Printable(policy.error().ToString(), 300) + ")");
  return {*std::move(policy), from, {}};
}

base::Result<ChosenPolicy> ChoosePolicy(const std::string& path, LiveCluster* live) {
  if (path.empty() && live != nullptr) return ReadLivePolicy(*live);
  auto policy = ReadPolicyFile(path);
  if (!policy) return base::Propagate(policy);
  return ChosenPolicy{*std::move(policy), path.empty() ? kBuiltIn : "--policy " + path, {}};
}

}  // namespace dm::cli
