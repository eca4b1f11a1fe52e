#include "app/policy_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/log.h"

namespace dm::app {
namespace {

using testing::HasSubstr;

struct PolicyFixture : testing::Test {
  base::VirtualClock clock;
  base::Guarded<base::Result<std::string>> file{std::string("defaultEnvironment: development\n")};
  base::Guarded<std::vector<PolicyPtr>> told;

  PolicyFixture() { base::SetLogSink([](std::string_view) {}); }
  ~PolicyFixture() override { base::SetLogSink({}); }
  std::unique_ptr<PolicyReload> Make(const std::string& path = "policy.yaml") {
    return std::make_unique<PolicyReload>(
        path, clock, [this](PolicyPtr policy) { told.Lock()->push_back(std::move(policy)); },
        [this](const std::string&) { return file.Copy(); });
  }
};

TEST_F(PolicyFixture, WithoutAFileTheBuiltInPolicyHolds) {
  auto reload = Make("");
  reload->Start();
  ASSERT_TRUE(reload->State().policy);
  EXPECT_EQ(reload->State().policy->default_environment, Environment::kProduction);
  EXPECT_EQ(reload->State().error, "");
  EXPECT_EQ(told.Copy().size(), 1u);
}

TEST_F(PolicyFixture, AChangeComesIntoForceOnce) {
  auto reload = Make();
  reload->Start();
  EXPECT_EQ(reload->State().policy->default_environment, Environment::kDevelopment);
  clock.AwaitWaiters(1);
  clock.Advance(std::chrono::seconds(10));     // nothing changed
  clock.AwaitWaiters(1);
  EXPECT_EQ(told.Copy().size(), 1u);
  file.Set(std::string("defaultEnvironment: production\n"));
  clock.Advance(std::chrono::seconds(10));
  clock.AwaitWaiters(1);
  EXPECT_EQ(reload->State().policy->default_environment, Environment::kProduction);
  EXPECT_EQ(told.Copy().size(), 2u);
  EXPECT_EQ(reload->State().loads, 2u);
}

TEST_F(PolicyFixture, AWrongFileKeepsTheLastGoodOne) {
  auto reload = Make();
  int refused = 0;
  reload->OnRefused([&] {
    ++refused;
    EXPECT_THAT(reload->State().error, HasSubstr("line 1")) << "known before it is told";
  });
  reload->Poll();
  const PolicyPtr good = reload->State().policy;
  file.Set(std::string("defaultEnvironment: qa\n"));
  reload->Poll();
  reload->Poll();                              // the same wrong content is refused once
  EXPECT_EQ(reload->State().policy, good);
  EXPECT_THAT(reload->State().error, HasSubstr("policy.yaml: line 1"));
  EXPECT_EQ(reload->State().failures, 1u);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(told.Copy().size(), 1u);
  file.Set(std::string("defaultEnvironment: development\n"));
  reload->Poll();
  EXPECT_EQ(reload->State().error, "");
  EXPECT_EQ(told.Copy().size(), 2u) << "that it is mended is told, although it says what was in force";
  EXPECT_EQ(refused, 1);
}

TEST_F(PolicyFixture, AMissingFileIsAnErrorNotADefault) {
  file.Set(base::Result<std::string>(base::Fail(base::Code::kNotFound, "no such file")));
  auto reload = Make();
  reload->Poll();
  EXPECT_FALSE(reload->State().policy);
  EXPECT_THAT(reload->State().error, HasSubstr("no such file"));
  EXPECT_TRUE(told.Copy().empty());
  file.Set(std::string());                     // it comes later: an empty file is the default policy
  reload->Poll();
  EXPECT_TRUE(reload->State().policy);
}

TEST_F(PolicyFixture, FollowsTheSymlinksOfAConfigMapMount) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / ("policy-" + std::to_string(getpid()));
  fs::create_directories(root / "v1");
  fs::create_directories(root / "v2");
  std::ofstream(root / "v1/policy.yaml") << "defaultEnvironment: development\n";
  std::ofstream(root / "v2/policy.yaml") << "defaultEnvironment: production\n";
  fs::create_directory_symlink("v1", root / "..data");
  fs::create_symlink("..data/policy.yaml", root / "policy.yaml");
  PolicyReload reload((root / "policy.yaml").string(), clock, {});
  reload.Poll();
  EXPECT_EQ(reload.State().policy->default_environment, Environment::kDevelopment);
  fs::create_directory_symlink("v2", root / "..new");
  fs::rename(root / "..new", root / "..data");
  reload.Poll();
  EXPECT_EQ(reload.State().policy->default_environment, Environment::kProduction);
  fs::remove_all(root);
}

}  // namespace
}  // namespace dm::app
