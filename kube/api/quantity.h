// Quantity: Kubernetes' resource quantities, exact.
//
// The value is held in nano-units in 128 bits: "500m" is 500'000'000, "8Gi" is 8·2^30·10^9. Grammar, rounding and the
// BinarySI cap follow k8s.io/apimachinery pkg/api/resource (vectors in quantity_test.cc come from the real Go code).
// Compare by value, never by text.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace dm::kube::api {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

class Quantity {
 public:
  constexpr Quantity() = default;

  // kInvalid names the text and what was expected.
  static base::Result<Quantity> Parse(std::string_view text);
  // A JSON string (ends trimmed) or number.
  static base::Result<Quantity> FromJson(const base::Json& value);
  static constexpr Quantity FromUnits(std::int64_t units) { return FromNano(static_cast<Int128>(units) * kNano); }
  static constexpr Quantity FromMilli(std::int64_t milli) { return FromNano(static_cast<Int128>(milli) * (kNano / 1000)); }
  static constexpr Quantity FromNano(Int128 nano) {
    Quantity q;
    q.nano_ = nano < -kMaxNano ? -kMaxNano : nano;   // so that negation is safe
    return q;
  }

  std::int64_t Value() const;        // rounded away from zero, saturating
  std::int64_t MilliValue() const;
  constexpr Int128 nano() const { return nano_; }
  bool IsZero() const { return nano_ == 0; }
  bool IsNegative() const { return nano_ < 0; }

  friend constexpr auto operator<=>(const Quantity& a, const Quantity& b) { return a.nano_ <=> b.nano_; }
  friend constexpr bool operator==(const Quantity& a, const Quantity& b) = default;
  // Arithmetic saturates at Max() and -Max(): amounts come from users, and an overflow must not turn a shortage around.
  static constexpr Quantity Max() { return FromNano(kMaxNano); }
  friend constexpr Quantity operator-(Quantity a) { return FromNano(-a.nano_); }
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    Int128 sum = 0;
    if (__builtin_add_overflow(a.nano_, b.nano_, &sum)) return b.nano_ > 0 ? Max() : -Max();
    return FromNano(sum);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return a + -b; }
  constexpr Quantity operator*(std::int64_t n) const {
    Int128 product = 0;
    if (__builtin_mul_overflow(nano_, static_cast<Int128>(n), &product)) return (nano_ < 0) == (n < 0) ? Max() : -Max();
    return FromNano(product);
  }
  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }

  // Text as a person writes it: the shorter of binary ("8Gi") and decimal ("200G", "16", "500m"). Parses back to the
  // same value.
  std::string ToString() const;

 private:
  static constexpr Int128 kNano = 1'000'000'000;
  static constexpr Int128 kMaxNano = static_cast<Int128>((UInt128{1} << 127) - 1);
  Int128 nano_ = 0;
};

}  // namespace dm::kube::api
