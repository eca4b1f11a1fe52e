#include "app/flags.h"

#include <gtest/gtest.h>

#include <sstream>

namespace dm::app {
namespace {

using std::chrono::seconds;

struct Outcome {
  std::optional<int> code;
  std::string out, errors;
};

struct Options {
  CommonFlags common;
  std::string ns = "here";
  std::vector<std::string> hosts;
  std::uint16_t port = 9443;
  int workers = 4;
  base::Duration delay = seconds(10);
  bool dry = false;
};

Outcome Parse(Options& options, std::vector<const char*> arguments) {
  Flags flags("dm-test", "A test.");
  AddCommonFlags(flags, options.common);
  flags.Section("Own");
  flags.Text("--namespace", options.ns, "where we are", "DM_FLAGS_TEST_NAMESPACE");
  flags.List("--host", options.hosts, "names");
  flags.Port("--port", options.port, "port");
  flags.Number("--workers", options.workers, 1, 64, "workers");
  flags.Duration("--delay", options.delay, "delay");
  flags.Switch("--dry", options.dry, "nothing is written");
  flags.Footer("See the documentation.");
  arguments.insert(arguments.begin(), "dm-test");
  std::ostringstream out, errors;
  const auto code = flags.Parse(static_cast<int>(arguments.size()), arguments.data(), out, errors);
  return {code, out.str(), errors.str()};
}

TEST(Flags, DefaultsStay) {
  Options options;
  EXPECT_EQ(Parse(options, {}).code, std::nullopt);
  EXPECT_EQ(options.ns, "here");
  EXPECT_EQ(options.delay, seconds(10));
  EXPECT_EQ(options.common.health_port, 8080);
}

TEST(Flags, ReadsEveryKind) {
  Options options;
  const auto outcome = Parse(options, {"--namespace=ops", "--host=a,b", "--host", "10.0.0.1", "--port=0", "--workers=7", "--delay=1m5s",
                                       "--dry", "--log-level=debug", "--policy=/etc/p.yaml", "--health-port=9090"});
  ASSERT_EQ(outcome.code, std::nullopt) << outcome.errors;
  EXPECT_EQ(options.ns, "ops");
  EXPECT_EQ(options.hosts, (std::vector<std::string>{"a", "b", "10.0.0.1"}));
  EXPECT_EQ(options.port, 0);
  EXPECT_EQ(options.workers, 7);
  EXPECT_EQ(options.delay, seconds(65));
  EXPECT_TRUE(options.dry);
  EXPECT_EQ(options.common.log_level, "debug");
  EXPECT_EQ(options.common.policy, "/etc/p.yaml");
}

TEST(Flags, AnEmptyValueIsAValue) {
  Options options;
  const auto outcome = Parse(options, {"--namespace=", "--port=1", "--policy", "", "--host=x"});
  ASSERT_EQ(outcome.code, std::nullopt) << outcome.errors;
  EXPECT_EQ(options.ns, "");
  EXPECT_EQ(options.port, 1);
  EXPECT_EQ(options.hosts.size(), 1u);
  EXPECT_EQ(Parse(options, {"--port="}).code, 2);
}

TEST(Flags, EnvironmentStandsInAndTheFlagWins) {
  ASSERT_EQ(setenv("DM_FLAGS_TEST_NAMESPACE", "from-env", 1), 0);
  Options silent, spoken;
  EXPECT_EQ(Parse(silent, {}).code, std::nullopt);
  EXPECT_EQ(Parse(spoken, {"--namespace=said"}).code, std::nullopt);
  unsetenv("DM_FLAGS_TEST_NAMESPACE");
  EXPECT_EQ(silent.ns, "from-env");
  EXPECT_EQ(spoken.ns, "said");
}

TEST(Flags, MistakesNameTheFlagAndEndWithTwo) {
  const struct {
    const char* argument;
    const char* named;
  } rows[] = {
      {"--prot=1", "--prot"},           {"--port=70000", "--port"},       {"--port=many", "--port"}, {"--delay=10", "--delay"},
      {"--delay=soon", "soon"},         {"--workers=0", "--workers"},     {"--log-level=loud", "loud"}, {"stray", "stray"},
      {"--namespace", "--namespace"},
  };
  for (const auto& row : rows) {
    Options options;
    const auto outcome = Parse(options, {row.argument});
    EXPECT_EQ(outcome.code, 2) << row.argument;
    EXPECT_NE(outcome.errors.find(row.named), std::string::npos) << row.argument << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find("--help"), std::string::npos);
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Flags, HelpAndVersionGoToStandardOutput) {
  Options options;
  const auto help = Parse(options, {"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* text : {"--kubeconfig", "--delay DURATION", "10s", "--port PORT", "9443", "See the documentation.", "Own"}) {
    EXPECT_NE(help.out.find(text), std::string::npos) << text << "\n" << help.out;
  }
  const auto version = Parse(options, {"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out.rfind("dm-test ", 0), 0u) << version.out;
}

}  // namespace
}  // namespace dm::app
