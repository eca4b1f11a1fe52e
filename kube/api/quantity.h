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

class Quantity {
 public:
  constexpr Quantity() = default;

  // kInvalid names the text and what was expected.
  static base::Result<Quantity> Parse(std::string_view text);
  // A JSON string (ends trimmed) or number.
  static base::Result<Quantity> FromJson(const base::Json& value);
  static constexpr Quantity FromUnits(std::int64_t units) { return FromNano(static_cast<__int128>(units) * kNano); }
  static constexpr Quantity FromMilli(std::int64_t milli) { return FromNano(static_cast<__int128>(milli) * (kNano / 1000)); }
  static constexpr Quantity FromNano(__int128 nano) {
    Quantity q;
    q.nano_ = nano;
    return q;
  }

  std::int64_t Value() const;        // rounded away from zero, saturating
  std::int64_t MilliValue() const;
  constexpr __int128 nano() const { return nano_; }
  bool IsZero() const { return nano_ == 0; }
  bool IsNegative() const { return nano_ < 0; }

  friend constexpr auto operator<=>(const Quantity& a, const Quantity& b) { return a.nano_ <=> b.nano_; }
  friend constexpr bool operator==(const Quantity& a, const Quantity& b) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return FromNano(a.nano_ + b.nano_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return FromNano(a.nano_ - b.nano_); }
  Quantity operator*(std::int64_t n) const { return FromNano(nano_ * n); }

  // Canonical text as a person writes it: "500m", "8Gi" when a whole binary multiple, else decimal ("200G", "16").
  std::string ToString() const;

 private:
  static constexpr __int128 kNano = 1'000'000'000;
  __int128 nano_ = 0;
};

}  // namespace dm::kube::api
