// Another authority is a change of the pod template that nobody's wish contains: it rolls the pods, and nothing else comes along.
#include <gtest/gtest.h>

#include "operator/lifecycle/testing/expect.h"
#include "operator/lifecycle/testing/world.h"

namespace dm::op::lifecycle {
namespace {

using testing::World;

std::string Note(World& w, const std::string& set) {
  const base::Json* notes = base::FindPath(*w.Object("StatefulSet", set), {"spec", "template", "metadata", "annotations"});
  return notes ? base::GetStringOr(*notes, kAuthorityMark) : "";
}

TEST(Authority, ANewMarkRollsEveryPodOnceAndBringsNoOtherChange) {
  World w(3, 1);
  w.authority = "aaaa";
  w.Run(60);
  ASSERT_TRUE(w.Plan().Settled());
  EXPECT_EQ(Note(w, "a-dm-master"), "aaaa");
  std::map<std::string, std::string> uids;
  for (const auto& [name, pod] : w.pods()) uids[name] = pod.meta.uid;
  w.rendering = "2";               // this version of the operator would make other pods, too
  w.authority = "bbbb";
  w.Run(120);
  EXPECT_TRUE(w.violations.empty());
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_EQ(Note(w, "a-dm-master"), "bbbb");
  EXPECT_EQ(Note(w, "a-dm-worker"), "bbbb");
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-master"))["spec"]["template"]["rendering"], "1");
  for (const auto& [name, pod] : w.pods()) EXPECT_NE(pod.meta.uid, uids[name]) << name;
}

TEST(Authority, WhileItIsNotKnownTheMarkStays) {
  World w(1, 1);
  w.authority = "aaaa";
  w.Run(60);
  w.authority = "";
  EXPECT_TRUE(w.Plan().Settled());
  w.SetImage("dm:2");
  w.Run(60);
  EXPECT_EQ(Note(w, "a-dm-master"), "aaaa");
}

}  // namespace
}  // namespace dm::op::lifecycle
