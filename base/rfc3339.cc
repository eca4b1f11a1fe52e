// Times as Kubernetes writes them.
#include <array>
#include <cstdio>

#include "base/clock.h"
#include "base/strings.h"

namespace dm::base {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string Format(WallTime time, bool micro) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<microseconds>(time - day));
  std::array<char, 64> text{};
  int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                             static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                             static_cast<int>(clock.seconds().count()));
  std::string result(text.data(), static_cast<std::size_t>(length));
  if (micro) {
    length = std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(clock.subseconds().count()));
    result.append(text.data(), static_cast<std::size_t>(length));
  }
  return result + "Z";
}

// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<WallTime> Parse(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, "-")) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, "-")) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || !Take(text, "Tt")) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || !Take(text, ":")) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !Take(text, ":")) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second) return std::nullopt;

  std::int64_t nanos = 0;
  if (Take(text, ".")) {
    std::int64_t unit = 100'000'000;
    std::size_t count = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      nanos += unit * (text.front() - '0');
      unit /= 10;
      ++count;
      text.remove_prefix(1);
    }
    if (count == 0) return std::nullopt;
  }

  minutes offset{0};
  if (!Take(text, "Zz")) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto off_hour = TakeDigits(text, 2);
    if (!off_hour || !Take(text, ":")) return std::nullopt;
    const auto off_minute = TakeDigits(text, 2);
    if (!off_minute || *off_hour > 23 || *off_minute > 59) return std::nullopt;
    offset = minutes(sign * (*off_hour * 60 + *off_minute));
  }
  if (!text.empty()) return std::nullopt;

  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  // The years a 64-bit count of nanoseconds around 1970 can hold, with room for the offset.
  if (*year < 1678 || *year > 2261 || !date.ok()) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) +
         std::chrono::nanoseconds(nanos) - offset;
}

}  // namespace

std::string FormatRfc3339(WallTime time) { return Format(time, false); }
std::string FormatRfc3339Micro(WallTime time) { return Format(time, true); }

Result<WallTime> ParseRfc3339(std::string_view text) {
  if (const auto time = Parse(text)) return *time;
  return Fail(Code::kInvalid, "\"" + Printable(text, 64) + "\" is no time; expected RFC 3339, as 2026-11-24T18:10:09Z");
}

}  // namespace dm::base
