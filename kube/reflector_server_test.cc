// The reflector, client and configuration over a real TLS connection to a server that follows a script.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/strings.h"
#include "kube/api/object_meta.h"
#include "kube/config.h"
#include "kube/reflector.h"
#include "net/testing/scripted_server.h"

namespace dm::kube {
namespace {

using net::testing::Connection;
using net::testing::ScriptedServer;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Thing {
  api::ObjectMeta meta;
};
base::Result<Thing> ParseThing(const base::Json& object) {
  auto meta = api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  return Thing{std::move(*meta)};
}

std::string Event(const std::string& type, const std::string& name, const std::string& version) {
  return R"({"type":")" + type + R"(","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":")" + name +
         R"(","namespace":"ns","resourceVersion":")" + version + "\"}}}\n";
}
const std::string kList =
    R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"10"},"items":[{"metadata":{"name":"a","namespace":"ns","resourceVersion":"1"}}]})";

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    config_.server = server_.url();
    config_.authority_pem = server_.authority_pem();
    config_.token = "secret";
    config_.user_agent = "test/1";
    options_.resource = resources::kPods;
    options_.inactivity = milliseconds(300);
    options_.watch_pace = milliseconds(20);
    options_.backoff = {milliseconds(5), 2.0, milliseconds(20), 0.0, seconds(120)};
  }
  void Start() {
    transport_ = MakeTransport(config_);
    reflector_ = Reflect<Thing>(*transport_, options_, store_, ParseThing, clock_, random_);
    reflector_->Start();
  }
  template <class Predicate>
  bool Eventually(Predicate predicate) {
    for (int i = 0; i < 5000 && !predicate(); ++i) clock_.WaitFor(milliseconds(1), {});
    return predicate();
  }
  bool Holds(const std::string& key, const std::string& version) {
    return Eventually([&] {
      auto item = store_.Read()->Find(key);
      return item && item->meta.resource_version == version;
    });
  }
  // Answers lists; watches go to `watch` with their number.
  void Serve(std::function<void(Connection&, const net::Request&, int)> watch) {
    server_.Handle([this, watch = std::move(watch)](Connection& c) {
      while (auto request = c.ReadRequest()) {
        if (request->target.find("watch=true") == std::string::npos) {
          ++lists_;
          c.WriteResponse(200, {{"Content-Type", "application/json"}}, kList);
        } else {
          watch(c, *request, ++watches_);
        }
      }
    });
  }

  ScriptedServer server_;
  Config config_;
  ReflectorOptions options_;
  base::SystemClock clock_;
  base::SeededRandom random_{3};
  Store<Thing> store_;
  std::atomic<int> lists_{0}, watches_{0};
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<Reflector> reflector_;  // last: it stops first
};

TEST_F(ServerTest, EventsInChunksOfAnySize) {
  Serve([](Connection& c, const net::Request&, int) {
    c.StartChunked(200, {{"Content-Type", "application/json"}});
    const std::string all = Event("ADDED", "b", "11") + Event("MODIFIED", "a", "12") + Event("DELETED", "b", "13");
    for (std::size_t i = 0; i < all.size(); i += 7) c.Chunk(all.substr(i, 7));
    c.Chunk(Event("ADDED", "c", "14") + Event("ADDED", "d", "15"));
    c.Stall();
  });
  options_.inactivity = seconds(5);
  Start();
  EXPECT_TRUE(Holds("ns/d", "15"));
  EXPECT_TRUE(Holds("ns/a", "12"));
  EXPECT_EQ(store_.Read()->Find("ns/b"), nullptr);
  const auto requests = server_.requests();
  ASSERT_FALSE(requests.empty());
  EXPECT_EQ(requests[0].headers.at("Authorization"), "Bearer secret");
  EXPECT_EQ(requests[0].headers.at("User-Agent"), "test/1");
  reflector_->Stop();  // cancels a watch that is open
  EXPECT_EQ(watches_, 1);
}

TEST_F(ServerTest, ASilentWatchIsOpenedAgainFromWhereItWas) {
  std::atomic<int> from_eleven{0};
  Serve([&](Connection& c, const net::Request& request, int n) {
    if (request.target.find("resourceVersion=11&") != std::string::npos) ++from_eleven;
    c.StartChunked();
    if (n == 1) c.Chunk(Event("ADDED", "b", "11"));
    if (n == 2) c.Chunk(Event("ADDED", "c", "12"));
    c.Stall();
  });
  Start();
  EXPECT_TRUE(Holds("ns/c", "12"));
  EXPECT_EQ(from_eleven, 1);
  EXPECT_EQ(lists_, 1) << "silence never costs a relist";
}

TEST_F(ServerTest, ACutStreamGoesOnFromTheLastWholeEvent) {
  std::atomic<bool> resumed{false};
  Serve([&](Connection& c, const net::Request& request, int n) {
    if (n > 1) resumed = request.target.find("resourceVersion=11&") != std::string::npos;
    c.StartChunked();
    if (n == 1) {
      c.Chunk(Event("ADDED", "b", "11"));
      c.Chunk(Event("ADDED", "c", "12").substr(0, 30));
      c.Abort();
      return;
    }
    c.Chunk(Event("ADDED", "c", "12"));
    c.Stall();
  });
  options_.inactivity = seconds(5);
  Start();
  EXPECT_TRUE(Holds("ns/c", "12"));
  EXPECT_TRUE(resumed);
  EXPECT_EQ(lists_, 1);
}

