// The stand-in held against recorded answers of a real DM (tests/testdata/dm): the same status, the same keys and kinds,
// and the same text where a text does not name an address. It must not drift into what is convenient for us.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "base/files.h"
#include "base/strings.h"
#include "tests/dmserver/master.h"
#include "tests/dmserver/peer_client.h"
#include "tests/dmserver/worker.h"

namespace dm::standin {
namespace {

using std::chrono::milliseconds;

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, generic, size), 0);
  EXPECT_EQ(getsockname(fd, generic, &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

std::map<std::string, base::Json> Recorded() {
  std::map<std::string, base::Json> found;
  const auto text = base::ReadFile(DM_SOURCE_DIR "/tests/testdata/dm/exchanges.jsonl");
  EXPECT_TRUE(text);
  for (const auto line : base::Split(*text, '\n')) {
    if (line.empty()) continue;
    auto json = base::ParseJson(line);
    EXPECT_TRUE(json);
    const auto id = base::GetStringOr(*json, "id");
    found[id] = std::move(*json);
  }
  return found;
}

// Keys and kinds; numbers and words are left out.
base::Json Shape(const base::Json& value) {
  if (value.is_object()) {
    base::Json shape = base::Json::object();
    for (const auto& [key, child] : value.items()) shape[key] = Shape(child);
    return shape;
  }
  if (value.is_array()) {
    base::Json shape = base::Json::array();
    if (!value.empty()) shape.push_back(Shape(value[0]));
    return shape;
  }
  return value.is_number() ? "number" : value.type_name();
}

class Recordings : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "dm-recordings-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    times_.start = std::chrono::seconds(8);
    times_.settle = milliseconds(400);
    times_.health = milliseconds(300);
    times_.hang = milliseconds(1000);
  }
  void TearDown() override {
    workers_.clear();
    masters_.clear();
    std::filesystem::remove_all(folder_);
  }

  void StartMasters(int count, bool openapi = true) {
    std::vector<MasterOptions> options(static_cast<std::size_t>(count));
    std::string cluster;
    for (int i = 0; i < count; ++i) {
      auto& o = options[static_cast<std::size_t>(i)];
      o.name = "m" + std::to_string(i);
      o.data_dir = folder_ + "/" + o.name;
      o.master_addr = o.advertise_addr = "127.0.0.1:" + std::to_string(FreePort());
      o.peer_urls = o.advertise_peer_urls = "http://127.0.0.1:" + std::to_string(FreePort());
      o.openapi = openapi;
      cluster += (i == 0 ? "" : ",") + o.name + "=" + o.peer_urls;
    }
    std::vector<std::jthread> starters;
    for (auto& o : options) {
      o.initial_cluster = cluster;
      masters_[o.name] = std::make_unique<Master>(o, "v8.5.7", times_);
      starters.emplace_back([this, name = o.name] { EXPECT_TRUE(masters_[name]->Start({})); });
    }
    starters.clear();
    for (const auto& o : options) ASSERT_TRUE(Await([&] { return masters_[o.name]->DmLeader().has_value(); }));
  }

  void StartWorker(const std::string& name) {
    WorkerOptions o;
    o.name = name;
    o.worker_addr = o.advertise_addr = "127.0.0.1:" + std::to_string(FreePort());
    o.join = masters_["m0"]->options().advertise_addr;
    workers_[name] = std::make_unique<Worker>(o, "v8.5.7");
    ASSERT_TRUE(workers_[name]->Start({}));
    ASSERT_TRUE(Await([&] { return StageOf(name) != "offline"; }));
  }
  void StopWorker(const std::string& name) {
    workers_[name]->Stop();
    workers_.erase(name);
    ASSERT_TRUE(Await([&] { return StageOf(name) == "offline"; }));
  }
  std::string StageOf(const std::string& worker) {
    const auto state = masters_["m0"]->node().State();
    const auto* entry = base::FindPath(state, {"workers", worker});
    return entry == nullptr ? "" : base::GetStringOr(*entry, "stage");
  }
  void AddSource(const std::string& name) {
    const auto body = base::DumpJson({{"source", {{"source_name", name}, {"host", "h"}, {"port", 1}, {"user", "u"}, {"enable", true},
                                                  {"enable_gtid", false}, {"flavor", "mariadb"}}}});
    ASSERT_EQ(Ask("m0", "POST", "/api/v1/sources", body).status, 201);
  }
  void AddTask(const std::string& name, const std::string& mode, const std::vector<std::string>& sources) {
    auto list = base::Json::array();
    for (const auto& source : sources) list.push_back({{"source_name", source}});
    const auto body = base::DumpJson({{"task", {{"name", name}, {"task_mode", mode}, {"target_config", base::Json::object()},
                                                {"source_config", {{"source_conf", list}}}}}});
    ASSERT_EQ(Ask("m0", "POST", "/api/v1/tasks", body).status, 201);
    ASSERT_EQ(Ask("m0", "POST", "/api/v1/tasks/" + name + "/start", "{}").status, 200);
  }

  static bool Await(const std::function<bool()>& done) {
    base::SystemClock clock;
    for (int i = 0; i < 800; ++i) {
      if (done()) return true;
      clock.WaitFor(milliseconds(10), {});
    }
    return false;
  }

  std::string LeaderName() { return masters_.begin()->second->DmLeader()->name; }
  std::string FollowerName() { return LeaderName() == "m0" ? "m1" : "m0"; }

  net::Response Ask(const std::string& name, const std::string& method, const std::string& target, const std::string& body = {}) {
    net::Request request{method, target, {}, body, std::chrono::seconds(5)};
    auto answer = Call(masters_[name]->options().advertise_addr, request, PeerTls{}, {});
    EXPECT_TRUE(answer) << method << " " << target << ": " << (answer ? "" : answer.error().ToString());
    return answer ? std::move(*answer) : net::Response{};
  }

  // Asks as recorded (or `target` instead of the recorded path) and compares. `texts`: word for word, not only the shape.
  void Same(const std::string& id, const std::string& ask, bool texts, std::string target = {}, const std::string& body = {}) {
    SCOPED_TRACE(id);
    ASSERT_EQ(recorded_.count(id), 1u) << "no such exchange";
    const auto& exchange = recorded_[id];
    if (target.empty()) target = base::GetStringOr(exchange, "path");
    const auto answer = Ask(ask, base::GetStringOr(exchange, "method"), target, body);
    EXPECT_EQ(answer.status, base::GetIntOr(exchange, "status", 0));
    const auto& want = exchange["body"];
    if (want.is_string()) {
      EXPECT_EQ(answer.body, want.get<std::string>());
      return;
    }
    const auto got = base::ParseJson(answer.body);
    ASSERT_TRUE(got) << answer.body;
    EXPECT_EQ(texts ? *got : Shape(*got), texts ? want : Shape(want));
  }

  std::string folder_;
  MasterTimes times_;
  std::map<std::string, base::Json> recorded_ = Recorded();
  std::map<std::string, std::unique_ptr<Master>> masters_;
  std::map<std::string, std::unique_ptr<Worker>> workers_;
};

