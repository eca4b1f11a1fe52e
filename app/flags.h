// Flags of a program, read once at its start. CLI11 stays inside flags.cc.
//
//   Flags flags("dm-webhook", "Judges DMClusters before they are stored.");
//   flags.Duration("--drain-delay", options.drain_delay, "how long a stopping replica goes on answering");
//   if (auto code = flags.Parse(argc, argv, std::cout, std::cerr)) return *code;
//
// Targets keep their value as the default and must outlive Parse. Not thread-safe.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace dm::app {

class Flags {
 public:
  Flags(std::string program, std::string description);
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  void Section(std::string title);          // heading of the flags that follow, in --help
  void Footer(std::string text);            // printed below the flags

  // `environment`: name of a variable that stands in for the flag when that is absent; may be empty.
  void Text(const std::string& name, std::string& target, const std::string& help, const std::string& environment = {});
  void List(const std::string& name, std::vector<std::string>& target, const std::string& help);   // repeatable, or a,b
  void Choice(const std::string& name, std::string& target, const std::vector<std::string>& choices, const std::string& help);
  void Port(const std::string& name, std::uint16_t& target, const std::string& help);
  void Number(const std::string& name, int& target, int least, int most, const std::string& help);
  void Duration(const std::string& name, base::Duration& target, const std::string& help);
  void Switch(const std::string& name, bool& target, const std::string& help);

  // nullopt: run. Else the exit code: 0 after --help and --version, 2 after a mistake, which `errors` explains.
  std::optional<int> Parse(int argc, const char* const* argv, std::ostream& out, std::ostream& errors);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What every long-running program of the house takes.
struct CommonFlags {
  std::string kubeconfig, context, server;
  std::string log_level = "info";
  std::string health_address = "0.0.0.0";
  std::uint16_t health_port = 8080;          // /metrics, /healthz, /readyz
  std::string policy;                        // file; empty: the built-in policy
};
void AddCommonFlags(Flags& flags, CommonFlags& common);
// Sets the level of base/log.h; `level` is one that the flag accepts.
void ApplyLogLevel(const std::string& level);

}  // namespace dm::app
