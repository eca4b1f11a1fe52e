// Every osImage that was seen on a real node (facts behind docs/requirements.md), with the verdict of the page's table.
#include "dm/requirements/os.h"

#include "dm/requirements/os_kernel.h"
#include "dm/requirements/os_name.h"
#include "dm/requirements/os_version.h"
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

constexpr auto kPass = OsVerdict::kSupported;
constexpr auto kFail = OsVerdict::kUnsupported;
constexpr auto kUnlisted = OsVerdict::kUnlisted;
constexpr auto kUnknown = OsVerdict::kUnknown;

struct Vector {
  const char* image;
  const char* kernel;
  OsVerdict verdict;
  const char* name;
  const char* version;
  bool contradictory = false;
};

const Vector kVectors[] = {
    {"CentOS Linux 7 (Core)", "3.10.0-327.22.2.el7.x86_64", kFail, "CentOS", "7.2"},
    {"CentOS Linux 7 (Core)", "3.10.0-513.el7.x86_64", kFail, "CentOS", "7.2"},
    {"CentOS Linux 7 (Core)", "3.10.0-514.el7.x86_64", kPass, "CentOS", "7.3"},
    {"CentOS Linux 7 (Core)", "3.10.0-693.21.1.el7.x86_64", kPass, "CentOS", "7.4"},
    {"CentOS Linux 7 (Core)", "3.10.0-862.el7.x86_64", kPass, "CentOS", "7.5"},
    {"CentOS Linux 7 (Core)", "3.10.0-957.el7.x86_64", kPass, "CentOS", "7.6"},
    {"CentOS Linux 7 (Core)", "3.10.0-957.12.2.el7.x86_64", kPass, "CentOS", "7.6"},
    {"CentOS Linux 7 (Core)", "3.10.0-1062.el7.x86_64", kPass, "CentOS", "7.7"},
    {"CentOS Linux 7 (Core)", "3.10.0-1127.el7.x86_64", kPass, "CentOS", "7.8"},
    {"CentOS Linux 7 (Core)", "3.10.0-1160.15.2.el7.x86_64", kPass, "CentOS", "7.9"},
    {"CentOS Linux 7 (Core)", "3.10.0-1160.71.1.el7.x86_64", kPass, "CentOS", "7.9"},
    {"CentOS Linux 7 (Core)", "5.4.109-1.el7.elrepo.x86_64", kUnknown, "CentOS", "7"},
    {"CentOS Linux 7 (Core)", "4.4.248-1.el7.elrepo.x86_64", kUnknown, "CentOS", "7"},
    {"CentOS Linux 7 (Core)", "3.10.0-1160.vz7.191.4", kUnknown, "CentOS", "7"},
    {"CentOS Linux 7 (Core)", "3.10.0-100.el7.x86_64", kUnknown, "CentOS", "7"},      // older than 7.0's
    {"CentOS Linux 7 (Core)", "", kUnknown, "CentOS", "7"},
    {"CentOS Linux 6 (Core)", "2.6.32-754.el6.x86_64", kFail, "CentOS", "6"},
    {"CentOS Linux 8", "4.18.0-305.7.1.el8_4.x86_64", kPass, "CentOS", "8"},
    {"CentOS Linux 8 (Core)", "4.18.0-147.5.1.el8_1.x86_64", kPass, "CentOS", "8"},
    {"CentOS Stream 8", "4.18.0-500.el8.x86_64", kPass, "CentOS Stream", "8"},
    {"CentOS Stream 9", "5.14.0-391.el9.x86_64", kPass, "CentOS Stream", "9"},
    {"CentOS Stream CoreOS 414.9.202401091452-0", "5.14.0-404.el9.x86_64", kPass, "CentOS Stream CoreOS", "9"},
    {"CentOS Stream CoreOS 9.0.20250411-0", "5.14.0-575.el9.x86_64", kPass, "CentOS Stream CoreOS", "9"},
    {"Red Hat Enterprise Linux Server 7.2 (Maipo)", "3.10.0-327.el7.x86_64", kFail, "Red Hat Enterprise Linux", "7.2"},
    {"Red Hat Enterprise Linux Server 7.3 (Maipo)", "3.10.0-514.21.1.el7.x86_64", kPass, "Red Hat Enterprise Linux", "7.3"},
    {"Red Hat Enterprise Linux Server 7.5 (Maipo)", "3.10.0-862.el7.x86_64", kPass, "Red Hat Enterprise Linux", "7.5"},
    {"Red Hat Enterprise Linux Server 7.6 (Maipo)", "3.10.0-957.el7.x86_64", kPass, "Red Hat Enterprise Linux", "7.6"},
    {"Red Hat Enterprise Linux Server 7.7 (Maipo)", "3.10.0-1062.4.1.el7.x86_64", kPass, "Red Hat Enterprise Linux", "7.7"},
    {"Red Hat Enterprise Linux Workstation 7.9 (Maipo)", "3.10.0-1160.el7.x86_64", kPass, "Red Hat Enterprise Linux", "7.9"},
    {"Red Hat Enterprise Linux 8.9 (Ootpa)", "", kPass, "Red Hat Enterprise Linux", "8.9"},
    {"Red Hat Enterprise Linux 8.10 (Ootpa)", "4.18.0-553.el8_10.x86_64", kPass, "Red Hat Enterprise Linux", "8.10"},
    {"Red Hat Enterprise Linux 9.2 (Plow)", "5.14.0-284.11.1.el9_2.x86_64", kPass, "Red Hat Enterprise Linux", "9.2"},
    {"Red Hat Enterprise Linux 9.7 (Plow)", "5.14.0-611.47.1.el9_7.x86_64", kPass, "Red Hat Enterprise Linux", "9.7"},
    {"Red Hat Enterprise Linux CoreOS 43.81.202003191953.0 (Ootpa)", "4.18.0-147.5.1.el8_1.x86_64", kPass,
     "Red Hat Enterprise Linux CoreOS", "8.1"},
    {"Red Hat Enterprise Linux CoreOS 48.84.202203290727-0 (Ootpa)", "4.18.0-305.40.2.el8_4.x86_64", kPass,
     "Red Hat Enterprise Linux CoreOS", "8.4"},
    {"Red Hat Enterprise Linux CoreOS 418.94.202506101200-0", "5.14.0-427.el9_4.x86_64", kPass, "Red Hat Enterprise Linux CoreOS", "9.4"},
    {"Red Hat Enterprise Linux CoreOS 418.810.202506101200-0", "", kPass, "Red Hat Enterprise Linux CoreOS", "8.10"},
    {"Red Hat Enterprise Linux CoreOS 420.101.202606101200-0", "", kPass, "Red Hat Enterprise Linux CoreOS", "10.1"},
    {"Red Hat Enterprise Linux CoreOS 9.6.20250523-0 (Plow)", "5.14.0-570.el9_6.x86_64", kPass, "Red Hat Enterprise Linux CoreOS", "9.6"},
    {"Red Hat Enterprise Linux CoreOS 410.8.20190418.1 (Ootpa)", "4.18.0-80.el8.x86_64", kPass, "Red Hat Enterprise Linux CoreOS", "8.0"},
    {"Oracle Linux Server 7.2", "3.8.13-98.7.1.el7uek.x86_64", kFail, "Oracle Linux", "7.2"},
    {"Oracle Linux Server 7.6", "4.14.35-1902.2.0.el7uek.x86_64", kPass, "Oracle Linux", "7.6"},
    {"Oracle Linux Server 7.7", "4.14.35-1902.8.4.el7uek.x86_64", kPass, "Oracle Linux", "7.7"},
    {"Oracle Linux Server 7.9", "5.4.17-2102.201.3.el7uek.x86_64", kPass, "Oracle Linux", "7.9"},
    {"Oracle Linux Server 8.9", "5.4.17-2136.331.7.el8uek.x86_64", kPass, "Oracle Linux", "8.9"},
    {"Oracle Linux Server 8.10", "5.15.0-206.153.7.1.el8uek.x86_64", kPass, "Oracle Linux", "8.10"},
    {"Ubuntu 14.04.6 LTS", "4.4.0-148-generic", kFail, "Ubuntu", "14.04.6"},
    {"Ubuntu 16.04 LTS", "4.4.38-test", kPass, "Ubuntu", "16.04"},
    {"Ubuntu 16.04.5 LTS", "4.15.0-1023-azure", kPass, "Ubuntu", "16.04.5"},
    {"Ubuntu 16.04.6 LTS", "4.15.0-1040-azure", kPass, "Ubuntu", "16.04.6"},
    {"Ubuntu 16.10", "4.8.0-22-generic", kFail, "Ubuntu", "16.10"},
    {"Ubuntu 17.04", "4.10.0-19-generic", kFail, "Ubuntu", "17.04"},
    {"Ubuntu 18.04.5 LTS", "", kPass, "Ubuntu", "18.04.5"},
    {"Ubuntu 19.10", "5.5.10-200.fc31.x86_64", kFail, "Ubuntu", "19.10", true},
    {"Ubuntu 20.04 LTS", "5.4.0-1012-raspi", kPass, "Ubuntu", "20.04"},
    {"Ubuntu 20.04.4 LTS", "5.4.0-121-generic", kPass, "Ubuntu", "20.04.4"},
    {"Ubuntu 22.04.4 LTS", "5.15.0-174-generic", kPass, "Ubuntu", "22.04.4"},
    {"Ubuntu 22.04.4", "5.15.0-174-generic", kPass, "Ubuntu", "22.04.4"},              // the numbers decide
    {"Ubuntu 22.04.5 LTS", "5.15.0-1096-azure", kPass, "Ubuntu", "22.04.5"},
    {"Ubuntu 22.04.5 LTS", "5.15.167.4-microsoft-standard-WSL2", kPass, "Ubuntu", "22.04.5", true},
    {"Ubuntu 24.04.1 LTS", "6.8.0-51-generic", kPass, "Ubuntu", "24.04.1"},
    {"Ubuntu 24.04.3 LTS", "6.14.0-1011-aws", kPass, "Ubuntu", "24.04.3"},
    {"Ubuntu 24.04.4 LTS", "6.17.0-20-generic", kPass, "Ubuntu", "24.04.4"},
    {"Ubuntu 25.10", "6.17.0-5-generic", kFail, "Ubuntu", "25.10"},
    {"Ubuntu 26.04 LTS", "7.0.0-14-generic", kPass, "Ubuntu", "26.04"},
    {"Ubuntu Core 22", "5.15.0-91-generic", kUnlisted, "Ubuntu Core", "22"},
    {"Ubuntu", "", kUnknown, "Ubuntu", ""},
    {"Debian GNU/Linux 7 (wheezy)", "3.16.0-0.bpo.4-amd64", kUnlisted, "Debian GNU/Linux", "7"},
    {"Debian GNU/Linux 8 (jessie)", "4.4.121-k8s", kUnlisted, "Debian GNU/Linux", "8"},
    {"Debian GNU/Linux 9 (stretch)", "4.9.0-9-amd64", kUnlisted, "Debian GNU/Linux", "9"},
    {"Debian GNU/Linux 12 (bookworm)", "6.1.0-25-amd64", kUnlisted, "Debian GNU/Linux", "12"},
    {"Debian GNU/Linux 13 (trixie)", "7.0.0-31-generic", kUnlisted, "Debian GNU/Linux", "13", true},
    {"Rocky Linux 8.7 (Green Obsidian)", "4.18.0-425.3.1.el8.x86_64", kUnlisted, "Rocky Linux", "8.7"},
    {"Rocky Linux 8.8 (Green Obsidian)", "4.18.0-477.10.1.el8_8.x86_64", kUnlisted, "Rocky Linux", "8.8"},
    {"Rocky Linux 9.5 (Blue Onyx)", "5.14.0-503.40.1.el9_5.x86_64", kUnlisted, "Rocky Linux", "9.5"},
    {"Rocky Linux 9.8 (Blue Onyx)", "5.14.0-687.42.1+2.1.el9_8_ciq.x86_64", kUnlisted, "Rocky Linux", "9.8"},
    {"Rocky Linux 10.0 (Red Quartz)", "6.12.0-55.12.1.el10_0.x86_64", kUnlisted, "Rocky Linux", "10.0"},
    {"AlmaLinux 8.10 (Cerulean Leopard)", "4.18.0-553.16.1.el8_10.x86_64", kUnlisted, "AlmaLinux", "8.10"},
    {"Amazon Linux 2", "5.4.228-131.415.amzn2.x86_64", kUnlisted, "Amazon Linux", "2"},
    {"Bottlerocket OS 1.44.0 (aws-k8s-1.33)", "6.12.37", kUnlisted, "Bottlerocket OS", "1.44.0"},
    {"Bottlerocket OS 1.0.7", "", kUnlisted, "Bottlerocket OS", "1.0.7"},
    {"Talos (v1.7.0)", "6.1.82-talos", kUnlisted, "Talos", "1.7.0"},
    {"Flatcar Container Linux by Kinvolk 4459.2.3 (Oklo)", "6.12.66-flatcar", kUnlisted, "Flatcar Container Linux by Kinvolk", "4459.2.3"},
    {"Alibaba Cloud Linux 3 (Soaring Falcon)", "5.10.60-9.al8.x86_64", kUnlisted, "Alibaba Cloud Linux", "3"},
    {"CBL-Mariner/Linux", "5.15.173.1-1.cm2", kUnlisted, "CBL-Mariner/Linux", ""},
    {"Fedora 23 (Twenty Three)", "4.2.3-300.fc23.x86_64", kUnlisted, "Fedora", "23"},
    {"Garden Linux 179.0", "5.4.0-4-cloud-amd64", kUnlisted, "Garden Linux", "179.0"},
    {"LinuxKit Kubernetes Project", "4.9.53-linuxkit", kUnlisted, "LinuxKit Kubernetes Project", ""},
    {"SUSE Linux Enterprise Server 15 SP4", "5.14.21-150400.22-default", kUnlisted, "SUSE Linux Enterprise Server", "15"},
    {"Linux", "5.4.0", kUnknown, "", ""},
    {"Unknown", "", kUnknown, "", ""},
    {"", "", kUnknown, "", ""},
    {"My Red Hat Enterprise Linux 9.2", "", kUnlisted, "My Red Hat Enterprise Linux", "9.2"},    // names are matched at the start
    {"UbuntuDDE 24.04", "", kUnlisted, "UbuntuDDE", "24.04"},                                    // and whole
    {"Docker Desktop", "6.6.12-linuxkit", kUnlisted, "Docker Desktop", "", true},
    {"Ubuntu 22.04.4 LTS", "4.18.0-305.el8.x86_64", kPass, "Ubuntu", "22.04.4", true},
    {"CentOS Linux 7 (Core)", "5.15.0-174-generic", kUnknown, "CentOS", "7", true},
    {"Rocky Linux 9.5 (Blue Onyx)", "4.18.0-425.3.1.el8.x86_64", kUnlisted, "Rocky Linux", "9.5", true},
};

