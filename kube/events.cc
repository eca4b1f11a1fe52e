#include "kube/events.h"

#include <cstdio>
#include <deque>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/guarded.h"
#include "base/log.h"
#include "kube/event_series.h"

namespace dm::kube {

using base::Code;
using base::Json;

namespace {

constexpr std::size_t kMaxMessage = 1024;
constexpr std::size_t kMaxObjectName = 220;  // leaves room for the suffix in the 253 of a name
constexpr base::Duration kRetry = std::chrono::seconds(10);

struct Occurrence {
  ObjectReference about;
  std::string type, reason, message;
  base::WallTime at{};
};

std::string ObjectKey(const ObjectReference& about) {
  return about.kind + '\n' + about.ns + '\n' + about.name + '\n' + about.uid;
}

// Only an unavailable server is worth another try; a terminating namespace or a refused event stays so.
bool WorthRetrying(const base::Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kTimeout;
}

}  // namespace

struct EventRecorder::Impl {
  struct State {
    std::deque<Occurrence> queue;
    bool busy = false;
    EventStats stats;
  };

  Impl(const Client& client_in, std::string component_in, base::Clock& clock_in)
      : client(client_in), component(std::move(component_in)), clock(clock_in) {}

  void Run(std::stop_token stop);
  void Deal(const Occurrence& occurrence, std::stop_token stop);
  base::Result<void> Write(const Occurrence& occurrence, EventSeries& series, std::stop_token stop);
  base::Result<void> Raise(const Occurrence& occurrence, const EventSeries& series, std::stop_token stop);
  Json NewEvent(const Occurrence& occurrence, const EventSeries& series);
  std::string NewName(const Occurrence& occurrence);

