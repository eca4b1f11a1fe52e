// Reflector: list and watch of one resource into a Store, for ever, on one blocking thread.
// State machine Empty → Listing → Listed(rv) → Watching(rv); the contract and its error matrix are a table in
// reflector_test.cc (both 410 forms, 504 "too large", 429 without a relist, clean close, sub-second close, truncated or
// foreign events).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/json.h"
#include "kube/client.h"
#include "kube/store.h"

namespace dm::kube {

struct ReflectorOptions {
  Resource resource;
  std::string ns;  // empty: all namespaces
  std::string label_selector, field_selector;
  int page_size = 500;
  base::Duration inactivity = std::chrono::seconds(90);  // > the minute of bookmarks
  base::Duration watch_min = std::chrono::seconds(180);  // server timeoutSeconds drawn from [min, max]: below the
  base::Duration watch_max = std::chrono::seconds(230);  // 240 s at which some load balancers cut silently
  base::Duration watch_pace = std::chrono::seconds(1);   // at most one watch opened in that time
  base::BackoffPolicy backoff;
};

// What a reflector can say of itself. Thread-safe copy.
struct ReflectorHealth {
  bool synced = false;
  base::TimePoint last_contact{};  // last byte or clean answer from the server
  std::string last_error;          // empty when the last exchange was good
  std::uint64_t lists = 0, watches = 0, events = 0,
                errors = 0;  // begun lists and watches, events taken, exchanges failed
};

// Not a template: takes the raw object (with apiVersion and kind, without managedFields). Parse failures of one object
// are logged and skipped. Called on the reflector's reading side only.
class ObjectConsumer {
 public:
  virtual ~ObjectConsumer() = default;
  virtual void Begin() = 0;                                   // a new list starts
  virtual void Item(const base::Json& object) = 0;            // one object of that list
  virtual void ItemUnreadable(const base::Json& part, const base::Error& why) = 0;  // one that could only be read in part
  virtual void End(const std::string& resource_version) = 0;  // swap it in
  virtual void Apply(const base::Json& object, const std::string& resource_version) = 0;
  virtual void Remove(const base::Json& object, const std::string& resource_version) = 0;
};

template <class T>
class StoreConsumer final : public ObjectConsumer {
 public:
  using Parse = std::function<base::Result<T>(const base::Json&)>;
  StoreConsumer(Store<T>& store, Parse parse) : store_(store), parse_(std::move(parse)) {}
  void Begin() override;
  void Item(const base::Json& object) override;
  void ItemUnreadable(const base::Json& part, const base::Error& why) override;
  // An object that could not be parsed is not an object that is gone: what the store holds of it stays.
  void End(const std::string& resource_version) override;
  void Apply(const base::Json& object, const std::string& resource_version) override;
  void Remove(const base::Json& object, const std::string& resource_version) override;

 private:
  Store<T>& store_;
  Parse parse_;
  std::vector<std::shared_ptr<const T>> pending_;
  std::vector<std::string> unreadable_;  // keys of this list's objects that did not parse
};

class Reflector {
 public:
  Reflector(net::Transport& transport, ReflectorOptions options, std::unique_ptr<ObjectConsumer> consumer,
            base::Clock& clock, base::Random& random);
  ~Reflector();  // stops and joins
  void Start();
  void Stop();
  ReflectorHealth Health() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The usual way: a reflector that feeds `store` through `parse`.
template <class T>
std::unique_ptr<Reflector> Reflect(net::Transport& transport, ReflectorOptions options, Store<T>& store,
                                   typename StoreConsumer<T>::Parse parse, base::Clock& clock, base::Random& random) {
  return std::make_unique<Reflector>(transport, std::move(options),
                                     std::make_unique<StoreConsumer<T>>(store, std::move(parse)), clock, random);
}

}  // namespace dm::kube

#include "kube/reflector_inl.h"
