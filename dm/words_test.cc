#include "dm/words.h"

#include <gtest/gtest.h>

namespace dm {
namespace {

TEST(Names, AreTiDBOperators) {
  const Names names{"ha"};
  EXPECT_EQ(names.StatefulSet(Role::kMaster), "ha-dm-master");
  EXPECT_EQ(names.StatefulSet(Role::kMonitor), "ha-dm-monitor");
  EXPECT_EQ(names.PeerService(Role::kWorker), "ha-dm-worker-peer");
  EXPECT_EQ(names.ClientService(), "ha-dm-master");
  EXPECT_EQ(names.ConfigMap(Role::kWorker), "ha-dm-worker-config");
  EXPECT_EQ(names.BootstrapConfigMap(), "ha-dm-bootstrap");
  EXPECT_EQ(names.Pod(Role::kWorker, 12), "ha-dm-worker-12");
  EXPECT_EQ(names.Claim(Role::kMaster, 0), "dm-master-ha-dm-master-0");
  EXPECT_EQ(names.ClusterSecret(Role::kWorker), "ha-dm-worker-cluster-secret");
  EXPECT_EQ(names.ClientSecret(), "ha-dm-client-secret");
  EXPECT_EQ(names.Disruption(Role::kMaster), "ha-dm-master");
  EXPECT_EQ(names.PeerHost(Role::kMaster, 2), "ha-dm-master-2.ha-dm-master-peer");
}

TEST(OrdinalOf, ReadsOnlyWhatAStatefulSetNames) {
  const Names names{"ha"};
  struct Case {
    std::string_view name;
    int ordinal;
  };
  for (const Case& c : {Case{"ha-dm-master-0", 0}, Case{"ha-dm-master-17", 17}, Case{"ha-dm-worker-0", -1},
                        Case{"ha-dm-master-", -1}, Case{"ha-dm-master-01", -1}, Case{"ha-dm-master-x", -1},
                        Case{"ha-dm-master-1-2", -1}, Case{"ha2-dm-master-0", -1}, Case{"ha-dm-master-99999999999", -1}, Case{"", -1}}) {
    EXPECT_EQ(OrdinalOf(names, Role::kMaster, c.name), c.ordinal) << c.name;
  }
}

TEST(Environment, TheStricterWins) {
  EXPECT_EQ(Stricter(Environment::kDevelopment, Environment::kProduction), Environment::kProduction);
  EXPECT_EQ(Stricter(Environment::kDevelopment, Environment::kDevelopment), Environment::kDevelopment);
}

}  // namespace
}  // namespace dm
