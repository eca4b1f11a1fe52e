#include "kube/lease.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/guarded.h"
#include "base/log.h"

namespace dm::kube {

using base::Code;
using base::Duration;
using base::Json;
using base::TimePoint;

namespace {

constexpr double kAcquireJitter = 1.2;      // client-go's: waits of candidates are drawn from [retry, 2.2 retry)
constexpr int kReleaseTries = 5;

std::string HolderOf(const Json& lease) {
  const Json* spec = base::Find(lease, "spec");
  return spec == nullptr ? std::string() : base::GetStringOr(*spec, "holderIdentity");
}

Json SpecOf(const Json& lease) {
  const Json* spec = base::Find(lease, "spec");
  return spec == nullptr ? Json::object() : *spec;
}

std::string Text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

base::Result<void> CheckLeaseOptions(const LeaseOptions& options) {
  const auto wrong = [](const std::string& what) { return base::Fail(Code::kInvalid, what); };
  if (options.ns.empty() || options.name.empty() || options.identity.empty()) {
    return wrong("the lease needs a namespace, a name and an identity");
  }
  if (options.lease < std::chrono::seconds(1)) {
    return wrong("the lease duration is " + Text(options.lease) + "; it must be at least 1 s, as the API counts in seconds");
  }
  if (options.renew_deadline >= options.lease) {
    return wrong("the renew deadline " + Text(options.renew_deadline) + " must be shorter than the lease duration " +
                 Text(options.lease) + ": the difference is the time to stop in");
  }
  if (options.retry <= Duration{0} || options.renew_deadline * 5 <= options.retry * 6) {
    return wrong("the retry period " + Text(options.retry) + " must be above zero, and 1.2 times it below the renew deadline " +
                 Text(options.renew_deadline));
  }
  return {};
}

struct LeaderElector::Impl {
  struct State {
    bool leading = false;
    bool lost = false;               // once lost, this process never leads again
    TimePoint renewed{};             // taken before the request that renewed: others count from later
    std::string holder;
  };
  // What we saw of another's lease, and when it last changed by our own clock. Times in the record are never compared.
  struct Observed {
    Json spec;
    TimePoint since{};
  };
  enum class Attempt { kHeld, kTaken, kFailed };

  Impl(const Client& client_in, LeaseOptions options_in, base::Clock& clock_in, base::Random& random_in,
       std::function<void()> on_started_in, std::function<void()> on_lost_in)
      : client(client_in),
        options(std::move(options_in)),
        clock(clock_in),
        random(random_in),
        on_started(std::move(on_started_in)),
        on_lost(std::move(on_lost_in)) {}

  void Elect(std::stop_token stop);
  void Watch(std::stop_token stop);
  bool Acquire(std::stop_token stop);
  Attempt Try(std::stop_token stop);
  Attempt TryFromServer(TimePoint begun, std::stop_token stop);
  Attempt Write(Json lease, bool create, TimePoint begun, std::stop_token stop);
  bool MayTake(const Json& live);
  bool Held(TimePoint begun);
  void Lose(const std::string& why);
  void Release();
  void StopThreads();

