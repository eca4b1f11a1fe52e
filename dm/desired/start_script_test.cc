// The scripts run under the real sh, in a directory of their own, with a program in DM's place that notes its arguments.
#include "dm/desired/start_script.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dm::desired {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string Read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class Script : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "start-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    Write(root_ / "dm", "#!/bin/sh\n{ pwd; for a in \"$@\"; do echo \"$a\"; done; } > '" + Started().string() + "'\n");
    fs::permissions(root_ / "dm", fs::perms::owner_all);
    script_.root = root_;
    script_.binary = root_ / "dm";
    script_.dns_seconds = 0;
    script_.data_dir = "/var/lib/dm-master";
    script_.host_suffix = ".a-dm-master-peer";
  }
  void TearDown() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    fs::remove_all(root_);
  }

  fs::path Started() const { return root_ / "started"; }
  fs::path Data(const std::string& below = "") const { return root_ / "var/lib/dm-master" / below; }
  void Line(const std::string& file, const std::string& text) { Write(root_ / "etc/dm-bootstrap" / file, text); }
  void MakeData(const std::string& mark) { Write(Data("member/wal/0.wal"), mark); }

  void Start(const std::string& text) {
    Write(root_ / "start.sh", text);
    fs::remove(Started());
    child_ = fork();
    if (child_ == 0) {
      setenv("POD_NAME", "a-dm-master-0", 1);
      const std::string file = root_ / "start.sh", log = root_ / "log";
      freopen(log.c_str(), "w", stdout);
      freopen(log.c_str(), "a", stderr);
      execl("/bin/sh", "sh", file.c_str(), nullptr);
      _exit(127);
    }
  }
  // The exit status, or -1 when it still runs after that long.
  int Wait(std::chrono::milliseconds longest) {
    const auto handle = static_cast<int>(syscall(SYS_pidfd_open, child_, 0));
    pollfd ended{handle, POLLIN, 0};
    const bool over = poll(&ended, 1, static_cast<int>(longest.count())) == 1;
    close(handle);
    if (!over) return -1;
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string RunMaster() {
    Start(MasterStartScript(script_));
    EXPECT_EQ(Wait(std::chrono::seconds(20)), 0) << Read(root_ / "log");
    return Read(Started());
  }

  static bool Has(const std::string& arguments, const std::string& line) { return arguments.find(line + "\n") != std::string::npos; }
  static bool Mentions(const std::string& arguments, const std::string& text) { return arguments.find(text) != std::string::npos; }

  fs::path root_;
  StartScript script_;
  pid_t child_ = 0;
};

TEST_F(Script, BootstrapsAsTold) {
  Line("a-dm-master-0", "bootstrap a-dm-master-0=http://a-dm-master-0.a-dm-master-peer:8291");   // no newline: ConfigMap data
  const std::string arguments = RunMaster();
  EXPECT_TRUE(Has(arguments, "--initial-cluster=a-dm-master-0=http://a-dm-master-0.a-dm-master-peer:8291")) << arguments;
  EXPECT_TRUE(Has(arguments, "--name=a-dm-master-0"));
  EXPECT_TRUE(Has(arguments, "--data-dir=" + Data().parent_path().string()));
  EXPECT_TRUE(Has(arguments, "--master-addr=0.0.0.0:8261"));
  EXPECT_TRUE(Has(arguments, "--advertise-addr=a-dm-master-0.a-dm-master-peer:8261"));
  EXPECT_TRUE(Has(arguments, "--peer-urls=http://0.0.0.0:8291"));
  EXPECT_TRUE(Has(arguments, "--advertise-peer-urls=http://a-dm-master-0.a-dm-master-peer:8291"));
  EXPECT_TRUE(Has(arguments, "--openapi=true"));
  EXPECT_TRUE(Has(arguments, "--config=" + root_.string() + "/etc/dm-master/dm-master.toml"));
  EXPECT_FALSE(Mentions(arguments, "--join"));
  EXPECT_FALSE(Mentions(arguments, "--ssl"));
}

