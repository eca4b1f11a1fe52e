// Store<T>, the bodies. Included by store.h.
#pragma once

#include <exception>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "kube/store.h"

namespace dm::kube {

template <class T>
std::shared_ptr<const Snapshot<T>> Store<T>::Read() const {
  auto state = state_.Lock();
  if (!state->made) state->made = std::make_shared<const Snapshot<T>>(state->current);
  return state->made;
}

template <class T>
std::shared_ptr<const T> Store<T>::Find(const std::string& key) const {
  return state_.Lock()->current.Find(key);
}

template <class T>
std::vector<std::shared_ptr<const T>> Store<T>::WithPrefix(const std::string& prefix) const {
  std::vector<std::shared_ptr<const T>> found;
  auto state = state_.Lock();
  const auto& items = state->current.items;
  for (auto it = items.lower_bound(prefix); it != items.end() && base::StartsWith(it->first, prefix); ++it) found.push_back(it->second);
  return found;
}

template <class T>
std::size_t Store<T>::Size() const {
  return state_.Lock()->current.items.size();
}

template <class T>
bool Store<T>::Synced() const {
  return state_.Lock()->current.synced;
}

template <class T>
bool Store<T>::WaitSynced(std::stop_token stop, base::Duration timeout) const {
  auto state = state_.Lock();
  return state_.WaitFor(state, std::move(stop), timeout, [](const State& s) { return s.current.synced; });
}

template <class T>
void Store<T>::Tell(const Change<T>& change) const {
  for (const Handler& handler : handlers_) {
    try {
      handler(change);
    } catch (const std::exception& e) {
      base::LogError("a handler of store changes threw", {{"object", change.any().meta.Key()}, {"error", e.what()}});
    }
  }
}

template <class T>
void Store<T>::Replace(std::vector<std::shared_ptr<const T>> items, std::string resource_version) {
  decltype(Snapshot<T>::items) next;
  for (auto& item : items) {
    std::string key = item->meta.Key();
    next.insert_or_assign(std::move(key), std::move(item));
  }
  std::vector<Change<T>> changes;
  decltype(Snapshot<T>::items) old;  // destroyed outside the lock
  Shared made;
  {
    auto state = state_.Lock();
    const bool initial = !state->current.synced;
    for (const auto& [key, item] : next) {
      auto before = state->current.Find(key);
      if (!before) {
        changes.push_back({ChangeKind::kAdded, nullptr, item, initial});
      } else if (item->meta.resource_version.empty() || before->meta.resource_version != item->meta.resource_version) {
        changes.push_back({ChangeKind::kModified, std::move(before), item, false});
      }
    }
    for (const auto& [key, item] : state->current.items) {
      if (!next.contains(key)) changes.push_back({ChangeKind::kDeleted, item, nullptr, false});
    }
    old = std::exchange(state->current.items, std::move(next));
    state->current.synced = true;
    state->current.resource_version = std::move(resource_version);
    made = std::move(state->made);
  }
  state_.NotifyAll();
  for (const auto& change : changes) Tell(change);
}

template <class T>
void Store<T>::Upsert(std::shared_ptr<const T> item, std::string resource_version) {
  Change<T> change{ChangeKind::kAdded, nullptr, item, false};
  Shared made;
  {
    auto state = state_.Lock();
    auto& place = state->current.items[item->meta.Key()];
    change.before = std::exchange(place, std::move(item));
    state->current.resource_version = std::move(resource_version);
    made = std::move(state->made);
  }
  if (change.before) {
    const std::string& version = change.now->meta.resource_version;
    if (!version.empty() && change.before->meta.resource_version == version) return;
    change.kind = ChangeKind::kModified;
  }
  Tell(change);
}

template <class T>
void Store<T>::Erase(const std::string& key, std::string resource_version) {
  Change<T> change{ChangeKind::kDeleted, nullptr, nullptr, false};
  Shared made;
  {
    auto state = state_.Lock();
    auto node = state->current.items.extract(key);
    state->current.resource_version = std::move(resource_version);
    made = std::move(state->made);
    if (node) change.before = std::move(node.mapped());
  }
  if (change.before) Tell(change);
}

}  // namespace dm::kube
