// PackedText: a text in memory that is rarely read, deflated. Objects of one kind differ in their names and little else, so
// each is packed against a sample of its kind: a StatefulSet of 12 kB takes some 500 bytes, and 50 µs to read.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"

namespace dm::base {

// A value; copies share nothing but the sample. Thread-safe as a std::string is.
class PackedText {
 public:
  using Sample = std::shared_ptr<const std::string>;

  PackedText() = default;   // of the empty text
  explicit PackedText(std::string_view text, Sample sample = nullptr);

  // kInternal when the memory is damaged.
  Result<std::string> Unpack() const;
  std::size_t size() const { return size_; }             // of the text
  std::size_t packed_size() const { return packed_.size(); }

 private:
  std::string packed_;
  std::size_t size_ = 0;
  bool deflated_ = false;      // false: packed_ is the text itself (short, or it would not have become shorter)
  Sample sample_;
};

// Packs texts of one kind and learns the sample from them: a text that the sample so far does not help with joins it, up to
// 32 kB (as far as deflate looks back). Thread-safe.
class TextPacker {
 public:
  static constexpr std::size_t kMaxSample = 32u << 10;
  PackedText Pack(std::string_view text);

 private:
  Guarded<PackedText::Sample> sample_;
};

}  // namespace dm::base
