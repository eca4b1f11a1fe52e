// Walking over UTF-8, one sequence at a time. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace dm::base {

struct Utf8Char {
  char32_t code_point = 0;
  std::size_t length = 0;   // bytes; 0 when the text does not begin with a whole, shortest-form character
};

// The character at the beginning of `text`. Overlong forms, surrogates and values above U+10FFFF are none.
Utf8Char FirstChar(std::string_view text);

}  // namespace dm::base
