#include "kube/event_series.h"

#include <gtest/gtest.h>

namespace dm::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(TokenBucket, ABurstAndThenOneEachFiveMinutes) {
  TokenBucket bucket;
  base::TimePoint now{std::chrono::hours(5)};
  for (int i = 0; i < TokenBucket::kBurst; ++i) EXPECT_TRUE(bucket.Take(now)) << i;
  EXPECT_FALSE(bucket.Take(now));
  EXPECT_FALSE(bucket.Take(now + minutes(5) - seconds(1)));
  EXPECT_TRUE(bucket.Take(now + minutes(5)));
  EXPECT_FALSE(bucket.Take(now + minutes(5)));
  EXPECT_FALSE(bucket.Take(now + minutes(9)));
  EXPECT_TRUE(bucket.Take(now + minutes(10))) << "what had begun to fill is not lost";
  now += minutes(5) * 1000;
  for (int i = 0; i < TokenBucket::kBurst; ++i) EXPECT_TRUE(bucket.Take(now)) << i;
  EXPECT_FALSE(bucket.Take(now)) << "never more than a burst";
}

TEST(RecentMap, ForgetsTheLeastUsed) {
  RecentMap<int> map(2);
  map["a"] = 1;
  map["b"] = 2;
  EXPECT_EQ(map["a"], 1);
  map["c"] = 3;  // b goes
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map["a"], 1);
  EXPECT_EQ(map["b"], 0);  // c goes
  EXPECT_EQ(map["a"], 1);
  EXPECT_EQ(map["c"], 0);
}

TEST(CutUtf8, NeverInsideACharacter) {
  EXPECT_EQ(CutUtf8("abc", 3), "abc");
  EXPECT_EQ(CutUtf8("abcd", 3), "abc");
  EXPECT_EQ(CutUtf8("ab\xc3\xa9", 3), "ab");
  EXPECT_EQ(CutUtf8("ab\xc3\xa9", 4), "ab\xc3\xa9");
  EXPECT_EQ(CutUtf8("\xf0\x9f\x98\x80", 3), "");
  EXPECT_EQ(CutUtf8("a", 0), "");
}

}  // namespace
}  // namespace dm::kube
