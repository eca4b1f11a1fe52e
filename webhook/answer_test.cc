#include "webhook/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "dm/requirements/kind.h"
#include "dm/requirements/text.h"
#include "webhook/warnings.h"

namespace dm::webhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using requirements::Finding;
using requirements::Problems;
using requirements::Rule;
using requirements::Severity;
using requirements::Verdict;

Review AReview() {
  Review review;
  review.uid = "u1";
  review.group = "pingcap.com";
  review.kind = "DMCluster";
  review.ns = "shop";
  review.name = "orders";
  review.object_uid = "o1";
  return review;
}

Finding WorkerCpu() {
  Finding finding;
  finding.rule = Rule::kWorkerCPU;
  finding.role = Role::kWorker;
  finding.field = "spec.worker.requests.cpu";
  finding.found = "8";
  finding.required = "16";
  finding.message = "a production DM-worker needs at least 16 CPU";
  finding.remedy = "raise it to 16";
  return finding;
}

Finding MasterReplicas() {
  Finding finding;
  finding.rule = Rule::kMasterReplicas;
  finding.field = "spec.master.replicas";
  finding.found = "1";
  finding.number = true;
  finding.required = "3";
  finding.message = "a production cluster needs at least 3 DM-masters";
  finding.remedy = "raise it to 3";
  return finding;
}

base::Json Sent(const Verdict& verdict, const Problems& problems = {}) {
  return *base::ParseJson(ToJson(Answer(AReview(), verdict, problems, {})));
}

TEST(Answer, OneFindingExactly) {
  Verdict verdict;
  verdict.allowed = false;
  verdict.denials = {WorkerCpu()};
  const base::Json expected = *base::ParseJson(R"json({
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "response": {
      "uid": "u1",
      "allowed": false,
      "status": {
        "status": "Failure",
        "code": 422,
        "reason": "Invalid",
        "message": "DMCluster.pingcap.com \"orders\" is invalid: spec.worker.requests.cpu: Invalid value: \"8\": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16",
        "details": {
          "group": "pingcap.com", "kind": "DMCluster", "name": "orders", "uid": "o1",
          "causes": [{
            "reason": "FieldValueInvalid",
            "field": "spec.worker.requests.cpu",
            "message": "Invalid value: \"8\": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16"}]
        }
      },
      "auditAnnotations": {"environment": "production", "denied": "WorkerCPU"}
    }
  })json");
  EXPECT_EQ(Sent(verdict), expected) << Sent(verdict).dump(2);
}

TEST(Answer, SeveralFindingsStandInOneMessage) {
  Verdict verdict;
  verdict.allowed = false;
  verdict.denials = {MasterReplicas(), WorkerCpu()};
  const base::Json status = Sent(verdict)["response"]["status"];
  EXPECT_EQ(status["message"],
            "DMCluster.pingcap.com \"orders\" is invalid: [spec.master.replicas: Invalid value: 1: a production cluster needs at least 3 "
            "DM-masters (MasterReplicas): raise it to 3, spec.worker.requests.cpu: Invalid value: \"8\": a production DM-worker needs at "
            "least 16 CPU (WorkerCPU): raise it to 16]");
  EXPECT_EQ(status["details"]["causes"].size(), 2u);
  EXPECT_EQ(Sent(verdict)["response"]["auditAnnotations"]["denied"], "MasterReplicas,WorkerCPU");
}

TEST(Answer, AllowedSaysNothingMore) {
  EXPECT_EQ(Sent({}), *base::ParseJson(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
      "response":{"uid":"u1","allowed":true,"auditAnnotations":{"environment":"production"}}})"));
}

TEST(Answer, NeverAPatch) {
  Verdict verdict;
  verdict.denials = {WorkerCpu()};
  for (const base::Json& sent : {Sent({}), Sent(verdict)}) {
    EXPECT_FALSE(sent["response"].contains("patch"));
    EXPECT_FALSE(sent["response"].contains("patchType"));
  }
}

TEST(Answer, AMissingValueIsRequired) {
  Finding finding = WorkerCpu();
  finding.found.clear();
  finding.shape = requirements::Shape::kRequired;
  Verdict verdict;
  verdict.denials = {finding};
  const base::Json cause = Sent(verdict)["response"]["status"]["details"]["causes"][0];
  EXPECT_EQ(cause["reason"], "FieldValueRequired");
  EXPECT_THAT(cause["message"].get<std::string>(), HasSubstr("Required value: "));
}

