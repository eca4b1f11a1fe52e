#include "webhook/handler.h"

#include <exception>

#include "base/log.h"
#include "base/strings.h"
#include "dm/requirements/report.h"

namespace dm::webhook {
namespace {

constexpr const char* kWebhookLabel = "/validate";
constexpr const char* kDecodeRule = "Decode";   // fields that could not be read; no rule of the page
constexpr const char* kVerdicts[] = {"allowed", "denied", "error", "not-now"};

net::Response Text(int status, const std::string& text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, text};
}

std::string VerdictOf(const Decision& decision) {
  if (!decision.not_now.empty()) return "not-now";
  if (decision.reply.allowed) return "allowed";
  return decision.reply.code == 422 ? "denied" : "error";
}

void CountRules(const std::map<std::string, std::string>& audit, const char* key,
                std::map<std::string, app::Counter, std::less<>>& counters) {
  const auto found = audit.find(key);
  if (found == audit.end()) return;
  for (const std::string_view rule : base::Split(found->second, ',')) {
    if (const auto counter = counters.find(rule); counter != counters.end()) counter->second.Add();
  }
}

}  // namespace

Handler::Handler(const Decider& decider, app::Metrics& metrics, const base::Clock& clock)
    : decider_(decider),
      clock_(clock),
      latency_(metrics.AddHistogram("controller_runtime_webhook_latency_seconds", "Time that a review takes.",
                                    app::LatencyBuckets(), {{"webhook", kWebhookLabel}})),
      in_flight_(metrics.AddGauge("controller_runtime_webhook_requests_in_flight", "Reviews in hand.", {{"webhook", kWebhookLabel}})),
      panics_(metrics.AddCounter("controller_runtime_webhook_panics_total", "Reviews that ended in an exception.")) {
  for (const int code : {200, 400, 415, 500, 503}) {
    by_code_.emplace(code, metrics.AddCounter("controller_runtime_webhook_requests_total", "Reviews, by HTTP status.",
                                              {{"code", std::to_string(code)}, {"webhook", kWebhookLabel}}));
  }
  for (const Operation operation : {Operation::kCreate, Operation::kUpdate, Operation::kDelete, Operation::kConnect}) {
    for (const char* verdict : kVerdicts) {
      const std::string name(OperationName(operation));
      verdicts_.emplace(name + " " + verdict, metrics.AddCounter("dm_webhook_verdicts_total", "Verdicts, by operation.",
                                                                 {{"operation", name}, {"verdict", verdict}}));
    }
  }
  std::vector<std::string> rules{kDecodeRule};
  for (int i = 0; i < static_cast<int>(requirements::Rule::kCount); ++i) {
    rules.emplace_back(requirements::RuleName(static_cast<requirements::Rule>(i)));
  }
  for (const std::string& rule : rules) {
    denied_.emplace(rule, metrics.AddCounter("dm_webhook_denials_total", "Reviews that a rule denied.", {{"rule", rule}}));
    warned_.emplace(rule, metrics.AddCounter("dm_webhook_warnings_total", "Reviews that a rule warned about.", {{"rule", rule}}));
  }
}

net::Response Handler::Handle(const net::Request& request) {
  const std::string_view path = net::PathOf(request.target);
  if (path == "/healthz") return Text(200, "ok");
  if (path != "/validate") return Text(404, "not found: reviews go to /validate\n");
  if (request.method != "POST") {
    net::Response refused = Text(405, "only POST\n");
    refused.headers["Allow"] = "POST";
    return refused;
  }
  const base::TimePoint start = clock_.Now();
  in_flight_.Add(1);
  net::Response response = Validate(request);
  in_flight_.Add(-1);
  latency_.Observe(std::chrono::duration<double>(clock_.Now() - start).count());
  if (const auto counter = by_code_.find(response.status); counter != by_code_.end()) counter->second.Add();
  return response;
}

net::Response Handler::Validate(const net::Request& request) {
  if (leaving_) return NotNow("this replica is stopping: ask again");
  std::string uid;
  std::string failure = "unknown exception";
  try {
    const auto type = request.headers.find("Content-Type");
    const auto parsed = ParseReview(request.body, type == request.headers.end() ? std::string_view() : std::string_view(type->second));
    if (const auto* bad = std::get_if<BadReview>(&parsed)) {
      base::LogWarn("a request that is no review", {{"uid", bad->uid}, {"problem", bad->message}});
      if (bad->uid.empty()) return NoReview(bad->status, bad->message);
      return ToResponse(Refused(bad->uid, bad->status, "BadRequest", bad->message));
    }
    uid = std::get<Review>(parsed).uid;
    return Judge(std::get<Review>(parsed));
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {   // whatever a library throws: one request fails, not the process
  }
  panics_.Add();
  base::LogError("a review failed", {{"uid", uid}, {"error", failure}});
  if (uid.empty()) return NoReview(500, "internal error");
  return ToResponse(Refused(uid, 500, "InternalError", "the webhook failed on this object, which is a fault of the webhook; its log has the details under uid " + uid));
}

net::Response Handler::Judge(const Review& review) {
  const base::TimePoint start = clock_.Now();
  const Decision decision = decider_.Decide(review);
  Count(review, decision);
  const std::string verdict = VerdictOf(decision);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(clock_.Now() - start).count();
  const auto denied = decision.reply.audit.find("denied");
  base::Log(verdict == "allowed" ? base::Level::kDebug : base::Level::kInfo, "reviewed",
            {{"uid", review.uid},
             {"operation", std::string(OperationName(review.operation))},
             {"object", review.ns + "/" + review.name},
             {"verdict", verdict},
             {"why", !decision.not_now.empty() ? decision.not_now
                     : denied != decision.reply.audit.end() ? denied->second : decision.reply.message},
             {"dry_run", review.dry_run ? "true" : "false"},
             {"micros", std::to_string(micros)}});
  if (!decision.not_now.empty()) return NotNow(decision.not_now);
  return ToResponse(decision.reply);
}

void Handler::Count(const Review& review, const Decision& decision) {
  const auto verdict = verdicts_.find(std::string(OperationName(review.operation)) + " " + VerdictOf(decision));
  if (verdict != verdicts_.end()) verdict->second.Add();
  CountRules(decision.reply.audit, "denied", denied_);
  CountRules(decision.reply.audit, "warned", warned_);
}

}  // namespace dm::webhook