TEST_F(Recordings, OneMaster) {
  StartMasters(1);
  Same("health_ok", "m0", true);
  Same("members_single", "m0", false);
  Same("members_worker_none", "m0", true);
  Same("members_bad_parameter", "m0", true);
  Same("members_no_such_name", "m0", true);
  Same("cluster_info", "m0", false);
  Same("sources_none", "m0", true);
  Same("delete_unknown_openapi", "m0", true);
  Same("delete_unknown_gateway", "m0", true);
  Same("delete_worker_unknown", "m0", true);
  Same("delete_last_gateway", "m0", true, "/apis/v1alpha1/members/master/m0");
  Same("evict_leader_unsupported", "m0", true);
}

TEST_F(Recordings, WithoutOpenApi) {
  StartMasters(1, false);
  Same("openapi_off", "m0", true);
}

TEST_F(Recordings, TheOnlyMasterEvicted) {
  StartMasters(1);
  Same("evict_follower", "m0", true);
  ASSERT_TRUE(Await([&] { return !masters_["m0"]->DmLeader(); }));
  Same("masters_no_dm_leader", "m0", true);
  Same("members_no_leader", "m0", true);
  Same("health_ok", "m0", true);
  Same("cancel_evict", "m0", true);
  EXPECT_TRUE(Await([&] { return masters_["m0"]->DmLeader().has_value(); }));
}

