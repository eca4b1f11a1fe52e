#include "dm/requirements/usage.h"

#include <gtest/gtest.h>

#include "dm/words.h"

namespace dm::requirements {
namespace {

using kube::api::Quantity;

Reserved Of(std::int64_t cpu, std::int64_t memory, int pods) { return {Quantity::FromUnits(cpu), Quantity::FromUnits(memory), pods}; }

TEST(Usage, AClusterIsNotInItsOwnWay) {
  const NodeUsage usage{Of(10, 100, 7), {{"shop/orders", Of(4, 40, 2)}, {"shop/parts", Of(1, 10, 1)}}};
  EXPECT_EQ(usage.ByOthers("shop/orders"), Of(6, 60, 5));
  EXPECT_EQ(usage.ByOthers("other/orders"), Of(10, 100, 7));
  EXPECT_EQ(usage.ByOthers(""), Of(10, 100, 7));
}

TEST(Usage, PodsBelongToAClusterByItsThreeLabels) {
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    auto labels = SelectorLabels("orders", role);
    labels["team"] = "data";
    EXPECT_EQ(OwnerOf("shop", labels), "shop/orders") << RoleName(role);
  }
  for (const char* without : {"app.kubernetes.io/name", "app.kubernetes.io/managed-by", "app.kubernetes.io/instance"}) {
    auto labels = SelectorLabels("orders", Role::kWorker);
    labels.erase(without);
    EXPECT_EQ(OwnerOf("shop", labels), "") << without;
  }
  auto foreign = SelectorLabels("orders", Role::kWorker);
  foreign["app.kubernetes.io/name"] = "tidb-cluster";
  EXPECT_EQ(OwnerOf("shop", foreign), "");
}

}  // namespace
}  // namespace dm::requirements
