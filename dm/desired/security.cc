#include "dm/desired/security.h"

#include <algorithm>

#include "dm/desired/merge.h"

namespace dm::desired {
namespace {

// The API server refuses allowPrivilegeEscalation: false beside either of these.
bool WantsPrivileges(const Json& asked) {
  if (base::GetBoolOr(asked, "privileged", false)) return true;
  const Json* added = base::FindPath(asked, {"capabilities", "add"});
  if (added == nullptr || !added->is_array()) return false;
  for (const Json& capability : *added) {
    if (capability == "SYS_ADMIN" || capability == "CAP_SYS_ADMIN") return true;
  }
  return false;
}

bool RunsAsRoot(const Json& container) {
  const Json* user = base::FindPath(container, {"securityContext", "runAsUser"});
  return user != nullptr && user->is_number_integer() && *user == 0;
}

bool AnyRunsAsRoot(const Json& pod_spec) {
  for (const char* list : {"containers", "initContainers"}) {
    const Json* containers = base::Find(pod_spec, list);
    if (containers != nullptr && std::any_of(containers->begin(), containers->end(), RunsAsRoot)) return true;
  }
  return false;
}

Json PodSecurity(const Context& context) {
  Json security = {{"runAsNonRoot", true},
                   {"runAsUser", 1000},
                   {"runAsGroup", 1000},
                   {"fsGroup", 1000},
                   {"fsGroupChangePolicy", "OnRootMismatch"},   // not a walk over every dump file at each start
                   {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  const Json* asked = ObjectSetting(context, "podSecurityContext");
  if (asked == nullptr) return security;
  if (base::GetInt(*asked, "runAsUser") == 0) security.erase("runAsNonRoot");
  if (base::Find(*asked, "seccompProfile") != nullptr) security.erase("seccompProfile");   // one of several forms: not merged
  MergeObject(security, *asked);
  return security;
}

}  // namespace

void PutSecurity(const Context& context, Json& pod_spec) {
  Json& security = pod_spec["securityContext"] = PodSecurity(context);
  const Json* asked = ObjectSetting(context, "podSecurityContext");
  if (asked != nullptr && asked->contains("runAsNonRoot")) return;
  if (!AnyRunsAsRoot(pod_spec) || security.erase("runAsNonRoot") == 0) return;
  Json& main = pod_spec["containers"][0];
  if (!RunsAsRoot(main)) main["securityContext"].emplace("runAsNonRoot", true);
}

Json ContainerSecurity(const Context& context) {
  Json security = {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  const Json* asked = ComponentObject(context, "securityContext");
  if (asked == nullptr) return security;
  if (WantsPrivileges(*asked)) security.erase("allowPrivilegeEscalation");
  MergeObject(security, *asked);
  return security;
}

}  // namespace dm::desired
