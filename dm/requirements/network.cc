#include "dm/requirements/network.h"

#include <string>
#include <string_view>

#include "dm/words.h"

namespace dm::requirements {

std::optional<double> NetworkGbps(const kube::api::Node& node) {
  const auto label = node.meta.labels.find(std::string(annotations::kNodeNetworkGbps));
  if (label == node.meta.labels.end()) return std::nullopt;
  const std::string_view text = label->second;
  if (text.empty() || text.size() > 9) return std::nullopt;
  double value = 0;
  double unit = 0;      // 0 before the point, then 0.1, 0.01, …
  bool digits = false;
  for (const char c : text) {
    if (c == '.' && unit == 0) {
      unit = 1;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      const double digit = c - '0';
      if (unit == 0) {
        value = value * 10 + digit;
      } else {
        unit /= 10;
        value += digit * unit;
      }
    } else {
      return std::nullopt;
    }
  }
  if (!digits || value <= 0) return std::nullopt;
  return value;
}

}  // namespace dm::requirements