TEST_F(Script, JoinsAsTold) {
  Line("a-dm-master-0", "join a-dm-master-1.a-dm-master-peer:8261,a-dm-master-2.a-dm-master-peer:8261\n");
  const std::string arguments = RunMaster();
  EXPECT_TRUE(Has(arguments, "--join=a-dm-master-1.a-dm-master-peer:8261,a-dm-master-2.a-dm-master-peer:8261")) << arguments;
  EXPECT_FALSE(Mentions(arguments, "--initial-cluster"));
}

TEST_F(Script, PassesOverTheClaimBesideItsLine) {
  Line("a-dm-master-0", "join a-dm-master-1.a-dm-master-peer:8261\nclaim 0b6f");
  EXPECT_TRUE(Has(RunMaster(), "--join=a-dm-master-1.a-dm-master-peer:8261"));
}

TEST_F(Script, RestartsOnItsDataWhateverTheLineSays) {
  MakeData("mine");
  Line("a-dm-master-0", "bootstrap a-dm-master-0=http://x:8291");
  const std::string arguments = RunMaster();
  EXPECT_TRUE(Has(arguments, "--name=a-dm-master-0"));
  EXPECT_FALSE(Mentions(arguments, "--initial-cluster"));
  EXPECT_FALSE(Mentions(arguments, "--join"));
  EXPECT_EQ(Read(Data("member/wal/0.wal")), "mine");
}

TEST_F(Script, DataOfARemovedMemberIsMovedAsideOnce) {
  MakeData("old");
  Write(Data("join"), "old list");
  Line("removed-a-dm-master-0", "4711");
  Line("a-dm-master-0", "join a-dm-master-1.a-dm-master-peer:8261");
  EXPECT_TRUE(Mentions(RunMaster(), "--join="));
  EXPECT_EQ(Read(Data("removed-4711/member/wal/0.wal")), "old");
  EXPECT_EQ(Read(Data("removed-4711/join")), "old list");
  EXPECT_FALSE(fs::exists(Data("member")));
  EXPECT_FALSE(fs::exists(Data("join")));

  // It has joined as a new member; the operator's word of the old one still stands when it restarts.
  MakeData("new");
  fs::remove_all(Data("removed-4711"));   // somebody made room
  EXPECT_FALSE(Mentions(RunMaster(), "--join="));
  EXPECT_EQ(Read(Data("member/wal/0.wal")), "new");
}

TEST_F(Script, AMoveThatWasCutShortIsFinished) {
  Write(Data("removed-4711/join"), "old list");   // killed after the first of two moves
  MakeData("old");
  Line("removed-a-dm-master-0", "4711");
  Line("a-dm-master-0", "join x:8261");
  EXPECT_TRUE(Mentions(RunMaster(), "--join=x:8261"));
  EXPECT_EQ(Read(Data("removed-4711/member/wal/0.wal")), "old");
}

TEST_F(Script, AKillBetweenMoveAndNoteDoesNotCostTheNewData) {
  Write(Data("removed-4711/member/wal/0.wal"), "old");   // moved, but not noted; then it joined
  MakeData("new");
  Line("removed-a-dm-master-0", "4711");
  EXPECT_FALSE(Mentions(RunMaster(), "--join"));
  EXPECT_EQ(Read(Data("member/wal/0.wal")), "new");
  EXPECT_EQ(Read(Data("removed-ids")), "4711\n");
}

TEST_F(Script, AnIdSeenOnAnEmptyVolumeDoesNotCostTheNewData) {
  Line("removed-a-dm-master-0", "9b2c6a5e-0b7f-4d52-9d43-000000000001");
  Line("a-dm-master-0", "join x:8261");
  RunMaster();
  MakeData("new");
  EXPECT_FALSE(Mentions(RunMaster(), "--join"));
  EXPECT_EQ(Read(Data("member/wal/0.wal")), "new");
}

TEST_F(Script, AnIdIsNoPath) {
  MakeData("mine");
  Line("removed-a-dm-master-0", "../../x");
  RunMaster();
  EXPECT_EQ(Read(Data("member/wal/0.wal")), "mine");
}

