// Storage classes and the disks behind them.
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::AddClass;
using fixtures::Development;
using fixtures::FindRule;
using fixtures::GoodView;
using fixtures::Judged;
using fixtures::Patched;
using fixtures::Production;
using Words = std::vector<std::string>;

ClusterView ViewWithClasses() {
  ClusterView view = GoodView();
  AddClass(view, "sas", "ebs.csi.aws.com", {{"type", "st1"}});
  AddClass(view, "cold", "ebs.csi.aws.com", {{"type", "sc1"}});
  AddClass(view, "nfs", "nfs.csi.k8s.io", {});
  AddClass(view, "s3", "ru.yandex.s3.csi", {});
  AddClass(view, "ceph", "rbd.csi.ceph.com", {});
  AddClass(view, "local", "rancher.io/local-path", {}, false, {{"dm.pingcap.com/disk-class", "nvme"}});
  AddClass(view, "fixed", "ebs.csi.aws.com", {}, false);
  return view;
}

TEST(Storage, Table) {
  struct Case {
    bool production;
    const char* role;
    const char* name;
    Words expected;
  };
  const Case cases[] = {
      {true, "master", "sas", {}},
      {true, "worker", "sas", {"WorkerDiskClass"}},
      {true, "master", "cold", {"MasterDiskClass"}},
      {true, "worker", "cold", {"WorkerDiskClass"}},
      {true, "master", "nfs", {"NetworkFileSystem"}},
      {true, "worker", "nfs", {"NetworkFileSystem!warn"}},
      {true, "master", "s3", {"ObjectStorage"}},
      {true, "worker", "s3", {"ObjectStorage"}},
      {true, "master", "ceph", {"DiskClassUnknown!warn"}},
      {true, "master", "local", {"SizeNotEnforced!warn", "CannotExpand!warn"}},
      {true, "worker", "fixed", {"CannotExpand!warn"}},
      {true, "worker", "fasst", {"StorageClassExists"}},
      {false, "master", "sas", {}},
      {false, "worker", "sas", {}},
      {false, "master", "cold", {"MasterDiskClass!warn"}},
      {false, "worker", "cold", {"WorkerDiskClass!warn"}},
      {false, "master", "nfs", {"NetworkFileSystem!warn"}},
      {false, "worker", "s3", {"ObjectStorage"}},
      {false, "worker", "ceph", {}},
      {false, "worker", "local", {}},
      {false, "worker", "nope", {"StorageClassExists"}},
  };
  const ClusterView view = ViewWithClasses();
  for (const Case& c : cases) {
    base::Json object = c.production ? Production() : Development();
    object["spec"][c.role]["storageClassName"] = c.name;
    EXPECT_EQ(fixtures::Names(Judged(object, view), Severity::kWarn), c.expected) << c.role << " on " << c.name;
  }
}

TEST(Storage, TheMonitorsDisk) {
  const char* patch = "spec: {monitor: {external: null, replicas: 1, requests: {cpu: \"8\", memory: 16Gi}, storageSize: 200Gi, storageClassName: cold}}";
  EXPECT_EQ(fixtures::Names(Judged(Patched(Production(), patch), ViewWithClasses()), Severity::kWarn), Words({"MonitorDiskClass"}));
}

TEST(Storage, TextsNameTheWay) {
  const ClusterView view = ViewWithClasses();
  base::Json object = Production();
  object["spec"]["worker"]["storageClassName"] = "fasst";
  EXPECT_EQ(LongText(*FindRule(Judged(object, view), "StorageClassExists")),
            "Invalid value: \"fasst\": there is no such storage class (StorageClassExists): did you mean fast?");
  object["spec"]["worker"]["storageClassName"] = "sas";
  EXPECT_EQ(LongText(*FindRule(Judged(object, view), "WorkerDiskClass")),
            "Invalid value: \"sas\": a production DM-worker needs SSD or better, and storage class \"sas\" gives hdd (provisioner "
            "ebs.csi.aws.com, type st1) (WorkerDiskClass): use a storage class of SSD or better, or set spec.environment to "
            "development");
}

