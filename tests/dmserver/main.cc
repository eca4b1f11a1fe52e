// dm-server: the stand-in for /dm-master and /dm-worker; which one it is follows from the name it is called by.
#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/files.h"
#include "base/log.h"
#include "base/strings.h"
#include "tests/dmserver/master.h"
#include "tests/dmserver/worker.h"

namespace {

using namespace dm;            // NOLINT: the program is this file
using namespace dm::standin;   // NOLINT

// Of the image: /DM_VERSION; v8.5.7 otherwise.
std::string Version() {
  const auto text = base::ReadFile("/DM_VERSION");
  return text ? std::string(base::Trim(*text)) : std::string("v8.5.7");
}

// Of the environment: a factor for what waits for a death or a transfer; anything but a number above 0 counts as 1.
MasterTimes Times() {
  MasterTimes times;
  const char* text = std::getenv("DM_STANDIN_TIME_SCALE");
  const double scale = text == nullptr ? 1 : std::strtod(text, nullptr);
  if (!(scale > 0)) return times;
  const auto scaled = [scale](base::Duration time) {
    return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(time) * scale);
  };
  times.election_lease = scaled(times.election_lease);
  times.transfer = scaled(times.transfer);
  times.ttl_scale = scale;
  return times;
}

// Starts, waits for SIGTERM, INT, HUP or QUIT, stops: exit 0; exit 2 when it cannot start.
template <class Program>
int Run(Program& program, const char* what) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&signals, s);
  std::stop_source stop;
  bool started = false, failed = false;
  std::jthread starter([&] {
    const auto result = program.Start(stop.get_token());
    started = result.has_value();
    if (result) return;
    failed = true;
    base::LogError(std::string("fail to start ") + what, {{"error", result.error().message}});
    kill(getpid(), SIGTERM);
  });
  int received = 0;
  sigwait(&signals, &received);
  stop.request_stop();
  starter.join();
  if (failed) return 2;
  if (started) program.Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&signals, s);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  std::string name = argv[0];
  name = name.substr(name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (name == "dm-server" && !arguments.empty()) {
    name = "dm-" + arguments[0];
    arguments.erase(arguments.begin());
  }
  bool print_version = false;
  const auto refuse = [](const base::Error& error) {
    std::fprintf(stdout, "%s\n", error.message.c_str());
    return 2;
  };
  if (name == "dm-master") {
    auto options = ParseMasterOptions(arguments, print_version);
    if (!options) return refuse(options.error());
    Master master(*options, Version(), Times());
    if (print_version) {
      std::printf("%s\n", master.StatusText().c_str());
      return 0;
    }
    return Run(master, "dm-master");
  }
  if (name == "dm-worker") {
    auto options = ParseWorkerOptions(arguments, print_version);
    if (!options) return refuse(options.error());
    Worker worker(*options, Version());
    return Run(worker, "dm-worker");
  }
  std::fprintf(stderr, "usage: dm-server master|worker FLAGS (or call it dm-master, dm-worker)\n");
  return 2;
}