TEST(Answer, EveryCauseHasAField) {
  Finding finding = WorkerCpu();
  finding.field.clear();
  Verdict verdict;
  verdict.denials = {finding};
  EXPECT_EQ(Sent(verdict)["response"]["status"]["details"]["causes"][0]["field"], "spec");
}

Finding UnknownNetwork(Role role, int nodes) {
  Finding finding;
  finding.rule = Rule::kNodeNetwork;
  finding.severity = Severity::kWarn;
  finding.role = role;
  finding.key = std::to_string(static_cast<unsigned>(requirements::KindFault::kNetworkUnknown));
  finding.field = "spec." + std::string(RoleName(role));
  finding.shape = requirements::Shape::kForbidden;
  finding.shortfall = requirements::Shortfall::Count(nodes);
  finding.message = std::to_string(nodes) + " nodes for " + std::string(RoleTitle(role)) + " do not say how fast the network is (n1, n2)";
  finding.remedy = "label the nodes with dm.pingcap.com/network-gbps";
  return finding;
}

TEST(Answer, AnUnknownNetworkIsOneLineAnApply) {
  Verdict verdict;
  verdict.warnings = {UnknownNetwork(Role::kMaster, 2), UnknownNetwork(Role::kWorker, 3), UnknownNetwork(Role::kMonitor, 2)};
  verdict.not_checked = {{Rule::kNodeNetwork, "how fast the network of 2 nodes is, is not known"}};
  EXPECT_THAT(Answer(AReview(), verdict, {}, {}).warnings,
              ElementsAre("NodeNetwork: not checked for spec.master, spec.worker, spec.monitor: 3 nodes for DM-worker do not say how fast the "
                          "network is (n1, n2): label the nodes with dm.pingcap.com/network-gbps"));

  // What else was not checked is still said; in development, where the finding is only information, this is the one line.
  verdict.not_checked.push_back({Rule::kNodeCapacity, "some nodes do not say what they can allocate"});
  EXPECT_THAT(Answer(AReview(), verdict, {}, {}).warnings,
              ElementsAre(HasSubstr("NodeNetwork: not checked"),
                          "1 rule was not checked: NodeCapacity (some nodes do not say what they can allocate)"));
  for (Finding& finding : verdict.warnings) finding.severity = Severity::kInfo;
  EXPECT_THAT(Answer(AReview(), verdict, {}, {}).warnings,
              ElementsAre("2 rules were not checked: NodeNetwork, NodeCapacity (how fast the network of 2 nodes is, is not known)"));
}

TEST(Answer, ASlowNetworkIsToldForEachRole) {
  Verdict verdict;
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    verdict.warnings.push_back(UnknownNetwork(role, 1));
    verdict.warnings.back().key = std::to_string(static_cast<unsigned>(requirements::KindFault::kNetworkSlow));
  }
  EXPECT_EQ(Answer(AReview(), verdict, {}, {}).warnings.size(), 2u);
}

TEST(Answer, WarningsInOrderOfImportance) {
  Verdict verdict;
  Finding tolerated = WorkerCpu(), mild = MasterReplicas(), info = MasterReplicas();
  tolerated.severity = Severity::kWarn;
  tolerated.tolerated = true;
  mild.severity = Severity::kWarn;
  info.severity = Severity::kInfo;
  info.rule = Rule::kAtMinimum;
  verdict.warnings = {tolerated, mild, info};
  verdict.not_checked = {{Rule::kStorageClassExists, "static binding"}, {Rule::kWorkerDiskClass, "static binding"}};
  Problems problems;
  problems.warnings = {{"spec.master.replicas2", "x", "must be a number", false}};
  problems.unknown = {{"spec.wroker", "", "did you mean worker?", false}};
  const base::Json response = Sent(verdict, problems)["response"];
  EXPECT_TRUE(response["allowed"].get<bool>());
  EXPECT_THAT(response["warnings"].get<std::vector<std::string>>(),
              ElementsAre("spec.master.replicas2: Invalid value: \"x\": must be a number", requirements::ShortText(tolerated),
                          requirements::ShortText(mild), "unknown field \"spec.wroker\": did you mean worker?",
                          "2 rules were not checked: StorageClassExists, WorkerDiskClass (static binding)"));
  EXPECT_EQ(response["auditAnnotations"]["warned"], "WorkerCPU,MasterReplicas");
}

