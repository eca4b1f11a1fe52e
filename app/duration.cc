#include "app/duration.h"

#include <array>
#include <limits>

#include "base/strings.h"

namespace dm::app {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Largest first, as they are printed.
constexpr std::array<Unit, 4> kUnits{{{"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

tl::unexpected<base::Error> Refuse(std::string_view text) {
  return base::Fail(base::Code::kInvalid,
                    "'" + base::Printable(text, 60) + "' is no duration: write a number with its unit, as 500ms, 10s or 1m30s");
}

}  // namespace

base::Result<base::Duration> ParseDuration(std::string_view text) {
  if (text == "0") return base::Duration{0};
  if (text.empty()) return Refuse(text);
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t digits = 0;
    while (digits < rest.size() && IsDigit(rest[digits])) ++digits;
    std::size_t end = digits;
    while (end < rest.size() && !IsDigit(rest[end])) ++end;
    const auto number = base::ParseInt(rest.substr(0, digits));
    const std::string_view name = rest.substr(digits, end - digits);
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits) {
      if (known.name == name) unit = &known;
    }
    if (digits == 0 || !number || unit == nullptr) return Refuse(text);
    if (*number > (std::numeric_limits<std::int64_t>::max() - total) / unit->nanoseconds) return Refuse(text);
    total += *number * unit->nanoseconds;
    rest.remove_prefix(end);
  }
  return base::Duration{total};
}

std::string FormatDuration(base::Duration duration) {
  std::int64_t left = duration.count();
  std::string text = left < 0 ? "-" : "";
  if (left < 0) left = -left;
  const std::size_t sign = text.size();
  for (const Unit& unit : kUnits) {
    if (left < unit.nanoseconds) continue;
    text += std::to_string(left / unit.nanoseconds) + std::string(unit.name);
    left %= unit.nanoseconds;
  }
  return text.size() == sign ? "0s" : text;
}

}  // namespace dm::app
