#include "operator/members/parse.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"

namespace dm::op::members {
namespace {

using base::Code;

// The recorded answer of that name: tests/testdata/dm/exchanges.jsonl.
net::Response Recorded(const std::string& id) {
  static const std::map<std::string, net::Response> all = [] {
    std::map<std::string, net::Response> out;
    const auto text = base::ReadFile(std::string(DM_SOURCE_DIR) + "/tests/testdata/dm/exchanges.jsonl");
    for (std::string_view line : base::Split(*text, '\n')) {
      if (line.empty()) continue;
      const auto exchange = base::ParseJson(line);
      const base::Json& body = *base::Find(*exchange, "body");
      out[base::GetStringOr(*exchange, "id")] = {static_cast<int>(base::GetIntOr(*exchange, "status", 0)), {},
                                                 body.is_string() ? body.get<std::string>() : base::DumpJson(body, 4)};
    }
    return out;
  }();
  return all.at(id);
}

TEST(ParseRoster, ReadsAnAnswerWithAllThreeParts) {
  const auto roster = ParseRoster(Recorded("members_three"));
  ASSERT_TRUE(roster) << roster.error().ToString();
  EXPECT_EQ(roster->leader, (Leader{"m2", "m2:8261"}));
  ASSERT_EQ(roster->masters.size(), 3u);
  EXPECT_EQ(roster->masters[2].name, "m2");
  EXPECT_EQ(roster->masters[2].id, "16554498499431943657");   // above 2^63
  EXPECT_TRUE(roster->masters[2].alive);
  EXPECT_EQ(roster->masters[0].client_url, "http://m0:8261");
  EXPECT_EQ(roster->masters[0].peer_url, "http://m0:8291");
  EXPECT_TRUE(roster->workers.empty());
}

TEST(ParseRoster, ReadsWorkersWithStageAndBoundSource) {
  const auto roster = ParseRoster(Recorded("members_tls"));
  ASSERT_TRUE(roster);
  ASSERT_EQ(roster->workers.size(), 1u);
  EXPECT_EQ(roster->workers[0].name, "w0");
  EXPECT_EQ(roster->workers[0].addr, "w0:8262");
  EXPECT_EQ(roster->masters[0].client_url, "https://m0:8261");
}

TEST(ParseRoster, NothingThatIsNotAWholeListPassesForOne) {
  struct Case {
    const char* what;
    net::Response response;
    Code code;
  };
  const Case cases[] = {
      {"no leader to forward to", Recorded("members_no_leader"), Code::kUnavailable},
      {"leader does not answer", Recorded("members_leader_unreachable"), Code::kUnavailable},
      {"bad parameter", Recorded("members_bad_parameter"), Code::kUnavailable},
      {"masters only", Recorded("members_master"), Code::kInternal},
      {"workers only", Recorded("workers_free"), Code::kInternal},
      {"no master at all", Recorded("members_no_such_name"), Code::kInternal},
      {"empty body", {200, {}, ""}, Code::kInternal},
      {"empty object", {200, {}, "{}"}, Code::kUnavailable},
      {"result is a word", {200, {}, R"({"result":"true","members":[]})"}, Code::kUnavailable},
      {"a list", {200, {}, "[]"}, Code::kInternal},
      {"members is no list", {200, {}, R"({"result":true,"members":7})"}, Code::kInternal},
      {"an error inside a part", {200, {}, R"({"result":true,"members":[{"leader":{"msg":"etcd: no leader"}}]})"}, Code::kUnavailable},
      {"a name as long as a book",
       {200, {}, R"({"result":true,"members":[{"leader":{"name":")" + std::string(600, 'x') + R"("}}]})"}, Code::kInternal},
      {"503 without a body", {503, {}, ""}, Code::kUnavailable},
      {"deep", {200, {}, std::string(1000, '[')}, Code::kInternal},
  };
  for (const Case& c : cases) {
    const auto roster = ParseRoster(c.response);
    ASSERT_FALSE(roster) << c.what;
    EXPECT_EQ(roster.error().code, c.code) << c.what << ": " << roster.error().ToString();
  }
}

TEST(ParseRoster, RefusesMoreEntriesThanAClusterCanHave) {
  std::string masters;
  for (std::size_t i = 0; i <= kMaxEntries; ++i) masters += (i ? ",{\"name\":\"m" : "{\"name\":\"m") + std::to_string(i) + "\"}";
  const net::Response response{200, {}, R"({"result":true,"members":[{"master":{"masters":[)" + masters + R"(]}}]})"};
  const auto roster = ParseRoster(response);
  ASSERT_FALSE(roster);
  EXPECT_EQ(roster.error().code, Code::kInternal);
}

TEST(ParseHealth, TrueOnlyForAHealthyAnswer) {
  EXPECT_EQ(ParseHealth(Recorded("health_ok")).value(), true);
  EXPECT_EQ(ParseHealth(Recorded("health_no_quorum")).value(), false);
  EXPECT_EQ(ParseHealth({503, {}, R"({"health":"true"})"}).value(), false);
  EXPECT_FALSE(ParseHealth({200, {}, "ok"}));
  EXPECT_FALSE(ParseHealth({404, {}, "404 page not found\n"}));
  EXPECT_FALSE(ParseHealth({200, {}, "{}"}));
}

TEST(ParseClusterId, KeepsAllSixtyFourBits) {
  EXPECT_EQ(ParseClusterId(Recorded("cluster_info")).value(), "7710992709643874832");
  EXPECT_EQ(ParseClusterId({200, {}, R"({"cluster_id": 18446744073709551615})"}).value(), "18446744073709551615");
  for (const char* body : {"{}", R"({"cluster_id": 0})", R"({"cluster_id": -1})", R"({"cluster_id": 1.5})",
                           R"({"cluster_id": "7"})", R"({"cluster_id": 18446744073709551616})"}) {
    EXPECT_FALSE(ParseClusterId({200, {}, body})) << body;
  }
  EXPECT_EQ(ParseClusterId(Recorded("openapi_off")).error().code, Code::kNotFound);
  EXPECT_EQ(ParseClusterId(Recorded("masters_no_dm_leader")).error().code, Code::kUnavailable);
}

TEST(ParseSources, ReadsNamesWorkersAndTasksSorted) {
  const auto sources = ParseSources(Recorded("sources_with_tasks"));
  ASSERT_TRUE(sources);
  ASSERT_EQ(sources->size(), 2u);
  EXPECT_EQ((*sources)[0], (Source{"s0", "w0", false, {"t1"}}));
  EXPECT_EQ((*sources)[1], (Source{"s1", "w1", false, {"t1"}}));
  EXPECT_EQ(ParseSources(Recorded("sources_with_status"))->front().name, "s0");   // came second
  EXPECT_TRUE(ParseSources(Recorded("sources_none"))->empty());
  EXPECT_FALSE(ParseSources({200, {}, "{}"}));   // no data is not "no sources"
  EXPECT_FALSE(ParseSources(Recorded("openapi_off")));
}

TEST(ParseSources, SeesRelayByItsStatus) {
  const auto sources = ParseSources({200, {}, R"({"data":[{"source_name":"s0","status_list":[
      {"worker_name":"w0","relay_status":{"stage":"Running"}},{"worker_name":"w2","relay_status":{"stage":"Running"}}]}]})"});
  ASSERT_TRUE(sources);
  EXPECT_EQ(sources->front().worker, "w0");
  EXPECT_TRUE(sources->front().relay);
  EXPECT_EQ(sources->front().relayers, (std::vector<std::string>{"w0", "w2"}));
}

