// JSON: ours accepts exactly what the library accepts within the limits, and writes what it reads.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "tests/fuzz/target.h"

namespace dm::fuzz {
namespace {

void Try(std::string_view input) {
  constexpr base::JsonLimits kLimits{.max_bytes = 1 << 20, .max_depth = 32};
  const auto value = base::ParseJson(input, kLimits);
  const bool accepted = base::Json::accept(input.begin(), input.end());
  if (!value) {
    Require(value.error().code == base::Code::kInvalid, "unreadable JSON is invalid input");
    Require(base::IsUtf8(value.error().message), "an error's text is UTF-8");
    Require(!accepted || value.error().message.find("deeper") != std::string::npos, "only the depth refuses good JSON");
    return;
  }
  Require(accepted, "bad JSON is refused");
  const auto again = base::ParseJson(base::DumpJson(*value), kLimits);
  Require(again && *again == *value, "written JSON reads back as the same value");
  Require(base::HashJson(*again) == base::HashJson(*value), "equal values have equal hashes");
  for (const char* key : {"a", "", "metadata"}) {
    (void)base::GetString(*value, key);
    (void)base::GetInt(*value, key);
    (void)base::GetBool(*value, key);
  }
}

const Registered kTarget{{"json",
                          &Try,
                          {"{", "}", "[", "]", ":", ",", "\"", "\"a\":", "\\u0000", "\\ud83d\\ude00", "\\", "null", "true", "-",
                           "1e400", "1e-400", "0.1", "18446744073709551616", "[[[[[[[[", "\xEF\xBB\xBF", "\xFF", " ", "\n"},
                          10'000}};

}  // namespace
}  // namespace dm::fuzz
