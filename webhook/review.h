// An AdmissionReview of admission.k8s.io/v1 as a value. Pure: bytes in, value or a refusal out. The API server is the only
// peer that should ever send one, but anybody who reaches the port can, so nothing in it is trusted to have its kind.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace dm::webhook {

enum class Operation { kCreate, kUpdate, kDelete, kConnect };
std::string_view OperationName(Operation operation);   // create | update | delete | connect: a metrics label

enum class Target { kCluster, kScale, kStatus, kOther };

struct Review {
  std::string uid;
  Operation operation = Operation::kCreate;
  Target target = Target::kOther;
  std::string resource;              // "pingcap.com/v1alpha1 dmclusters/scale", for messages
  std::string group, kind;           // of the request, for the answer's details
  std::string ns, name;
  std::string object_uid;
  bool dry_run = false;
  base::Json object, old_object;     // null when absent, and when `target` is not judged (kOther, kStatus)
};

// Of one review: two objects of at most 1.5 MB, as etcd takes them, and of managedFields and the like, which have fewer bytes for
// each value than anything else.
inline constexpr base::JsonLimits kReviewLimits{.max_values = 300'000};

// A body that is no review: what to say, and to whom when that is known.
struct BadReview {
  int status = 400;                  // 400 | 415
  std::string uid;                   // empty: unknown
  std::string message;
};

std::variant<Review, BadReview> ParseReview(std::string_view body, std::string_view content_type,
                                            const base::JsonLimits& limits = kReviewLimits);

}  // namespace dm::webhook
