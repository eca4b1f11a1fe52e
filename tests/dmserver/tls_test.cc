// The stand-in under TLS, as recorded (recordings §8).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "net/member_transport.h"
#include "tests/dmserver/master.h"
#include "tests/dmserver/worker.h"

namespace dm::standin {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

std::uint16_t FreePort() {
  net::ServerOptions options;
  options.address = "127.0.0.1";
  net::HttpServer server(options, [](const net::Request&) { return net::Response{200, {}, ""}; });
  return *server.Start();
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "dm-tls-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    times_.start = std::chrono::seconds(8);
    Write("ca.crt", authority_.certificate_pem);
  }
  void TearDown() override {
    masters_.clear();
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ + "/" + name) << text; }
  void Issue(std::vector<std::string> ips, const net::KeyPair& signer) {
    const auto pair = *net::IssueLeaf(signer, {"TiDB", {"master.invalid"}, std::move(ips)}, now_, hours(2), true, true);
    Write("tls.crt", pair.certificate_pem);
    Write("tls.key", pair.key_pem);
  }
  // How many of `count` masters come up.
  int Start(int count) {
    std::vector<MasterOptions> options(static_cast<std::size_t>(count));
    std::string cluster;
    for (std::size_t i = 0; i < options.size(); ++i) {
      auto& o = options[i];
      o.name = "m" + std::to_string(i);
      o.data_dir = folder_ + "/" + o.name;
      o.master_addr = o.advertise_addr = "127.0.0.1:" + std::to_string(FreePort());
      o.peer_urls = o.advertise_peer_urls = "https://127.0.0.1:" + std::to_string(FreePort());
      o.ssl_ca = folder_ + "/ca.crt";
      o.ssl_cert = folder_ + "/tls.crt";
      o.ssl_key = folder_ + "/tls.key";
      cluster += (i == 0 ? "" : ",") + o.name + "=" + o.peer_urls;
    }
    std::atomic<int> started = 0;
    std::vector<std::jthread> starters;
    for (auto& o : options) {
      o.initial_cluster = cluster;
      masters_.push_back(std::make_unique<Master>(o, "v8.5.7", times_));
      starters.emplace_back([&started, &master = *masters_.back()] { started += master.Start({}) ? 1 : 0; });
    }
    starters.clear();
    return started;
  }
  // The status of GET /status, 0 for none.
  int Ask(const std::string& address, const std::optional<net::KeyPair>& client) {
    PeerTls tls{authority_.certificate_pem, client ? client->certificate_pem : "", client ? client->key_pem : ""};
    const auto answer = Call(address, {"GET", "/status", {}, {}, std::chrono::seconds(5)}, tls, {});
    return answer ? answer->status : 0;
  }
  net::KeyPair Client(const net::KeyPair& signer) { return *net::IssueLeaf(signer, {"any", {}, {}}, now_, hours(1), false, true); }

  base::WallTime now_ = base::SystemClock().Wall();
  net::KeyPair authority_ = *net::MakeAuthority("dm", now_, hours(24)), stranger_ = *net::MakeAuthority("other", now_, hours(24));
  std::string folder_;
  MasterTimes times_;
  std::vector<std::unique_ptr<Master>> masters_;
};

TEST_F(Tls, MastersFormAndLetInWhoShowsACertificateOfTheirAuthority) {
  Issue({"127.0.0.1"}, authority_);
  ASSERT_EQ(Start(3), 3);
  const std::string address = masters_[0]->options().advertise_addr;
  EXPECT_EQ(Ask(address, Client(authority_)), 200);
  EXPECT_EQ(Ask(address, std::nullopt), 0);
  EXPECT_EQ(Ask(address, Client(stranger_)), 0);
  const auto plain = Call(address, {"GET", "/status", {}, {}, std::chrono::seconds(5)}, PeerTls{}, {});
  EXPECT_FALSE(plain);

  // New leaves are served at the next connection; the authority was read at the start.
  const auto other = net::IssueLeaf(stranger_, {"TiDB", {}, {"127.0.0.1"}}, now_, hours(2), true, true);
  Write("tls.crt", other->certificate_pem);
  Write("tls.key", other->key_pem);
  Write("ca.crt", stranger_.certificate_pem);
  EXPECT_EQ(Ask(address, Client(authority_)), 0) << "we do not trust what it shows now";
  Issue({"127.0.0.1"}, authority_);
  EXPECT_EQ(Ask(address, Client(authority_)), 200);
  EXPECT_EQ(Ask(address, Client(stranger_)), 0);
}

TEST_F(Tls, MastersWhoseCertificateDoesNotCoverWhereTheyComeFromNeverForm) {
  times_.start = std::chrono::seconds(2);
  Issue({"10.9.8.7"}, authority_);
  EXPECT_EQ(Start(2), 0);
}

TEST_F(Tls, AWorkerRegistersAndDemandsNoCertificateItself) {
  Issue({"127.0.0.1"}, authority_);
  ASSERT_EQ(Start(1), 1);
  WorkerOptions o;
  o.name = "w0";
  o.worker_addr = o.advertise_addr = "127.0.0.1:" + std::to_string(FreePort());
  o.join = masters_[0]->options().advertise_addr;
  o.ssl_ca = folder_ + "/ca.crt";
  o.ssl_cert = folder_ + "/tls.crt";
  o.ssl_key = folder_ + "/tls.key";
  Worker worker(o, "v8.5.7");
  const auto started = worker.Start({});
  ASSERT_TRUE(started) << started.error().ToString();
  EXPECT_EQ(Ask(o.advertise_addr, std::nullopt), 200);
  worker.Stop();
}

TEST_F(Tls, NamesCoverASourceByLookUp) {
  net::CertificateFacts facts;
  EXPECT_TRUE(CoversSource(facts, "10.1.2.3")) << "without any name nothing is checked";
  facts.dns = {"localhost"};
  EXPECT_TRUE(CoversSource(facts, "127.0.0.1"));
  EXPECT_FALSE(CoversSource(facts, "10.1.2.3"));
  facts.ips = {"10.1.2.3"};
  EXPECT_TRUE(CoversSource(facts, "10.1.2.3"));
}

TEST_F(Tls, FilesThatAreMissingOrDoNotFitAreRefusedAtTheStart) {
  EXPECT_FALSE(TlsFiles::Open(folder_ + "/none", folder_ + "/tls.crt", folder_ + "/tls.key"));
  EXPECT_FALSE(TlsFiles::Open(folder_ + "/ca.crt", folder_ + "/tls.crt", folder_ + "/tls.key"));
  EXPECT_TRUE(TlsFiles::Open("", "", ""));
}

}  // namespace
}  // namespace dm::standin
