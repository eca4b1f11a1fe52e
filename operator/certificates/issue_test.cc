#include "operator/certificates/issue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/strings.h"

namespace dm::op::certificates {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// One cluster, its Secrets as last issued, and pods that take a mark when the test says so.
struct IssueTest : ::testing::Test {
  DMCluster want;
  base::VirtualClock clock;
  Held held;
  std::set<std::string> marks;

  IssueTest() {
    want.meta.name = "orders";
    want.meta.ns = "shop";
  }
  Issued Again() {
    auto issued = Issue(want, held, marks, clock.Wall());
    EXPECT_TRUE(issued) << issued.error().ToString();
    held = issued->held;
    return *issued;
  }
  Issued After(base::Duration by) {
    clock.Advance(by);
    return Again();
  }
  void Ask(const std::string& word) { want.meta.annotations[kRotateAuthorityAt] = word; }
  bool Signs(const net::KeyPair& authority, Purpose purpose) const {
    return net::CheckKeyPair(held.leaves.at(purpose).pair, authority.certificate_pem).has_value();
  }
  std::size_t BundleSize() const { return net::SplitBundle(held.leaves.at(Purpose::kMaster).bundle)->size(); }
  // Whoever trusts `bundle` accepts every leaf there is.
  bool AllTrustedBy(const std::string& bundle) const {
    return std::all_of(held.leaves.begin(), held.leaves.end(), [&](const auto& l) { return net::CheckKeyPair(l.second.pair, bundle).has_value(); });
  }
};

TEST_F(IssueTest, NamesSatisfyClientsAndTheSourceCheckOfMasters) {
  Again();
  const auto master = net::ReadCertificate(held.leaves[Purpose::kMaster].pair.certificate_pem);
  for (const char* name : {"orders-dm-master-peer", "orders-dm-master-peer.shop", "orders-dm-master-peer.shop.svc", "*.orders-dm-master-peer",
                           "*.orders-dm-master-peer.shop", "*.orders-dm-master-peer.shop.svc", "orders-dm-master", "orders-dm-master.shop.svc"}) {
    EXPECT_THAT(master->dns, Contains(name));
  }
  EXPECT_THAT(master->ips, Contains("127.0.0.1"));
  EXPECT_EQ(master->subject, "CN=TiDB");
  const auto worker = net::ReadCertificate(held.leaves[Purpose::kWorker].pair.certificate_pem);
  EXPECT_THAT(worker->dns, Contains("*.orders-dm-worker-peer.shop.svc"));
  EXPECT_THAT(worker->dns, ::testing::Not(Contains("orders-dm-master")));
  EXPECT_THAT(net::ReadCertificate(held.leaves[Purpose::kClient].pair.certificate_pem)->dns, IsEmpty());
}

TEST_F(IssueTest, IssuedOnceAndThenLeftAlone) {
  const Issued first = Again();
  EXPECT_TRUE(first.write_authorities);
  EXPECT_EQ(first.write_leaves.size(), 3u);
  EXPECT_EQ(first.mark, MarkOf(held.authorities->newest));
  EXPECT_FALSE(first.rotating);
  EXPECT_NE(first.news, "");
  marks = {first.mark};
  for (int day = 0; day < 59; ++day) {
    const Issued again = After(hours(24));
    EXPECT_FALSE(again.write_authorities) << day;
    EXPECT_THAT(again.write_leaves, IsEmpty()) << day;
    EXPECT_EQ(again.news, "");
    EXPECT_EQ(again.mark, first.mark);
  }
}

TEST_F(IssueTest, LeavesAreRenewedWhileAThirdOfTheirLifeIsLeftAndNothingRolls) {
  const std::string mark = Again().mark;
  marks = {mark};
  const auto old_end = LifeOf(held.leaves[Purpose::kMaster].pair.certificate_pem).until;
  const auto renew = LifeOf(held.leaves[Purpose::kMaster].pair.certificate_pem).RenewAt();
  EXPECT_GE(old_end - renew, kLeafLife / 3);
  EXPECT_THAT(After(renew - clock.Wall() - seconds(1)).write_leaves, IsEmpty());
  const Issued due = After(seconds(1));
  EXPECT_EQ(due.write_leaves.size(), 3u);
  EXPECT_FALSE(due.write_authorities);
  EXPECT_EQ(due.mark, mark);
  EXPECT_FALSE(due.rotating);
  EXPECT_GT(due.until, old_end);
}

TEST_F(IssueTest, TheLookAgainIsNeverLaterThanWhatIsDue) {
  Again();
  const auto renew = LifeOf(held.leaves[Purpose::kMaster].pair.certificate_pem).RenewAt();
  clock.Advance(renew - clock.Wall() - minutes(10));
  EXPECT_EQ(Again().look_again, renew);
}

TEST_F(IssueTest, ALostOrSpoiltOrForeignLeafIsIssuedAgain) {
  const std::string mark = Again().mark;
  marks = {mark};
  held.leaves.erase(Purpose::kWorker);
  EXPECT_EQ(Again().write_leaves, std::set<Purpose>{Purpose::kWorker});
  held.leaves[Purpose::kMaster].pair.key_pem = held.leaves[Purpose::kClient].pair.key_pem;
  EXPECT_EQ(Again().write_leaves, std::set<Purpose>{Purpose::kMaster});
  held.leaves[Purpose::kClient].bundle = "garbage";
  EXPECT_EQ(Again().write_leaves, std::set<Purpose>{Purpose::kClient});
  held.leaves[Purpose::kMaster].pair = held.leaves[Purpose::kWorker].pair;   // fits, but has other names
  EXPECT_EQ(Again().write_leaves, std::set<Purpose>{Purpose::kMaster});
}

TEST_F(IssueTest, AnotherAuthorityIsTrustedByAllBeforeItSigns) {
  const std::string old_mark = Again().mark;
  marks = {old_mark};
  const net::KeyPair old = held.authorities->newest;
  const std::string old_bundle = held.leaves[Purpose::kMaster].bundle;
  clock.Advance(hours(1));
  Ask("2026-01-01T01:00:00Z");

  const Issued begun = Again();
  EXPECT_TRUE(begun.write_authorities);
  EXPECT_TRUE(begun.rotating);
  EXPECT_EQ(begun.write_leaves.size(), 3u);          // their bundles
  EXPECT_EQ(begun.mark, old_mark);                   // nobody restarts before the bundle can be there
  EXPECT_EQ(begun.look_again, clock.Wall() + kDelivery);
  EXPECT_EQ(BundleSize(), 2u);
  EXPECT_TRUE(AllTrustedBy(old_bundle));

  const Issued rolling = After(kDelivery);
  const std::string new_mark = rolling.mark;
  EXPECT_NE(new_mark, old_mark);
  marks = {old_mark, new_mark};
  for (int i = 0; i < 3; ++i) {
    const Issued waits = After(hours(1));
    EXPECT_THAT(waits.write_leaves, IsEmpty());
    EXPECT_TRUE(waits.rotating);
    EXPECT_TRUE(AllTrustedBy(old_bundle));           // the pod that has not been restarted yet
  }
  const std::string both = held.leaves[Purpose::kMaster].bundle;
  marks = {new_mark};
  const Issued signs = Again();
  EXPECT_FALSE(signs.rotating);
  EXPECT_EQ(signs.write_leaves.size(), 3u);
  EXPECT_TRUE(Signs(held.authorities->newest, Purpose::kMaster));
  EXPECT_FALSE(Signs(old, Purpose::kMaster));
  EXPECT_TRUE(AllTrustedBy(both));
  EXPECT_EQ(BundleSize(), 2u);                       // what is on disk may still be the old one's

  EXPECT_EQ(signs.look_again, clock.Wall() + kOverlap);
  EXPECT_FALSE(After(kOverlap - seconds(1)).write_authorities);
  const Issued over = After(seconds(1));
  EXPECT_TRUE(over.write_authorities);
  EXPECT_EQ(BundleSize(), 1u);
  EXPECT_EQ(over.mark, new_mark);                    // nothing restarts for that
  EXPECT_FALSE(After(hours(24)).write_authorities);  // asked once, done once
}

TEST_F(IssueTest, TheAuthorityIsReplacedByItselfWhileAThirdOfItsLifeIsLeft) {
  marks = {Again().mark};
  const auto renew = LifeOf(held.authorities->newest.certificate_pem).RenewAt();
  clock.Advance(renew - clock.Wall() - hours(24 * 20));
  Again();
  EXPECT_EQ(BundleSize(), 1u);
  EXPECT_TRUE(After(hours(24 * 20)).rotating);
  EXPECT_EQ(BundleSize(), 2u);
}

TEST_F(IssueTest, AWorkerThatIsNotRestartedHoldsTheNewAuthorityBackButNotRenewals) {
  const std::string old_mark = Again().mark;
  marks = {old_mark};
  const net::KeyPair old = held.authorities->newest;
  Ask("1");
  Again();
  marks = {old_mark, After(kDelivery).mark};
  EXPECT_EQ(After(hours(24 * 70)).write_leaves.size(), 3u);
  EXPECT_TRUE(Signs(old, Purpose::kMaster));
  EXPECT_TRUE(Signs(old, Purpose::kClient));
  Ask("2");   // and no third one comes in the meantime
  EXPECT_FALSE(Again().write_authorities);
}

TEST_F(IssueTest, ASecondChangeWaitsUntilTheFirstIsOnDisk) {
  marks = {Again().mark};
  Ask("1");
  Again();
  marks = {After(kDelivery).mark};
  Again();
  const auto second = held.authorities->newest.certificate_pem;
  Ask("2");
  EXPECT_FALSE(After(minutes(1)).write_authorities);
  EXPECT_TRUE(After(kOnDisk).write_authorities);
  EXPECT_EQ(held.authorities->previous.certificate_pem, second);
}

TEST_F(IssueTest, WithoutPodsNobodyHasToBeWaitedFor) {
  Again();
  Ask("1");
  const Issued at_once = Again();
  EXPECT_FALSE(at_once.rotating);
  EXPECT_EQ(at_once.mark, MarkOf(held.authorities->newest));
  EXPECT_TRUE(Signs(held.authorities->newest, Purpose::kWorker));
}

TEST_F(IssueTest, AfterTheAuthoritysSecretWasLostRunningPodsAreStillTrusted) {
  const std::string old_mark = Again().mark;
  marks = {old_mark};
  const std::string old_bundle = held.leaves[Purpose::kMaster].bundle;
  clock.Advance(hours(24 * 62));
  held.authorities.reset();
  const Issued fresh = Again();
  EXPECT_TRUE(fresh.write_authorities);
  EXPECT_EQ(BundleSize(), 2u);
  EXPECT_TRUE(AllTrustedBy(old_bundle)) << "leaves stay the lost one's, though they are due";
  const Issued rolling = After(kDelivery);
  EXPECT_NE(rolling.mark, old_mark);
  marks = {rolling.mark};
  Again();
  EXPECT_TRUE(Signs(held.authorities->newest, Purpose::kMaster));
}

// Whoever issued had a clock that was twenty days ahead: until then members would refuse each other.
TEST_F(IssueTest, WhatIsNotValidYetIsIssuedAgain) {
  auto ahead = Issue(want, held, marks, clock.Wall() + hours(24 * 20));
  ASSERT_TRUE(ahead);
  held = ahead->held;
  Again();
  for (const auto& [purpose, leaf] : held.leaves) EXPECT_TRUE(LifeOf(leaf.pair.certificate_pem).Holds(clock.Wall()));
  EXPECT_TRUE(LifeOf(held.authorities->newest.certificate_pem).Holds(clock.Wall()));
  EXPECT_TRUE(AllTrustedBy(held.authorities->newest.certificate_pem));
  EXPECT_TRUE(Again().write_leaves.empty());
}

TEST_F(IssueTest, ExpiredAltogetherItBeginsAnew) {
  marks = {Again().mark};
  const Issued anew = After(kAuthorityLife + hours(1));
  EXPECT_TRUE(anew.write_authorities);
  EXPECT_EQ(anew.write_leaves.size(), 3u);
  EXPECT_EQ(BundleSize(), 1u);
  EXPECT_TRUE(Signs(held.authorities->newest, Purpose::kMaster));
  EXPECT_TRUE(anew.rotating);
}

// Ten years, a look whenever one is due, pods replaced one a day: at no moment is a leaf refused by anybody who runs.
TEST_F(IssueTest, InTenYearsNobodyEverRefusesAnother) {
  std::map<std::string, std::pair<std::string, std::string>> pods;   // name → mark, bundle at its start
  Issued now = Again();
  for (const char* name : {"m0", "m1", "m2", "w0"}) pods[name] = {now.mark, held.leaves[Purpose::kMaster].bundle};
  std::set<std::string> authorities;
  const auto end = clock.Wall() + kAuthorityLife * 2;
  int looks = 0;
  while (clock.Wall() < end && ++looks < 20000) {
    marks.clear();
    for (const auto& [name, pod] : pods) marks.insert(pod.first);
    now = Again();
    authorities.insert(MarkOf(held.authorities->newest));
    for (const auto& [name, pod] : pods) ASSERT_TRUE(AllTrustedBy(pod.second)) << name << " " << base::FormatRfc3339(clock.Wall());
    ASSERT_GT(now.until, clock.Wall() + hours(24 * 20)) << base::FormatRfc3339(clock.Wall());
    const auto behind = std::find_if(pods.begin(), pods.end(), [&](const auto& p) { return p.second.first != now.mark; });
    if (behind != pods.end()) behind->second = {now.mark, held.leaves[Purpose::kMaster].bundle};
    clock.Advance(std::max<base::Duration>(now.look_again - clock.Wall(), seconds(1)));
  }
  EXPECT_EQ(authorities.size(), 4u);
}

}  // namespace
}  // namespace dm::op::certificates
