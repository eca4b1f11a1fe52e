// Kinds we speak to, and the paths under which the API server serves them.
#include "kube/client.h"

namespace dm::kube {

std::string Resource::Path(const std::string& ns, const std::string& name, const std::string& subresource) const {
  std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !ns.empty()) path += "/namespaces/" + net::PercentEncode(ns);
  path += "/" + plural;
  if (!name.empty()) path += "/" + net::PercentEncode(name);
  if (!subresource.empty()) path += "/" + subresource;
  return path;
}

namespace resources {
const Resource kNodes{"", "v1", "Node", "nodes", false};
const Resource kNamespaces{"", "v1", "Namespace", "namespaces", false};
const Resource kPods{"", "v1", "Pod", "pods", true};
const Resource kServices{"", "v1", "Service", "services", true};
const Resource kConfigMaps{"", "v1", "ConfigMap", "configmaps", true};
const Resource kSecrets{"", "v1", "Secret", "secrets", true};
const Resource kPersistentVolumes{"", "v1", "PersistentVolume", "persistentvolumes", false};
const Resource kPersistentVolumeClaims{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true};
const Resource kEvents{"", "v1", "Event", "events", true};
const Resource kStorageClasses{"storage.k8s.io", "v1", "StorageClass", "storageclasses", false};
const Resource kStatefulSets{"apps", "v1", "StatefulSet", "statefulsets", true};
const Resource kPodDisruptionBudgets{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true};
const Resource kLeases{"coordination.k8s.io", "v1", "Lease", "leases", true};
const Resource kValidatingWebhookConfigurations{"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
                                                "validatingwebhookconfigurations", false};
const Resource kCustomResourceDefinitions{"apiextensions.k8s.io", "v1", "CustomResourceDefinition",
                                          "customresourcedefinitions", false};
}  // namespace resources

}  // namespace dm::kube
