#include "net/worker_pool.h"

#include <algorithm>

namespace dm::net {

WorkerPool::WorkerPool(int threads, std::size_t max_queue) : max_queue_(max_queue) {
  const int count = std::max(threads, 1);
  threads_.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TryPost(Job job) {
  {
    auto state = state_.Lock();
    if (state->stopped || state->waiting.size() >= max_queue_ + state->idle) return false;
    state->waiting.push_back(std::move(job));
  }
  state_.NotifyAll();
  return true;
}

void WorkerPool::Stop() {
  std::deque<Job> dropped;    // destroyed outside the lock: a job may own much
  {
    auto state = state_.Lock();
    state->stopped = true;
    dropped.swap(state->waiting);
  }
  dropped.clear();
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void WorkerPool::Run(const std::stop_token& stop) {
  while (true) {
    Job job;
    {
      auto state = state_.Lock();
      ++state->idle;
      const bool woken = state_.Wait(state, stop, [](const State& s) { return !s.waiting.empty(); });
      --state->idle;
      if (!woken) return;
      job = std::move(state->waiting.front());
      state->waiting.pop_front();
    }
    job();
  }
}

}  // namespace dm::net
