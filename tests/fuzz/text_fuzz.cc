// Small readers of text: UTF-8, Base64, times.
#include "base/clock.h"
#include "base/strings.h"
#include "tests/fuzz/target.h"

namespace dm::fuzz {
namespace {

void Try(std::string_view input) {
  const std::string shown = base::Printable(input, 40);
  Require(base::IsUtf8(shown), "what is shown is UTF-8");
  Require(shown.size() <= 40 + std::string_view("…").size(), "what is shown is bounded");
  Require(shown.find_first_of("\n\r\x1b") == std::string::npos, "what is shown stays on its line");

  Require(base::Base64Decode(base::Base64Encode(input)) == input, "Base64 gives back what it took");
  if (const auto bytes = base::Base64Decode(input)) {
    Require(base::Base64Decode(base::Base64Encode(*bytes)) == bytes, "and so it does for what it read");
  }
  if (const auto time = base::ParseRfc3339(input)) {
    const auto again = base::ParseRfc3339(base::FormatRfc3339Micro(*time));
    Require(again && *time - *again < std::chrono::microseconds(1) && *time >= *again, "a time reads back, to the microsecond");
  }
  Require(base::Join({std::string(base::Trim(input))}, ",").size() <= input.size(), "trimming only takes away");
  if (const auto number = base::ParseInt(input)) {
    Require(base::ParseInt(std::to_string(*number)) == number, "an integer reads back");
  }
}

const Registered kTarget{{"text",
                          &Try,
                          {"2026-11-24T18:10:09Z", "T", "Z", "+02:00", ".5", "-", ":", "=", "==", "Zm9v", "\x1b[31m", "\xC2\x9B",
                           "\xFF", "\xE2\x82\xAC", "9223372036854775807", "1678-01-01T00:00:00Z", "2261-12-31T23:59:59Z"},
                          10'000}};

}  // namespace
}  // namespace dm::fuzz
