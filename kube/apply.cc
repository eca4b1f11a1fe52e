#include "kube/apply.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace dm::kube {
namespace {

using base::Json;

std::string AnnotationOf(const Json& object, const std::string& key) {
  const Json* annotations = base::FindPath(object, {"metadata", "annotations"});
  return annotations == nullptr ? std::string() : base::GetStringOr(*annotations, key);
}

}  // namespace

Json WithHash(Json desired, const std::string& key) {
  if (auto metadata = desired.find("metadata"); metadata != desired.end() && metadata->is_object()) {
    if (auto annotations = metadata->find("annotations"); annotations != metadata->end() && annotations->is_object()) {
      annotations->erase(key);
      if (annotations->empty()) metadata->erase("annotations");  // with none and with only ours is the same object
    }
  }
  std::string hash = base::HashJson(desired);
  desired["metadata"]["annotations"][key] = std::move(hash);
  return desired;
}

base::Result<Applied> ApplyDesired(const Client& client, const Resource& resource, const Json& desired,
                                   const Json* live, const ApplyIfNeededOptions& options, std::stop_token stop) {
  if (options.hash_annotation.empty()) {
    return base::Fail(base::Code::kInvalid, "an apply needs the key of the annotation that holds the hash");
  }
  Json marked = WithHash(desired, options.hash_annotation);
  Applied result;
  if (live == nullptr) {
    result.why = "it does not exist";
  } else if (AnnotationOf(*live, options.hash_annotation) != AnnotationOf(marked, options.hash_annotation)) {
    result.why = "what is desired has changed";
  } else {
    result.why = FirstDifference(marked, *live);
    if (result.why.empty()) return result;
  }
  if (live != nullptr && options.pin_uid) {
    if (const Json* uid = base::FindPath(*live, {"metadata", "uid"})) marked["metadata"]["uid"] = *uid;
  }
  auto answer = client.Apply(resource, marked, options.apply, std::move(stop));
  if (!answer) return base::Propagate(answer);
  result.written = true;
  result.object = std::move(*answer);
  return result;
}

base::Result<bool> ApplyIfNeeded(const Client& client, const Resource& resource, const Json& desired, const Json* live,
                                 const ApplyIfNeededOptions& options, std::stop_token stop) {
  auto applied = ApplyDesired(client, resource, desired, live, options, std::move(stop));
  if (!applied) return base::Propagate(applied);
  return applied->written;
}

}  // namespace dm::kube
