// Ownership: an object of a name that we need, but that belongs to somebody else (or to a DMCluster of this name that is being
// cleaned away), is never touched.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void Ownership(Planning& p) {
  for (const base::Json& manifest : p.objects.manifests) {
    const std::string kind = base::GetStringOr(manifest, "kind");
    const base::Json* meta = base::Find(manifest, "metadata");
    const std::string name = meta ? base::GetStringOr(*meta, "name") : "";
    const Child* child = p.seen.Find(kind, name);
    if (!child || IsOurs(p.want, *child)) continue;
    p.stop = true;
    const auto* owner = child->meta.Controller();
    if (owner && owner->kind == kKind && owner->name == p.want.meta.name) {
      p.WaitFor(Component::kCluster, "OldObjectsRemain",
                kind + " " + name + " belongs to a deleted DMCluster of this name; waiting until it has been cleaned away");
    } else {
      p.WaitFor(Component::kCluster, "NameTaken",
                kind + " " + name + " exists already and is not ours (" +
                    (owner ? "it belongs to " + owner->kind + " " + owner->name : "it has no owner") +
                    "); delete or rename it, or choose another name for the DMCluster");
    }
    return;
  }
}

}  // namespace dm::op::lifecycle
