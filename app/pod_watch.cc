#include "app/pod_watch.h"

#include <optional>
#include <utility>

#include "base/log.h"
#include "kube/client.h"
#include "kube/reflector.h"

namespace dm::app {
namespace {

constexpr auto kStale = std::chrono::minutes(2);       // bookmarks come each minute, and a silent watch is renewed after 90 s

}  // namespace

struct PodWatch::Running {
  struct Book {
    PodLedger ledger;
    bool listed = false;
  };
  base::Guarded<Book> book;
  std::unique_ptr<kube::Reflector> reflector;          // ends first
};

class PodWatch::Consumer final : public kube::ObjectConsumer {
 public:
  Consumer(base::Guarded<Running::Book>& book, const std::function<void(bool)>& changed) : book_(book), changed_(changed) {}

  void Begin() override { listing_ = {}; }
  void Item(const base::Json& object) override { listing_.Put(object); }
  // What counts of a pod, its place and its requests, stands far above the depth from which on it is not read.
  void ItemUnreadable(const base::Json& part, const base::Error&) override { listing_.Put(part); }
  void End(const std::string&) override {
    {
      auto book = book_.Lock();
      std::swap(book->ledger, listing_);
      book->listed = true;
    }
    listing_ = {};
    changed_(true);
  }
  void Apply(const base::Json& object, const std::string&) override {
    if (book_.Lock()->ledger.Put(object)) changed_(false);
  }
  void Remove(const base::Json& object, const std::string&) override {
    if (book_.Lock()->ledger.Remove(kube::KeyOfObject(object))) changed_(false);
  }

 private:
  base::Guarded<Running::Book>& book_;
  const std::function<void(bool)>& changed_;
  PodLedger listing_;                                  // of the list that is being read
};

PodWatch::PodWatch(net::Transport& transport, base::Clock& clock, base::Random& random, std::function<void(bool)> changed)
    : transport_(transport), clock_(clock), random_(random), changed_(std::move(changed)) {}

PodWatch::~PodWatch() { Stop(); }

void PodWatch::Want(bool wanted) { Adjust(&State::wanted, wanted); }
void PodWatch::Start() { Adjust(&State::started, true); }
void PodWatch::Stop() { Adjust(&State::started, false); }

void PodWatch::Adjust(bool State::*what, bool value) {
  std::shared_ptr<Running> ended;                      // waited for and freed without the lock
  {
    auto state = state_.Lock();
    (*state).*what = value;
    const bool run = state->wanted && state->started;
    if (!run) ended = std::exchange(state->running, nullptr);
    if (run && !state->running) {
      kube::ReflectorOptions options;
      options.resource = kube::resources::kPods;
      options.field_selector = kPlacedPods;
      auto running = std::make_shared<Running>();
      running->reflector = std::make_unique<kube::Reflector>(transport_, std::move(options),
                                                             std::make_unique<Consumer>(running->book, changed_), clock_, random_);
      running->reflector->Start();
      state->running = std::move(running);
      base::LogInfo("watching the pods of all nodes: the policy measures what is free", {});
    }
  }
  if (!ended) return;
  ended->reflector->Stop();                            // a reader may still hold `ended` for a moment
  base::LogInfo("no longer watching the pods of all nodes", {});
}

UsageNow PodWatch::Now() const {
  const std::shared_ptr<Running> running = state_.Copy().running;
  if (!running) return {nullptr, "pods are not watched"};
  const kube::ReflectorHealth health = running->reflector->Health();
  auto book = running->book.Lock();
  if (!book->listed) {
    return {nullptr, "pods have not been listed yet" + (health.last_error.empty() ? "" : " (" + health.last_error + ")")};
  }
  if (clock_.Now() - health.last_contact > kStale) return {nullptr, "nothing has been heard of pods for more than two minutes"};
  return book->ledger.Now();
}

std::size_t PodWatch::pods() const {
  const std::shared_ptr<Running> running = state_.Copy().running;
  return running ? running->book.Lock()->ledger.pods() : 0;
}

}  // namespace dm::app
