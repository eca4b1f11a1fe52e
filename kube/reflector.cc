#include "kube/reflector.h"

#include <algorithm>
#include <exception>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/guarded.h"
#include "base/log.h"
#include "kube/parse.h"
#include "kube/reflector_machine.h"
#include "kube/watch_sink.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Error;
using base::Json;

constexpr base::Duration kListTimeout = std::chrono::seconds(60);      // the server's own limit for a request
constexpr base::Duration kOpenTimeout = std::chrono::seconds(30);      // above the 15 s that it may queue a request
constexpr base::Duration kMostRetryAfter = std::chrono::seconds(120);  // a wrong header must not stop us for a day

std::int64_t Seconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

struct Reflector::Impl {
  Impl(net::Transport& transport_in, ReflectorOptions options_in, std::unique_ptr<ObjectConsumer> consumer_in,
       base::Clock& clock_in, base::Random& random_in)
      : transport(transport_in),
        options(std::move(options_in)),
        consumer(std::move(consumer_in)),
        clock(clock_in),
        random(random_in),
        backoff(options.backoff, clock_in, random_in),
        page_size(options.page_size) {}

  // What one exchange came to, and why when it failed.
  struct Result {
    Outcome outcome = Outcome::kListFailed;
    std::optional<Error> error;
  };

  void Run(std::stop_token stop);
  Result ListOnePage(std::stop_token stop);
  Result WatchOnce(std::stop_token stop);
  bool Rest(Pause pause, const std::optional<Error>& error, std::stop_token stop);
  void Note(const Result& result);
  std::string Selectors() const;
  void Contact();

  net::Transport& transport;
  const ReflectorOptions options;
  const std::unique_ptr<ObjectConsumer> consumer;
  base::Clock& clock;
  base::Random& random;
  base::Backoff backoff;
  mutable base::Guarded<ReflectorHealth> health;

  // The position of the state machine; touched by the thread and, while it waits in Stream, by the sink.
  Phase phase = Phase::kEmpty;
  std::string version;
  std::string next_page;
  int page_size = 0;  // of the pages asked for now: options.page_size, or less where that many objects are too large an answer
  bool hurried = false;
  base::TimePoint watch_opened{};
  std::jthread thread;
};

void Reflector::Impl::Contact() { health.Lock()->last_contact = clock.Now(); }

std::string Reflector::Impl::Selectors() const {
  std::string text;
  if (!options.label_selector.empty()) text += "&labelSelector=" + net::PercentEncode(options.label_selector);
  if (!options.field_selector.empty()) text += "&fieldSelector=" + net::PercentEncode(options.field_selector);
  return text;
}

Reflector::Impl::Result Reflector::Impl::ListOnePage(std::stop_token stop) {
  if (phase == Phase::kEmpty) {
    consumer->Begin();
    next_page.clear();
    page_size = std::min(options.page_size, page_size * 2);  // objects may have become smaller again
    phase = Phase::kListing;
    ++health.Lock()->lists;
  }
  net::Request request;
  // No resourceVersion: the newest state, read through to etcd, and therefore served in pages.
  request.target = options.resource.Path(options.ns) + "?limit=" + std::to_string(page_size) + Selectors();
  if (!next_page.empty()) request.target += "&continue=" + net::PercentEncode(next_page);
  request.headers.emplace("Accept", "application/json");
  request.timeout = kListTimeout;

  auto response = transport.Send(request, stop);
  if (!response && response.error().reason == net::kAnswerTooLarge && page_size > 1) {
    page_size /= 2;  // the same page, of fewer: the token goes with any size
    base::LogInfo("a page of a list is too large, the next are smaller",
                  {{"resource", options.resource.plural}, {"objects", std::to_string(page_size)}});
    return {Outcome::kListPage, std::nullopt};
  }
  if (!response) return {Outcome::kListFailed, response.error()};
  if (response->status < 200 || response->status > 299) {
    Error error = ErrorFromResponse(*response);
    const Outcome outcome = ClassifyList(error);
    return {outcome, std::move(error)};
  }
  auto page = ParseList(response->body, [this](Json&& item) {
    if (base::Find(item, "kind") == nullptr) {  // items of built-in kinds come without
      item["kind"] = options.resource.kind;
      item["apiVersion"] = options.resource.ApiVersion();
    }
    consumer->Item(item);
  }, [this](Json&& part) { consumer->ItemUnreadable(part, TooDeep()); });
  if (!page) return {Outcome::kListFailed, page.error()};
  Contact();
  if (!page->next.empty()) {
    next_page = page->next;
    return {Outcome::kListPage, std::nullopt};
  }
  if (page->resource_version.empty()) {
    return {Outcome::kListFailed, Error{Code::kInternal, "the list carries no resourceVersion to watch from"}};
  }
  version = page->resource_version;
  consumer->End(version);
  health.Lock()->synced = true;
  return {Outcome::kListEnd, std::nullopt};
}

