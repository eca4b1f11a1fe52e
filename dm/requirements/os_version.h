// Dotted version numbers, compared component by component as numbers: 8.10 > 8.9. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace dm::requirements {

// The leading "8.10" of "8.10.1-beta" → {8, 10, 1}; empty when the text does not begin with a digit ("v1.7" is read as 1.7).
std::vector<int> VersionNumbers(std::string_view text);
// <0, 0, >0; a missing component counts as 0.
int CompareVersions(std::string_view a, std::string_view b);
int MajorOf(std::string_view version);   // -1 when there is none

}  // namespace dm::requirements
