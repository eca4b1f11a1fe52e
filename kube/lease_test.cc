#include "kube/lease.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "base/random.h"
#include "kube/testing/fake_api.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeApi;

const std::string kPath = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/op";

template <class Predicate>
bool Eventually(Predicate predicate) {
  base::SystemClock clock;
  for (int i = 0; i < 20000; ++i) {
    if (predicate()) return true;
    clock.WaitFor(std::chrono::microseconds(250), {});
  }
  return predicate();
}

class NoJitter final : public base::Random {
 public:
  double Uniform() override { return 0; }
};

LeaseOptions Options(const std::string& identity) {
  LeaseOptions options;
  options.ns = "ns";
  options.name = "op";
  options.identity = identity;
  return options;
}

// One candidate on a virtual clock. The lease is 30/20/4 s.
struct Candidate {
  Candidate(FakeApi& api, base::VirtualClock& clock, const std::string& identity)
      : client(api, seconds(5), &clock),
        elector(
            client, Options(identity), clock, random, [this] { ++started; }, [this] { ++lost; }) {}
  NoJitter random;
  Client client;
  std::atomic<int> started{0}, lost{0};
  LeaderElector elector;
};

class LeaseTest : public ::testing::Test {
 protected:
  Json Spec() const { return api_.At(kPath).is_null() ? Json::object() : api_.At(kPath)["spec"]; }
  std::string Holder() const { return base::GetStringOr(Spec(), "holderIdentity", "(none)"); }
  int Gets() const {
    int count = 0;
    for (const auto& line : api_.log()) count += line == "GET " + kPath ? 1 : 0;
    return count;
  }
  int Puts() const {
    int count = 0;
    for (const auto& line : api_.log()) count += line == "PUT " + kPath ? 1 : 0;
    return count;
  }
  // `candidate` leads, and its threads rest.
  void Lead(Candidate& candidate) {
    candidate.elector.Start();
    ASSERT_TRUE(Eventually([&] { return candidate.elector.IsLeader() && candidate.started == 1; }));
    clock_.AwaitWaiters(2);  // election and watchdog
  }
  void Down(bool reads_too = true) {
    api_.Inject([reads_too](const net::Request& r) -> std::optional<base::Result<net::Response>> {
      if (!reads_too && r.method == "GET") return std::nullopt;
      return base::Result<net::Response>(base::Fail(Code::kUnavailable, "down"));
    });
  }

  base::VirtualClock clock_;
  FakeApi api_;
};

