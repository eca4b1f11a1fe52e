// HTTP as values: no library types.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace dm::net {

// Header names compare without case.
struct HeaderLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};
using Headers = std::map<std::string, std::string, HeaderLess>;

struct Request {
  std::string method = "GET";
  std::string target = "/";                      // path and query, percent-encoded
  Headers headers;
  std::string body;
  base::Duration timeout = std::chrono::seconds(30);   // for the whole exchange
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

std::string PercentEncode(std::string_view text);      // for one path segment or query value
// Decoded query parameters of a target, in order.
std::vector<std::pair<std::string, std::string>> QueryOf(std::string_view target);
std::string_view PathOf(std::string_view target);

}  // namespace dm::net
