// JSON lines on standard error.
#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"

namespace dm::base {
namespace {

struct State {
  std::atomic<Level> level{Level::kInfo};
  std::mutex mutex;                                  // one line at a time; held while the sink runs
  std::function<void(std::string_view)> sink;
};

State& TheState() {
  static State* const state = new State;   // never destroyed: threads may log while the process ends
  return *state;
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
  }
  return "unknown";
}

void AppendQuoted(std::string& line, std::string_view text) { line += DumpJson(Json(std::string(text))); }

void WriteLine(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;   // nobody reads us: there is nowhere left to complain
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void Log(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  State& state = TheState();
  if (level < state.level.load(std::memory_order_relaxed)) return;
  std::string line = R"({"time":")" + FormatRfc3339Micro(std::chrono::system_clock::now()) + R"(","level":")";
  line += LevelName(level);
  line += R"(","message":)";
  AppendQuoted(line, message);
  for (const auto& [key, value] : fields) {
    line += ',';
    AppendQuoted(line, key);
    line += ':';
    AppendQuoted(line, value);
  }
  line += "}\n";
  const std::lock_guard lock(state.mutex);
  if (state.sink) {
    state.sink(std::string_view(line).substr(0, line.size() - 1));
  } else {
    WriteLine(line);
  }
}

void SetLogLevel(Level level) { TheState().level.store(level, std::memory_order_relaxed); }

void SetLogSink(std::function<void(std::string_view line)> sink) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  state.sink = std::move(sink);
}

}  // namespace dm::base
