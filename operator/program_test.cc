// The operator as a whole in this process: a small API server with watches, members that refuse.
#include "operator/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "app/testing/fake_api.h"
#include "app/testing/objects.h"
#include "base/log.h"
#include "net/member_transport.h"

namespace dm::op {
namespace {

using app::testing::FakeApi;
using base::Json;

struct ProgramTest : ::testing::Test {
  base::SystemClock clock;
  base::SystemRandom random;
  Options options;
  FakeApi* api = nullptr;
  std::unique_ptr<FakeApi> server = std::make_unique<FakeApi>();
  std::unique_ptr<Program> program;
  std::atomic<bool> lost = false;
  std::atomic<bool> lease_away = false;                 // the server refuses what is asked about leases

  ProgramTest() {
    base::SetLogSink([](std::string_view) {});
    options.common.health_address = "127.0.0.1";
    options.common.health_port = 0;
    options.lease_namespace = "dm";
    api = server.get();
    api->Put("/api/v1/nodes/n1", app::testing::NodeJson("n1"));
    api->Put("/apis/storage.k8s.io/v1/storageclasses/fast", app::testing::StorageClassJson("fast"));
    api->Put("/api/v1/namespaces/shop", app::testing::NamespaceJson("shop"));
    // What the small server lacks: an apply that creates, and the status as a subresource.
    api->SetHook([this](const net::Request& request) -> std::optional<base::Result<net::Response>> {
      std::string path(net::PathOf(request.target));
      if (lease_away && path.find("/leases") != std::string::npos) {
        return base::Result<net::Response>(FakeApi::Status(503, "ServiceUnavailable", "not now"));
      }
      if (request.method != "PATCH") return std::nullopt;
      const bool status = path.ends_with("/status");
      if (status) path.resize(path.size() - 7);
      auto object = api->Get(path);
      if (!object) object = Json::object();
      object->merge_patch(Json::parse(request.body));
      (*object)["metadata"]["uid"] = "uid-" + path.substr(path.rfind('/') + 1);
      (*object)["metadata"].erase("resourceVersion");
      api->Put(path, *object);
      return base::Result<net::Response>(net::Response{200, {}, api->Get(path)->dump()});
    });
  }
  ~ProgramTest() override {
    program.reset();
    base::SetLogSink({});
  }
  void Start() {
    ProgramSeams seams;
    seams.api = std::move(server);
    seams.lease_api = std::make_unique<Forward>(*api);
    seams.api_host = "api.test";
    seams.identity = "me";
    seams.on_lost = [this] { lost = true; };
    seams.dialer = members::DefaultDialer();
    program = std::make_unique<Program>(options, std::move(seams), clock, random);
    const auto started = program->Start();
    ASSERT_TRUE(started) << started.error().ToString();
  }
  bool Await(const std::function<bool()>& what) {
    for (int i = 0; i < 1000; ++i) {
      if (what()) return true;
      clock.WaitFor(std::chrono::milliseconds(10), {});
    }
    return false;
  }
  std::string Get(const std::string& target) {
    net::MemberTransportOptions to;
    to.address = "127.0.0.1";
    to.port = program->health_port();
    to.host_name = "localhost";
    net::Request request;
    request.target = target;
    const auto response = net::NewMemberTransport(to)->Send(request, {});
    return response ? std::to_string(response->status) + " " + response->body : response.error().ToString();
  }

  class Forward final : public net::Transport {
   public:
    explicit Forward(FakeApi& to) : to_(to) {}
    base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override { return to_.Send(request, std::move(stop)); }
    base::Result<net::StreamEnd> Stream(const net::Request& r, net::LineSink& l, const net::StreamOptions& o, std::stop_token s) override { return to_.Stream(r, l, o, std::move(s)); }

