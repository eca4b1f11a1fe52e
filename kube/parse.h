// The API server's JSON into objects, one at a time.
//
// A list is never held as text and tree together: each item is built, handed over and dropped. managedFields (often
// half of an object) are never built at all, however deep. Pure; depth is bounded, size is the caller's business.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"

namespace dm::kube {

inline constexpr int kMaxObjectDepth = 128;

// One object. kInvalid with the position when the text is no JSON or too deep.
base::Result<base::Json> ParseObject(std::string_view text);

// One object, of which what is nested deeper than kMaxObjectDepth is left out.
struct ParsedObject {
  base::Json value;
  bool too_deep = false;  // something was left out: good for naming the object, not for judging it
};
// kInvalid with the position when the text is no JSON.
base::Result<ParsedObject> ParseObjectInPart(std::string_view text);

// What a page of a list says beside its items.
struct ListPage {
  std::string kind, api_version;  // "PodList", "v1"
  std::string resource_version;
  std::string next;  // metadata.continue: empty on the last page
  std::size_t items = 0;
};

using TakeItem = std::function<void(base::Json&& item)>;
// Calls `item` for each element of "items". kInvalid when the text is no list; items may have been handed over by then.
// `too_deep` is called instead for an element that is nested deeper than kMaxObjectDepth from the list's own level on, with what
// ParseObjectInPart would give; without it such a list is refused.
base::Result<ListPage> ParseList(std::string_view text, const TakeItem& item, const TakeItem& too_deep = {});

// Why an object that is too deep is not taken, for the log.
base::Error TooDeep();

}  // namespace dm::kube
