#include "webhook/file_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/log.h"
#include "webhook/authority.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using std::chrono::hours;
using std::chrono::seconds;

struct FileCertificatesTest : ::testing::Test {
  base::VirtualClock clock;
  app::Metrics metrics;
  base::Guarded<std::map<std::string, std::string>> files;
  Authorities authority = *NewAuthorities("test", clock.Wall());

  FileCertificatesTest() { base::SetLogSink([](std::string_view) {}); }
  ~FileCertificatesTest() override { base::SetLogSink({}); }
  net::KeyPair Leaf() { return *net::IssueLeaf(authority.current, {"hook", {"hook.dm.svc"}, {}}, clock.Wall(), hours(24), true, false); }
  void Write(const net::KeyPair& pair, bool with_authority = true) {
    auto locked = files.Lock();
    (*locked)["/tls/tls.crt"] = pair.certificate_pem;
    (*locked)["/tls/tls.key"] = pair.key_pem;
    if (with_authority) (*locked)["/tls/ca.crt"] = authority.current.certificate_pem;
  }
  std::unique_ptr<FileCertificates> Make() {
    return std::make_unique<FileCertificates>("/tls", clock, metrics, [this](const std::string& path) -> base::Result<std::string> {
      const auto held = files.Copy();
      const auto found = held.find(path);
      if (found == held.end()) return base::Fail(base::Code::kNotFound, path + ": no such file");
      return found->second;
    });
  }
};

TEST_F(FileCertificatesTest, ServesWhatTheFilesHold) {
  const net::KeyPair leaf = Leaf();
  Write(leaf);
  auto certificates = Make();
  certificates->Start();
  ASSERT_TRUE(certificates->Pair().has_value());
  EXPECT_EQ(certificates->Pair()->certificate_pem, leaf.certificate_pem);
  EXPECT_EQ(certificates->Current()->host_name, "hook.dm.svc");
  EXPECT_EQ(certificates->Problem(clock.Wall()), "");
  EXPECT_THAT(metrics.Text(), HasSubstr("certwatcher_read_certificate_total 1\n"));
}

TEST_F(FileCertificatesTest, StartsWithoutFilesAndTakesThemWhenTheyCome) {
  auto certificates = Make();
  certificates->Start();
  EXPECT_FALSE(certificates->Pair().has_value());
  EXPECT_THAT(certificates->Problem(clock.Wall()), HasSubstr("/tls/tls.crt"));
  EXPECT_THAT(metrics.Text(), HasSubstr("certwatcher_read_certificate_errors_total 1\n"));
  Write(Leaf());
  clock.AwaitWaiters(1);
  clock.Advance(seconds(10));
  clock.AwaitWaiters(1);
  EXPECT_TRUE(certificates->Pair().has_value());
  EXPECT_EQ(certificates->Problem(clock.Wall()), "");
}

TEST_F(FileCertificatesTest, ARenewedPairIsTakenWithoutARestart) {
  Write(Leaf());
  auto certificates = Make();
  certificates->Tick();
  const net::KeyPair renewed = Leaf();
  Write(renewed);
  certificates->Tick();
  EXPECT_EQ(certificates->Pair()->key_pem, renewed.key_pem);
}

TEST_F(FileCertificatesTest, WhatDoesNotFitLeavesTheLastGoodPair) {
  const net::KeyPair good = Leaf(), other = Leaf();
  const struct {
    const char* name;
    std::map<std::string, std::string> change;   // empty text: the file is gone
  } rows[] = {
      {"key of another pair", {{"/tls/tls.key", other.key_pem}}},
      {"half written", {{"/tls/tls.crt", good.certificate_pem.substr(0, 100)}}},
      {"vanished", {{"/tls/tls.crt", ""}}},
      {"another authority", {{"/tls/ca.crt", NewAuthorities("other", clock.Wall())->current.certificate_pem}}},
  };
  for (const auto& row : rows) {
    Write(good);
    auto certificates = Make();
    certificates->Tick();
    for (const auto& [path, content] : row.change) {
      auto locked = files.Lock();
      if (content.empty()) {
        locked->erase(path);
      } else {
        (*locked)[path] = content;
      }
    }
    certificates->Tick();
    EXPECT_EQ(certificates->Pair()->key_pem, good.key_pem) << row.name;
    EXPECT_EQ(certificates->Problem(clock.Wall()), "") << row.name;
    EXPECT_NE(certificates->LastError(), "") << row.name;
  }
}

TEST_F(FileCertificatesTest, AnAuthorityIsOptional) {
  Write(Leaf(), false);
  auto certificates = Make();
  certificates->Tick();
  EXPECT_TRUE(certificates->Pair().has_value());
  EXPECT_EQ(certificates->Current()->authority_pem, "");
}

TEST_F(FileCertificatesTest, AnExpiredPairIsAProblem) {
  Write(Leaf());
  auto certificates = Make();
  certificates->Tick();
  clock.Advance(hours(25));
  EXPECT_THAT(certificates->Problem(clock.Wall()), HasSubstr("expired"));
}

}  // namespace
}  // namespace dm::webhook
