// The version that all programs of the house carry.
#pragma once

#include <string_view>

namespace dm::app {

std::string_view Version();   // "0.1.0"

}  // namespace dm::app
