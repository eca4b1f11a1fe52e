// What the API server is told, as a value; and the same as JSON. Pure.
//
// A verdict is always HTTP 200 with allowed true or false: any other status is "the webhook is broken" to the API server,
// and the user would read that instead of the reasons.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/http_types.h"

namespace dm::webhook {

struct Cause {
  std::string reason;      // FieldValueInvalid | FieldValueRequired | FieldValueForbidden
  std::string field;
  std::string message;
  bool operator==(const Cause&) const = default;
};

struct Details {
  std::string group, kind, name, uid;
  bool operator==(const Details&) const = default;
};

struct Reply {
  std::string uid;
  bool allowed = true;
  // Of a denial:
  int code = 0;            // 422 | 400 | 403 | 404 | 500
  std::string reason;      // Invalid | BadRequest | …
  std::string message;     // whole in itself: some clients show nothing else
  std::optional<Details> details;
  std::vector<Cause> causes;
  // Of both:
  std::vector<std::string> warnings;
  std::map<std::string, std::string> audit;
};

// The AdmissionReview that carries it.
std::string ToJson(const Reply& reply);
net::Response ToResponse(const Reply& reply);

Reply Allowed(const std::string& uid);
Reply Refused(const std::string& uid, int code, const std::string& reason, const std::string& message);

// "Ask again in a second": caches are cold or we are leaving. The API server retries within its time-out.
net::Response NotNow(const std::string& message);
// A body that is no review, from somebody who is no API server (no uid to answer to).
net::Response NoReview(int status, const std::string& message);

}  // namespace dm::webhook
