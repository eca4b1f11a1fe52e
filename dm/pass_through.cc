// Keys of the Kubernetes objects that are passed through, so that a typo inside them is told to whoever wrote it: what the
// API server does not know it refuses when the StatefulSet is applied, long after the user has gone.
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "dm/fields.h"

namespace dm {
namespace {

struct Kind {
  std::string_view name;
  std::vector<std::string_view> keys;
};

// Source: the core/v1 types of Kubernetes 1.37.
const Kind kKinds[] = {
    {"affinity", {"nodeAffinity", "podAffinity", "podAntiAffinity"}},
    {"podAffinity", {"requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"}},
    {"toleration", {"key", "operator", "value", "effect", "tolerationSeconds"}},
    {"container",
     {"name", "image", "command", "args", "workingDir", "ports", "envFrom", "env", "resources", "resizePolicy",
      "restartPolicy", "restartPolicyRules", "volumeMounts", "volumeDevices", "livenessProbe", "readinessProbe",
      "startupProbe", "lifecycle", "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy",
      "securityContext", "stdin", "stdinOnce", "tty"}},
    {"volume",
     {"name", "hostPath", "emptyDir", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "secret", "nfs", "iscsi",
      "glusterfs", "persistentVolumeClaim", "rbd", "flexVolume", "cinder", "cephfs", "flocker", "downwardAPI", "fc",
      "azureFile", "configMap", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk", "projected",
      "portworxVolume", "scaleIO", "storageos", "csi", "ephemeral", "image"}},
    {"volumeMount", {"name", "mountPath", "readOnly", "recursiveReadOnly", "subPath", "subPathExpr", "mountPropagation"}},
    {"env", {"name", "value", "valueFrom"}},
    {"envFrom", {"prefix", "configMapRef", "secretRef"}},
    {"podSecurityContext",
     {"seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot", "supplementalGroups",
      "supplementalGroupsPolicy", "fsGroup", "fsGroupChangePolicy", "sysctls", "seccompProfile", "appArmorProfile",
      "seLinuxChangePolicy"}},
    {"securityContext",
     {"capabilities", "privileged", "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot",
      "readOnlyRootFilesystem", "allowPrivilegeEscalation", "procMount", "seccompProfile", "appArmorProfile"}},
    {"dnsConfig", {"nameservers", "searches", "options"}},
    {"localReference", {"name"}},
};

const Kind* FindKind(std::string_view name) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

}  // namespace

void CheckPassThrough(const base::Json& value, std::string_view kind, const std::string& path, Decoded& out) {
  const Kind* known = FindKind(kind);
  if (known == nullptr || !value.is_object()) return;
  Fields fields(&value, path, out);
  for (const std::string_view key : known->keys) fields.Known(key);
  fields.Finish();
  if (kind == "affinity") {
    for (const std::string_view inner : {"podAffinity", "podAntiAffinity"}) {
      if (const base::Json* affinity = base::Find(value, inner)) {
        CheckPassThrough(*affinity, "podAffinity", fields.PathOf(inner), out);
      }
    }
  }
  if (kind == "container") {
    if (const base::Json* context = base::Find(value, "securityContext")) {
      CheckPassThrough(*context, "securityContext", fields.PathOf("securityContext"), out);
    }
  }
}

}  // namespace dm
