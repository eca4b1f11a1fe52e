// Guarded<T>: data together with its mutex; the data is reached through a lock only.
//
//   Guarded<std::map<Key, int>> counts;
//   auto locked = counts.Lock();
//   ++(*locked)[key];
//
// Do not hold a lock across I/O. WaitFor/Notify make it a monitor for condition waits.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace dm::base {

template <class T>
class Guarded {
 public:
  class Locked {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }
    std::unique_lock<std::mutex>& lock() { return lock_; }

   private:
    friend class Guarded;
    Locked(std::mutex& mutex, T& value) : lock_(mutex), value_(&value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  Locked Lock() const { return Locked(mutex_, value_); }

  // Copies the value out. For Guarded<std::shared_ptr<const X>>: the snapshot idiom.
  T Copy() const {
    auto locked = Lock();
    return *locked;
  }

  void Set(T value) {
    {
      auto locked = Lock();
      std::swap(*locked, value);
    }
    changed_.notify_all();
  }  // the old value is destroyed outside the lock

  void NotifyAll() { changed_.notify_all(); }

  // Waits until predicate(value) holds (true) or stop is requested (false).
  template <class Predicate>
  bool Wait(Locked& locked, std::stop_token stop, Predicate predicate) {
    return changed_.wait(locked.lock_, std::move(stop), [&] { return predicate(*locked.value_); });
  }
  // As Wait, for at most `timeout`; false when it passed.
  template <class Rep, class Period, class Predicate>
  bool WaitFor(Locked& locked, std::stop_token stop, std::chrono::duration<Rep, Period> timeout, Predicate predicate) {
    return changed_.wait_for(locked.lock_, std::move(stop), timeout, [&] { return predicate(*locked.value_); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable T value_{};
};

}  // namespace dm::base
