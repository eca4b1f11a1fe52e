// Structured logs: one JSON object a line on standard error, one write(2) each. Thread-safe.
//
//   base::Log(base::Level::kInfo, "reconciled", {{"cluster", key}, {"writes", std::to_string(n)}});
//
// Values are strings; control characters and invalid UTF-8 are escaped. Secrets never go in.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace dm::base {

enum class Level { kDebug, kInfo, kWarn, kError };

using LogField = std::pair<std::string_view, std::string>;

void Log(Level level, std::string_view message, std::initializer_list<LogField> fields = {});
void SetLogLevel(Level level);
// Takes the lines instead of standard error (tests; the CLI silences it). An empty function restores the default.
void SetLogSink(std::function<void(std::string_view line)> sink);

inline void LogDebug(std::string_view m, std::initializer_list<LogField> f = {}) { Log(Level::kDebug, m, f); }
inline void LogInfo(std::string_view m, std::initializer_list<LogField> f = {}) { Log(Level::kInfo, m, f); }
inline void LogWarn(std::string_view m, std::initializer_list<LogField> f = {}) { Log(Level::kWarn, m, f); }
inline void LogError(std::string_view m, std::initializer_list<LogField> f = {}) { Log(Level::kError, m, f); }

}  // namespace dm::base
