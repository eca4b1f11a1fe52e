// Every fuzz target on its corpus and on a bounded run of mutations. Deterministic: the seed of a run is printed, and a
// crash prints the target and the seed of the input that caused it.
//
//   DM_FUZZ_SEED=7 DM_FUZZ_RUNS=1000000 fuzz_smoke_test     # another, longer run
//   DM_FUZZ_SEED=12345 DM_FUZZ_RUNS=1 fuzz_smoke_test       # the input a crash named, shown
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/strings.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/target.h"

namespace dm::fuzz {
namespace {

constexpr unsigned kSecondsAnInput = 20;   // far above any input's need, sanitizers and a busy machine included

// What runs now, for the signal handler: only write(2) is allowed there.
std::array<char, 256> now_running{};
volatile std::sig_atomic_t now_length = 0;

void SayWhatRan(int signal) {
  const auto length = static_cast<std::size_t>(now_length);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, now_running.data(), length);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void RunOne(const Target& target, const std::string& what, std::string_view input) {
  const int length =
      std::snprintf(now_running.data(), now_running.size(), "\nended by fuzz target %s, %s\n", target.name, what.c_str());
  now_length = std::clamp(length, 0, static_cast<int>(now_running.size()) - 1);
  ::alarm(kSecondsAnInput);
  target.run(input);
  ::alarm(0);
}

std::vector<std::string> Corpus(const Target& target) {
  const std::filesystem::path directory = std::filesystem::path(DM_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());   // the same order on every file system
  std::vector<std::string> texts;
  for (const auto& path : paths) {
    const auto text = base::ReadFile(path);
    EXPECT_TRUE(text) << path;
    if (text) texts.push_back(*text);
  }
  return texts;
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  const auto number = text == nullptr ? std::nullopt : base::ParseInt(text);
  return number && *number >= 0 ? static_cast<std::uint64_t>(*number) : otherwise;
}

class Smoke : public testing::TestWithParam<std::size_t> {
 protected:
  static void SetUpTestSuite() {
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGALRM}) std::signal(signal, &SayWhatRan);
  }
  const Target& target() const { return Targets()[GetParam()]; }
};

TEST_P(Smoke, CorpusAndMutations) {
  const std::vector<std::string> seeds = Corpus(target());
  ASSERT_FALSE(seeds.empty());
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    RunOne(target(), "file " + std::to_string(i) + " of its corpus", seeds[i]);
  }
  const std::uint64_t first = FromEnvironment("DM_FUZZ_SEED", 1);
  const std::uint64_t runs = FromEnvironment("DM_FUZZ_RUNS", static_cast<std::uint64_t>(target().runs));
  std::printf("%s: seeds %llu to %llu\n", target().name, static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + runs - 1));
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    base::SeededRandom random(seed);
    const std::string input = Mutate(seeds, target().words, random);
    if (runs == 1) std::printf("input: %s\n", base::Printable(input, 8192).c_str()), std::fflush(stdout);
    RunOne(target(), "seed " + std::to_string(seed) + " (DM_FUZZ_SEED=" + std::to_string(seed) + " DM_FUZZ_RUNS=1)", input);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Smoke, testing::Range(std::size_t{0}, Targets().size()),
                         [](const auto& p) { return Targets()[p.param].name; });

}  // namespace
}  // namespace dm::fuzz
