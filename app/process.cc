#include "app/process.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>

#include "base/log.h"
#include "net/cpprest_transport.h"

namespace dm::app {
namespace {

constexpr int kExitImpatient = 130;   // as a shell reports an interrupted command

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Many short-lived buffers on a dozen threads: an arena a thread would hold on to tens of megabytes.
void KeepMemorySmall() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

}  // namespace

Process::Process() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);   // a peer that went away is an error of that write, not of the process
  KeepMemorySmall();
  net::InitializeCpprest();
  signals_ = std::jthread([this] { WaitForSignals(); });
}

Process::~Process() {
  closing_ = true;
  pthread_kill(signals_.native_handle(), SIGTERM);   // wakes sigwait
  signals_.join();
}

void Process::WaitForSignals() {
  const sigset_t signals = StopSignals();
  bool asked = false;
  while (true) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (closing_) return;
    if (asked) {
      base::LogWarn("a second signal: exiting at once");
      _exit(kExitImpatient);
    }
    asked = true;
    RequestStop(number == SIGTERM ? "SIGTERM" : "SIGINT", 0);
  }
}

void Process::RequestStop(const std::string& why, int exit_code) {
  {
    auto ending = ending_.Lock();
    if (ending->asked) return;
    *ending = {true, exit_code};
  }
  base::LogInfo("stopping", {{"why", why}});
  source_.request_stop();
  ending_.NotifyAll();
}

int Process::WaitForStop() {
  auto ending = ending_.Lock();
  ending_.Wait(ending, std::stop_token(), [](const Ending& e) { return e.asked; });
  return ending->code;
}

int RunProgram(const std::function<int()>& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    base::LogError("the program failed", {{"error", error.what()}});
  } catch (...) {
    base::LogError("the program failed", {{"error", "unknown"}});
  }
  return 1;
}

}  // namespace dm::app
