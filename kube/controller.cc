#include "kube/controller.h"

#include <algorithm>
#include <exception>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"

namespace dm::kube {

using base::Code;
using base::Duration;
using base::Error;

namespace {
constexpr Duration kMostRetryAfter = std::chrono::minutes(2);   // as the reflector: whatever a proxy says
}

struct Controller::Impl {
  struct State {
    ControllerStats stats;
    std::map<int, base::TimePoint> running;  // by worker
  };

  Impl(std::string name_in, WorkQueue& queue_in, Reconcile reconcile_in, int workers_in, base::Clock& clock_in,
       ReconcileObserver observer_in)
      : name(std::move(name_in)),
        queue(queue_in),
        reconcile(std::move(reconcile_in)),
        workers(std::max(workers_in, 1)),
        clock(clock_in),
        observer(std::move(observer_in)) {}

  void Work(int worker, std::stop_token stop);
  void Handle(const Key& key, int worker, std::stop_token stop);
  const char* Settle(const Key& key, const base::Result<Requeue>& result, bool stopping);

  const std::string name;
  WorkQueue& queue;
  const Reconcile reconcile;
  const int workers;
  base::Clock& clock;
  const ReconcileObserver observer;
  base::Guarded<State> state;
  std::vector<std::jthread> threads;
};

void Controller::Impl::Work(int worker, std::stop_token stop) {
  while (auto key = queue.Get(stop)) {
    Handle(*key, worker, stop);
    queue.Done(*key);
  }
}

void Controller::Impl::Handle(const Key& key, int worker, std::stop_token stop) {
  const base::TimePoint begun = clock.Now();
  {
    auto locked = state.Lock();
    ++locked->stats.active;
    locked->running[worker] = begun;
  }
  const char* panic = nullptr;
  base::Result<Requeue> result;
  try {
    result = reconcile(key, stop);
  } catch (const std::exception& e) {
    panic = "panic";
    result = base::Fail(Code::kInternal, std::string("the reconcile threw an exception: ") + e.what());
  } catch (...) {
    panic = "panic";
    result = base::Fail(Code::kInternal, "the reconcile threw something that is no exception");
  }
  const char* word = Settle(key, result, stop.stop_requested());
  {
    auto locked = state.Lock();
    --locked->stats.active;
    locked->running.erase(worker);
    if (panic != nullptr) ++locked->stats.panic;
  }
  if (observer) observer(panic != nullptr ? panic : word, clock.Now() - begun);
}

const char* Controller::Impl::Settle(const Key& key, const base::Result<Requeue>& result, bool stopping) {
  if (result) {
    queue.Forget(key);
    if (result->after) queue.AddAfter(key, *result->after);
    auto locked = state.Lock();
    ++(result->after ? locked->stats.requeue : locked->stats.success);
    return result->after ? "requeue" : "success";
  }
  const Error& error = result.error();
  if (stopping && error.code == Code::kCancelled) return "success";
  const bool terminal = error.code == Code::kInvalid;
  base::Log(error.code == Code::kConflict ? base::Level::kInfo : base::Level::kWarn, "reconcile failed",
            {{"controller", name},
             {"object", key},
             {"retry", terminal ? "no, until the object changes" : "yes"},
             {"code", std::string(base::CodeName(error.code))},
             {"error", error.ToString()}});
  if (terminal) {
    queue.Forget(key);
  } else {
    queue.AddRateLimited(key, std::min<Duration>(error.retry_after.value_or(Duration{0}), kMostRetryAfter));
  }
  auto locked = state.Lock();
  ++(terminal ? locked->stats.terminal : locked->stats.error);
  return terminal ? "terminal" : "error";
}

Controller::Controller(std::string name, WorkQueue& queue, Reconcile reconcile, int workers, base::Clock& clock,
                       ReconcileObserver observer)
    : impl_(std::make_unique<Impl>(std::move(name), queue, std::move(reconcile), workers, clock, std::move(observer))) {
}

Controller::~Controller() { Stop(); }

void Controller::Start() {
  if (!impl_->threads.empty()) return;
  for (int worker = 0; worker < impl_->workers; ++worker) {
    impl_->threads.emplace_back(
        [impl = impl_.get(), worker](std::stop_token stop) { impl->Work(worker, std::move(stop)); });
  }
}

void Controller::Stop() {
  for (auto& thread : impl_->threads) thread.request_stop();
  impl_->threads.clear();  // joins
}

ControllerStats Controller::Stats() const { return impl_->state.Lock()->stats; }

Duration Controller::LongestRunning() const {
  auto locked = impl_->state.Lock();
  Duration longest{};
  const base::TimePoint now = impl_->clock.Now();
  for (const auto& [worker, begun] : locked->running) longest = std::max<Duration>(longest, now - begun);
  return longest;
}

}  // namespace dm::kube