TEST_F(ServerTest, BothFormsOfExpiryLeadToAList) {
  Serve([&](Connection& c, const net::Request&, int n) {
    if (n == 1) {
      c.WriteResponse(410, {{"Content-Type", "application/json"}},
                      R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})");
    } else if (n == 2) {
      c.StartChunked();
      c.Chunk(
          "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Gone\",\"message\":\"too "
          "old\"}}\n");
      c.Stall();
    } else {
      c.StartChunked();
      c.Chunk(Event("ADDED", "b", "11"));
      c.Stall();
    }
  });
  options_.inactivity = seconds(5);
  Start();
  EXPECT_TRUE(Holds("ns/b", "11"));
  EXPECT_EQ(lists_, 3);
}

TEST_F(ServerTest, AServerThatIsAwayAtFirst) {
  std::atomic<int> connections{0};
  server_.Handle([&](Connection& c) {
    if (++connections <= 2) return c.Abort();
    while (auto request = c.ReadRequest()) {
      if (request->target.find("watch=true") == std::string::npos) {
        c.WriteResponse(200, {}, kList);
      } else {
        c.StartChunked();
        c.Stall();
      }
    }
  });
  Start();
  EXPECT_TRUE(store_.WaitSynced({}, seconds(5)));
  EXPECT_TRUE(Holds("ns/a", "1"));
}

TEST_F(ServerTest, AServerThatIsNotTheOneIsNotSpokenTo) {
  ScriptedServer other;
  config_.authority_pem = other.authority_pem();
  Serve([](Connection&, const net::Request&, int) {});
  Start();
  ASSERT_TRUE(Eventually([&] { return reflector_->Health().errors >= 2; }));
  EXPECT_FALSE(store_.Synced());
  EXPECT_TRUE(server_.requests().empty()) << "the token was not shown";
  EXPECT_NE(reflector_->Health().last_error.find("TLS"), std::string::npos) << reflector_->Health().last_error;
}

TEST_F(ServerTest, ARefusedTokenIsReadAgain) {
  const auto file = std::filesystem::temp_directory_path() / ("reflector_server_test." + std::to_string(::getpid()));
  const auto write = [&](const char* token) { std::ofstream(file) << token; };
  write("old");
  config_.token.clear();
  config_.token_file = file.string();
  server_.Answer([&](const net::Request& request) {
    auto token = request.headers.find("Authorization");
    if (token != request.headers.end() && token->second == "Bearer new") return net::Response{200, {}, "{}"};
    write("new");
    return net::Response{401, {}, R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})"};
  });
  transport_ = MakeTransport(config_);
  Client client(*transport_, seconds(5));
  EXPECT_EQ(client.Get(resources::kNodes, "", "n").error().code, base::Code::kDenied);
  EXPECT_TRUE(client.Get(resources::kNodes, "", "n"));
  std::filesystem::remove(file);
}

TEST_F(ServerTest, AClientCertificateFromFilesIsShown) {
  net::testing::ScriptedOptions tls;
  tls.request_client_certificate = true;
  ScriptedServer server(tls);
  std::string subject;
  server.Handle([&](Connection& c) {
    while (auto request = c.ReadRequest()) {
      c.WriteResponse(200, {}, "{\"subject\":\"" + c.peer_subject() + "\"}");
      c.Close();
      return;
    }
  });
  const auto dir = std::filesystem::temp_directory_path() / ("reflector_server_test.d." + std::to_string(::getpid()));
  std::filesystem::create_directories(dir);
  const auto write = [&](const std::string& name) {
    const auto [certificate, key] = server.IssueClient(name);
    std::ofstream(dir / "cert.pem") << certificate;
    std::ofstream(dir / "key.pem") << key;
    return std::pair(certificate, key);
  };
  config_.server = server.url();
  config_.authority_pem = server.authority_pem();
  std::tie(config_.certificate_pem, config_.key_pem) = write("first");
  config_.certificate_file = (dir / "cert.pem").string();
  config_.key_file = (dir / "key.pem").string();
  transport_ = MakeTransport(config_);
  Client client(*transport_, seconds(5));
  auto first = client.Raw("GET", "/");
  ASSERT_TRUE(first) << first.error().ToString();
  EXPECT_EQ((*first)["subject"], "CN=first");
  write("second");  // rotated: the next connection shows the new one
  auto second = client.Raw("GET", "/");
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_EQ((*second)["subject"], "CN=second");
  std::filesystem::remove_all(dir);  // gone: the last good one serves
  auto third = client.Raw("GET", "/");
  ASSERT_TRUE(third) << third.error().ToString();
  EXPECT_EQ((*third)["subject"], "CN=second");
}

}  // namespace
}  // namespace dm::kube
