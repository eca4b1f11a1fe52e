#include "webhook/review.h"

#include <optional>

#include "base/strings.h"
#include "dm/words.h"

namespace dm::webhook {
namespace {

using base::Json;

constexpr std::string_view kReviewVersion = "admission.k8s.io/v1";
constexpr std::size_t kLongestUid = 128;   // the API server sends a UUID; what is longer is not echoed

BadReview Bad(std::string uid, std::string message) { return BadReview{400, std::move(uid), std::move(message)}; }

bool IsJsonType(std::string_view content_type) {
  const std::string_view type = base::Trim(content_type.substr(0, content_type.find(';')));
  return base::ToLower(type) == "application/json";
}

std::string UidOf(const Json& review) {
  const Json* request = base::Find(review, "request");
  if (request == nullptr) return {};
  const std::string uid = base::GetStringOr(*request, "uid");
  return uid.size() <= kLongestUid && base::Printable(uid, kLongestUid) == uid ? uid : std::string();
}

std::optional<Operation> ParseOperation(std::string_view word) {
  if (word == "CREATE") return Operation::kCreate;
  if (word == "UPDATE") return Operation::kUpdate;
  if (word == "DELETE") return Operation::kDelete;
  if (word == "CONNECT") return Operation::kConnect;
  return std::nullopt;
}

Target TargetOf(const Json* resource, const std::string& subresource) {
  if (resource == nullptr || base::GetStringOr(*resource, "group") != kGroup || base::GetStringOr(*resource, "version") != kVersion ||
      base::GetStringOr(*resource, "resource") != kPlural) {
    return Target::kOther;
  }
  if (subresource.empty()) return Target::kCluster;
  if (subresource == "scale") return Target::kScale;
  if (subresource == "status") return Target::kStatus;
  return Target::kOther;
}

std::string ResourceText(const Json* resource, const std::string& subresource) {
  if (resource == nullptr) return "(none)";
  std::string text = base::GetStringOr(*resource, "group");
  text += (text.empty() ? "" : "/") + base::GetStringOr(*resource, "version") + " " + base::GetStringOr(*resource, "resource");
  if (!subresource.empty()) text += "/" + subresource;
  return base::Printable(text, 200);
}

// Out of the request: a copy could be of megabytes.
Json TakeObject(Json& request, const char* key) {
  const auto found = request.find(key);
  return found != request.end() && found->is_object() ? std::move(*found) : Json();
}

// An object that is created under generateName has its name when we are asked; one that has none (a dry run of an old
// server) is judged under the name it would get.
void CompleteMetadata(Review& review) {
  Json& metadata = review.object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (base::GetStringOr(metadata, "name").empty()) {
    const std::string prefix = base::GetStringOr(metadata, "generateName");
    metadata["name"] = !review.name.empty() ? review.name : prefix + "xxxxx";
  }
  if (base::GetStringOr(metadata, "namespace").empty()) metadata["namespace"] = review.ns;
  if (review.name.empty()) review.name = base::GetStringOr(metadata, "name");
}

}  // namespace

std::string_view OperationName(Operation operation) {
  switch (operation) {
    case Operation::kCreate: return "create";
    case Operation::kUpdate: return "update";
    case Operation::kDelete: return "delete";
    case Operation::kConnect: return "connect";
  }
  return "create";
}

std::variant<Review, BadReview> ParseReview(std::string_view body, std::string_view content_type, const base::JsonLimits& limits) {
  if (!IsJsonType(content_type)) {
    return BadReview{415, {}, "Content-Type is '" + base::Printable(content_type, 80) + "', expected application/json"};
  }
  if (body.empty()) return Bad({}, "the body is empty, expected an AdmissionReview");
  auto parsed = base::ParseJson(body, limits);
  if (!parsed) return Bad({}, "the body is no AdmissionReview: " + parsed.error().ToString());
  if (!parsed->is_object()) return Bad({}, "the body is no AdmissionReview: it is JSON, but no object");

  Review review;
  review.uid = UidOf(*parsed);
  const std::string version = base::GetStringOr(*parsed, "apiVersion"), kind = base::GetStringOr(*parsed, "kind");
  if (kind != "AdmissionReview" || version != kReviewVersion) {
    return Bad(review.uid, "the body is '" + base::Printable(version, 80) + " " + base::Printable(kind, 80) + "', expected " +
                               std::string(kReviewVersion) + " AdmissionReview: set admissionReviewVersions to [v1]");
  }
  const auto request = parsed->find("request");
  if (request == parsed->end() || !request->is_object()) return Bad(review.uid, "request is missing");
  if (review.uid.empty()) return Bad({}, "request.uid is missing or no plain text: without it there is nobody to answer");

  const std::string word = base::GetStringOr(*request, "operation");
  const auto operation = ParseOperation(word);
  if (!operation) {
    return Bad(review.uid, "request.operation is '" + base::Printable(word, 40) + "', expected CREATE, UPDATE, DELETE or CONNECT");
  }
  review.operation = *operation;
  const std::string subresource = base::GetStringOr(*request, "subResource");
  review.target = TargetOf(base::Find(*request, "resource"), subresource);
  review.resource = ResourceText(base::Find(*request, "resource"), subresource);
  review.group = std::string(kGroup);
  review.kind = std::string(kKind);
  review.ns = base::GetStringOr(*request, "namespace");
  review.name = base::GetStringOr(*request, "name");
  review.dry_run = base::GetBoolOr(*request, "dryRun", false);
  if (review.operation == Operation::kDelete || review.operation == Operation::kConnect) return review;

  if (review.target == Target::kOther || review.target == Target::kStatus) return review;
  review.object = TakeObject(*request, "object");
  review.old_object = TakeObject(*request, "oldObject");
  if (review.object.is_null()) return Bad(review.uid, "request.object is missing or no object");
  if (review.operation == Operation::kUpdate && review.target == Target::kCluster && review.old_object.is_null()) {
    return Bad(review.uid, "request.oldObject is missing or no object, but the operation is UPDATE");
  }
  CompleteMetadata(review);
  review.object_uid = base::GetStringOr(review.object["metadata"], "uid");
  return review;
}

}  // namespace dm::webhook
