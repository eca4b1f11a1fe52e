// StoreConsumer<T>, the bodies. Included by reflector.h.
#pragma once

#include <utility>

#include "base/log.h"
#include "kube/reflector.h"

namespace dm::kube {

// namespace/name of a raw object, "" when it has no name.
std::string KeyOfObject(const base::Json& object);
// Logs one object that could not be taken.
void LogUnreadable(const base::Json& object, const base::Error& why);

template <class T>
void StoreConsumer<T>::Begin() {
  pending_.clear();
  unreadable_.clear();
}

template <class T>
void StoreConsumer<T>::Item(const base::Json& object) {
  auto parsed = parse_(object);
  if (parsed) {
    pending_.push_back(std::make_shared<const T>(std::move(*parsed)));
    return;
  }
  ItemUnreadable(object, parsed.error());
}

template <class T>
void StoreConsumer<T>::ItemUnreadable(const base::Json& part, const base::Error& why) {
  LogUnreadable(part, why);
  if (std::string key = KeyOfObject(part); !key.empty()) unreadable_.push_back(std::move(key));
}

template <class T>
void StoreConsumer<T>::End(const std::string& resource_version) {
  if (!unreadable_.empty()) {
    const auto held = store_.Read();
    for (const std::string& key : unreadable_) {
      if (auto item = held->Find(key)) pending_.push_back(std::move(item));
    }
  }
  store_.Replace(std::exchange(pending_, {}), resource_version);
  unreadable_.clear();
}

template <class T>
void StoreConsumer<T>::Apply(const base::Json& object, const std::string& resource_version) {
  auto parsed = parse_(object);
  if (parsed) {
    store_.Upsert(std::make_shared<const T>(std::move(*parsed)), resource_version);
  } else {
    LogUnreadable(object, parsed.error());
  }
}

template <class T>
void StoreConsumer<T>::Remove(const base::Json& object, const std::string& resource_version) {
  store_.Erase(KeyOfObject(object), resource_version);
}

}  // namespace dm::kube
