#include "webhook/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;

std::optional<int> Parse(std::vector<const char*> arguments, Options& options, std::string* said = nullptr) {
  arguments.insert(arguments.begin(), "dm-webhook");
  std::ostringstream out, errors;
  const auto code = ParseOptions(static_cast<int>(arguments.size()), arguments.data(), options, out, errors);
  if (said != nullptr) *said = out.str() + errors.str();
  return code;
}

TEST(Options, WhatTheChartPasses) {
  Options options;
  std::string said;
  const auto code = Parse({"--log-level=info", "--port=9443", "--health-port=8080", "--policy=/etc/dm-operator/policy.yaml", "--namespace=ops",
                           "--service=rel-webhook", "--webhook-configuration=rel-webhook-ops", "--ca-secret=rel-webhook-ca", "--drain-delay=15s"},
                          options, &said);
  ASSERT_EQ(code, std::nullopt) << said;
  EXPECT_EQ(options.ns, "ops");
  EXPECT_EQ(options.service, "rel-webhook");
  EXPECT_EQ(options.configuration, "rel-webhook-ops");
  EXPECT_EQ(options.ca_secret, "rel-webhook-ca");
  EXPECT_EQ(options.drain_delay, std::chrono::seconds(15));
  EXPECT_EQ(options.common.policy, "/etc/dm-operator/policy.yaml");
}

TEST(Options, AnEmptyConfigurationMeansHandsOff) {
  Options options;
  ASSERT_EQ(Parse({"--webhook-configuration=", "--url-host=127.0.0.1", "--url-host=hook.example.com", "--tls-mode=files"}, options), std::nullopt);
  EXPECT_EQ(options.configuration, "");
  EXPECT_EQ(options.hosts.size(), 2u);
  EXPECT_EQ(options.tls_mode, "files");
}

TEST(Options, HelpExplains) {
  Options options;
  std::string said;
  EXPECT_EQ(Parse({"--help"}, options, &said), 0);
  for (const char* text : {"--port PORT", "9443", "--drain-delay DURATION", "10s", "--tls-mode", "--policy", "--kubeconfig", "SIGTERM"}) {
    EXPECT_THAT(said, HasSubstr(text));
  }
}

TEST(Options, MistakesAreRefused) {
  for (const char* wrong : {"--tls-mode=acme", "--drain-delay=10", "--port=99999", "--workers=0", "--no-such-flag"}) {
    Options options;
    EXPECT_EQ(Parse({wrong}, options), 2) << wrong;
  }
}

}  // namespace
}  // namespace dm::webhook