  const Client& client;
  const std::string component;
  base::Clock& clock;
  mutable base::Guarded<State> state;
  // Touched by the posting thread only.
  RecentMap<EventSeries> series_by_key{kMaxKnown};
  RecentMap<TokenBucket> buckets{kMaxKnown};
  std::uint64_t names = 0;
  std::jthread thread;
};

std::string EventRecorder::Impl::NewName(const Occurrence& occurrence) {
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(occurrence.at.time_since_epoch()).count();
  char suffix[48];
  std::snprintf(suffix, sizeof(suffix), ".%llx%llx", static_cast<unsigned long long>(nanos),
                static_cast<unsigned long long>(++names));
  return occurrence.about.name.substr(0, kMaxObjectName) + suffix;
}

Json EventRecorder::Impl::NewEvent(const Occurrence& occurrence, const EventSeries& series) {
  const ObjectReference& about = occurrence.about;
  Json involved = {{"apiVersion", about.api_version}, {"kind", about.kind}, {"name", about.name}};
  if (!about.ns.empty()) involved["namespace"] = about.ns;
  if (!about.uid.empty()) involved["uid"] = about.uid;
  return {{"apiVersion", "v1"},
          {"kind", "Event"},
          // Events about objects without a namespace live in "default".
          {"metadata", {{"name", series.name}, {"namespace", about.ns.empty() ? "default" : about.ns}}},
          {"involvedObject", std::move(involved)},
          {"type", occurrence.type},
          {"reason", occurrence.reason},
          {"message", occurrence.message},
          {"source", {{"component", component}}},
          {"reportingComponent", component},
          {"firstTimestamp", base::FormatRfc3339(series.first)},
          {"lastTimestamp", base::FormatRfc3339(occurrence.at)},
          {"count", series.count}};
}

base::Result<void> EventRecorder::Impl::Raise(const Occurrence& occurrence, const EventSeries& series, std::stop_token stop) {
  const std::string ns = occurrence.about.ns.empty() ? "default" : occurrence.about.ns;
  const Json patch = {{"count", series.count}, {"lastTimestamp", base::FormatRfc3339(occurrence.at)}};
  auto patched = client.MergePatch(resources::kEvents, ns, series.name, patch, {}, std::move(stop));
  if (!patched) return base::Propagate(patched);
  ++state.Lock()->stats.patched;
  return {};
}

base::Result<void> EventRecorder::Impl::Write(const Occurrence& occurrence, EventSeries& series, std::stop_token stop) {
  if (series.there) {
    auto raised = Raise(occurrence, series, stop);
    if (raised || raised.error().code != Code::kNotFound) return raised;
    series = {{}, false, 1, occurrence.at};  // the server keeps Events for an hour only: begin a new one
  }
  if (series.name.empty()) series.name = NewName(occurrence);
  auto created = client.Create(resources::kEvents, NewEvent(occurrence, series), false, stop);
  if (created) {
    series.there = true;
    ++state.Lock()->stats.posted;
    return {};
  }
  // "AlreadyExists": an earlier try got through and its answer did not.
  if (created.error().reason == "AlreadyExists") {
    series.there = true;
    return series.count == 1 ? base::Result<void>() : Raise(occurrence, series, std::move(stop));
  }
  // Where nobody knows, the name stays: under another one the Event could be there twice.
  if (!WorthRetrying(created.error())) series.name.clear();
  return base::Propagate(created);
}

void EventRecorder::Impl::Deal(const Occurrence& occurrence, std::stop_token stop) {
  const std::string object = ObjectKey(occurrence.about);
  EventSeries& series =
      series_by_key[object + '\n' + occurrence.type + '\n' + occurrence.reason + '\n' + occurrence.message];
  if (series.count++ == 0) series.first = occurrence.at;
  if (!buckets[object].Take(clock.Now())) {
    ++state.Lock()->stats.held_back;
    return;
  }
  for (int attempt = 1;; ++attempt) {
    auto written = Write(occurrence, series, stop);
    if (written || stop.stop_requested()) return;
    if (!WorthRetrying(written.error()) || attempt == kMaxTries) {
      ++state.Lock()->stats.dropped;
      base::LogWarn("an event could not be written",
                    {{"object", occurrence.about.kind + " " + occurrence.about.ns + "/" + occurrence.about.name},
                     {"reason", occurrence.reason},
                     {"error", written.error().ToString()}});
      return;
    }
    if (!clock.WaitFor(kRetry, stop)) return;
  }
}

void EventRecorder::Impl::Run(std::stop_token stop) {
  for (;;) {
    Occurrence occurrence;
    {
      auto locked = state.Lock();
      locked->busy = false;
      if (locked->queue.empty()) state.NotifyAll();
      if (!state.Wait(locked, stop, [](const State& s) { return !s.queue.empty(); }) || stop.stop_requested()) return;
      occurrence = std::move(locked->queue.front());
      locked->queue.pop_front();
      locked->busy = true;
    }
    try {
      Deal(occurrence, stop);
    } catch (const std::exception& e) {
      base::LogError("an event could not be written", {{"error", e.what()}});
    }
  }
}

EventRecorder::EventRecorder(const Client& client, std::string component, base::Clock& clock)
    : impl_(std::make_unique<Impl>(client, std::move(component), clock)) {
  impl_->thread = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->Run(std::move(stop)); });
}

EventRecorder::~EventRecorder() {
  impl_->thread.request_stop();
  impl_->thread.join();
}

void EventRecorder::Record(const ObjectReference& about, const std::string& type, const std::string& reason,
                           const std::string& message) {
  Occurrence occurrence{about, type, reason, CutUtf8(message, kMaxMessage), impl_->clock.Wall()};
  {
    auto state = impl_->state.Lock();
    if (state->queue.size() >= kMaxQueue) {
      ++state->stats.dropped;
      return;
    }
    state->queue.push_back(std::move(occurrence));
  }
  impl_->state.NotifyAll();
}

bool EventRecorder::Flush(base::Duration timeout) {
  auto state = impl_->state.Lock();
  return impl_->state.WaitFor(state, {}, timeout, [](const Impl::State& s) { return s.queue.empty() && !s.busy; });
}

EventStats EventRecorder::Stats() const { return impl_->state.Lock()->stats; }

}  // namespace dm::kube
