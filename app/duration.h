// Durations as flags carry them: "500ms", "10s", "1m30s", "2h" (Go's form, without fractions). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace dm::app {

// kInvalid says what was expected. A bare number is refused: nobody knows its unit; "0" is fine.
base::Result<base::Duration> ParseDuration(std::string_view text);
std::string FormatDuration(base::Duration duration);   // "1m30s"; what is below a millisecond is cut off

}  // namespace dm::app
