// The API server's Status into an Error that says what the caller should do.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "kube/client.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;

Code CodeOfHttp(int status) {
  switch (status) {
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 410:
      return Code::kGone;
    case 401:
    case 403:
      return Code::kDenied;
    case 408:
    case 504:
      return Code::kTimeout;
    case 429:
      return Code::kUnavailable;
    default:
      break;
  }
  if (status >= 500 && status <= 599) return Code::kUnavailable;
  if (status >= 400 && status <= 499) return Code::kInvalid;
  return Code::kInternal;
}

// A cause may say what the reason only hints at: "Timeout" is not "your version is ahead of mine".
bool SaysMore(const std::string& cause) {
  return cause == "ResourceVersionTooLarge" || cause == "NamespaceTerminating";
}

constexpr std::size_t kMaxCauses = 20;
constexpr std::int64_t kLongestRetryAfter = 86'400;   // seconds

void AddCauses(const Json& status, base::Error& error) {
  const Json* causes = base::FindPath(status, {"details", "causes"});
  if (causes == nullptr || !causes->is_array()) return;
  std::vector<std::string> texts;
  for (const Json& cause : *causes) {
    const std::string type = base::GetStringOr(cause, "reason");
    if (SaysMore(type)) error.reason = type;
    const std::string message = base::GetStringOr(cause, "message");
    if (message.empty() || error.message.find(message) != std::string::npos) continue;
    const std::string field = base::GetStringOr(cause, "field");
    if (texts.size() < kMaxCauses) texts.push_back(field.empty() ? message : field + ": " + message);
  }
  if (!texts.empty()) error.message += (error.message.empty() ? "" : ": ") + base::Join(texts, "; ");
}

base::Error Fill(const Json& status, int http) {
  base::Error error;
  error.code = CodeOfHttp(http);
  error.reason = base::GetStringOr(status, "reason");
  error.message = base::GetStringOr(status, "message");
  AddCauses(status, error);
  if (const Json* details = base::Find(status, "details")) {
    const auto seconds = base::GetInt(*details, "retryAfterSeconds");
    if (seconds && *seconds > 0) error.retry_after = std::chrono::seconds(std::min(*seconds, kLongestRetryAfter));
  }
  // Where the number is missing the word must do: both forms of "expired" mean "list again".
  if (error.reason == "Expired" || error.reason == "Gone") error.code = Code::kGone;
  return error;
}

std::string StatusLine(int http) { return "the API server answered " + std::to_string(http); }

}  // namespace

base::Error ErrorFromStatus(const Json& status) {
  base::Error error = Fill(status, static_cast<int>(base::GetIntOr(status, "code", 500)));
  if (error.message.empty()) error.message = "the API server reported an error without a message";
  return error;
}

base::Error ErrorFromResponse(const net::Response& response) {
  auto parsed = base::ParseJson(response.body);
  const bool is_status = parsed && base::GetStringOr(*parsed, "kind") == "Status";
  base::Error error = Fill(is_status ? *parsed : Json::object(), response.status);
  if (error.message.empty()) {
    error.message = StatusLine(response.status);
    // A proxy's page or plain text: enough of it to know who spoke.
    const std::string text = base::Printable(base::Trim(response.body));
    if (!text.empty() && !is_status) error.message += ": " + text;
  }
  if (auto header = response.headers.find("Retry-After"); header != response.headers.end()) {
    const auto seconds = base::ParseInt(base::Trim(header->second));
    if (seconds && *seconds >= 0 && *seconds <= kLongestRetryAfter) error.retry_after = std::chrono::seconds(*seconds);
  }
  return error;
}

}  // namespace dm::kube