TEST_F(Recordings, ThreeMasters) {
  StartMasters(3);
  Same("members_three", FollowerName(), false);
  Same("members_master", LeaderName(), false);
  Same("members_leader", FollowerName(), false);
  // Soon after the start the members are not settled.
  const auto first = LeaderName(), follower = FollowerName();
  ASSERT_TRUE(Await([&] {
    return Ask(first, "DELETE", "/apis/v1alpha1/members/master/" + follower).body.find("true") != std::string::npos;
  })) << "a settled follower can be removed";
  Same("delete_again_gateway", first, false, "/apis/v1alpha1/members/master/" + follower);
  EXPECT_TRUE(Await([&] { return masters_[follower]->node().Removed(); })) << "the removed one learns of it and stays up";
  EXPECT_EQ(Ask(follower, "GET", "/status").status, 200);
  EXPECT_EQ(Ask(follower, "GET", "/health").status, 503);
}

TEST_F(Recordings, TheLeaderRemovesItselfAndAnswersAnError) {
  times_.settle = milliseconds(3000);     // long enough for a slow machine to ask while nobody is settled
  StartMasters(3);
  const auto leader = LeaderName(), follower = FollowerName();
  Same("delete_unhealthy_cluster", leader, true, "/api/v1/cluster/masters/" + follower);   // at once: nobody is settled
  ASSERT_TRUE(Await([&] {
    return Ask(follower, "DELETE", "/api/v1/cluster/masters/" + leader).body.find("server stopped") != std::string::npos;
  }));
  ASSERT_TRUE(Await([&] {
    const auto now = masters_[follower]->DmLeader();
    return now && now->name != leader && masters_[follower]->node().State()["members"].size() == 2;
  })) << "it is removed all the same";
}

TEST_F(Recordings, Workers) {
  StartMasters(1);
  for (const auto* name : {"w0", "w1", "w2"}) StartWorker(name);
  Same("workers_free", "m0", false);
  Same("delete_worker_online", "m0", true);
  AddSource("s0");
  Same("workers_bound", "m0", false);
  Same("sources_with_status", "m0", false);
  const auto other = base::DumpJson({{"name", "w0"}, {"addr", "elsewhere:8262"}});
  EXPECT_NE(Ask("m0", "POST", "/standin/register", other).body.find("46003"), std::string::npos);
  StopWorker("w2");
  Same("delete_worker_ok", "m0", true, "/apis/v1alpha1/members/worker/w2");
}

TEST_F(Recordings, SourcesAndTasks) {
  StartMasters(1);
  for (const auto* name : {"w0", "w1"}) StartWorker(name);
  AddSource("s0");
  AddSource("s1");
  AddTask("t1", "incremental", {"s0", "s1"});
  Same("sources_with_tasks", "m0", false);
  Same("task_sync", "m0", false);
  Same("task_unknown", "m0", true);
  AddTask("tbig", "full", {"s0"});
  Same("task_dump", "m0", false);
  ASSERT_EQ(Ask("m0", "POST", "/standin/subtask", R"({"task": "tbig", "source": "s0", "unit": "Load"})").status, 200);
  Same("task_load", "m0", false);
  StartWorker("w2");
  StopWorker("w0");
  EXPECT_EQ(StageOf("w2"), "bound");
  Same("task_paused_34017", "m0", false, "/api/v1/tasks/tbig/status");
  StopWorker("w2");
  Same("task_unbound", "m0", false);
  EXPECT_EQ(Ask("m0", "POST", "/api/v1/sources/s1/relay/enable", "{}").status, 200);
  EXPECT_NE(Ask("m0", "GET", "/api/v1/sources/s1/status").body.find("relay_catch_up_master"), std::string::npos);
}