TEST_F(LeaseTest, AFreshLeaseIsCreatedAndRenewed) {
  Candidate a(api_, clock_, "a");
  EXPECT_EQ(a.elector.Remaining(), base::Duration{0});
  Lead(a);
  Json spec = Spec();
  EXPECT_EQ(spec["holderIdentity"], "a");
  EXPECT_EQ(spec["leaseDurationSeconds"], 30);
  EXPECT_EQ(spec["leaseTransitions"], 0);
  EXPECT_EQ(spec["acquireTime"], spec["renewTime"]);
  EXPECT_EQ(spec["renewTime"], "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(a.elector.Remaining(), seconds(30));
  clock_.Advance(seconds(3));
  EXPECT_EQ(a.elector.Remaining(), seconds(27));
  clock_.Advance(seconds(1));
  ASSERT_TRUE(Eventually([&] { return a.elector.Remaining() == seconds(30); }));
  EXPECT_EQ(Spec()["renewTime"], "2026-01-01T00:00:04.000000Z");
  EXPECT_EQ(Spec()["acquireTime"], "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(Gets(), 1) << "renewing needs no look";
  EXPECT_EQ(a.lost, 0);
}

TEST_F(LeaseTest, AnotherHolderIsWaitedOutByOurOwnClock) {
  // Its times lie far in the past: they are never compared with ours.
  api_.Put(
      kPath,
      Json::parse(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"op","namespace":"ns"},
      "spec":{"holderIdentity":"dead","leaseDurationSeconds":30,"renewTime":"2001-01-01T00:00:00.000000Z","leaseTransitions":4,"strategy":"x"}})"));
  Candidate a(api_, clock_, "a");
  a.elector.Start();
  for (int i = 1; i <= 7; ++i) {  // 28 s
    ASSERT_TRUE(Eventually([&] { return Gets() == i; }));
    clock_.AwaitWaiters(1);
    clock_.Advance(seconds(4));
  }
  ASSERT_TRUE(Eventually([&] { return Gets() == 8; }));
  EXPECT_FALSE(a.elector.IsLeader());
  EXPECT_EQ(a.elector.Holder(), "dead");
  clock_.AwaitWaiters(1);
  clock_.Advance(seconds(4));
  ASSERT_TRUE(Eventually([&] { return a.elector.IsLeader(); }));
  EXPECT_EQ(Spec()["leaseTransitions"], 5);
  EXPECT_EQ(Spec()["strategy"], "x") << "what we do not know stays";
  EXPECT_EQ(Holder(), "a");
}

TEST_F(LeaseTest, AHolderThatRenewsIsNeverOvertaken) {
  Candidate a(api_, clock_, "a"), b(api_, clock_, "b");
  Lead(a);
  b.elector.Start();
  clock_.AwaitWaiters(3);
  for (int i = 0; i < 30; ++i) {  // two minutes
    const int gets = Gets(), puts = Puts();
    clock_.Advance(seconds(4));
    ASSERT_TRUE(Eventually([&] { return Gets() > gets && Puts() > puts; }));
    clock_.AwaitWaiters(3);
    ASSERT_TRUE(a.elector.IsLeader());
    ASSERT_FALSE(b.elector.IsLeader());
  }
  EXPECT_EQ(Spec()["leaseTransitions"], 0);
}

TEST_F(LeaseTest, AHolderWithALongerLeaseIsGivenThatTime) {
  api_.Put(
      kPath,
      Json::parse(
          R"({"metadata":{"name":"op","namespace":"ns"},"spec":{"holderIdentity":"b","leaseDurationSeconds":60}})"));
  Candidate a(api_, clock_, "a");
  a.elector.Start();
  for (int i = 1; i <= 15; ++i) {
    ASSERT_TRUE(Eventually([&] { return Gets() == i; }));
    EXPECT_FALSE(a.elector.IsLeader());
    clock_.AwaitWaiters(1);
    clock_.Advance(seconds(4));
  }
  EXPECT_TRUE(Eventually([&] { return a.elector.IsLeader(); }));
}

TEST_F(LeaseTest, AReleasedLeaseIsTakenAtOnce) {
  Candidate a(api_, clock_, "a"), b(api_, clock_, "b");
  Lead(a);
  a.elector.StopAndRelease();
  EXPECT_EQ(Holder(), "");
  EXPECT_EQ(Spec()["leaseDurationSeconds"], 1);
  EXPECT_FALSE(a.elector.IsLeader());
  EXPECT_EQ(a.lost, 0) << "giving it up is not losing it";
  Lead(b);
  EXPECT_EQ(Spec()["leaseTransitions"], 1);
}

TEST_F(LeaseTest, TheDeadlinePassesWhileTheServerIsAway) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  Down();
  for (int i = 0; i < 4; ++i) {  // 16 s
    clock_.Advance(seconds(4));
    clock_.AwaitWaiters(2);
    EXPECT_TRUE(a.elector.IsLeader());
  }
  EXPECT_EQ(a.lost, 0);
  EXPECT_EQ(a.elector.Remaining(), seconds(14));
  clock_.Advance(seconds(4));
  ASSERT_TRUE(Eventually([&] { return a.lost == 1; }));
  EXPECT_FALSE(a.elector.IsLeader());
  EXPECT_EQ(a.elector.Remaining(), base::Duration{0});
  // Back too late: this process never leads again.
  api_.Inject({});
  clock_.Advance(seconds(60));
  EXPECT_FALSE(a.elector.IsLeader());
  EXPECT_EQ(a.lost, 1);
  a.elector.StopAndRelease();
  EXPECT_EQ(Holder(), "a") << "what is lost is not ours to release";
}

