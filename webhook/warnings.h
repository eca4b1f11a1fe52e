// Warnings within the API server's budget: UTF-8 without control characters, none above 256 characters, 4,096 in all. Above
// that the API server cuts every one of them, so we count what did not fit instead. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dm::webhook {

inline constexpr std::size_t kLongestWarning = 256;
inline constexpr std::size_t kWarningBudget = 4096;

std::size_t Runes(std::string_view utf8);
// Control characters become blanks, bytes that are no UTF-8 become "?", and what is too long ends in "…".
std::string CleanLine(std::string_view text, std::size_t most_runes);

// `texts` in order of importance; duplicates go. What does not fit is counted in a last line.
std::vector<std::string> FitWarnings(const std::vector<std::string>& texts);

}  // namespace dm::webhook
