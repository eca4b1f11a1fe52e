#include "app/policy_reload.h"

#include "base/files.h"
#include "base/log.h"

namespace dm::app {
namespace {

constexpr std::size_t kMaxPolicyBytes = 1u << 20;   // what a ConfigMap can hold

}  // namespace

PolicyReload::PolicyReload(std::string path, base::Clock& clock, Handler on_change, Read read, base::Duration period)
    : path_(std::move(path)),
      clock_(clock),
      on_change_(std::move(on_change)),
      read_(read ? std::move(read) : [](const std::string& file) { return base::ReadFile(file, kMaxPolicyBytes); }),
      period_(period) {}

PolicyReload::~PolicyReload() { Stop(); }

void PolicyReload::Start() {
  Poll();
  if (path_.empty()) return;
  thread_ = std::jthread([this](std::stop_token stop) {
    while (clock_.WaitFor(period_, stop)) Poll();
  });
}

void PolicyReload::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void PolicyReload::Refuse(const std::string& seen, std::string error) {
  seen_ = seen;
  looked_ = true;
  {
    auto state = state_.Lock();
    state->error = path_ + ": " + std::move(error);
    ++state->failures;
    base::LogError("the policy was refused", {{"error", state->error},
                                              {"in_force", state->policy ? "the last good one" : "none: nothing is judged"}});
  }
  if (on_refused_) on_refused_();
}

void PolicyReload::Poll() {
  const base::Result<std::string> content = path_.empty() ? base::Result<std::string>(std::string()) : read_(path_);
  const std::string seen = content ? "+" + *content : "-" + content.error().ToString();
  if (looked_ && seen == seen_) return;
  if (!content) return Refuse(seen, content.error().ToString());
  auto parsed = requirements::ParsePolicy(*content);
  if (!parsed) return Refuse(seen, parsed.error().ToString());
  seen_ = seen;
  looked_ = true;
  const auto policy = std::make_shared<const requirements::Policy>(std::move(*parsed));
  {
    auto state = state_.Lock();
    state->policy = policy;
    state->error.clear();
    ++state->loads;
  }
  base::LogInfo("a policy came into force", {{"source", path_.empty() ? "built in" : path_}});
  if (on_change_) on_change_(policy);
}

}  // namespace dm::app