Reflector::Impl::Result Reflector::Impl::WatchOnce(std::stop_token stop) {
  const base::Duration span = std::max(options.watch_max - options.watch_min, base::Duration{0});
  const std::int64_t seconds = Seconds(options.watch_min) +
                               static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(Seconds(span)) + 1));
  net::Request request;
  request.target = options.resource.Path(options.ns) +
                   "?watch=true&allowWatchBookmarks=true&resourceVersion=" + net::PercentEncode(version) +
                   "&timeoutSeconds=" + std::to_string(seconds) + Selectors();
  request.headers.emplace("Accept", "application/json");
  request.timeout = kOpenTimeout;  // until the head of the answer
  net::StreamOptions stream_options;
  stream_options.inactivity = options.inactivity;

  // A quiet watch that is open is no silence: after a partition the first bookmark may be a minute away.
  WatchSink sink(options.resource, *consumer, version, [this] { Contact(); }, [this] {
    phase = Phase::kWatching;
    Contact();
  });
  watch_opened = clock.Now();
  ++health.Lock()->watches;
  auto end = transport.Stream(request, sink, stream_options, stop);

  {
    auto locked = health.Lock();
    locked->events += sink.events;
  }
  if (sink.facts.events > 0) hurried = false;
  if (!end) {
    const bool opened = phase == Phase::kWatching;
    if (!opened) return {ClassifyOpen(0, end.error()), end.error()};
    // It broke off after lines had come: too long a line, or the transport gave up.
    if (end.error().code == Code::kInvalid) sink.facts.unreadable = true;
    sink.facts.end = net::StreamEndKind::kBroken;
  } else if (end->status < 200 || end->status > 299) {
    Error error = ErrorFromResponse({end->status, end->headers, end->body});
    const Outcome outcome = ClassifyOpen(end->status, error);
    return {outcome, std::move(error)};
  } else {
    sink.facts.end = end->kind;
  }
  phase = Phase::kWatching;
  sink.facts.life = clock.Now() - watch_opened;
  const Outcome outcome = ClassifyStream(sink.facts);
  switch (outcome) {
    case Outcome::kStreamEnded:
      if (end && end->kind == net::StreamEndKind::kClosed) Contact();
      return {outcome, std::nullopt};
    case Outcome::kStreamSilent:
      return {outcome, Error{Code::kTimeout, "the watch fell silent"}};
    case Outcome::kStreamShort:
      return {outcome, Error{Code::kUnavailable, "the watch ended at once without an event"}};
    default:
      return {outcome, end ? sink.error : end.error()};
  }
}

void Reflector::Impl::Note(const Result& result) {
  bool was_failing = false;
  {
    auto locked = health.Lock();
    was_failing = !locked->last_error.empty();
    locked->last_error = result.error ? result.error->ToString() : std::string();
    if (result.error) ++locked->errors;
  }
  if (result.error) {
    // Silence and expiry are everyday; what a person may have to act on is louder.
    const bool everyday = result.outcome == Outcome::kStreamSilent || result.error->code == Code::kGone;
    base::Log(everyday ? base::Level::kInfo : base::Level::kWarn, "list or watch ended",
              {{"resource", options.resource.plural}, {"namespace", options.ns}, {"error", result.error->ToString()}});
  } else if (was_failing) {
    base::LogInfo("list and watch work again", {{"resource", options.resource.plural}, {"namespace", options.ns}});
  }
}

bool Reflector::Impl::Rest(Pause pause, const std::optional<Error>& error, std::stop_token stop) {
  switch (pause) {
    case Pause::kNone:
      return !stop.stop_requested();
    case Pause::kPace:
      if (clock.Now() >= watch_opened + options.watch_pace) return !stop.stop_requested();
      return clock.WaitUntil(watch_opened + options.watch_pace, std::move(stop));
    case Pause::kBackoff:
      break;
  }
  base::Duration wait = backoff.Next();
  if (error && error->retry_after) wait = std::max(wait, std::min(*error->retry_after, kMostRetryAfter));
  return clock.WaitFor(wait, std::move(stop));
}

void Reflector::Impl::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Result result;
    try {
      result = phase == Phase::kListed || phase == Phase::kWatching ? WatchOnce(stop) : ListOnePage(stop);
    } catch (const std::exception& e) {  // the consumer, or no memory: begin anew, slowly
      result = {Outcome::kListFailed, Error{Code::kInternal, std::string("an exception: ") + e.what()}};
    }
    if (stop.stop_requested()) return;
    Note(result);
    const Step step = Decide(result.outcome, hurried);
    phase = step.next;
    hurried = step.hurried;
    if (!Rest(step.pause, result.error, stop)) return;
  }
}

Reflector::Reflector(net::Transport& transport, ReflectorOptions options, std::unique_ptr<ObjectConsumer> consumer,
                     base::Clock& clock, base::Random& random)
    : impl_(std::make_unique<Impl>(transport, std::move(options), std::move(consumer), clock, random)) {}

Reflector::~Reflector() { Stop(); }

void Reflector::Start() {
  if (impl_->thread.joinable()) return;
  // Silence is measured from the start: a reflector that never reached the server ages too.
  impl_->Contact();
  impl_->thread = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->Run(std::move(stop)); });
}

void Reflector::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->thread.join();
}

ReflectorHealth Reflector::Health() const { return impl_->health.Copy(); }

}  // namespace dm::kube
