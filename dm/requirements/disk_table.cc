#include "dm/requirements/disk_table.h"

#include "base/strings.h"

namespace dm::requirements {

namespace {

using Keys = std::string_view[];
constexpr auto kCold = DiskGrade::kHddCold;
constexpr auto kHdd = DiskGrade::kHdd;
constexpr auto kSsd = DiskGrade::kSsd;
constexpr auto kNvme = DiskGrade::kNvme;
constexpr auto kNetFs = DiskGrade::kNetworkFs;
constexpr auto kObject = DiskGrade::kObject;
constexpr auto kUnknown = DiskGrade::kUnknown;

constexpr Keys kType = {"type"};
constexpr Medium kAws[] = {{"sc1", kCold}, {"standard", kCold}, {"st1", kHdd}, {"sbg1", kHdd}, {"sbp1", kSsd},
                           {"gp2", kSsd},  {"gp3", kSsd},       {"io1", kNvme}, {"io2", kNvme}};

constexpr Medium kGoogle[] = {{"pd-standard", kHdd}, {"hyperdisk-throughput", kHdd}, {"pd-balanced", kSsd},
                              {"pd-ssd", kSsd}, {"hyperdisk-balanced", kSsd}, {"hyperdisk-balanced-high-availability", kSsd},
                              {"hyperdisk-ml", kSsd}, {"pd-extreme", kNvme}, {"hyperdisk-extreme", kNvme}};

constexpr Keys kAzureKeys = {"skuname", "storageaccounttype"};
constexpr Medium kAzure[] = {{"standard_lrs", kHdd}, {"standardssd_lrs", kSsd}, {"standardssd_zrs", kSsd},
                             {"premium_lrs", kSsd}, {"premium_zrs", kSsd}, {"premiumv2_lrs", kNvme}, {"ultrassd_lrs", kNvme}};

// cloud_essd below performance level PL2 is an SSD; disk.cc reads performanceLevel.
constexpr Medium kAlibaba[] = {{"cloud", kCold}, {"cloud_efficiency", kHdd}, {"cloud_ssd", kSsd}, {"cloud_essd", kSsd},
                               {"cloud_essd_entry", kSsd}, {"cloud_auto", kSsd}, {"cloud_regional_disk_auto", kSsd},
                               {"elastic_ephemeral_disk_standard", kNvme}, {"elastic_ephemeral_disk_premium", kNvme}};

constexpr Keys kTencentKeys = {"disktype", "type"};
constexpr Medium kTencent[] = {{"cloud_basic", kCold}, {"cloud_premium", kHdd}, {"cloud_ssd", kSsd}, {"cloud_bssd", kSsd},
                               {"cloud_hssd", kSsd}, {"cloud_tssd", kNvme}};

constexpr Keys kHuaweiKeys = {"everest.io/disk-volume-type"};
constexpr Medium kHuawei[] = {{"sata", kCold}, {"sas", kHdd}, {"ssd", kSsd}, {"gpssd", kSsd}, {"gpssd2", kSsd},
                              {"co-p1", kSsd}, {"uh-l1", kSsd}, {"essd", kNvme}, {"essd2", kNvme}};

constexpr Keys kVultrKeys = {"block_type", "disk_type", "type"};
constexpr Medium kVultr[] = {{"storage_opt", kHdd}, {"high_perf", kNvme}};

constexpr Keys kMedia = {"media"};
constexpr Medium kTrident[] = {{"hdd", kHdd}, {"hybrid", kHdd}, {"ssd", kSsd}};

constexpr Keys kSelectorKeys = {"diskselector"};
constexpr Medium kTags[] = {{"hdd", kHdd}, {"sas", kHdd}, {"ssd", kSsd}, {"nvme", kNvme}};

constexpr Keys kSsdKey = {"ssd"};
constexpr Medium kProxmox[] = {{"true", kSsd}, {"false", kHdd}};

constexpr Keys kPortworxKeys = {"priority_io", "io_priority"};
constexpr Medium kPortworx[] = {{"low", kHdd}, {"medium", kSsd}, {"high", kNvme}};

constexpr Keys kTopolvmKeys = {"topolvm.io/device-class", "topolvm.cybozu.com/device-class"};

constexpr std::string_view kSiteDefined = "its parameters are defined by the site";

constexpr Provisioner Read(std::string_view name, std::span<const std::string_view> keys, std::string_view otherwise,
                           std::span<const Medium> media, bool list = false) {
  return {name, keys, otherwise, media, kUnknown, true, list, ""};
}
constexpr Provisioner Fixed(std::string_view name, DiskGrade grade, std::string_view word) {
  return {name, {}, "", {}, grade, true, false, word};
}
constexpr Provisioner HostPath(std::string_view name) {
  return {name, {}, "", {}, kUnknown, false, false, "a directory on the node's own disk"};
}

constexpr Provisioner kProvisioners[] = {
    Read("ebs.csi.aws.com", kType, "gp3", kAws),
    Read("ebs.csi.eks.amazonaws.com", kType, "gp3", kAws),
    Read("kubernetes.io/aws-ebs", kType, "gp2", kAws),
    Read("pd.csi.storage.gke.io", kType, "pd-standard", kGoogle),
    Read("kubernetes.io/gce-pd", kType, "pd-standard", kGoogle),
    Read("disk.csi.azure.com", kAzureKeys, "standardssd_lrs", kAzure),
    Read("kubernetes.io/azure-disk", kAzureKeys, "standardssd_lrs", kAzure),
    Read("diskplugin.csi.alibabacloud.com", kType, "", kAlibaba, true),
    Read("com.tencent.cloud.csi.cbs", kTencentKeys, "", kTencent),
    Read("com.tencent.cloud.csi.tcfs.cbs", kTencentKeys, "", kTencent),
    Read("everest-csi-provisioner", kHuaweiKeys, "", kHuawei),
    Read("block.csi.vultr.com", kVultrKeys, "", kVultr),
    Read("csi.trident.netapp.io", kMedia, "", kTrident),
    Read("driver.longhorn.io", kSelectorKeys, "", kTags, true),
    Read("csi.proxmox.sinextra.dev", kSsdKey, "", kProxmox),
    Read("pxd.portworx.com", kPortworxKeys, "", kPortworx),
    Read("kubernetes.io/portworx-volume", kPortworxKeys, "", kPortworx),
    Read("topolvm.io", kTopolvmKeys, "", kTags),
    Read("topolvm.cybozu.com", kTopolvmKeys, "", kTags),
    Fixed("blockvolume.csi.oraclecloud.com", kSsd, "vpusPerGB"),   // disk.cc reads the number
    Fixed("dobs.csi.digitalocean.com", kSsd, "offered on SSD only"),
    Fixed("csi.hetzner.cloud", kSsd, "offered on SSD only"),
    Fixed("linodebs.csi.linode.com", kSsd, "offered on SSD only"),
    Fixed("csi.scaleway.com", kSsd, "offered on SSD only"),
    Fixed("csi.civo.com", kSsd, "offered on SSD only"),
    Fixed("cinder.csi.openstack.org", kUnknown, kSiteDefined),
    Fixed("kubernetes.io/cinder", kUnknown, kSiteDefined),
    Fixed("csi.vsphere.vmware.com", kUnknown, kSiteDefined),
    Fixed("kubernetes.io/vsphere-volume", kUnknown, kSiteDefined),
    Fixed("rbd.csi.ceph.com", kUnknown, "the device class is known to Ceph only"),
    Fixed("*.rbd.csi.ceph.com", kUnknown, "the device class is known to Ceph only"),
    Fixed("kubernetes.io/rbd", kUnknown, "the device class is known to Ceph only"),
    Fixed("openebs.io/local", kUnknown, kSiteDefined),
    Fixed("local.csi.openebs.io", kUnknown, kSiteDefined),
    Fixed("zfs.csi.openebs.io", kUnknown, kSiteDefined),
    Fixed("io.openebs.csi-mayastor", kUnknown, kSiteDefined),
    Fixed("linstor.csi.linbit.com", kUnknown, kSiteDefined),
    Fixed("kubernetes.io/no-provisioner", kUnknown, "local volumes made by hand"),
    HostPath("rancher.io/local-path"),
    HostPath("k8s.io/minikube-hostpath"),
    HostPath("docker.io/hostpath"),
    HostPath("microk8s.io/hostpath"),
    HostPath("hostpath.csi.k8s.io"),
    HostPath("kubevirt.io.hostpath-provisioner"),
    Fixed("nfs.csi.k8s.io", kNetFs, "NFS"),
    Fixed("*nfs-subdir-external-provisioner", kNetFs, "NFS"),
    Fixed("efs.csi.aws.com", kNetFs, "EFS"),
    Fixed("fsx.csi.aws.com", kNetFs, "FSx"),
    Fixed("file.csi.azure.com", kNetFs, "Azure Files"),
    Fixed("kubernetes.io/azure-file", kNetFs, "Azure Files"),
    Fixed("filestore.csi.storage.gke.io", kNetFs, "Filestore"),
    Fixed("cephfs.csi.ceph.com", kNetFs, "CephFS"),
    Fixed("*.cephfs.csi.ceph.com", kNetFs, "CephFS"),
    Fixed("nasplugin.csi.alibabacloud.com", kNetFs, "NAS"),
    Fixed("com.tencent.cloud.csi.cfs", kNetFs, "CFS"),
    Fixed("nas.csi.everest.io", kNetFs, "SFS"),
    Fixed("sfsturbo.csi.everest.io", kNetFs, "SFS Turbo"),
    Fixed("kubernetes.io/glusterfs", kNetFs, "GlusterFS"),
    Fixed("obs.csi.everest.io", kObject, "OBS"),
    Fixed("ossplugin.csi.alibabacloud.com", kObject, "OSS"),
    Fixed("ru.yandex.s3.csi", kObject, "S3"),
    Fixed("s3.csi.aws.com", kObject, "S3"),
    Fixed("gcsfuse.csi.storage.gke.io", kObject, "Cloud Storage"),
    Fixed("blob.csi.azure.com", kObject, "Azure Blob"),
    Fixed("com.tencent.cloud.csi.cosfs", kObject, "COS"),
};

}  // namespace

std::span<const Provisioner> Provisioners() { return kProvisioners; }

const Provisioner* FindProvisioner(std::string_view name) {
  for (const Provisioner& row : kProvisioners) {
    if (row.name == name) return &row;
    if (row.name.front() == '*' && base::EndsWith(name, row.name.substr(1))) return &row;
  }
  return nullptr;
}

}  // namespace dm::requirements