  const Client& client;
  const LeaseOptions options;
  base::Clock& clock;
  base::Random& random;
  const std::function<void()> on_started, on_lost;
  mutable base::Guarded<State> state;
  std::optional<Json> mine;             // the lease as we last wrote it; the election thread's
  std::optional<Observed> observed;     // the election thread's
  std::jthread elector, watchdog, starter;
};

// True when we lead; false when that came too late (the watchdog has given up already).
bool LeaderElector::Impl::Held(TimePoint begun) {
  {
    auto locked = state.Lock();
    if (locked->lost) return false;
    locked->leading = true;
    locked->renewed = begun;
    locked->holder = options.identity;
  }
  state.NotifyAll();
  return true;
}

LeaderElector::Impl::Attempt LeaderElector::Impl::Write(Json lease, bool create, TimePoint begun, std::stop_token stop) {
  const std::string now = base::FormatRfc3339Micro(clock.Wall());
  Json& spec = lease["spec"];
  if (!spec.is_object()) spec = Json::object();
  if (base::GetStringOr(spec, "holderIdentity") != options.identity) {
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = create ? 0 : base::GetIntOr(spec, "leaseTransitions", 0) + 1;
  }
  spec["holderIdentity"] = options.identity;
  spec["leaseDurationSeconds"] = std::chrono::duration_cast<std::chrono::seconds>(options.lease).count();
  spec["renewTime"] = now;
  auto written = create ? client.Create(resources::kLeases, lease, false, stop) : client.Update(resources::kLeases, lease, stop);
  if (written) {
    mine = std::move(*written);
    return Held(begun) ? Attempt::kHeld : Attempt::kFailed;
  }
  // Somebody wrote in between, or an answer of ours was lost: look again. When the server is away, `mine` stays good.
  const Code code = written.error().code;
  if (code == Code::kConflict || code == Code::kNotFound) mine.reset();
  if (!stop.stop_requested()) {
    base::Log(code == Code::kConflict ? base::Level::kDebug : base::Level::kWarn, "the lease was not written",
              {{"lease", options.ns + "/" + options.name}, {"error", written.error().ToString()}});
  }
  return Attempt::kFailed;
}

bool LeaderElector::Impl::MayTake(const Json& live) {
  const std::string holder = HolderOf(live);
  state.Lock()->holder = holder;
  if (holder.empty() || holder == options.identity) return true;
  const Json spec = SpecOf(live);
  const TimePoint now = clock.Now();
  if (!observed || observed->spec != spec) observed = Observed{spec, now};
  // The longer of our figure and theirs: during a change of the flag the two differ.
  const Duration theirs = std::chrono::seconds(std::clamp<std::int64_t>(base::GetIntOr(spec, "leaseDurationSeconds", 0), 0, 3600));
  return now - observed->since >= std::max(options.lease, theirs);
}

LeaderElector::Impl::Attempt LeaderElector::Impl::TryFromServer(TimePoint begun, std::stop_token stop) {
  auto live = client.Get(resources::kLeases, options.ns, options.name, stop);
  if (!live) {
    if (live.error().code != Code::kNotFound) {
      if (!stop.stop_requested()) {
        base::LogWarn("the lease could not be read",
                      {{"lease", options.ns + "/" + options.name}, {"error", live.error().ToString()}});
      }
      return Attempt::kFailed;
    }
    Json fresh = {{"apiVersion", resources::kLeases.ApiVersion()},
                  {"kind", resources::kLeases.kind},
                  {"metadata", {{"name", options.name}, {"namespace", options.ns}}}};
    return Write(std::move(fresh), true, begun, std::move(stop));
  }
  if (!MayTake(*live)) return Attempt::kTaken;
  return Write(std::move(*live), false, begun, std::move(stop));
}

// One round. While we lead, the version that we wrote last is enough to renew with; a conflict means looking again.
LeaderElector::Impl::Attempt LeaderElector::Impl::Try(std::stop_token stop) {
  const TimePoint begun = clock.Now();
  if (mine) {
    Json lease = *mine;
    if (Write(std::move(lease), false, begun, stop) == Attempt::kHeld) return Attempt::kHeld;
    if (mine || stop.stop_requested()) return Attempt::kFailed;
    return TryFromServer(clock.Now(), std::move(stop));
  }
  return TryFromServer(begun, std::move(stop));
}

void LeaderElector::Impl::Lose(const std::string& why) {
  {
    auto locked = state.Lock();
    if (locked->lost) return;
    locked->lost = true;
    locked->leading = false;
  }
  state.NotifyAll();
  base::LogError("the lease is lost", {{"lease", options.ns + "/" + options.name}, {"why", why}});
  if (on_lost) on_lost();
}

bool LeaderElector::Impl::Acquire(std::stop_token stop) {
  std::string told;
  for (;;) {
    if (Try(stop) == Attempt::kHeld) break;
    if (stop.stop_requested()) return false;
    const std::string holder = state.Lock()->holder;
    if (holder != told) {
      base::LogInfo("waiting for the lease", {{"lease", options.ns + "/" + options.name}, {"holder", holder}});
      told = holder;
    }
    const double stretch = 1.0 + kAcquireJitter * random.Uniform();
    const auto wait = Duration(static_cast<Duration::rep>(static_cast<double>(options.retry.count()) * stretch));
    if (!clock.WaitFor(wait, stop)) return false;
  }
  base::LogInfo("we hold the lease", {{"lease", options.ns + "/" + options.name}, {"identity", options.identity}});
  return true;
}

void LeaderElector::Impl::Elect(std::stop_token stop) {
  if (!Acquire(stop)) return;
  // On a thread of its own: whatever starts must not keep us from renewing.
  if (on_started) starter = std::jthread([this] { on_started(); });
  while (clock.WaitFor(options.retry, stop)) {
    const Attempt attempt = Try(stop);
    if (stop.stop_requested() || state.Lock()->lost) return;
    if (attempt == Attempt::kTaken) {
      const std::string holder = state.Lock()->holder;
      return Lose("it is held by " + holder);
    }
  }
}

// Sees the deadline pass whatever the election thread is stuck in.
void LeaderElector::Impl::Watch(std::stop_token stop) {
  auto locked = state.Lock();
  while (!stop.stop_requested()) {
    if (!state.Wait(locked, stop, [](const State& s) { return s.leading || s.lost; })) return;
    if (locked->lost) return;
    const TimePoint deadline = locked->renewed + options.renew_deadline;
    if (clock.Now() >= deadline) break;
    locked.lock().unlock();
    const bool waited = clock.WaitUntil(deadline, stop);
    locked.lock().lock();
    if (!waited) return;
  }
  locked.lock().unlock();
  if (!stop.stop_requested()) Lose("it could not be renewed within " + Text(options.renew_deadline));
}

void LeaderElector::Impl::StopThreads() {
  for (std::jthread* thread : {&elector, &watchdog}) {
    if (thread->joinable()) thread->request_stop();
  }
  for (std::jthread* thread : {&elector, &watchdog, &starter}) {
    if (thread->joinable()) thread->join();
  }
}

void LeaderElector::Impl::Release() {
  {
    auto locked = state.Lock();
    if (!locked->leading) return;
    locked->leading = false;
    locked->lost = true;
  }
  const TimePoint deadline = clock.Now() + options.renew_deadline;
  for (int attempt = 0; attempt < kReleaseTries && clock.Now() < deadline; ++attempt) {
    auto live = client.Get(resources::kLeases, options.ns, options.name);
    if (!live || HolderOf(*live) != options.identity) return;
    const std::string now = base::FormatRfc3339Micro(clock.Wall());
    Json& spec = (*live)["spec"];
    spec["holderIdentity"] = "";
    spec["leaseDurationSeconds"] = 1;
    spec["renewTime"] = now;
    spec["acquireTime"] = now;
    auto written = client.Update(resources::kLeases, *live);
    if (written) {
      base::LogInfo("the lease is released", {{"lease", options.ns + "/" + options.name}});
      return;
    }
    if (written.error().code != Code::kConflict) {
      base::LogWarn("the lease could not be released", {{"error", written.error().ToString()}});
      return;
    }
  }
}

LeaderElector::LeaderElector(const Client& client, LeaseOptions options, base::Clock& clock, base::Random& random,
                             std::function<void()> on_started, std::function<void()> on_lost)
    : impl_(std::make_unique<Impl>(client, std::move(options), clock, random, std::move(on_started), std::move(on_lost))) {}

LeaderElector::~LeaderElector() { impl_->StopThreads(); }

void LeaderElector::Start() {
  if (impl_->elector.joinable()) return;
  impl_->watchdog = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->Watch(std::move(stop)); });
  impl_->elector = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->Elect(std::move(stop)); });
}

void LeaderElector::StopAndRelease() {
  impl_->StopThreads();
  impl_->Release();
}

bool LeaderElector::IsLeader() const { return Remaining() > Duration{0}; }

Duration LeaderElector::Remaining() const {
  auto locked = impl_->state.Lock();
  if (!locked->leading) return Duration{0};
  return std::max<Duration>(locked->renewed + impl_->options.lease - impl_->clock.Now(), Duration{0});
}

std::string LeaderElector::Holder() const { return impl_->state.Lock()->holder; }

}  // namespace dm::kube
