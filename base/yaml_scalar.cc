// The rules of goyaml v2's resolve.go: words first, then base-0 integers, then decimal floats, else text.
#include "base/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace dm::base {
namespace {

template <std::size_t N>
bool IsOneOf(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 6> kTrueFalse = {"true", "True", "TRUE", "false", "False", "FALSE"};
constexpr std::array<std::string_view, 8> kYes = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
constexpr std::array<std::string_view, 8> kNo = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 12> kNotFinite = {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF",
                                                         "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// strconv.ParseInt and ParseUint with base 0.
std::optional<Json> BaseZeroInteger(std::string_view text) {
  bool negative = false;
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  if (has_sign) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    if (mark == 'x' || mark == 'X') base = 16;
    if (mark == 'b' || mark == 'B') base = 2;
    if (mark == 'o' || mark == 'O') base = 8;
    text.remove_prefix(base == 10 ? 1 : 2);
    if (base == 10) base = 8;
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (negative) {
    if (magnitude > kMax + 1) return std::nullopt;
    if (magnitude == kMax + 1) return Json(std::numeric_limits<std::int64_t>::min());
    return Json(-static_cast<std::int64_t>(magnitude));
  }
  if (magnitude > kMax) return has_sign ? std::nullopt : std::optional<Json>(Json(magnitude));
  return Json(static_cast<std::int64_t>(magnitude));
}

// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
bool LooksLikeFloat(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - begin;
  };
  const auto take = [&](std::string_view any_of) {
    if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
  };
  take("+-");
  const std::size_t whole = digits();
  if (take(".")) {
    const std::size_t fraction = digits();
    if (whole == 0 && fraction == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (take("eE")) {
    take("+-");
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {   // too small is zero for Go, too large is text
    value = std::strtod(std::string(text).c_str(), nullptr);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// kubectl turns YAML into JSON text and reads that: 1e3 and 3.0 arrive as integers.
Json FloatAsJson(double value) {
  if (std::trunc(value) == value) {
    if (value >= -0x1p63 && value < 0x1p63) return Json(static_cast<std::int64_t>(value));
    if (value > 0 && value < 0x1p64) return Json(static_cast<std::uint64_t>(value));
  }
  return Json(value);
}

bool HasLeadingZero(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && (IsDigit(text[1]) || text[1] == '_' || text[1] == 'o' || text[1] == 'O');
}

}  // namespace

YamlScalar ResolvePlain(std::string_view text) {
  if (IsOneOf(text, kNull)) return {Json(nullptr)};
  if (IsOneOf(text, kTrueFalse)) return {Json(text.front() == 't' || text.front() == 'T')};
  if (IsOneOf(text, kYes)) return {Json(true), true, true};
  if (IsOneOf(text, kNo)) return {Json(false), true, true};
  if (IsOneOf(text, kNotFinite)) return {Json(std::string(text)), false, false};

  const char first = text.front();
  if (first == '.') {
    if (LooksLikeFloat(text)) {
      if (const auto value = ParseDouble(text)) return {FloatAsJson(*value)};
    }
  } else if (IsDigit(first) || first == '+' || first == '-') {
    std::string plain(text);
    std::erase(plain, '_');
    if (auto integer = BaseZeroInteger(plain)) return {*std::move(integer), true, HasLeadingZero(text)};
    if (LooksLikeFloat(plain)) {
      if (const auto value = ParseDouble(plain)) return {FloatAsJson(*value), true, HasLeadingZero(text)};
    }
  }
  return {Json(std::string(text))};
}

}  // namespace dm::base
