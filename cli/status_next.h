// How a cluster is, in one word, and what happens next: read from its conditions. Pure.
#pragma once

#include "cli/status_picture.h"
#include "dm/cluster.h"

namespace dm::cli {

// Fills in health, why and next; the rest of the picture is there already.
void PutHealth(Picture& picture, const DMCluster& want);

}  // namespace dm::cli
