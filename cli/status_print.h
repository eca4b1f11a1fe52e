// The picture as text for a terminal, and as JSON for scripts.
#pragma once

#include <iosfwd>
#include <string>

#include "base/clock.h"
#include "cli/status_picture.h"

namespace dm::cli {

std::string StatusText(const Picture& picture, base::WallTime now);

// {"namespace", "name", "health": "healthy" | "not ready" | "unhealthy", "why", "version", "environment", "leader", "clusterID",
//  "generation", "observedGeneration",
//  "members": [{"role", "name", "pod", "note", "restarts", "node", "system", "image", "member", "leader", "source",
//               "disk": {"claim", "size", "storageClass", "grade", "phase"}}],
//  "unboundSources": [], "otherClaims": [disk], "conditions": [as stored],
//  "requirements": {"policy", "findings": [as of check], "notChecked": [{"rule", "why"}]},
//  "next": [], "events": [{"type", "reason", "message", "count", "last"}], "notRead": []}
base::Json StatusJson(const Picture& picture);

}  // namespace dm::cli
