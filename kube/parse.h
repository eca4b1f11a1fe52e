// The API server's JSON into objects, one at a time.
//
// A list is never held as text and tree together: each item is built, handed over and dropped. managedFields (often
// half of an object) are never built at all. Pure; depth and size are bounded.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace dm::kube {

inline constexpr int kMaxObjectDepth = 128;

// One object. kInvalid with the position when the text is no JSON or too deep.
base::Result<base::Json> ParseObject(std::string_view text);

// What a page of a list says beside its items.
struct ListPage {
  std::string kind, api_version;  // "PodList", "v1"
  std::string resource_version;
  std::string next;  // metadata.continue: empty on the last page
  std::size_t items = 0;
};

// Calls `item` for each element of "items". kInvalid when the text is no list; items may have been handed over by then.
base::Result<ListPage> ParseList(std::string_view text, const std::function<void(base::Json&& item)>& item);

}  // namespace dm::kube
