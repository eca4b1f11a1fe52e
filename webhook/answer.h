// From what was judged to what is told: causes that kubectl prints a line each, a message that stands alone, warnings, and
// audit annotations. Pure.
#pragma once

#include <vector>

#include "dm/cluster.h"
#include "dm/requirements/report.h"
#include "webhook/reply.h"
#include "webhook/review.h"

namespace dm::webhook {

// Problems of decoding, split as the ratchet splits findings.
struct Problems {
  std::vector<FieldProblem> denials;     // new ones
  std::vector<FieldProblem> warnings;    // the stored object has them too
  std::vector<FieldProblem> unknown;     // keys that the kind does not have
};

// Of two decodings: what `now` has that `before` had not (same field, same value) is a denial. before may be null.
Problems SplitProblems(const Decoded& now, const Decoded* before);

Reply Answer(const Review& review, const requirements::Verdict& verdict, const Problems& problems,
             const requirements::Effective& effective);

}  // namespace dm::webhook
