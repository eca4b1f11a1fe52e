// A StorageClass from JSON.
#include "kube/api/storage_class.h"

#include "kube/api/fields.h"

namespace dm::kube::api {

bool StorageClass::IsDefault() const {
  return meta.Annotation("storageclass.kubernetes.io/is-default-class") == "true" ||
         meta.Annotation("storageclass.beta.kubernetes.io/is-default-class") == "true";
}

base::Result<StorageClass> ParseStorageClass(const base::Json& object) {
  auto meta = ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  FieldError error;
  const Fields root(&object, "", error);
  StorageClass storage;
  storage.meta = *std::move(meta);
  storage.provisioner = root.String("provisioner");
  storage.parameters = root.StringMap("parameters");
  storage.volume_binding_mode = root.String("volumeBindingMode", storage.volume_binding_mode);
  storage.reclaim_policy = root.String("reclaimPolicy", storage.reclaim_policy);
  storage.allow_volume_expansion = root.Bool("allowVolumeExpansion");
  if (error) return base::Fail(*std::move(error));
  return storage;
}

}  // namespace dm::kube::api
