// kubectl-dm: the requirement rules, the rendered objects and first manifests on a laptop.
#include <cstdlib>
#include <iostream>

#include "base/log.h"
#include "cli/program.h"
#include "net/cpprest_transport.h"

int main(int argc, char** argv) {
  dm::base::SetLogSink([](std::string_view) {});   // logs are for servers; the user gets sentences
  dm::net::LeaveProcess(dm::cli::RunProgram(argc, argv, std::cout, std::cerr));
}
