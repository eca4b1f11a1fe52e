// A Namespace from JSON.
#include "kube/api/namespace.h"

namespace dm::kube::api {

base::Result<Namespace> ParseNamespace(const base::Json& object) {
  auto meta = ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  return Namespace{*std::move(meta)};
}

}  // namespace dm::kube::api
