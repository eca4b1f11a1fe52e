// The command line of kubectl-dm: commands and flags. CLI11 stays inside program.cc.
#pragma once

#include <iosfwd>

#include "cli/check.h"

namespace dm::cli {

// Works as `kubectl-dm` and, found by kubectl on the PATH, as `kubectl dm`.
int RunProgram(int argc, const char* const* argv, std::ostream& out, std::ostream& err, Connector connect = Connect);

}  // namespace dm::cli
