// UTF-8: decoding, checking, and showing text that may be anything.
#include "base/utf8.h"

#include <array>

#include "base/strings.h"

namespace dm::base {

Utf8Char FirstChar(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};

  std::size_t length = 0;
  char32_t least = 0;
  char32_t value = 0;
  if ((lead & 0xE0) == 0xC0) {
    length = 2, least = 0x80, value = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3, least = 0x800, value = lead & 0x0F;
  } else if ((lead & 0xF8) == 0xF0) {
    length = 4, least = 0x10000, value = lead & 0x07;
  }
  if (length == 0 || text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Char next = FirstChar(text);
    if (next.length == 0) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::string Printable(std::string_view text, std::size_t max_bytes) {
  constexpr std::array<char, 16> kHex = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string shown;
  while (!text.empty()) {
    const Utf8Char next = FirstChar(text);
    const std::size_t length = next.length == 0 ? 1 : next.length;
    std::string piece;
    if (next.code_point == U'\n' && next.length == 1) {
      piece = "\\n";
    } else if (next.code_point == U'\t' && next.length == 1) {
      piece = "\\t";
    } else if (next.code_point == U'\r' && next.length == 1) {
      piece = "\\r";
    } else if (next.length == 0 || next.code_point < 0x20 || next.code_point == 0x7F) {
      const auto byte = static_cast<unsigned char>(text[0]);
      piece = {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xF]};
    } else if (next.code_point >= 0x80 && next.code_point < 0xA0) {   // C1 controls: terminals obey them
      const auto low = static_cast<unsigned char>(next.code_point);
      piece = {'\\', 'u', '0', '0', kHex[low >> 4], kHex[low & 0xF]};
    } else {
      piece = text.substr(0, length);
    }
    if (shown.size() + piece.size() > max_bytes) return shown + "…";
    shown += piece;
    text.remove_prefix(length);
  }
  return shown;
}

}  // namespace dm::base
