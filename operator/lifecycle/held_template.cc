// HoldTemplate: an upgrade of the operator, or another policy, rolls nothing by itself. The template that was applied and the
// user's wish it was applied for are kept on the StatefulSet (as annotations: they are written and read with it); while the
// wish is the same, the old template stays, and the condition UpdateAvailable says so.
#include <array>

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

using base::Json;

constexpr char kAppliedTemplate[] = "dm.pingcap.com/applied-template";

// What never asks for other pods.
constexpr std::array<std::string_view, 9> kClusterOnly = {"master", "worker", "monitor", "discovery", "upstreams", "paused", "persistentVolumeClaimRetentionPolicy",
                                                         "pvReclaimPolicy", "enablePVReclaim"};
constexpr std::array<std::string_view, 5> kSetOnly = {"replicas", "suspendAction", "podDisruptionBudget", "storageSize", "service"};

std::string WishOf(const DMCluster& want, Role role) {
  Json wish = want.raw.is_object() ? want.raw : Json::object();
  for (const auto key : kClusterOnly) wish.erase(std::string(key));
  wish.erase("suspendAction");
  Json component = want.component(role).raw.is_object() ? want.component(role).raw : Json::object();
  for (const auto key : kSetOnly) component.erase(std::string(key));
  wish["component"] = std::move(component);
  wish["restartedAt"] = want.meta.Annotation(std::string(annotations::kRestartedAt));
  return base::HashJson(wish).substr(0, 16);
}

// The authority's mark is part of the template, but neither of a wish nor of our version: it changes alone.
void Mark(const Planning& p, Json& rendered, Role role) {
  if (role == Role::kMonitor) return;   // Prometheus reads its files anew
  const std::string key(kAuthorityMark);
  std::string mark = p.seen.authority;
  if (const Child* live = p.Set(role); live && mark.empty()) {
    const Json* notes = base::FindPath(live->object, {"spec", "template", "metadata", "annotations"});
    mark = notes ? base::GetStringOr(*notes, key) : "";
  }
  if (!mark.empty()) rendered["metadata"]["annotations"][key] = mark;
}

}  // namespace

void HoldTemplate(Planning& p, Json& set, Role role) {
  const std::string wish = WishOf(p.want, role);
  Json& notes = set["metadata"]["annotations"];
  Json& rendered = set["spec"]["template"];
  Mark(p, rendered, role);
  if (const Child* live = p.Set(role); live && live->meta.Annotation(std::string(annotations::kRevision)) == wish) {
    auto applied = base::ParseJson(live->meta.Annotation(kAppliedTemplate));
    if (applied && applied->is_object()) Mark(p, *applied, role);
    if (applied && applied->is_object() && *applied != rendered) {
      rendered = std::move(*applied);
      p.template_held = true;
    }
  }
  notes[std::string(annotations::kRevision)] = wish;
  notes[kAppliedTemplate] = base::DumpJson(rendered);
}

void KeepTemplate(Json& set, const Child& live) {
  set["spec"]["template"] = *base::FindPath(live.object, {"spec", "template"});
  for (const std::string& key : {std::string(annotations::kRevision), std::string(kAppliedTemplate)}) {
    if (const auto value = live.meta.Annotation(key); !value.empty()) set["metadata"]["annotations"][key] = value;
  }
}

void TellHeld(Planning& p) {
  if (!p.template_held || kube::api::FindCondition(p.plan.conditions, "UpdateAvailable")) return;
  p.Say("UpdateAvailable", true, "TemplateHeld",
        "this version of the operator, or its policy, would make other pods than those that run; they change with the next change of the spec, "
        "or when the annotation dm.pingcap.com/restartedAt is set");
}

}  // namespace dm::op::lifecycle