TEST_F(LeaseTest, ARequestThatHangsDoesNotHideTheDeadline) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  std::atomic<bool> hangs{false}, go{false};
  api_.Inject([&](const net::Request&) -> std::optional<base::Result<net::Response>> {
    hangs = true;
    Eventually([&] { return go.load(); });
    return std::nullopt;  // and then it succeeds after all
  });
  clock_.Advance(seconds(4));
  ASSERT_TRUE(Eventually([&] { return hangs.load(); }));
  clock_.Advance(seconds(16));
  ASSERT_TRUE(Eventually([&] { return a.lost == 1; }));
  go = true;
  a.elector.StopAndRelease();
  EXPECT_FALSE(a.elector.IsLeader()) << "an answer that came too late does not bring it back";
  EXPECT_EQ(Holder(), "a") << "nor is there anything to release";
  EXPECT_EQ(a.lost, 1);
}

TEST_F(LeaseTest, WhoStoodStillPastTheDeadlineWritesNothingOnWaking) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  const std::size_t requests = api_.log().size();
  clock_.Advance(seconds(40));  // election and watchdog wake at once, in any order
  ASSERT_TRUE(Eventually([&] { return a.lost == 1; }));
  a.elector.StopAndRelease();
  EXPECT_EQ(api_.log().size(), requests);
  EXPECT_EQ(a.elector.Remaining(), base::Duration{0});
}

TEST_F(LeaseTest, ACandidateLooksMoreOftenThanALeaderRenews) {
  Candidate a(api_, clock_, "a"), b(api_, clock_, "b");
  Lead(a);
  b.elector.Start();
  clock_.AwaitWaiters(3);
  a.elector.StopAndRelease();
  clock_.AwaitWaiters(1);
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Eventually([&] { return b.elector.IsLeader(); }));
}

TEST_F(LeaseTest, ShortTroubleIsSurvived) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  Down(false);  // reads answer, writes do not
  clock_.Advance(seconds(4));
  clock_.AwaitWaiters(2);
  api_.Inject({});
  clock_.Advance(seconds(4));
  EXPECT_TRUE(Eventually([&] { return a.elector.Remaining() == seconds(30); }));
  EXPECT_EQ(a.lost, 0);
}

TEST_F(LeaseTest, AForeignEditOfOurLeaseMeansLookingAgain) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  Json edited = api_.At(kPath);
  edited["metadata"]["labels"]["x"] = "y";
  api_.Put(kPath, edited);
  clock_.Advance(seconds(4));
  ASSERT_TRUE(Eventually([&] { return a.elector.Remaining() == seconds(30); }));
  EXPECT_EQ(api_.At(kPath)["metadata"]["labels"]["x"], "y");
  EXPECT_EQ(a.lost, 0);
}

TEST_F(LeaseTest, ALeaseThatAnotherTookIsLostAtOnce) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  Json stolen = api_.At(kPath);
  stolen["spec"]["holderIdentity"] = "thief";
  api_.Put(kPath, stolen);
  clock_.Advance(seconds(4));
  EXPECT_TRUE(Eventually([&] { return a.lost == 1; }));
  EXPECT_FALSE(a.elector.IsLeader());
  EXPECT_EQ(Holder(), "thief");
}

TEST_F(LeaseTest, ALeaseThatWasDeletedIsMadeAgain) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  api_.Remove(kPath);
  clock_.Advance(seconds(4));
  EXPECT_TRUE(Eventually([&] { return Holder() == "a"; }));
  EXPECT_EQ(a.lost, 0);
}