TEST(Answer, ProblemsDenyByTheirPaths) {
  Problems problems;
  problems.denials = {{"spec.worker.storageSize", "200 GB", "must be a quantity such as \"200Gi\"", false},
                      {"spec.master.replicas", "", "say how many", true}};
  const base::Json status = Sent({}, problems)["response"]["status"];
  EXPECT_EQ(status["details"]["causes"], *base::ParseJson(R"json([
    {"reason": "FieldValueInvalid", "field": "spec.worker.storageSize",
     "message": "Invalid value: \"200 GB\": must be a quantity such as \"200Gi\""},
    {"reason": "FieldValueRequired", "field": "spec.master.replicas", "message": "Required value: say how many"}])json"));
}

TEST(Answer, RulesDoNotSpeakOfWhatCouldNotBeRead) {
  const struct {
    const char *problem, *finding;
    bool spoken;
  } rows[] = {
      {"spec.worker.requests.cpu", "spec.worker.requests.cpu", false},
      {"spec.worker", "spec.worker.requests.cpu", false},
      {"spec.worker.requests.cpu", "spec.worker.requests", false},
      {"spec.upstreams", "spec.upstreams[orders].dataSize", false},
      {"spec.work", "spec.worker.requests.cpu", true},
      {"spec.worker.requests.memory", "spec.worker.requests.cpu", true},
  };
  for (const auto& row : rows) {
    Problems problems;
    problems.denials = {{row.problem, "x", "is wrong", false}};
    Finding finding = WorkerCpu();
    finding.field = row.finding;
    Verdict verdict;
    verdict.denials = {finding};
    EXPECT_EQ(Sent(verdict, problems)["response"]["status"]["details"]["causes"].size(), row.spoken ? 2u : 1u) << row.problem;
  }
}

// The stored object cannot be read in one place; that hides nothing that a change makes worse.
TEST(Answer, AStoredProblemHidesNoDenial) {
  Problems problems;
  problems.warnings = {{"spec.worker.additionalVolumes[config]", "config", "is wrong", false}};
  Finding finding = WorkerCpu();
  finding.field = "spec.worker";
  Verdict verdict;
  verdict.denials = {finding};
  EXPECT_FALSE(Answer(AReview(), verdict, problems, {}).allowed);
  verdict.denials.clear();
  verdict.warnings = {finding};
  const Reply reply = Answer(AReview(), verdict, problems, {});
  EXPECT_TRUE(reply.allowed);
  EXPECT_EQ(reply.warnings.size(), 1u) << "of the problem alone";
}

TEST(Answer, ALongListIsCountedNotEndless) {
  Verdict verdict;
  verdict.denials.assign(500, WorkerCpu());
  const base::Json causes = Sent(verdict)["response"]["status"]["details"]["causes"];
  ASSERT_EQ(causes.size(), 50u);
  EXPECT_THAT(causes.back()["message"].get<std::string>(), HasSubstr("451 more findings"));
  EXPECT_LT(ToJson(Answer(AReview(), verdict, {}, {})).size(), 100'000u);
}

TEST(Answer, ControlCharactersNeverLeave) {
  Finding finding = WorkerCpu();
  finding.field = "spec.upstreams[a\nb].dataSize";
  finding.message = "line\nbreak \x1b[31m";
  Verdict verdict;
  verdict.denials = {finding};
  Problems problems;
  problems.unknown = {{"spec.a\nb", "", "", false}};
  const base::Json response = Sent(verdict, problems)["response"];
  const base::Json& cause = response["status"]["details"]["causes"][0];
  for (const std::string& text : {cause["field"].get<std::string>(), cause["message"].get<std::string>(),
                                  response["status"]["message"].get<std::string>(), response["warnings"][0].get<std::string>()}) {
    EXPECT_THAT(text, Not(HasSubstr("\n")));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  }
}

TEST(Reply, NotNowAsksToComeBack) {
  const net::Response response = NotNow("caches are cold");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("retry-after"), "1");
  EXPECT_EQ(base::ParseJson(response.body)->at("message"), "caches are cold");
}

}  // namespace
}  // namespace dm::webhook
