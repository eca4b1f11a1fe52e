// One role's ConfigMap: DM's configuration file and the start script. For dm/desired only.
#pragma once

#include <string>

#include "dm/desired/context.h"

namespace dm::desired {

Json ConfigMap(const Context& context);

// The text of the configuration file: the user's, with a relay-dir on the claim in front where a worker's has none.
std::string ConfigFile(const Context& context);
// Changes when the meaning of the file does, not with blanks or comments.
std::string ConfigHash(const Context& context);
// The directory where a worker keeps its relay log by default, below the claim's mount.
std::string RelayDir(const Context& context);

}  // namespace dm::desired
