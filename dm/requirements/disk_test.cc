// Every row of the table of provisioners, the traps of parameters, and who has the last word.
#include "dm/requirements/disk.h"

#include "dm/requirements/disk_table.h"
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

constexpr auto kCold = DiskGrade::kHddCold;
constexpr auto kHdd = DiskGrade::kHdd;
constexpr auto kSsd = DiskGrade::kSsd;
constexpr auto kNvme = DiskGrade::kNvme;
constexpr auto kNetFs = DiskGrade::kNetworkFs;
constexpr auto kObject = DiskGrade::kObject;
constexpr auto kUnknown = DiskGrade::kUnknown;

struct Case {
  const char* provisioner;
  kube::api::Labels parameters;
  DiskGrade grade;
  bool enforced = true;
};

const Case kCases[] = {
    {"ebs.csi.aws.com", {}, kSsd},                                    // gp3
    {"ebs.csi.aws.com", {{"type", "gp2"}}, kSsd},
    {"ebs.csi.aws.com", {{"Type", "IO2"}}, kNvme},                    // keys and values in any case
    {"ebs.csi.aws.com", {{"type", "io1"}}, kNvme},
    {"ebs.csi.aws.com", {{"type", "st1"}}, kHdd},
    {"ebs.csi.aws.com", {{"type", "sc1"}}, kCold},
    {"ebs.csi.aws.com", {{"type", "standard"}}, kCold},
    {"ebs.csi.aws.com", {{"type", "sbp1"}}, kSsd},
    {"ebs.csi.aws.com", {{"type", "sbg1"}}, kHdd},
    {"ebs.csi.aws.com", {{"type", "gp9"}}, kUnknown},
    {"ebs.csi.eks.amazonaws.com", {}, kSsd},
    {"kubernetes.io/aws-ebs", {}, kSsd},                              // gp2
    {"kubernetes.io/aws-ebs", {{"type", "sc1"}}, kCold},
    {"pd.csi.storage.gke.io", {}, kHdd},                              // pd-standard
    {"pd.csi.storage.gke.io", {{"type", "pd-balanced"}}, kSsd},
    {"pd.csi.storage.gke.io", {{"type", "pd-ssd"}}, kSsd},
    {"pd.csi.storage.gke.io", {{"type", "pd-extreme"}}, kNvme},
    {"pd.csi.storage.gke.io", {{"type", "hyperdisk-throughput"}}, kHdd},
    {"pd.csi.storage.gke.io", {{"type", "hyperdisk-balanced-high-availability"}}, kSsd},
    {"pd.csi.storage.gke.io", {{"type", "hyperdisk-ml"}}, kSsd},
    {"pd.csi.storage.gke.io", {{"type", "hyperdisk-extreme"}}, kNvme},
    {"kubernetes.io/gce-pd", {{"type", "pd-ssd"}}, kSsd},
    {"disk.csi.azure.com", {}, kSsd},                                 // StandardSSD_LRS
    {"disk.csi.azure.com", {{"skuName", "Standard_LRS"}}, kHdd},
    {"disk.csi.azure.com", {{"storageaccounttype", "premium_lrs"}}, kSsd},
    {"disk.csi.azure.com", {{"storageAccountType", "UltraSSD_LRS"}}, kNvme},
    {"disk.csi.azure.com", {{"skuName", "PremiumV2_LRS"}}, kNvme},
    {"kubernetes.io/azure-disk", {{"skuname", "Premium_ZRS"}}, kSsd},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud"}}, kCold},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_efficiency"}}, kHdd},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_ssd"}}, kSsd},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_essd"}}, kSsd},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_essd"}, {"performanceLevel", "PL1"}}, kSsd},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_essd"}, {"performanceLevel", "PL3"}}, kNvme},
    {"diskplugin.csi.alibabacloud.com", {{"type", "elastic_ephemeral_disk_premium"}}, kNvme},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_essd,cloud_ssd,cloud_efficiency"}}, kHdd},   // the weakest counts
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_essd, cloud_ssd"}}, kSsd},
    {"diskplugin.csi.alibabacloud.com", {{"type", "cloud_essd,available"}}, kUnknown},
    {"diskplugin.csi.alibabacloud.com", {{"type", "available,cloud"}}, kCold},
    {"diskplugin.csi.alibabacloud.com", {}, kUnknown},
    {"com.tencent.cloud.csi.cbs", {{"diskType", "CLOUD_BASIC"}}, kCold},
    {"com.tencent.cloud.csi.cbs", {{"type", "CLOUD_PREMIUM"}}, kHdd},
    {"com.tencent.cloud.csi.cbs", {{"diskType", "CLOUD_HSSD"}}, kSsd},
    {"com.tencent.cloud.csi.tcfs.cbs", {{"diskType", "CLOUD_TSSD"}}, kNvme},
    {"everest-csi-provisioner", {{"csi.storage.k8s.io/csi-driver-name", "disk.csi.everest.io"}, {"everest.io/disk-volume-type", "SAS"}}, kHdd},
    {"everest-csi-provisioner", {{"everest.io/disk-volume-type", "SATA"}}, kCold},
    {"everest-csi-provisioner", {{"everest.io/disk-volume-type", "GPSSD2"}}, kSsd},
    {"everest-csi-provisioner", {{"everest.io/disk-volume-type", "ESSD"}}, kNvme},
    {"everest-csi-provisioner", {{"csi.storage.k8s.io/csi-driver-name", "nas.csi.everest.io"}}, kNetFs},
    {"everest-csi-provisioner", {{"csi.storage.k8s.io/csi-driver-name", "obs.csi.everest.io"}}, kObject},
    {"blockvolume.csi.oraclecloud.com", {}, kSsd},                    // vpusPerGB 10
    {"blockvolume.csi.oraclecloud.com", {{"vpusPerGB", "0"}}, kHdd},
    {"blockvolume.csi.oraclecloud.com", {{"vpusPerGB", "20"}}, kSsd},
    {"blockvolume.csi.oraclecloud.com", {{"vpusPerGB", "30"}}, kNvme},
    {"blockvolume.csi.oraclecloud.com", {{"vpusPerGB", "many"}}, kUnknown},
    {"block.csi.vultr.com", {{"block_type", "storage_opt"}}, kHdd},
    {"block.csi.vultr.com", {{"disk_type", "high_perf"}}, kNvme},
    {"csi.trident.netapp.io", {{"media", "hybrid"}}, kHdd},
    {"csi.trident.netapp.io", {{"media", "ssd"}}, kSsd},
    {"csi.trident.netapp.io", {{"selector", "performance=gold"}}, kUnknown},
    {"driver.longhorn.io", {{"diskSelector", "nvme"}}, kNvme},
    {"driver.longhorn.io", {{"diskSelector", "ssd,fast"}}, kUnknown},
    {"driver.longhorn.io", {{"diskSelector", "hdd"}}, kHdd},
    {"driver.longhorn.io", {{"diskSelector", ","}}, kUnknown},
    {"driver.longhorn.io", {}, kUnknown},
    {"csi.proxmox.sinextra.dev", {{"ssd", "true"}}, kSsd},
    {"csi.proxmox.sinextra.dev", {{"ssd", "false"}}, kHdd},
    {"pxd.portworx.com", {{"priority_io", "high"}}, kNvme},
    {"kubernetes.io/portworx-volume", {{"io_priority", "low"}}, kHdd},
    {"topolvm.io", {{"topolvm.io/device-class", "ssd"}}, kSsd},
    {"topolvm.io", {{"topolvm.io/device-class", "dc1"}}, kUnknown},
    {"cinder.csi.openstack.org", {{"type", "ssd"}}, kUnknown},        // the site's own word
    {"kubernetes.io/cinder", {}, kUnknown},
    {"csi.vsphere.vmware.com", {{"storagepolicyname", "gold"}}, kUnknown},
    {"kubernetes.io/vsphere-volume", {}, kUnknown},
    {"rbd.csi.ceph.com", {{"pool", "ssd"}}, kUnknown},
    {"rook-ceph.rbd.csi.ceph.com", {}, kUnknown},
    {"kubernetes.io/rbd", {}, kUnknown},
    {"openebs.io/local", {}, kUnknown},
    {"local.csi.openebs.io", {}, kUnknown},
    {"zfs.csi.openebs.io", {}, kUnknown},
    {"io.openebs.csi-mayastor", {}, kUnknown},
    {"linstor.csi.linbit.com", {}, kUnknown},
    {"kubernetes.io/no-provisioner", {}, kUnknown},
    {"rancher.io/local-path", {}, kUnknown, false},
    {"k8s.io/minikube-hostpath", {}, kUnknown, false},
    {"docker.io/hostpath", {}, kUnknown, false},
    {"microk8s.io/hostpath", {}, kUnknown, false},
    {"hostpath.csi.k8s.io", {}, kUnknown, false},
    {"kubevirt.io.hostpath-provisioner", {}, kUnknown, false},
    {"dobs.csi.digitalocean.com", {}, kSsd},
    {"csi.hetzner.cloud", {}, kSsd},
    {"linodebs.csi.linode.com", {}, kSsd},
    {"csi.scaleway.com", {}, kSsd},
    {"csi.civo.com", {}, kSsd},
    {"nfs.csi.k8s.io", {}, kNetFs},
    {"cluster.local/nfs-subdir-external-provisioner", {}, kNetFs},
    {"efs.csi.aws.com", {}, kNetFs},
    {"fsx.csi.aws.com", {}, kNetFs},
    {"file.csi.azure.com", {}, kNetFs},
    {"kubernetes.io/azure-file", {}, kNetFs},
    {"filestore.csi.storage.gke.io", {}, kNetFs},
    {"rook-ceph.cephfs.csi.ceph.com", {}, kNetFs},
    {"cephfs.csi.ceph.com", {}, kNetFs},
    {"nasplugin.csi.alibabacloud.com", {}, kNetFs},
    {"com.tencent.cloud.csi.cfs", {}, kNetFs},
    {"kubernetes.io/glusterfs", {}, kNetFs},
    {"ossplugin.csi.alibabacloud.com", {}, kObject},
    {"ru.yandex.s3.csi", {}, kObject},
    {"vendor.example/never-heard-of", {{"type", "ssd"}}, kUnknown},
};