TEST_F(LeaseTest, ReleaseSurvivesAConflict) {
  Candidate a(api_, clock_, "a");
  Lead(a);
  int conflicts = 2;
  api_.Inject([&](const net::Request& r) -> std::optional<base::Result<net::Response>> {
    if (r.method != "PUT" || conflicts == 0) return std::nullopt;
    --conflicts;
    return base::Result<net::Response>(FakeApi::StatusAnswer(409, "Conflict", "no"));
  });
  a.elector.StopAndRelease();
  EXPECT_EQ(Holder(), "");
}

TEST_F(LeaseTest, ReleaseWithoutHavingLed) {
  api_.Put(
      kPath,
      Json::parse(
          R"({"metadata":{"name":"op","namespace":"ns"},"spec":{"holderIdentity":"b","leaseDurationSeconds":30}})"));
  Candidate a(api_, clock_, "a");
  a.elector.Start();
  clock_.AwaitWaiters(1);
  a.elector.StopAndRelease();
  EXPECT_EQ(Holder(), "b");
  EXPECT_EQ(a.started, 0);
}

TEST_F(LeaseTest, AFirstWriteWhoseAnswerWasNotSeenIsReleased) {
  Candidate a(api_, clock_, "a");
  api_.Inject([&](const net::Request& r) -> std::optional<base::Result<net::Response>> {
    if (r.method != "POST") return std::nullopt;
    api_.Put(kPath, Json::parse(r.body));
    return base::Result<net::Response>(base::Fail(Code::kCancelled, "stopped"));
  });
  a.elector.Start();
  clock_.AwaitWaiters(1);
  ASSERT_EQ(Holder(), "a");
  a.elector.StopAndRelease();
  EXPECT_EQ(Holder(), "");
  EXPECT_EQ(a.started, 0);
}

TEST_F(LeaseTest, TwoThatRaceForAFreshLease) {
  for (int round = 0; round < 20; ++round) {
    api_.Remove(kPath);
    Candidate a(api_, clock_, "a"), b(api_, clock_, "b");
    a.elector.Start();
    b.elector.Start();
    ASSERT_TRUE(Eventually([&] { return a.elector.IsLeader() || b.elector.IsLeader(); }));
    clock_.AwaitWaiters(3);  // elections of both, and the leader's watchdog
    EXPECT_NE(a.elector.IsLeader(), b.elector.IsLeader());
    EXPECT_EQ(Holder(), a.elector.IsLeader() ? "a" : "b");
  }
}

TEST(LeaseOptions, Checked) {
  EXPECT_TRUE(CheckLeaseOptions(Options("a")));
  const auto message = [](auto change) {
    LeaseOptions options = Options("a");
    change(options);
    auto result = CheckLeaseOptions(options);
    return result ? std::string("fine") : result.error().message;
  };
  EXPECT_EQ(message([](LeaseOptions& o) { o.identity.clear(); }),
            "the lease needs a namespace, a name and an identity");
  EXPECT_EQ(message([](LeaseOptions& o) { o.renew_deadline = o.lease; }),
            "the renew deadline 30000 ms must be shorter than the lease duration 30000 ms: the difference is the time "
            "to stop in");
  EXPECT_EQ(message([](LeaseOptions& o) { o.retry = seconds(17); }),
            "the retry period 17000 ms must be above zero, and 1.2 times it below the renew deadline 20000 ms");
  EXPECT_EQ(message([](LeaseOptions& o) { o.retry = seconds(0); }),
            "the retry period 0 ms must be above zero, and 1.2 times it below the renew deadline 20000 ms");
  EXPECT_EQ(message([](LeaseOptions& o) {
              o.lease = milliseconds(500);
              o.renew_deadline = milliseconds(400);
              o.retry = milliseconds(10);
            }),
            "the lease duration is 500 ms; it must be at least 1 s, as the API counts in seconds");
}

}  // namespace
}  // namespace dm::kube
