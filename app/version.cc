#include "app/version.h"

namespace dm::app {

std::string_view Version() { return DM_VERSION; }

}  // namespace dm::app
