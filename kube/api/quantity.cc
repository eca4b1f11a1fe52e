// Parsing and rounding of quantities, after k8s.io/apimachinery pkg/api/resource.
#include "kube/api/quantity.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/strings.h"

namespace dm::kube::api {
namespace {

constexpr Int128 kMaxInt64 = std::numeric_limits<std::int64_t>::max();
constexpr int kNanoDigits = 9;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The text cut into its parts; digits not yet converted, they may be any number.
struct Parts {
  bool negative = false;
  std::string_view whole;      // without leading zeros
  std::string_view fraction;
  std::string_view suffix;
};

std::string_view TakeDigits(std::string_view& text) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

Parts Cut(std::string_view text) {
  Parts parts;
  if (text.starts_with('-') || text.starts_with('+')) {
    parts.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  parts.whole = TakeDigits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = TakeDigits(text);
  }
  parts.suffix = text;
  return parts;
}

// What a suffix multiplies by: a power of two or of ten.
struct Scale {
  bool binary = false;
  int power = 0;
};

constexpr std::array<std::pair<std::string_view, Scale>, 16> kSuffixes = {{{"", {false, 0}},
                                                                          {"n", {false, -9}},
                                                                          {"u", {false, -6}},
                                                                          {"m", {false, -3}},
                                                                          {"k", {false, 3}},
                                                                          {"M", {false, 6}},
                                                                          {"G", {false, 9}},
                                                                          {"T", {false, 12}},
                                                                          {"P", {false, 15}},
                                                                          {"E", {false, 18}},
                                                                          {"Ki", {true, 10}},
                                                                          {"Mi", {true, 20}},
                                                                          {"Gi", {true, 30}},
                                                                          {"Ti", {true, 40}},
                                                                          {"Pi", {true, 50}},
                                                                          {"Ei", {true, 60}}}};

constexpr int kMaxPower = 1 << 20;   // far beyond 128 bits either way, and safe to add lengths to

std::optional<Scale> ScaleOf(std::string_view suffix) {
  const auto* const known =
      std::find_if(kSuffixes.begin(), kSuffixes.end(), [&](const auto& row) { return row.first == suffix; });
  if (known != kSuffixes.end()) return known->second;
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  const auto power = base::ParseInt(suffix.substr(1));
  if (!power) return std::nullopt;
  return Scale{false, static_cast<int>(std::clamp<std::int64_t>(*power, -kMaxPower, kMaxPower))};
}

// The nano-units of digits · 10^power, rounded up; nullopt when they do not fit. `digits` has no leading zero.
std::optional<Int128> DecimalNano(std::string_view digits, std::int64_t power) {
  while (digits.ends_with('0')) {   // so that 1 followed by many zeros and e-… is no overflow
    digits.remove_suffix(1);
    ++power;
  }
  power += kNanoDigits;
  const auto count = static_cast<std::int64_t>(digits.size());
  if (count + power > 39) return std::nullopt;   // 2^127 has 39 digits
  const std::int64_t kept = std::clamp<std::int64_t>(count + power, 0, count);
  Int128 nano = 0;
  const auto append = [&nano](int digit) {
    return !__builtin_mul_overflow(nano, Int128{10}, &nano) && !__builtin_add_overflow(nano, Int128{digit}, &nano);
  };
  for (std::int64_t i = 0; i < kept; ++i) {
    if (!append(digits[static_cast<std::size_t>(i)] - '0')) return std::nullopt;
  }
  for (std::int64_t i = 0; i < power; ++i) {
    if (!append(0)) return std::nullopt;
  }
  if (kept < count && __builtin_add_overflow(nano, Int128{1}, &nano)) return std::nullopt;   // a part of a nano is cut off
  return nano;
}

// The nano-units of whole.fraction · 2^power, rounded up and capped at 2^63-1 units, as BinarySI is.
Int128 BinaryNano(std::string_view whole, std::string_view fraction, int power) {
  const Int128 cap = kMaxInt64 * 1'000'000'000;
  const Int128 unit = (Int128{1} << power) * 1'000'000'000;   // below 2^90
  Int128 nano = 0;
  for (const char digit : whole) {
    nano = nano * 10 + unit * (digit - '0');
    if (nano > cap) return cap;
  }
  // unit · 0.d1d2…dn from the last digit on; the floor of each step is exact, what it drops only rounds up at the end.
  Int128 part = 0;
  bool dropped = false;
  for (std::size_t i = fraction.size(); i > 0; --i) {
    const Int128 sum = unit * (fraction[i - 1] - '0') + part;
    dropped = dropped || sum % 10 != 0;
    part = sum / 10;
  }
  return std::min(cap, nano + part + (dropped ? 1 : 0));
}

std::int64_t RoundAway(Int128 nano, Int128 unit) {
  Int128 whole = nano / unit;
  if (nano % unit != 0) whole += nano < 0 ? -1 : 1;
  return static_cast<std::int64_t>(std::clamp<Int128>(whole, std::numeric_limits<std::int64_t>::min(), kMaxInt64));
}

std::string Digits(Int128 value) {
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

// The largest step of `base` (1000 or 1024) that divides value, as digits and suffix.
std::string WithSuffix(Int128 value, int base, const std::array<std::string_view, 7>& suffixes) {
  std::size_t step = 0;
  while (step + 1 < suffixes.size() && value % base == 0) {
    value /= base;
    ++step;
  }
  return Digits(value) + std::string(suffixes[step]);
}

constexpr std::array<std::string_view, 7> kDecimal = {"", "k", "M", "G", "T", "P", "E"};
constexpr std::array<std::string_view, 7> kBinary = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
constexpr std::array<std::string_view, 7> kFractions = {"n", "u", "m", "", "", "", ""};

}  // namespace

base::Result<Quantity> Quantity::Parse(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return base::Fail(base::Code::kInvalid, "\"" + base::Printable(text, 64) + "\" " + std::string(what));
  };
  constexpr std::string_view kExpected =
      "is no quantity; expected a number with an optional unit: m, k, M, G, T, Ki, Mi, Gi, Ti, as 500m, 16 or 8Gi";
  if (text.empty()) return wrong(kExpected);
  const Parts parts = Cut(text);
  const auto scale = ScaleOf(parts.suffix);
  if (!scale) return wrong(kExpected);