OsFacts Judged(const char* image, const char* kernel, kube::api::Labels labels = {}, const Policy& policy = {}) {
  return JudgeOs(fixtures::MakeNode({.name = "n", .os = image, .kernel = kernel, .labels = std::move(labels)}), policy);
}

TEST(Os, EveryStringSeenOnANode) {
  for (const Vector& v : kVectors) {
    const OsFacts os = Judged(v.image, v.kernel);
    EXPECT_EQ(os.verdict, v.verdict) << v.image << " | " << v.kernel;
    EXPECT_EQ(os.name, v.name) << v.image;
    EXPECT_EQ(os.version, v.version) << v.image << " | " << v.kernel;
    EXPECT_EQ(os.contradictory, v.contradictory) << v.image << " | " << v.kernel;
    EXPECT_NE(os.evidence.find(v.image), std::string::npos);
  }
}

TEST(Os, TheAdministratorsLabelAnswersForAMissingMinor) {
  const char* label = "dm.pingcap.com/os-version";
  const char* elrepo = "5.4.109-1.el7.elrepo.x86_64";
  EXPECT_EQ(Judged("CentOS Linux 7 (Core)", elrepo, {{label, "7.9"}}).verdict, kPass);
  EXPECT_EQ(Judged("CentOS Linux 7 (Core)", elrepo, {{label, "7.2"}}).verdict, kFail);
  EXPECT_EQ(Judged("CentOS Linux 7 (Core)", elrepo, {{label, "8.2"}}).verdict, kUnknown);      // of another major
  EXPECT_EQ(Judged("CentOS Linux 7 (Core)", elrepo, {{label, "7"}}).verdict, kUnknown);
  EXPECT_EQ(Judged("CentOS Linux 7 (Core)", elrepo, {{label, "nine"}}).verdict, kUnknown);
  EXPECT_EQ(Judged("CentOS Linux 7 (Core)", "3.10.0-327.el7.x86_64", {{label, "7.9"}}).verdict, kPass);   // not rebooted yet
  EXPECT_EQ(Judged("Ubuntu 19.10", "", {{label, "22.04"}}).verdict, kFail);                    // where the node speaks, it counts
  EXPECT_EQ(Judged("Linux", "", {{label, "7.9"}}).verdict, kUnknown);                          // a version of what?
  EXPECT_NE(Judged("CentOS Linux 7 (Core)", elrepo, {{label, "7.9"}}).evidence.find("os-version=7.9"), std::string::npos);
}

