// Reading and writing whole files, bounded. The seam for file access.
#pragma once

#include <string>

#include "base/result.h"

namespace dm::base {

// kNotFound, kDenied, or kInvalid when larger than max_bytes.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes = 8u << 20);
// Standard input to its end.
Result<std::string> ReadStdin(std::size_t max_bytes = 8u << 20);

}  // namespace dm::base
