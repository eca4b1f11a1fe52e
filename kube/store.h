// Store<T>: what a reflector knows, as immutable snapshots, and who wants to hear of changes. Thread-safe.
//
// T is a trimmed struct with `meta` (kube::api::ObjectMeta). A reader takes a snapshot and holds it as long as it
// likes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"

namespace dm::kube {

template <class T>
struct Snapshot {
  std::map<std::string, std::shared_ptr<const T>> items;  // by namespace/name
  bool synced = false;                                    // the first list has been taken in whole
  std::string resource_version;

  std::shared_ptr<const T> Find(const std::string& key) const {
    auto it = items.find(key);
    return it == items.end() ? nullptr : it->second;
  }
};

enum class ChangeKind { kAdded, kModified, kDeleted };

template <class T>
struct Change {
  ChangeKind kind;
  std::shared_ptr<const T> before;  // null when added
  std::shared_ptr<const T> now;     // null when deleted
  bool initial = false;             // part of the very first list: not news, so of low priority
  const T& any() const { return now ? *now : *before; }
};

template <class T>
class Store {
 public:
  using Handler = std::function<void(const Change<T>&)>;

  // Handlers run on the reflector's thread, after the snapshot has been swapped: enqueue and return. An exception out
  // of one is logged and keeps no other from being told. Register before the reflector starts.
  void OnChange(Handler handler) { handlers_.push_back(std::move(handler)); }

  // The snapshot is made when it is asked for and kept until something changes: a burst of events copies nothing.
  std::shared_ptr<const Snapshot<T>> Read() const;
  // Without a snapshot, which costs the whole store after each change: one item (null: none), those whose key begins with
  // `prefix` in the order of their keys, and how many there are.
  std::shared_ptr<const T> Find(const std::string& key) const;
  std::vector<std::shared_ptr<const T>> WithPrefix(const std::string& prefix) const;
  std::size_t Size() const;
  bool Synced() const;
  // Waits for the first list; false when stopped or timed out.
  bool WaitSynced(std::stop_token stop, base::Duration timeout) const;

  // For the reflector. Replace computes additions, modifications and deletions against what was held (tombstones: what
  // is missing from the list is gone, and `before` is the last that was seen of it). An object whose resourceVersion is
  // the one held is no change.
  void Replace(std::vector<std::shared_ptr<const T>> items, std::string resource_version);
  void Upsert(std::shared_ptr<const T> item, std::string resource_version);
  void Erase(const std::string& key, std::string resource_version);

 private:
  using Shared = std::shared_ptr<const Snapshot<T>>;
  struct State {
    Snapshot<T> current;
    Shared made;  // a copy of `current`, null when that has moved on
  };
  void Tell(const Change<T>& change) const;

  mutable base::Guarded<State> state_;
  std::vector<Handler> handlers_;
};

}  // namespace dm::kube

#include "kube/store_inl.h"