TEST_F(Recordings, Transfers) {
  StartMasters(1);
  for (const auto* name : {"w0", "w1", "w2"}) StartWorker(name);
  AddSource("s0");
  AddSource("s1");
  const auto to = [](const char* worker) { return base::DumpJson({{"worker_name", worker}}); };
  Same("transfer_unknown_worker", "m0", true, {}, to("nope"));
  Same("transfer_unknown_source", "m0", true, {}, to("w2"));
  Same("transfer_busy", "m0", true, {}, to("w1"));
  Same("transfer_same", "m0", true, {}, to("w0"));
  Same("transfer_free", "m0", true, {}, to("w2"));
  EXPECT_EQ(StageOf("w2"), "bound");
  EXPECT_EQ(StageOf("w0"), "free");
  Same("start_unknown", "m0", true, {}, "{}");
  AddTask("tbig", "full", {"s0"});
  Same("transfer_in_dump", "m0", true, {}, to("w0"));
  StopWorker("w0");
  Same("transfer_offline", "m0", true, {}, to("w0"));
}

TEST_F(Recordings, ATransferInSyncTakesItsTimeAndOneWithoutATaskNone) {
  times_.transfer = milliseconds(700);
  StartMasters(1);
  for (const auto* name : {"w0", "w1"}) StartWorker(name);
  AddSource("s0");
  base::SystemClock clock;
  const auto transfer = [&](const std::string& worker) {
    const auto began = clock.Now();
    EXPECT_EQ(Ask("m0", "POST", "/api/v1/sources/s0/transfer", base::DumpJson({{"worker_name", worker}})).status, 200);
    EXPECT_EQ(masters_["m0"]->node().State()["sources"]["s0"]["worker"], worker);
    return clock.Now() - began;
  };
  const auto quick = transfer("w1");
  AddTask("t1", "incremental", {"s0"});
  const auto slow = transfer("w0");
  EXPECT_GE(slow, milliseconds(700));
  EXPECT_LT(quick, slow);
  // Its task was paused for it and runs again; the source was never without a worker.
  std::vector<std::string> stages, workers;
  const auto state = masters_["m0"]->node().State();
  for (const auto& entry : state["journal"]) {
    if (entry["what"] == "subtask") stages.push_back(base::GetStringOr(entry, "value"));
    if (entry["what"] == "source") workers.push_back(base::GetStringOr(entry, "value"));
  }
  ASSERT_GE(stages.size(), 3u);
  EXPECT_EQ(std::vector<std::string>(stages.end() - 3, stages.end()), (std::vector<std::string>{"Running", "Paused", "Running"}));
  EXPECT_EQ(workers, (std::vector<std::string>{"w0", "w1", "w0"}));
}

TEST_F(Recordings, ATransferThatIsCutOffLeavesItsTasksPaused) {
  times_.transfer = std::chrono::seconds(4);
  StartMasters(3);
  for (const auto* name : {"w0", "w1"}) StartWorker(name);
  AddSource("s0");
  AddTask("t1", "incremental", {"s0"});
  const auto leader = LeaderName(), other = FollowerName();
  std::jthread asker([&] {
    net::Request request{"POST", "/api/v1/sources/s0/transfer", {}, base::DumpJson({{"worker_name", "w1"}}), std::chrono::seconds(5)};
    const auto answer = Call(masters_[leader]->options().advertise_addr, request, PeerTls{}, {});
    EXPECT_TRUE(!answer || answer->status == 502);
  });
  const auto stage = [&] { return base::GetStringOr(masters_[other]->node().State()["tasks"]["t1"]["subtasks"]["s0"], "stage"); };
  ASSERT_TRUE(Await([&] { return stage() == "Paused"; }));
  masters_[leader]->Stop();
  asker.join();
  ASSERT_TRUE(Await([&] {
    const auto now = masters_[other]->DmLeader();
    return now && now->name != leader;
  }));
  EXPECT_EQ(stage(), "Paused");
  EXPECT_EQ(masters_[other]->node().State()["sources"]["s0"]["worker"], "w0");
  EXPECT_EQ(Ask(other, "POST", "/api/v1/tasks/t1/start", R"({"source_name_list": ["s0"]})").status, 200);
  EXPECT_EQ(stage(), "Running");
}