  Int128 nano = 0;
  if (scale->binary) {
    nano = BinaryNano(parts.whole, parts.fraction, scale->power);
  } else {
    std::string digits = std::string(parts.whole) + std::string(parts.fraction);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (!digits.empty()) {
      const auto value = DecimalNano(digits, scale->power - static_cast<std::int64_t>(parts.fraction.size()));
      if (!value) return wrong("is too large; the largest quantity is about 170e27");
      nano = *value;
    }
  }
  return FromNano(parts.negative ? -nano : nano);
}

base::Result<Quantity> Quantity::FromJson(const base::Json& value) {
  if (value.is_string()) return Parse(base::Trim(value.get_ref<const std::string&>()));
  const std::string text = base::DumpJson(value);
  if (value.is_number()) return Parse(text);
  return base::Fail(base::Code::kInvalid,
                    base::Printable(text, 64) + " is no quantity; expected a string or a number, as 500m or 8Gi");
}

std::int64_t Quantity::Value() const { return RoundAway(nano_, kNano); }
std::int64_t Quantity::MilliValue() const { return RoundAway(nano_, kNano / 1000); }

std::string Quantity::ToString() const {
  if (nano_ == 0) return "0";
  const std::string sign = nano_ < 0 ? "-" : "";
  const Int128 magnitude = nano_ < 0 ? -nano_ : nano_;
  if (magnitude % kNano != 0) return sign + WithSuffix(magnitude, 1000, kFractions);
  const Int128 units = magnitude / kNano;
  const std::string decimal = WithSuffix(units, 1000, kDecimal);
  // A binary text above the cap of BinarySI would not parse back to the same value.
  if (units > kMaxInt64) return sign + decimal;
  const std::string binary = WithSuffix(units, 1024, kBinary);
  return sign + (binary.size() < decimal.size() ? binary : decimal);
}

}  // namespace dm::kube::api
