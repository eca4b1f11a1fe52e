// From what was judged to what is told: causes that kubectl prints a line each, a message that stands alone, warnings, and
// audit annotations. Pure.
#pragma once

#include "dm/requirements/problems.h"
#include "dm/requirements/report.h"
#include "webhook/reply.h"
#include "webhook/review.h"

namespace dm::webhook {

// Findings that a problem makes worthless (requirements::DropUnreadable) are left out.
Reply Answer(const Review& review, requirements::Verdict verdict, const requirements::Problems& problems,
             const requirements::Effective& effective);

}  // namespace dm::webhook
