// A fuzz target: a function that takes any bytes and must come back, with its own claims checked on the way.
//
//   static void Try(std::string_view input) { … }
//   static const fuzz::Registered kTarget{{"quantity", &Try, {"Ki", "e-"}, 20'000}};
//
// One <name>_fuzz.cc a target. Under g++ all targets run in fuzz_smoke_test (corpus/<name>/* and a bounded, seeded run
// of mutations). Under clang with SANITIZE=fuzzer-no-link,address,undefined each becomes a libFuzzer program <name>_fuzz.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace dm::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
  std::vector<std::string> words;   // pieces worth inserting
  int runs;                         // mutations in one smoke test
};

// In the order of linking. Filled before main.
inline std::vector<Target>& Targets() {
  static std::vector<Target> targets;
  return targets;
}

struct Registered {
  explicit Registered(Target target) { Targets().push_back(std::move(target)); }
};

// A claim of a target. Aborts, since that is what both drivers catch.
inline void Require(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "claim broken: %s\n", claim);
  std::abort();
}

}  // namespace dm::fuzz
