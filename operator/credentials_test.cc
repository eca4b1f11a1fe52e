#include "operator/credentials.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/testing/fake_api.h"

namespace dm::op {
namespace {

using base::Json;

constexpr char kPath[] = "/api/v1/namespaces/ns/secrets/a-dm-client-secret";

// An API server that can be away.
class Away final : public net::Transport {
 public:
  explicit Away(net::Transport& api) : api_(api) {}
  bool away = false;
  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override {
    if (away) return base::Fail(base::Code::kTimeout, "no answer in time");
    return api_.Send(request, std::move(stop));
  }
  base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&, std::stop_token) override {
    return base::Fail(base::Code::kInternal, "not streamed");
  }

 private:
  net::Transport& api_;
};

struct Bench {
  kube::testing::FakeApi api;
  Away transport{api};
  kube::Client client{transport};
  base::VirtualClock clock;
  CredentialSource source{client, clock};
  DMCluster want;

  Bench() {
    want.meta.name = "a";
    want.meta.ns = "ns";
    want.tls = true;
  }
  void Put(const char* key) {
    api.Put(kPath, {{"metadata", {{"name", "a-dm-client-secret"}, {"namespace", "ns"}}}, {"data", {{"ca.crt", "YQ=="}, {"tls.crt", "Yg=="}, {key, "Yw=="}}}});
  }
  auto Of() { return source.Of(want, {}); }
};

TEST(Credentials, AreReadFromTheSecretAndKept) {
  Bench b;
  b.Put("tls.key");
  const auto first = b.Of();
  ASSERT_TRUE(first) << first.error().ToString();
  EXPECT_EQ(first->certificate_pem, "b");
  b.api.Remove(kPath);
  EXPECT_TRUE(b.Of()) << "kept for some minutes";
  b.clock.Advance(CredentialSource::kKeep);
  EXPECT_EQ(b.Of().error().code, base::Code::kNotFound);
}

TEST(Credentials, AMissingKeyIsNamed) {
  Bench b;
  b.Put("other");
  const auto none = b.Of();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "Secret a-dm-client-secret has no tls.key");
}

// A hiccup of the API server is no reason to know nothing of the members.
TEST(Credentials, TheLastGoodOnesHoldWhileTheApiServerDoesNotAnswer) {
  Bench b;
  b.transport.away = true;
  EXPECT_EQ(b.Of().error().code, base::Code::kTimeout) << "there are none";
  b.transport.away = false;
  b.Put("tls.key");
  b.clock.Advance(CredentialSource::kKeepFailure);
  ASSERT_TRUE(b.Of());
  b.transport.away = true;
  b.clock.Advance(CredentialSource::kKeep);
  EXPECT_TRUE(b.Of());
  b.transport.away = false;
  b.api.Remove(kPath);
  b.clock.Advance(CredentialSource::kKeepFailure);
  EXPECT_EQ(b.Of().error().code, base::Code::kNotFound) << "it answers again, and the Secret has gone";
}

}  // namespace
}  // namespace dm::op