TEST_F(Script, WaitsUntilItsLineAppears) {
  Line("a-dm-master-1", "bootstrap somebody-else");
  Start(MasterStartScript(script_));
  EXPECT_EQ(Wait(std::chrono::milliseconds(1500)), -1);
  EXPECT_FALSE(fs::exists(Started()));
  EXPECT_TRUE(Mentions(Read(root_ / "log"), "waiting for a line in")) << Read(root_ / "log");
  Line("a-dm-master-0", "join x:8261\n");
  EXPECT_EQ(Wait(std::chrono::seconds(10)), 0);
  EXPECT_TRUE(Has(Read(Started()), "--join=x:8261"));
}

TEST_F(Script, StopsAtOnceWhileItWaits) {
  Start(MasterStartScript(script_));
  ASSERT_EQ(Wait(std::chrono::milliseconds(500)), -1);
  kill(child_, SIGTERM);
  EXPECT_EQ(Wait(std::chrono::seconds(5)), 0);
}

TEST_F(Script, DebugModeStartsNothing) {
  MakeData("mine");
  Write(root_ / "etc/podinfo/annotations", "a=\"b\"\nrunmode=\"debug\"\n");
  Start(MasterStartScript(script_));
  EXPECT_EQ(Wait(std::chrono::milliseconds(800)), -1);
  EXPECT_FALSE(fs::exists(Started()));
}

TEST_F(Script, AnnotationsAreNotExecuted) {
  MakeData("mine");
  Write(root_ / "etc/podinfo/annotations", "x=\"$(touch " + (root_ / "owned").string() + ")\"\n");
  RunMaster();
  EXPECT_FALSE(fs::exists(root_ / "owned"));
}

TEST_F(Script, TlsAndIPv6) {
  MakeData("mine");
  script_.tls = true;
  script_.listen = "[::]";
  const std::string arguments = RunMaster();
  EXPECT_TRUE(Has(arguments, "--peer-urls=https://[::]:8291")) << arguments;
  EXPECT_TRUE(Has(arguments, "--advertise-peer-urls=https://a-dm-master-0.a-dm-master-peer:8291"));
  EXPECT_TRUE(Has(arguments, "--ssl-ca=" + root_.string() + "/var/lib/dm-master-tls/ca.crt"));
  EXPECT_TRUE(Has(arguments, "--ssl-cert=" + root_.string() + "/var/lib/dm-master-tls/tls.crt"));
  EXPECT_TRUE(Has(arguments, "--ssl-key=" + root_.string() + "/var/lib/dm-master-tls/tls.key"));
}

TEST_F(Script, AWorkerStandsOnItsVolume) {
  script_.data_dir = "/var/lib/dm-worker";
  script_.host_suffix = ".a-dm-worker-peer";
  script_.join = "a-dm-master:8261";
  script_.relay_dir = "/var/lib/dm-worker/relay";
  script_.dump_dir = "/var/lib/dm-worker/dump";
  Start(WorkerStartScript(script_));
  ASSERT_EQ(Wait(std::chrono::seconds(20)), 0) << Read(root_ / "log");
  const std::string arguments = Read(Started());
  EXPECT_EQ(arguments.substr(0, arguments.find('\n')), fs::canonical(root_ / "var/lib/dm-worker/dump").string());
  EXPECT_TRUE(fs::is_directory(root_ / "var/lib/dm-worker/relay"));
  EXPECT_TRUE(Has(arguments, "--worker-addr=0.0.0.0:8262"));
  EXPECT_TRUE(Has(arguments, "--advertise-addr=a-dm-master-0.a-dm-worker-peer:8262"));
  EXPECT_TRUE(Has(arguments, "--join=a-dm-master:8261"));
  EXPECT_TRUE(Has(arguments, "--config=" + root_.string() + "/etc/dm-worker/dm-worker.toml"));
}

TEST_F(Script, AVolumeThatCannotBeWrittenIsSaid) {
  Write(root_ / "var/lib/dm-master", "a file where the directory should be");
  Start(MasterStartScript(script_));
  EXPECT_EQ(Wait(std::chrono::seconds(10)), 1);
  EXPECT_TRUE(Mentions(Read(root_ / "log"), "cannot create")) << Read(root_ / "log");
}

}  // namespace
}  // namespace dm::desired
