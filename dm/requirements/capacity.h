// Is there room: for one role on the nodes that qualify, and for all roles together where they must share nodes. Pure.
#pragma once

#include <optional>
#include <vector>

#include "dm/requirements/candidates.h"

namespace dm::requirements {

// How a role's need is counted where kind decides: hosts where pods keep away from each other, otherwise room by packing.
Measure MeasureOfKind(const RoleNodes& nodes);
// By kind alone the need cannot be met.
bool KindShort(const RoleNodes& nodes);

struct Shared {
  Role role;                  // the first that does not fit beside the others
  std::int64_t placed = 0;
  int replicas = 0;
  bool by_luck = false;       // in another order, or packed tightly, all find a place
};
// Every role alone fits; do they fit together? Some orders of roles are tried, each pod going to the roomiest node as
// kube-scheduler prefers by default; then the same tightly packed. So a shortage may be reported where a cleverer packing
// exists, and never the other way round.
std::optional<Shared> SharedShortage(const std::vector<const RoleNodes*>& roles);

}  // namespace dm::requirements
