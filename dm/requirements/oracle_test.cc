// The oracle: tests/testdata/oracle/requirements.yaml, written from the requirements page by hand.
#include <set>

#include "base/files.h"
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using base::Json;

base::Json Object(const Json& table, const Json& row) {
  Json object = {{"apiVersion", "pingcap.com/v1alpha1"},
                 {"kind", "DMCluster"},
                 {"metadata", {{"name", "oracle"}, {"namespace", "dm"}}},
                 {"spec", table.at("bases").at(base::GetStringOr(row, "env"))}};
  if (const Json* set = base::Find(row, "set")) object["spec"].merge_patch(*set);
  return object;
}

ClusterView World(const Json& row) {
  ClusterView view;
  view.namespaces_known = true;
  view.namespaces["dm"] = {};
  for (const char* name : {"n1", "n2", "n3", "n4", "n5"}) {
    fixtures::NodeSpec node;
    node.name = name;
    std::string gbps = "10";
    if (const Json* kind = base::Find(row, "nodes")) {
      node.os = base::GetStringOr(*kind, "os", node.os);
      node.kernel = base::GetStringOr(*kind, "kernel", node.kernel);
      node.arch = base::GetStringOr(*kind, "arch", node.arch);
      node.system = base::GetStringOr(*kind, "system", node.system);
      gbps = base::GetStringOr(*kind, "gbps", gbps);
    }
    if (!gbps.empty()) node.labels["dm.pingcap.com/network-gbps"] = gbps;
    fixtures::AddNode(view, fixtures::MakeNode(node));
  }
  for (const char* role : {"master", "worker", "monitor"}) {
    const Json* disks = base::Find(row, "disks");
    fixtures::AddClass(view, role, "ebs.csi.aws.com", {{"type", disks == nullptr ? "gp3" : base::GetStringOr(*disks, role, "gp3")}});
  }
  return view;
}

TEST(Oracle, EveryRowDeniesWhatThePageDoes) {
  const auto text = base::ReadFile(std::string(DM_SOURCE_DIR) + "/tests/testdata/oracle/requirements.yaml");
  ASSERT_TRUE(text) << text.error().message;
  const Json table = fixtures::Yaml(*text);
  const Json& rows = table.at("rows");
  ASSERT_GE(rows.size(), 80u);
  std::set<std::string> seen;
  for (const Json& row : rows) {
    const Report report = fixtures::Judged(Object(table, row), World(row));
    std::set<std::string> expected, found;
    for (const Json& name : row.at("deny")) expected.insert(name.get<std::string>());
    for (const std::string& name : fixtures::Names(report, Severity::kDeny)) found.insert(name);
    EXPECT_EQ(found, expected) << base::DumpJson(row);
    seen.insert(expected.begin(), expected.end());
  }
  // Every figure of the page's two tables is broken by some row.
  for (const char* rule : {"MasterReplicas", "WorkerReplicas", "MonitorReplicas", "MasterCPU", "MasterMemory", "WorkerCPU", "WorkerMemory",
                           "MonitorCPU", "MonitorMemory", "MasterDisk", "WorkerDisk", "MonitorDisk", "WorkerDiskHoldsData",
                           "MasterDiskClass", "WorkerDiskClass", "MonitorDiskClass", "NodesForRole"}) {
    EXPECT_TRUE(seen.contains(rule)) << rule;
  }
}

}  // namespace
}  // namespace dm::requirements