kube::api::StorageClass Class(const std::string& provisioner, kube::api::Labels parameters, kube::api::Labels annotations = {}) {
  kube::api::StorageClass entry;
  entry.meta.name = "c";
  entry.meta.annotations = std::move(annotations);
  entry.provisioner = provisioner;
  entry.parameters = std::move(parameters);
  return entry;
}

TEST(Disk, EveryRow) {
  for (const Case& c : kCases) {
    const Disk disk = JudgeDisk(Class(c.provisioner, c.parameters), {});
    EXPECT_EQ(GradeName(disk.grade), GradeName(c.grade)) << c.provisioner << ": " << disk.evidence;
    EXPECT_EQ(disk.size_enforced, c.enforced) << c.provisioner;
    EXPECT_FALSE(disk.evidence.empty());
  }
}

TEST(Disk, EveryProvisionerOfTheTableIsTested) {
  for (const Provisioner& row : Provisioners()) {
    const bool tested = std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& c) { return FindProvisioner(c.provisioner) == &row; });
    const bool by_driver = row.name == "nas.csi.everest.io" || row.name == "obs.csi.everest.io";    // through everest-csi-provisioner
    const bool sibling = row.fixed == kObject || row.name == "sfsturbo.csi.everest.io" || row.name == "topolvm.cybozu.com";
    EXPECT_TRUE(tested || by_driver || sibling) << row.name;
  }
}

