#include "kube/apply.h"

#include <gtest/gtest.h>

#include <string>

#include "kube/testing/fake_api.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;

const std::string kKey = "dm.pingcap.com/applied-hash";
const std::string kPath = "/apis/apps/v1/namespaces/ns/statefulsets/a";

Json Desired(int replicas) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "StatefulSet"},
          {"metadata", {{"name", "a"}, {"namespace", "ns"}, {"labels", {{"x", "y"}}}}},
          {"spec", {{"replicas", replicas}}}};
}

TEST(WithHash, IsStableAndOfTheObjectWithoutIt) {
  const Json once = WithHash(Desired(3), kKey);
  const std::string hash = once["metadata"]["annotations"][kKey].get<std::string>();
  EXPECT_EQ(hash.size(), 64u);
  EXPECT_EQ(WithHash(once, kKey), once);
  Json stale = Desired(3);
  stale["metadata"]["annotations"][kKey] = "old";
  EXPECT_EQ(WithHash(stale, kKey), once);
  EXPECT_NE(WithHash(Desired(4), kKey)["metadata"]["annotations"][kKey], hash);
  Json annotated = Desired(3);
  annotated["metadata"]["annotations"]["other"] = "1";
  const Json marked = WithHash(annotated, kKey);
  EXPECT_NE(marked["metadata"]["annotations"][kKey], hash);
  EXPECT_EQ(marked["metadata"]["annotations"]["other"], "1");
}

class ApplyTest : public ::testing::Test {
 protected:
  base::Result<Applied> Apply(const Json& desired) {
    const Json live = api_.At(kPath);
    return ApplyDesired(client_, resources::kStatefulSets, desired, live.is_null() ? nullptr : &live, options_);
  }
  testing::FakeApi api_;
  Client client_{api_};
  ApplyIfNeededOptions options_{{}, kKey, true};
};

TEST_F(ApplyTest, WritesOnceAndThenNotAgain) {
  auto first = Apply(Desired(3));
  ASSERT_TRUE(first) << first.error().ToString();
  EXPECT_TRUE(first->written);
  EXPECT_EQ(first->why, "it does not exist");
  EXPECT_EQ(first->object["metadata"]["resourceVersion"], "101");
  for (int i = 0; i < 3; ++i) {
    auto again = Apply(Desired(3));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->written);
  }
  EXPECT_EQ(api_.writes(), 1);
}

TEST_F(ApplyTest, AChangeOfWhatIsDesiredIsWritten) {
  ASSERT_TRUE(Apply(Desired(3)));
  auto changed = Apply(Desired(4));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->why, "what is desired has changed");
  EXPECT_EQ(api_.At(kPath)["spec"]["replicas"], 4);
  // Something less is desired: live still covers it, the hash tells.
  Json less = Desired(4);
  less["metadata"].erase("labels");
  auto removed = Apply(less);
  ASSERT_TRUE(removed);
  EXPECT_TRUE(removed->written);
}

TEST_F(ApplyTest, DriftIsRepairedAndWhatTheServerAddsIsNot) {
  ASSERT_TRUE(Apply(Desired(3)));
  Json live = api_.At(kPath);
  live["spec"]["podManagementPolicy"] = "OrderedReady";
  live["status"] = {{"replicas", 3}};
  api_.Put(kPath, live);
  EXPECT_FALSE(Apply(Desired(3))->written);
  live["spec"]["replicas"] = 1;
  api_.Put(kPath, live);
  auto repaired = Apply(Desired(3));
  ASSERT_TRUE(repaired);
  EXPECT_EQ(repaired->why, "spec.replicas: wants 3, is 1");
  EXPECT_EQ(api_.At(kPath)["spec"]["replicas"], 3);
}

TEST_F(ApplyTest, AnObjectThatWasRecreatedIsAConflict) {
  ASSERT_TRUE(Apply(Desired(3)));
  const Json stale = api_.At(kPath);
  api_.Remove(kPath);
  auto vanished = ApplyDesired(client_, resources::kStatefulSets, Desired(4), &stale, options_);
  ASSERT_FALSE(vanished);
  EXPECT_EQ(vanished.error().code, Code::kConflict);
  api_.Put(kPath, Json{{"metadata", {{"name", "a"}, {"namespace", "ns"}}}});
  EXPECT_EQ(ApplyDesired(client_, resources::kStatefulSets, Desired(4), &stale, options_).error().code,
            Code::kConflict);
  options_.pin_uid = false;
  EXPECT_TRUE(ApplyDesired(client_, resources::kStatefulSets, Desired(4), &stale, options_));
}

TEST_F(ApplyTest, ShortFormAndErrors) {
  EXPECT_TRUE(*ApplyIfNeeded(client_, resources::kStatefulSets, Desired(3), nullptr, options_));
  const Json live = api_.At(kPath);
  EXPECT_FALSE(*ApplyIfNeeded(client_, resources::kStatefulSets, Desired(3), &live, options_));
  options_.hash_annotation.clear();
  EXPECT_EQ(ApplyIfNeeded(client_, resources::kStatefulSets, Desired(3), nullptr, options_).error().code,
            Code::kInvalid);
}

}  // namespace
}  // namespace dm::kube
