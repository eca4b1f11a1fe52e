// Known<T>: a thing that was read, or the reason why it was not. Unknown is never read as empty, healthy or gone: there is
// no default value to fall back on, value() is only for what is known.
//
//   if (!leader) return Wait("the leader is not known: " + leader.why());
//
// A value; thread-safe as a std::string is.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"

namespace dm::op::members {

template <class T>
class Known {
 public:
  Known() : why_("it has not been read yet") {}
  static Known Of(T value) {
    Known known;
    known.value_ = std::move(value);
    known.why_.clear();
    return known;
  }
  static Known Unknown(std::string why) {
    Known unknown;
    unknown.why_ = std::move(why);
    return unknown;
  }

  bool known() const { return value_.has_value(); }
  explicit operator bool() const { return known(); }
  const T& value() const {
    assert(value_.has_value());
    return *value_;
  }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }
  const std::string& why() const { return why_; }   // empty when known

  bool operator==(const Known&) const = default;

 private:
  std::optional<T> value_;
  std::string why_;
};

}  // namespace dm::op::members