TEST(Os, NodeFeatureDiscoverySpeaksWhereTheImageSaysNothing) {
  const auto nfd = [](const char* id, const char* version) {
    return kube::api::Labels{{"feature.node.kubernetes.io/system-os_release.ID", id},
                             {"feature.node.kubernetes.io/system-os_release.VERSION_ID", version}};
  };
  EXPECT_EQ(Judged("Linux", "5.15.0-174-generic", nfd("ubuntu", "22.04")).verdict, kPass);
  EXPECT_EQ(Judged("", "4.18.0-553.el8_10.x86_64", nfd("ol", "8.10")).version, "8.10");
  EXPECT_EQ(Judged("Unknown", "", nfd("rhel", "7.2")).verdict, kFail);
  EXPECT_EQ(Judged("Linux", "3.10.0-1160.el7.x86_64", nfd("centos", "7")).version, "7.9");
  EXPECT_EQ(Judged("Linux", "5.14.0-427.el9_4.x86_64", nfd("rhcos", "4.18")).version, "9.4");   // OpenShift's own number
  EXPECT_EQ(Judged("Linux", "", nfd("debian", "12")).verdict, kUnlisted);
  EXPECT_EQ(Judged("Linux", "", nfd("plamo", "8")).name, "plamo");
  // A kubelet in a Debian container on an Oracle host: kernel and NFD agree.
  const OsFacts host = Judged("Debian GNU/Linux 12 (bookworm)", "5.4.17-2136.331.7.el8uek.x86_64", nfd("ol", "8.9"));
  EXPECT_EQ(host.name, "Oracle Linux");
  EXPECT_EQ(host.verdict, kPass);
  EXPECT_FALSE(host.contradictory);
  // They disagree and the kernel does not decide: the image counts, and the node cannot be verified.
  const OsFacts odd = Judged("Ubuntu 22.04.4 LTS", "6.1.0", nfd("debian", "12"));
  EXPECT_EQ(odd.verdict, kPass);
  EXPECT_TRUE(odd.contradictory);
}

