// A fixed number of threads and a bounded queue: what does not fit is refused at once instead of waiting unseen.
// Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace dm::net {

class WorkerPool {
 public:
  using Job = std::function<void()>;    // must not throw

  WorkerPool(int threads, std::size_t max_queue);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when all threads are busy and the queue is full, or the pool has stopped.
  bool TryPost(Job job);
  // Drops what waits, lets what runs finish, joins. Not from a job.
  void Stop();

 private:
  struct State {
    std::deque<Job> waiting;
    std::size_t idle = 0;
    bool stopped = false;
  };
  void Run(const std::stop_token& stop);

  const std::size_t max_queue_;
  base::Guarded<State> state_;
  std::vector<std::jthread> threads_;
};

}  // namespace dm::net