TEST(Storage, WithoutANameTheDefaultCounts) {
  const char* unnamed = "spec: {worker: {storageClassName: null}}";
  ClusterView view = ViewWithClasses();
  const Report none = Judged(Patched(Production(), unnamed), view);
  EXPECT_EQ(fixtures::Names(none, Severity::kWarn), Words({"StorageClassExists"}));
  EXPECT_EQ(FindRule(none, "StorageClassExists")->shape, Shape::kRequired);
  const char* mark = "storageclass.kubernetes.io/is-default-class";
  AddClass(view, "standard", "ebs.csi.aws.com", {{"type", "st1"}}, true, {{mark, "true"}});
  const Report slow = Judged(Patched(Production(), unnamed), view);
  EXPECT_EQ(fixtures::Names(slow, Severity::kWarn), Words({"WorkerDiskClass"}));
  EXPECT_NE(FindRule(slow, "WorkerDiskClass")->message.find("the default storage class \"standard\""), std::string::npos);
}

TEST(Storage, OfTwoDefaultsTheNewestCounts) {
  const char* mark = "storageclass.kubernetes.io/is-default-class";
  ClusterView view = GoodView();
  const auto add = [&](const char* name, const char* type, const char* created) {
    kube::api::StorageClass entry;
    entry.meta.name = name;
    entry.meta.annotations = {{mark, "true"}};
    entry.meta.creation_timestamp = created;
    entry.provisioner = "ebs.csi.aws.com";
    entry.parameters = {{"type", type}};
    entry.allow_volume_expansion = true;
    view.classes[name] = std::make_shared<const kube::api::StorageClass>(entry);
  };
  add("a-old", "sc1", "2025-01-01T00:00:00Z");
  add("b-new", "gp3", "2026-01-01T00:00:00Z");
  EXPECT_EQ(view.DefaultClass()->meta.name, "b-new");
  EXPECT_EQ(fixtures::Names(Judged(Patched(Production(), "spec: {worker: {storageClassName: null}}"), view), Severity::kWarn), Words());
}

TEST(Storage, WhatIsNotKnownIsNotChecked) {
  ClusterView view = GoodView();
  view.classes_known = false;
  view.classes.clear();
  const Report report = Judged(Production(), view);
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words());
  for (const char* rule : {"StorageClassExists", "MasterDiskClass", "WorkerDiskClass", "DiskClassUnknown", "NetworkFileSystem",
                           "SizeNotEnforced", "CannotExpand", "ObjectStorage"}) {
    EXPECT_TRUE(fixtures::WasNotChecked(report, rule)) << rule;
  }
  // The policy grades by name, and that needs no class.
  const Report graded = Judged(Production(), view, *ParsePolicy("diskClasses: {fast: hdd}"));
  EXPECT_EQ(fixtures::Names(graded, Severity::kWarn), Words({"WorkerDiskClass"}));
  EXPECT_FALSE(fixtures::WasNotChecked(graded, "WorkerDiskClass"));

  const Report bound = Judged(Patched(Production(), "spec: {worker: {storageClassName: \"\"}}"), GoodView());
  EXPECT_EQ(fixtures::Names(bound, Severity::kWarn), Words());
  EXPECT_TRUE(fixtures::WasNotChecked(bound, "StorageClassExists"));
  EXPECT_TRUE(fixtures::WasNotChecked(bound, "WorkerDiskClass"));

  const Report unknown = Judged(Patched(Production(), "spec: {worker: {storageClassName: ceph}}"), ViewWithClasses());
  EXPECT_TRUE(fixtures::WasNotChecked(unknown, "WorkerDiskClass"));       // unknown is never a pass
}

TEST(Storage, ThePolicySaysWhatUnknownWeighs) {
  base::Json object = Production();
  object["spec"]["worker"]["storageClassName"] = "ceph";
  EXPECT_EQ(fixtures::Names(Judged(object, ViewWithClasses(), *ParsePolicy("diskClassUnknown: deny")), Severity::kWarn),
            Words({"DiskClassUnknown"}));
  EXPECT_EQ(fixtures::Names(Judged(object, ViewWithClasses(), *ParsePolicy("diskClassUnknown: off")), Severity::kWarn), Words());
  EXPECT_EQ(fixtures::Names(Judged(object, ViewWithClasses(), *ParsePolicy("diskClasses: {ceph: ssd}")), Severity::kWarn), Words());
}

}  // namespace
}  // namespace dm::requirements