TEST(Disk, TheAdministratorHasTheLastWord) {
  const auto annotated = Class("rbd.csi.ceph.com", {}, {{"dm.pingcap.com/disk-class", "ssd"}});
  EXPECT_EQ(JudgeDisk(annotated, {}).grade, kSsd);
  EXPECT_NE(JudgeDisk(annotated, {}).evidence.find("dm.pingcap.com/disk-class"), std::string::npos);
  EXPECT_EQ(JudgeDisk(annotated, *ParsePolicy("diskClasses: {c: hdd-cold}")).grade, kCold);       // policy over annotation
  EXPECT_EQ(JudgeDisk(annotated, *ParsePolicy("diskClasses: {other: hdd}")).grade, kSsd);
  EXPECT_EQ(JudgeDisk(Class("ebs.csi.aws.com", {}, {{"dm.pingcap.com/disk-class", "SAS"}}), {}).grade, kHdd);
  EXPECT_EQ(JudgeDisk(Class("ebs.csi.aws.com", {}, {{"dm.pingcap.com/disk-class", "quick"}}), {}).grade, kSsd);   // no grade: read on
  // A grade does not make a directory enforce sizes.
  EXPECT_FALSE(JudgeDisk(Class("rancher.io/local-path", {}, {{"dm.pingcap.com/disk-class", "nvme"}}), {}).size_enforced);
}

TEST(Disk, GradesHaveNamesBothWays) {
  for (const DiskGrade grade : {kCold, kHdd, kSsd, kNvme, kNetFs, kObject}) EXPECT_EQ(GradeFromName(GradeName(grade)), grade);
  EXPECT_FALSE(GradeFromName("unknown"));
  EXPECT_FALSE(GradeFromName(""));
}

}  // namespace
}  // namespace dm::requirements
