// Quantities: what is read can be written and read again, and rounding never shrinks.
#include <nlohmann/json.hpp>

#include "kube/api/quantity.h"
#include "tests/fuzz/target.h"

namespace dm::fuzz {
namespace {

using kube::api::Int128;
using kube::api::Quantity;

void Try(std::string_view input) {
  const auto quantity = Quantity::Parse(input);
  (void)Quantity::FromJson(base::Json(std::string(input)));
  if (!quantity) {
    Require(quantity.error().code == base::Code::kInvalid, "an unreadable quantity is invalid input");
    return;
  }
  const auto again = Quantity::Parse(quantity->ToString());
  Require(again && *again == *quantity, "the text of a quantity reads back as the same value");

  const Int128 magnitude = quantity->IsNegative() ? (-*quantity).nano() : quantity->nano();
  const Int128 value = quantity->Value();
  if (magnitude < Int128{1} << 92) {   // within 64 bits of units
    const Int128 rounded = (value < 0 ? -value : value) * 1'000'000'000;
    Require(rounded >= magnitude && rounded - magnitude < 1'000'000'000, "Value rounds away from zero, by less than one");
  }
  Require((value < 0) == quantity->IsNegative(), "rounding keeps the sign");
  Require((value == 0) == quantity->IsZero(), "only zero rounds to zero");
  Require(*quantity - *quantity == Quantity(), "a quantity less itself is nothing");
  Require(*quantity + *quantity == *quantity * 2, "twice is plus itself, saturated or not");
}

const Registered kTarget{{"quantity",
                          &Try,
                          {"n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e", "e-", "e+", "E",
                           ".", "-", "+", "0", "9", "000000000", "999999999", "170141183460469231731687303715", "2147483648",
                           "9223372036854775807"},
                          20'000}};

}  // namespace
}  // namespace dm::fuzz
