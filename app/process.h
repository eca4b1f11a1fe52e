// Process: what a program of ours does before anything else, and how it is asked to stop. The first object in main.
//
//   app::Process process;
//   … start …
//   int code = process.WaitForStop();
//   … stop, in the opposite order …
//
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/guarded.h"

namespace dm::app {

class Process {
 public:
  Process();
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::stop_token stop_token() const { return source_.get_token(); }
  // From any thread. The first call decides why and with which code.
  void RequestStop(const std::string& why, int exit_code);
  // Blocks until somebody asked; the exit code.
  int WaitForStop();

 private:
  void WaitForSignals();

  struct Ending {
    bool asked = false;
    int code = 0;
  };
  std::stop_source source_;
  base::Guarded<Ending> ending_;
  std::atomic<bool> closing_{false};
  std::jthread signals_;
};

// Runs `body`; what it throws is logged and becomes exit code 1. What main gives to net::LeaveProcess.
int RunProgram(const std::function<int()>& body);

}  // namespace dm::app