TEST_F(Recordings, ARelayingWorkersLeaseIsTheLongerOne) {
  times_.ttl_scale = 0.01;                 // 60 s are 0.6 s, 1800 s are 18 s
  StartMasters(1);
  for (const auto* name : {"w0", "w1"}) {
    const auto body = base::DumpJson({{"name", name}, {"addr", std::string(name) + ":8262"}, {"ttl", 60}, {"relay_ttl", 1800}});
    ASSERT_EQ(Ask("m0", "POST", "/standin/register", body).status, 200);
    ASSERT_EQ(Ask("m0", "POST", "/standin/keepalive", body).status, 200);
    ASSERT_TRUE(Await([&] { return StageOf(name) == "free"; }));
    if (std::string(name) == "w0") AddSource("s0");
  }
  ASSERT_EQ(Ask("m0", "POST", "/api/v1/sources/s0/relay/enable", "{}").status, 200);
  ASSERT_TRUE(Await([&] { return StageOf("w1") == "offline"; })) << "the one without a relay is given up";
  EXPECT_EQ(StageOf("w0"), "bound");
}

// Also where the raft leader and DM's are the same process: the word must be out before raft's leadership goes.
TEST_F(Recordings, ALeaderThatStopsIsFollowedAtOnce) {
  StartMasters(3);
  auto* leader = masters_[LeaderName()].get();
  const auto name = leader->options().name;
  ASSERT_TRUE(Await([&] {
    if (leader->node().IsLeader()) return true;
    for (auto& [other, master] : masters_) {
      if (master->node().IsLeader()) master->node().TransferLeadership();
    }
    return false;
  }));
  const auto other = FollowerName();
  leader->Stop();
  EXPECT_TRUE(Await([&] {
    const auto now = masters_[other]->DmLeader();
    return now && now->name != name;
  })) << "its lease of 60 s must not have to run out";
}

TEST_F(Recordings, WithoutQuorum) {
  StartMasters(3);
  const auto survivor = FollowerName();
  for (const auto* name : {"m0", "m1", "m2"}) {
    if (name != survivor) masters_.erase(name);
  }
  ASSERT_TRUE(Await([&] { return masters_[survivor]->node().leader() == 0; }));
  EXPECT_EQ(Ask(survivor, "GET", "/health").status, 503);
  EXPECT_EQ(Ask(survivor, "GET", "/status").status, 200) << "liveness never hangs on quorum";
  const auto answer = Ask(survivor, "GET", "/apis/v1alpha1/members");
  EXPECT_TRUE(answer.status == 503 || answer.status == 500) << answer.body;
}

TEST_F(Recordings, RestartFindsItsDataAndJoinNeedsAnEmptyPlace) {
  StartMasters(1);
  const auto options = masters_["m0"]->options();
  const auto id = masters_["m0"]->node().self();
  masters_.clear();
  masters_["m0"] = std::make_unique<Master>(options, "v8.5.7", times_);
  ASSERT_TRUE(masters_["m0"]->Start({}));
  EXPECT_EQ(masters_["m0"]->node().self(), id);
  auto joiner = options;
  joiner.data_dir = folder_ + "/second";
  joiner.master_addr = joiner.advertise_addr = "127.0.0.1:" + std::to_string(FreePort());
  joiner.peer_urls = joiner.advertise_peer_urls = "http://127.0.0.1:" + std::to_string(FreePort());
  joiner.join = options.advertise_addr;
  Master duplicate(joiner, "v8.5.7", times_);
  const auto refused = duplicate.Start({});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("joining a duplicate member"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace dm::standin