TEST(ParseSubtasks, ReadsWhatEachWorkerDoes) {
  const auto load = ParseSubtasks("tbig", Recorded("task_load"));
  ASSERT_TRUE(load);
  EXPECT_EQ(load->front(), (Subtask{"tbig", "s0", "w2", "Running", "Load"}));
  EXPECT_EQ(ParseSubtasks("tbig", Recorded("task_dump"))->front().unit, "Dump");
  EXPECT_EQ(ParseSubtasks("t1", Recorded("task_sync"))->size(), 2u);
  EXPECT_EQ(ParseSubtasks("t1", Recorded("task_unbound"))->front().worker, "");
  EXPECT_EQ(ParseSubtasks("tb3", Recorded("task_paused_34017"))->front().stage, "Paused");
  EXPECT_TRUE(ParseSubtasks("tb3", Recorded("task_paused_34017"))->front().failed);
  EXPECT_FALSE(ParseSubtasks("t1", Recorded("task_sync"))->front().failed);
  EXPECT_EQ(ParseSubtasks("nope", Recorded("task_unknown")).error().code, Code::kNotFound);
}

TEST(ParseDone, AnEmptyAnswerIsSuccessAndARefusalSaysWhy) {
  for (const char* id : {"transfer_free", "transfer_same", "start_unknown"}) EXPECT_TRUE(ParseDone(Recorded(id))) << id;
  const std::pair<const char*, Code> refusals[] = {
      {"transfer_unknown_worker", Code::kNotFound}, {"transfer_unknown_source", Code::kNotFound},
      {"transfer_busy", Code::kUnavailable},        {"transfer_offline", Code::kUnavailable},
      {"transfer_in_dump", Code::kUnavailable},     {"masters_no_dm_leader", Code::kUnavailable},
  };
  for (const auto& [id, code] : refusals) {
    const auto done = ParseDone(Recorded(id));
    ASSERT_FALSE(done) << id;
    EXPECT_EQ(done.error().code, code) << id << ": " << done.error().ToString();
  }
  EXPECT_EQ(ParseDone(Recorded("transfer_in_dump")).error().reason, "46019");
}

TEST(ParseOutcome, TellsWhatToDoAboutARefusal) {
  EXPECT_TRUE(ParseOutcome(Recorded("delete_master_ok")));
  EXPECT_TRUE(ParseOutcome(Recorded("delete_worker_ok")));
  EXPECT_TRUE(ParseOutcome(Recorded("cancel_evict")));
  EXPECT_TRUE(ParseOutcome({204, {}, ""}));
  const std::pair<const char*, Code> refusals[] = {
      {"delete_unknown_gateway", Code::kNotFound},   {"delete_unknown_openapi", Code::kNotFound},
      {"delete_again_gateway", Code::kNotFound},     {"delete_worker_unknown", Code::kNotFound},
      {"delete_worker_online", Code::kConflict},     {"delete_unhealthy_cluster", Code::kConflict},
      {"delete_last_gateway", Code::kConflict},      {"delete_leader_gateway", Code::kUnavailable},
      {"delete_leader", Code::kUnavailable},         {"delete_no_quorum", Code::kUnavailable},
      {"evict_leader_unsupported", Code::kUnavailable},
  };
  for (const auto& [id, code] : refusals) {
    const auto outcome = ParseOutcome(Recorded(id));
    ASSERT_FALSE(outcome) << id;
    EXPECT_EQ(outcome.error().code, code) << id << ": " << outcome.error().ToString();
  }
  EXPECT_EQ(ParseOutcome(Recorded("delete_unknown_gateway")).error().reason, "38048");
  EXPECT_EQ(ParseOutcome(Recorded("delete_unknown_openapi")).error().reason, "38048");
}

}  // namespace
}  // namespace dm::op::members
