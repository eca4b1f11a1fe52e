// Ownership: an object of a name that we need, but that belongs to somebody else (or to a DMCluster of this name that is being
// cleaned away), is never touched.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

namespace {

// False: the name is somebody else's, and the plan waits.
bool FreeOrOurs(Planning& p, const std::string& kind, const std::string& name) {
  const Child* child = p.seen.Find(kind, name);
  if (!child || IsOurs(p.want, *child)) return true;
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
  return false;
}

}  // namespace

void Ownership(Planning& p) {
  for (const base::Json& manifest : p.objects.manifests) {
    const base::Json* meta = base::Find(manifest, "metadata");
    if (!FreeOrOurs(p, base::GetStringOr(manifest, "kind"), meta ? base::GetStringOr(*meta, "name") : "")) return;
  }
  FreeOrOurs(p, "ConfigMap", p.names.BootstrapConfigMap());   // that one is not rendered (objects.cc)
}

}  // namespace dm::op::lifecycle
