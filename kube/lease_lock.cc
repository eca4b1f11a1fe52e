#include "kube/lease_lock.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace dm::kube {

using base::Code;
using base::Json;

namespace {

constexpr int kReleaseTries = 5;

Json SpecOf(const Json& lease) {
  const Json* spec = base::Find(lease, "spec");
  return spec == nullptr ? Json::object() : *spec;
}

std::string HolderOf(const Json& lease) { return base::GetStringOr(SpecOf(lease), "holderIdentity"); }

}  // namespace

// While it is ours, the version that we wrote last is enough to renew with; a conflict means looking again.
LeaseLock::Attempt LeaseLock::Try(std::stop_token stop) {
  if (mine_) {
    Json lease = *mine_;
    if (Write(std::move(lease), false, stop) == Attempt::kHeld) return Attempt::kHeld;
    if (mine_ || stop.stop_requested()) return Attempt::kFailed;
  }
  return TryFromServer(std::move(stop));
}

LeaseLock::Attempt LeaseLock::TryFromServer(std::stop_token stop) {
  auto live = client_.Get(resources::kLeases, options_.ns, options_.name, stop);
  if (!live) {
    if (live.error().code != Code::kNotFound) {
      if (!stop.stop_requested()) {
        base::LogWarn("the lease could not be read", {{"lease", Name()}, {"error", live.error().ToString()}});
      }
      return Attempt::kFailed;
    }
    Json fresh = {{"apiVersion", resources::kLeases.ApiVersion()},
                  {"kind", resources::kLeases.kind},
                  {"metadata", {{"name", options_.name}, {"namespace", options_.ns}}}};
    return Write(std::move(fresh), true, std::move(stop));
  }
  if (!MayTake(*live)) return Attempt::kTaken;
  return Write(std::move(*live), false, std::move(stop));
}

bool LeaseLock::MayTake(const Json& live) {
  const Json spec = SpecOf(live);
  holder_ = base::GetStringOr(spec, "holderIdentity");
  if (holder_.empty() || holder_ == options_.identity) return true;
  const base::TimePoint now = clock_.Now();
  if (!observed_ || observed_->spec != spec) observed_ = Observed{spec, now};
  // The longer of our figure and theirs: during a change of the flag the two differ.
  const base::Duration theirs =
      std::chrono::seconds(std::clamp<std::int64_t>(base::GetIntOr(spec, "leaseDurationSeconds", 0), 0, 3600));
  return now - observed_->since >= std::max(options_.lease, theirs);
}

LeaseLock::Attempt LeaseLock::Write(Json lease, bool create, std::stop_token stop) {
  const base::TimePoint begun = clock_.Now();
  const std::string now = base::FormatRfc3339Micro(clock_.Wall());
  Json& spec = lease["spec"];
  if (!spec.is_object()) spec = Json::object();
  if (base::GetStringOr(spec, "holderIdentity") != options_.identity) {
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = create ? 0 : base::GetIntOr(spec, "leaseTransitions", 0) + 1;
  }
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = std::chrono::duration_cast<std::chrono::seconds>(options_.lease).count();
  spec["renewTime"] = now;
  auto written =
      create ? client_.Create(resources::kLeases, lease, false, stop) : client_.Update(resources::kLeases, lease, stop);
  if (written) {
    mine_ = std::move(*written);
    since_ = begun;
    holder_ = options_.identity;
    unsure_ = false;
    return Attempt::kHeld;
  }
  // Somebody wrote in between, or an answer of ours was lost: look again. When the server is away, `mine_` stays good.
  const Code code = written.error().code;
  if (code == Code::kConflict || code == Code::kNotFound) mine_.reset();
  unsure_ = code == Code::kUnavailable || code == Code::kTimeout || code == Code::kCancelled;
  if (!stop.stop_requested()) {
    base::Log(code == Code::kConflict ? base::Level::kDebug : base::Level::kWarn, "the lease was not written",
              {{"lease", Name()}, {"error", written.error().ToString()}});
  }
  return Attempt::kFailed;
}

void LeaseLock::Release(base::TimePoint deadline) {
  for (int attempt = 0; attempt < kReleaseTries && clock_.Now() < deadline; ++attempt) {
    auto live = client_.Get(resources::kLeases, options_.ns, options_.name);
    if (!live || HolderOf(*live) != options_.identity) return;
    const std::string now = base::FormatRfc3339Micro(clock_.Wall());
    Json& spec = (*live)["spec"];
    spec["holderIdentity"] = "";
    spec["leaseDurationSeconds"] = 1;
    spec["renewTime"] = now;
    spec["acquireTime"] = now;
    auto written = client_.Update(resources::kLeases, *live);
    if (written) {
      base::LogInfo("the lease is released", {{"lease", Name()}});
      return;
    }
    if (written.error().code != Code::kConflict) {
      base::LogWarn("the lease could not be released", {{"lease", Name()}, {"error", written.error().ToString()}});
      return;
    }
  }
}

}  // namespace dm::kube