TEST(Os, ThePolicyAdmitsOthersFromAVersionOn) {
  const Policy rocky = *ParsePolicy("operatingSystems: [{name: rocky linux, minVersion: \"8.8\"}, {name: Flatcar Container Linux}]");
  EXPECT_EQ(Judged("Rocky Linux 8.8 (Green Obsidian)", "", {}, rocky).verdict, kPass);
  EXPECT_EQ(Judged("Rocky Linux 8.10 (Green Obsidian)", "", {}, rocky).verdict, kPass);
  EXPECT_EQ(Judged("Rocky Linux 8.7 (Green Obsidian)", "", {}, rocky).verdict, kFail);
  EXPECT_EQ(Judged("Rocky Linux", "", {}, rocky).verdict, kUnknown);
  EXPECT_EQ(Judged("Flatcar Container Linux by Kinvolk 4459.2.3 (Oklo)", "", {}, rocky).verdict, kPass);
  EXPECT_EQ(Judged("AlmaLinux 9.4 (Seafoam Ocelot)", "", {}, rocky).verdict, kUnlisted);
  EXPECT_EQ(Judged("Rocky LinuxX 9.4", "", {}, rocky).verdict, kUnlisted);
  EXPECT_EQ(Judged("Linux", "", {}, rocky).verdict, kUnknown);
  // It cannot make the table's own stricter, but it can admit what the table refuses.
  const Policy ubuntu = *ParsePolicy("operatingSystems: [{name: Ubuntu, minVersion: \"23.10\"}]");
  EXPECT_EQ(Judged("Ubuntu 16.04.6 LTS", "", {}, ubuntu).verdict, kPass);
  EXPECT_EQ(Judged("Ubuntu 25.10", "", {}, ubuntu).verdict, kPass);
  const Policy common = *ParsePolicy("osPreset: common");
  for (const char* image : {"Rocky Linux 9.5 (Blue Onyx)", "AlmaLinux 8.10 (Cerulean Leopard)", "Amazon Linux 2", "Talos (v1.7.0)",
                            "Bottlerocket OS 1.44.0 (aws-k8s-1.33)", "Flatcar Container Linux by Kinvolk 4459.2.3 (Oklo)"}) {
    EXPECT_EQ(Judged(image, "", {}, common).verdict, kPass) << image;
  }
  EXPECT_EQ(Judged("Debian GNU/Linux 12 (bookworm)", "", {}, common).verdict, kUnlisted);
}

