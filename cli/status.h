// `kubectl dm status NAME`: one DM cluster on one screen. Reads only, and what it may: what it could not read it says.
#pragma once

#include <iosfwd>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "cli/check.h"

namespace dm::cli {

struct StatusOptions {
  std::string name;
  std::string policy;                 // file; empty: the cluster's own
  LiveOptions live;
  bool json = false;
  bool watch = false;                 // again and again, until asked to stop
  bool exit_status = false;           // the exit code tells the health: see exit_codes.h
  bool clear_screen = false;          // between drawings of a watch; otherwise an empty line
};

// With `watch` it ends when `stop` is requested, when the cluster is deleted, or when nobody takes the output any more.
int RunStatus(const StatusOptions& options, std::ostream& out, std::ostream& err, Connector connect, base::Clock& clock,
              std::stop_token stop);

}  // namespace dm::cli
