// Problems of decoding, beside what the rules found: which deny, which were there before, and which findings they make
// worthless. One answer for webhook and CLI. Pure.
#pragma once

#include <vector>

#include "dm/cluster.h"
#include "dm/requirements/report.h"

namespace dm::requirements {

// Split as the ratchet splits findings.
struct Problems {
  std::vector<FieldProblem> denials;     // new ones
  std::vector<FieldProblem> warnings;    // the stored object has them too
  std::vector<FieldProblem> unknown;     // keys that the kind does not have
};

// Of two decodings: what `now` has that `before` had not (same field, same value) is a denial. before may be null.
Problems SplitProblems(const Decoded& now, const Decoded* before);

// The finding speaks of a field that could not be read, or of one in or around it: it judges the default instead.
bool Unreadable(const Problems& problems, const Finding& finding);

// Takes the unreadable out of a verdict. Beside a problem that is stored already no denial goes: what was so before has become
// a warning, and what is new has nothing to do with it.
void DropUnreadable(const Problems& problems, Verdict& verdict);

}  // namespace dm::requirements
