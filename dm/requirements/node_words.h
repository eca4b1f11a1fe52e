// How the node rules speak of many nodes: reasons counted, a few nodes named, the selector that would exclude the rest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dm/requirements/candidates.h"

namespace dm::requirements {

struct Misses {
  std::string counted;                  // "2 run an operating system that is not in the table, 1 is not amd64"
  std::string named;                    // "debian-1 runs Debian GNU/Linux 12, which is not in the table; …"
  std::vector<std::string> nodes;       // up to five, the nearest miss first
  std::string admit;                    // policy lines that would admit the operating systems seen; may be empty
  std::string labels;                   // of nodes, that would say what is not known; may be empty
};
Misses DescribeMisses(const RoleNodes& nodes, const KindWeights& weights, Environment environment);

// A label that every qualifying candidate carries and no other one does: "kubernetes.io/arch: amd64".
std::optional<std::string> SeparatingSelector(const RoleNodes& nodes);

}  // namespace dm::requirements
