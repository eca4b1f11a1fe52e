// Merging what the user wrote into what is rendered, the way Kubernetes merges pod templates. For dm/desired only.
#pragma once

#include <string_view>

#include "base/json.h"

namespace dm::desired {

// Puts `item` into `list`: over the element with the same key, else at the end. Server-side apply refuses two of one key.
void Upsert(base::Json& list, const base::Json& item, std::string_view key);

// `patch` over `container`, both containers of one name: objects by field, env by name, mounts by path, ports by number; every
// other list and value is replaced.
void MergeContainer(base::Json& container, const base::Json& patch);

// Fields of `patch` over those of `object`, objects inside recursively.
void MergeObject(base::Json& object, const base::Json& patch);

}  // namespace dm::desired
