#include "kube/lease.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "kube/lease_lock.h"

namespace dm::kube {

using base::Code;
using base::Duration;
using base::TimePoint;
using Attempt = LeaseLock::Attempt;

namespace {

// A candidate looks more often than a leader renews, so that a lease that was given back is taken within seconds. Its waits are
// drawn from [1, 2.2) of that time (client-go's jitter).
constexpr int kLooksPerRetry = 4;
constexpr double kAcquireJitter = 1.2;

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
    return wrong("the lease duration is " + Text(options.lease) +
                 "; it must be at least 1 s, as the API counts in seconds");
  }
  if (options.renew_deadline >= options.lease) {
    return wrong("the renew deadline " + Text(options.renew_deadline) + " must be shorter than the lease duration " +
                 Text(options.lease) + ": the difference is the time to stop in");
  }
  if (options.retry <= Duration{0} || options.renew_deadline * 5 <= options.retry * 6) {
    return wrong("the retry period " + Text(options.retry) +
                 " must be above zero, and 1.2 times it below the renew deadline " + Text(options.renew_deadline));
  }
  return {};
}

struct LeaderElector::Impl {
  struct State {
    bool leading = false;
    bool lost = false;  // once lost (or released), this process never leads again
    TimePoint renewed{};
    std::string holder;
  };

  Impl(const Client& client, LeaseOptions options_in, base::Clock& clock_in, base::Random& random_in,
       std::function<void()> on_started_in, std::function<void()> on_lost_in)
      : options(std::move(options_in)),
        clock(clock_in),
        random(random_in),
        on_started(std::move(on_started_in)),
        on_lost(std::move(on_lost_in)),
        lock(client, options, clock) {}

  void Elect(std::stop_token stop);
  void Watch(std::stop_token stop);
  bool Acquire(std::stop_token stop);
  Attempt Try(std::stop_token stop);
  bool TooLate() const;
  void Lose(const std::string& why, std::optional<TimePoint> renewed = std::nullopt);
  bool GiveUp(std::optional<TimePoint> renewed = std::nullopt);
  void StopThreads();

  const LeaseOptions options;
  base::Clock& clock;
  base::Random& random;
  const std::function<void()> on_started, on_lost;
  LeaseLock lock;  // the election thread's, and after its end the releasing one's
  mutable base::Guarded<State> state;
  std::jthread elector, watchdog, starter;
};

Attempt LeaderElector::Impl::Try(std::stop_token stop) {
  const Attempt attempt = lock.Try(std::move(stop));
  {
    auto locked = state.Lock();
    locked->holder = lock.holder();
    if (attempt != Attempt::kHeld) return attempt;
    if (locked->lost) return Attempt::kFailed;  // too late: the watchdog has given up
    locked->leading = true;
    locked->renewed = lock.since();
  }
  state.NotifyAll();
  return Attempt::kHeld;
}

// True when there was something to give up. With `renewed`: only if it was not renewed since.
bool LeaderElector::Impl::GiveUp(std::optional<TimePoint> renewed) {
  bool had = false;
  {
    auto locked = state.Lock();
    if (renewed && locked->renewed != *renewed) return false;
    had = locked->leading;
    locked->lost = true;
    locked->leading = false;
  }
  state.NotifyAll();
  return had;
}

bool LeaderElector::Impl::TooLate() const {
  const State now = state.Copy();
  return now.lost || clock.Now() >= now.renewed + options.renew_deadline;
}

void LeaderElector::Impl::Lose(const std::string& why, std::optional<TimePoint> renewed) {
  if (!GiveUp(renewed)) return;  // the other thread saw it first
  base::LogError("the lease is lost", {{"lease", options.ns + "/" + options.name}, {"why", why}});
  if (on_lost) on_lost();
}

bool LeaderElector::Impl::Acquire(std::stop_token stop) {
  std::string told;
  while (Try(stop) != Attempt::kHeld) {
    if (stop.stop_requested()) return false;
    if (lock.holder() != told) {
      told = lock.holder();
      base::LogInfo("waiting for the lease", {{"lease", options.ns + "/" + options.name}, {"holder", told}});
    }
    const double stretch = 1.0 + kAcquireJitter * random.Uniform();
    const auto wait = Duration(static_cast<Duration::rep>(static_cast<double>(options.retry.count()) * stretch / kLooksPerRetry));
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
    // We stood still past the deadline, and another may lead by now: not even the lease is written.
    if (TooLate()) return Lose("there was no time to renew it within " + Text(options.renew_deadline));
    const Attempt attempt = Try(stop);
    if (stop.stop_requested()) return;
    if (attempt == Attempt::kTaken) return Lose("it is held by " + lock.holder());
    if (state.Copy().lost) return;
  }
}

// Sees the deadline pass whatever the election thread is stuck in.
void LeaderElector::Impl::Watch(std::stop_token stop) {
  while (!stop.stop_requested()) {
    TimePoint renewed;
    {
      auto locked = state.Lock();
      if (!state.Wait(locked, stop, [](const State& s) { return s.leading || s.lost; }) || locked->lost) return;
      renewed = locked->renewed;
    }
    if (!clock.WaitUntil(renewed + options.renew_deadline, stop)) return;
    Lose("it could not be renewed within " + Text(options.renew_deadline), renewed);  // or wait on, if it was
  }
}

void LeaderElector::Impl::StopThreads() {
  for (std::jthread* thread : {&elector, &watchdog}) {
    if (thread->joinable()) thread->request_stop();
  }
  for (std::jthread* thread : {&elector, &watchdog, &starter}) {
    if (thread->joinable()) thread->join();
  }
}

LeaderElector::LeaderElector(const Client& client, LeaseOptions options, base::Clock& clock, base::Random& random,
                             std::function<void()> on_started, std::function<void()> on_lost)
    : impl_(std::make_unique<Impl>(client, std::move(options), clock, random, std::move(on_started),
                                   std::move(on_lost))) {}

LeaderElector::~LeaderElector() { impl_->StopThreads(); }

void LeaderElector::Start() {
  if (impl_->elector.joinable()) return;
  impl_->watchdog = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->Watch(std::move(stop)); });
  impl_->elector = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->Elect(std::move(stop)); });
}

void LeaderElector::StopAndRelease() {
  impl_->StopThreads();
  const bool lost = impl_->state.Copy().lost;
  const bool led = impl_->GiveUp();
  // Stopped during the write that would have made us lead: it may have gone through, and nobody else could lead for a while.
  const bool perhaps = !led && !lost && impl_->lock.unsure();
  if (led || perhaps) impl_->lock.Release(impl_->clock.Now() + impl_->options.renew_deadline);
}

bool LeaderElector::IsLeader() const { return Remaining() > Duration{0}; }

Duration LeaderElector::Remaining() const {
  auto locked = impl_->state.Lock();
  if (!locked->leading) return Duration{0};
  return std::max<Duration>(locked->renewed + impl_->options.lease - impl_->clock.Now(), Duration{0});
}

std::string LeaderElector::Holder() const { return impl_->state.Copy().holder; }

}  // namespace dm::kube
