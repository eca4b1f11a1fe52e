// DM's TOML: read and written as JSON values, so that nothing else meets the TOML library. Never throws.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace dm {

inline constexpr std::size_t kMaxTomlBytes = 256u << 10;   // a ConfigMap holds 1 MiB in all

// kInvalid with "line 3, column 7: …". Dates and times become strings.
base::Result<base::Json> ParseToml(std::string_view text);

// The object form of `config` as TOML text, keys sorted, scalars before tables. kInvalid names a value that TOML has no
// word for (null). A whole number under a key that DM reads as a float (rpc-rate-limit) is written as one.
base::Result<std::string> ToToml(const base::Json& object);

}  // namespace dm