   private:
    FakeApi& to_;
  };
};

constexpr char kSet[] = "/apis/apps/v1/namespaces/shop/statefulsets/orders-dm-master";
constexpr char kLease[] = "/apis/coordination.k8s.io/v1/namespaces/dm/leases/dm-operator";
constexpr char kCluster[] = "/apis/pingcap.com/v1alpha1/namespaces/shop/dmclusters/orders";

TEST_F(ProgramTest, MakesWhatIsAskedForAndPutsBackWhatIsTaken) {
  Start();
  ASSERT_TRUE(Await([&] { return program->Working(); })) << program->WhyNotReady();
  api->Put(kCluster, app::testing::ClusterJson());
  ASSERT_TRUE(Await([&] { return api->Get(kSet).has_value(); }));
  ASSERT_TRUE(Await([&] { const auto c = api->Get(kCluster); return c && c->contains("status"); }));
  EXPECT_EQ((*api->Get(kSet))["spec"]["replicas"], 3);
  api->Remove("/api/v1/namespaces/shop/services/orders-dm-master-peer");
  EXPECT_TRUE(Await([&] { return api->Get("/api/v1/namespaces/shop/services/orders-dm-master-peer").has_value(); }));
  EXPECT_EQ(Get("/readyz"), "200 ok");
  EXPECT_EQ(Get("/healthz"), "200 ok");
  const std::string metrics = Get("/metrics");
  for (const char* series : {"dm_operator_clusters 1", "dm_operator_requirement_findings{rule=\"MasterReplicas\",severity=\"deny\"} 0", "dm_operator_writes_total{what=\"status\"}",
                             "leader_election_master_status{name=\"dm-operator\"} 1", "controller_runtime_reconcile_total{controller=\"dmcluster\""}) {
    EXPECT_NE(metrics.find(series), std::string::npos) << series;
  }
  program->Stop();
  EXPECT_FALSE(lost);
  const auto lease = api->Get(kLease);
  ASSERT_TRUE(lease);
  EXPECT_EQ(base::GetStringOr((*lease)["spec"], "holderIdentity"), "");   // given back
}

TEST_F(ProgramTest, AStandbyKeepsItsCachesAndTouchesNothingUntilTheLeaseIsGivenBack) {
  const std::string now = base::FormatRfc3339Micro(clock.Wall());
  Json lease = {{"metadata", {{"name", "dm-operator"}, {"namespace", "dm"}}},
                {"spec", {{"holderIdentity", "other"}, {"leaseDurationSeconds", 30}, {"renewTime", now}, {"acquireTime", now}, {"leaseTransitions", 1}}}};
  api->Put(kLease, lease);
  api->Put(kCluster, app::testing::ClusterJson());
  Start();
  ASSERT_TRUE(Await([&] { return program->WhyNotReady().empty(); })) << program->WhyNotReady();
  clock.WaitFor(std::chrono::milliseconds(500), {});
  EXPECT_FALSE(program->Working());
  EXPECT_EQ(api->Writes(), 0);
  EXPECT_EQ(Get("/readyz"), "200 ok");
  const std::string metrics = Get("/metrics");
  for (const char* series : {"leader_election_master_status{name=\"dm-operator\"} 0", "dm_operator_member_reads_total 0",
                             "controller_runtime_reconcile_total{controller=\"dmcluster\",result=\"success\"} 0",
                             "workqueue_depth{controller=\"dmcluster\",name=\"dmcluster\"} 0", "dm_watch_synced{resource=\"pods\"} 1"}) {
    EXPECT_NE(metrics.find(series), std::string::npos) << series << " is not in\n" << metrics;
  }
  const auto lists = [&] {
    const auto requests = api->Requests();
    return std::count(requests.begin(), requests.end(), "GET /api/v1/pods");
  };
  const auto listed = lists();
  lease["spec"]["holderIdentity"] = "";
  api->Put(kLease, lease);
  EXPECT_TRUE(Await([&] { return api->Get(kSet).has_value(); }));
  EXPECT_EQ(lists(), listed);
}

// In the program the process ends at that moment; here it goes on, as threads do until then.
TEST_F(ProgramTest, WhenItsLeaseHasRunOutNothingIsChangedAnyMore) {
  options.lease = std::chrono::milliseconds(3000);
  options.renew_deadline = std::chrono::milliseconds(2000);
  options.retry = std::chrono::milliseconds(200);
  Start();
  ASSERT_TRUE(Await([&] { return program->Working(); })) << program->WhyNotReady();
  api->Put(kCluster, app::testing::ClusterJson());
  ASSERT_TRUE(Await([&] { const auto c = api->Get(kCluster); return c && c->contains("status"); }));
  lease_away = true;
  ASSERT_TRUE(Await([&] { return lost.load(); }));
  const auto writes = [&] {
    const auto requests = api->Requests();
    return std::count_if(requests.begin(), requests.end(), [](const std::string& r) { return !r.starts_with("GET ") && r.find("/leases") == std::string::npos; });
  };
  const auto written = writes();
  const std::string taken = "/api/v1/namespaces/shop/services/orders-dm-master-peer";
  api->Remove(taken);
  // It sees that, and tries.
  ASSERT_TRUE(Await([&] { return Get("/metrics").find("controller_runtime_reconcile_errors_total{controller=\"dmcluster\"} 0") == std::string::npos; }));
  EXPECT_FALSE(api->Get(taken).has_value());
  EXPECT_EQ(writes(), written);
}

TEST_F(ProgramTest, HalfAPictureIsNoReasonToAct) {
  options.lead = false;
  auto inner = std::make_shared<std::atomic<bool>>(true);
  api->SetHook([inner](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (*inner && request.target.find("persistentvolumeclaims") != std::string::npos) {
      return base::Result<net::Response>(FakeApi::Status(403, "Forbidden", "claims are not for you"));
    }
    return std::nullopt;
  });
  api->Put(kCluster, app::testing::ClusterJson());
  Start();
  clock.WaitFor(std::chrono::milliseconds(700), {});
  EXPECT_FALSE(program->Working());
  EXPECT_NE(program->WhyNotReady().find("persistentvolumeclaims"), std::string::npos) << program->WhyNotReady();
  EXPECT_EQ(Get("/readyz").substr(0, 3), "503");
  EXPECT_EQ(Get("/healthz").substr(0, 3), "200");
}

TEST(Options, WrongOnesAreExplained) {
  const auto parse = [](std::vector<const char*> arguments, Options& options) {
    arguments.insert(arguments.begin(), "dm-operator");
    std::ostringstream out, errors;
    const auto code = ParseOptions(static_cast<int>(arguments.size()), arguments.data(), options, out, errors);
    return std::pair{code, errors.str()};
  };
  Options options;
  EXPECT_FALSE(parse({"--workers=9", "--leader-elect=false", "--lease-name=x", "--members-busy=1s"}, options).first);
  EXPECT_EQ(options.workers, 9);
  EXPECT_FALSE(options.lead);
  EXPECT_EQ(options.members_busy, std::chrono::seconds(1));
  EXPECT_EQ(parse({"--workers=0"}, options).first, 2);
  const auto lease = parse({"--lease-duration=10s", "--lease-renew-deadline=20s"}, options);
  EXPECT_EQ(lease.first, 2);
  EXPECT_FALSE(lease.second.empty());
}

TEST(Options, ALeaseTooShortForDmIsRefused) {
  const auto parse = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "dm-operator");
    Options options;
    std::ostringstream out, errors;
    const auto code = ParseOptions(static_cast<int>(arguments.size()), arguments.data(), options, out, errors);
    return std::pair{code, errors.str()};
  };
  EXPECT_FALSE(parse({}).first) << "the defaults";
  EXPECT_FALSE(parse({"--lease-duration=29s"}).first);
  EXPECT_FALSE(parse({"--lease-duration=27s", "--lease-retry=2s"}).first);
  const auto shorter = parse({"--lease-duration=28s"});
  EXPECT_EQ(shorter.first, 2);
  for (const char* part : {"--lease-duration is 28s", "--lease-retry at 4s", "at least 29s"}) {
    EXPECT_NE(shorter.second.find(part), std::string::npos) << shorter.second;
  }
  EXPECT_EQ(parse({"--lease-duration=15s", "--lease-renew-deadline=10s", "--lease-retry=2s"}).first, 2) << "client-go's defaults";
  EXPECT_FALSE(parse({"--lease-duration=15s", "--lease-renew-deadline=10s", "--leader-elect=false"}).first) << "there is no lease";
}

}  // namespace
}  // namespace dm::op
