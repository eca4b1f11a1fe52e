#include "webhook/reply.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"

namespace dm::webhook {
namespace {

using base::Json;

constexpr std::size_t kLongestMessage = 32u << 10;

Json StatusOf(const Reply& reply) {
  Json status{{"status", "Failure"},
              {"code", reply.code},
              {"reason", reply.reason},
              {"message", base::Printable(reply.message, kLongestMessage)}};
  if (!reply.details) return status;
  const Details& d = *reply.details;
  Json details{{"group", d.group}, {"kind", d.kind}, {"name", d.name}};
  if (!d.uid.empty()) details["uid"] = d.uid;
  Json causes = Json::array();
  for (const Cause& cause : reply.causes) {
    causes.push_back({{"reason", cause.reason}, {"field", cause.field}, {"message", cause.message}});
  }
  if (!causes.empty()) details["causes"] = std::move(causes);
  status["details"] = std::move(details);
  return status;
}

net::Response JsonResponse(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

std::string PlainStatus(int code, const std::string& reason, const std::string& message) {
  return base::DumpJson({{"kind", "Status"},
                         {"apiVersion", "v1"},
                         {"status", "Failure"},
                         {"code", code},
                         {"reason", reason},
                         {"message", base::Printable(message, 1024)}});
}

}  // namespace

std::string ToJson(const Reply& reply) {
  Json response{{"uid", reply.uid}, {"allowed", reply.allowed}};
  if (!reply.allowed) response["status"] = StatusOf(reply);
  if (!reply.warnings.empty()) response["warnings"] = reply.warnings;
  if (!reply.audit.empty()) response["auditAnnotations"] = reply.audit;
  return base::DumpJson({{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", std::move(response)}});
}

net::Response ToResponse(const Reply& reply) { return JsonResponse(200, ToJson(reply)); }

Reply Allowed(const std::string& uid) {
  Reply reply;
  reply.uid = uid;
  return reply;
}

Reply Refused(const std::string& uid, int code, const std::string& reason, const std::string& message) {
  Reply reply;
  reply.uid = uid;
  reply.allowed = false;
  reply.code = code;
  reply.reason = reason;
  reply.message = message;
  return reply;
}

net::Response NotNow(const std::string& message) {
  net::Response response = JsonResponse(503, PlainStatus(503, "ServiceUnavailable", message));
  response.headers["Retry-After"] = "1";
  return response;
}

net::Response NoReview(int status, const std::string& message) {
  return JsonResponse(status, PlainStatus(status, status == 415 ? "UnsupportedMediaType" : "BadRequest", message));
}

}  // namespace dm::webhook