TEST(OsVersion, ComponentsAreNumbers) {
  EXPECT_GT(CompareVersions("8.10", "8.9"), 0);
  EXPECT_LT(CompareVersions("7.2", "7.3"), 0);
  EXPECT_EQ(CompareVersions("7.3", "7.3.0"), 0);
  EXPECT_GT(CompareVersions("10", "9.9.9"), 0);
  EXPECT_TRUE(VersionNumbers("latest").empty());
  EXPECT_EQ(VersionNumbers("v1.7.0-x"), std::vector<int>({1, 7, 0}));
  EXPECT_EQ(MajorOf(""), -1);
}

TEST(OsKernel, EachRowAtAndJustBelowItsBuild) {
  struct Row {
    int major;
    const char* release;
    int minor;
  };
  const Row rows[] = {
      {7, "3.10.0-123.el7.x86_64", 0},  {7, "3.10.0-229.el7.x86_64", 1},  {7, "3.10.0-327.el7.x86_64", 2},
      {7, "3.10.0-513.el7.x86_64", 2},  {7, "3.10.0-514.el7.x86_64", 3},  {7, "3.10.0-692.el7.x86_64", 3},
      {7, "3.10.0-693.el7.x86_64", 4},  {7, "3.10.0-1160.el7.x86_64", 9}, {8, "4.18.0-80.el8.x86_64", 0},
      {8, "4.18.0-425.3.1.el8.x86_64", 7}, {8, "4.18.0-543.el8.x86_64", 9}, {8, "4.18.0-544.el8.x86_64", 10},
      {8, "4.18.0-305.7.1.el8_4.x86_64", 4}, {9, "5.14.0-70.13.1.el9.x86_64", 0}, {9, "5.14.0-503.40.1.el9_5.x86_64", 5},
      {9, "5.14.0-687.el9.x86_64", 8}, {10, "6.12.0-55.12.1.el10_0.x86_64", 0}, {10, "6.12.0-211.el10.x86_64", 2},
  };
  for (const Row& row : rows) {
    const auto minor = MinorFromKernel(row.major, row.release);
    ASSERT_TRUE(minor) << row.release;
    EXPECT_EQ(*minor, row.minor) << row.release;
  }
  for (const char* other : {"3.10.0-122.el7.x86_64", "4.14.35-1902.2.0.el7uek.x86_64", "5.4.109-1.el7.elrepo.x86_64",
                            "3.10.0-1160vz7", "6.8.0-51-generic", "3.10.0-514.el6.x86_64", "", "el7"}) {
    EXPECT_FALSE(MinorFromKernel(7, other)) << other;
  }
}

}  // namespace
}  // namespace dm::requirements
