#include "dm/requirements/os_version.h"

#include <algorithm>

namespace dm::requirements {

std::vector<int> VersionNumbers(std::string_view text) {
  if (!text.empty() && (text.front() == 'v' || text.front() == 'V')) text.remove_prefix(1);
  std::vector<int> numbers;
  std::size_t at = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    int number = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      if (number < 100'000'000) number = number * 10 + (text[at] - '0');   // a date such as 202206 fits; more is cut
    }
    numbers.push_back(number);
    if (at >= text.size() || text[at] != '.') break;
    ++at;
  }
  return numbers;
}

int CompareVersions(std::string_view a, std::string_view b) {
  const auto left = VersionNumbers(a);
  const auto right = VersionNumbers(b);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const int x = i < left.size() ? left[i] : 0;
    const int y = i < right.size() ? right[i] : 0;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

int MajorOf(std::string_view version) {
  const auto numbers = VersionNumbers(version);
  return numbers.empty() ? -1 : numbers.front();
}

}  // namespace dm::requirements
