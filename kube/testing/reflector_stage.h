// What the reflector's tests share: objects and events as the wire has them, and a reflector on a fake transport and a clock
// that moves by itself.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "kube/api/object_meta.h"
#include "kube/reflector.h"
#include "kube/testing/auto_clock.h"
#include "kube/testing/fake_transport.h"

namespace dm::kube::testing {

using base::Code;
using base::Json;
using net::StreamEndKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Thing {
  api::ObjectMeta meta;
};

inline base::Result<Thing> ParseThing(const Json& object) {
  auto meta = api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  if (meta->annotations.contains("broken")) return base::Fail(Code::kInvalid, "annotated as broken");
  return Thing{std::move(*meta)};
}

inline Json Pod(const std::string& name, const std::string& version) {
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"resourceVersion", version}}}};
}
inline std::string Event(const std::string& type, const Json& object) {
  return Json{{"type", type}, {"object", object}}.dump();
}
inline std::string Added(const std::string& name, const std::string& version) { return Event("ADDED", Pod(name, version)); }
inline std::string Bookmark(const std::string& version) {
  return Event("BOOKMARK", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"metadata", {{"resourceVersion", version}}}});
}
inline std::string Status(int code, const std::string& reason, const std::string& cause = {}) {
  Json status = {{"kind", "Status"}, {"apiVersion", "v1"}, {"code", code}, {"reason", reason}, {"message", "because"}};
  if (!cause.empty()) status["details"]["causes"] = {{{"reason", cause}}};
  return status.dump();
}
inline std::string ErrorEvent(int code, const std::string& reason) {
  return Event("ERROR", Json::parse(Status(code, reason)));
}

inline net::Response List(const std::string& version, const std::vector<Json>& pods, const std::string& next = {}) {
  Json items = Json::array();
  for (Json pod : pods) {
    pod.erase("kind");  // as the server sends them
    pod.erase("apiVersion");
    items.push_back(std::move(pod));
  }
  Json metadata = {{"resourceVersion", version}};
  if (!next.empty()) metadata["continue"] = next;
  return {200, {}, Json{{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", metadata}, {"items", items}}.dump()};
}

// "list", "list next=tok", "watch 10".
inline std::string Show(const net::Request& request) {
  std::string version, next;
  bool watch = false;
  for (const auto& [name, value] : net::QueryOf(request.target)) {
    if (name == "resourceVersion") version = value;
    if (name == "continue") next = value;
    if (name == "watch") watch = true;
  }
  if (watch) return "watch " + version;
  return next.empty() ? "list" : "list next=" + next;
}

class Stage {
 public:
  explicit Stage(ReflectorOptions options = {}) {
    options.resource = resources::kPods;
    options.backoff.jitter = 0;
    transport_.OnTime([this](base::Duration by) { clock_.Advance(by); });
    transport_.OnSend([this](const net::Request&) -> base::Result<net::Response> {
      if (lists_.size() == 1) return lists_.front();  // the last one answers for ever
      auto answer = std::move(lists_.front());
      lists_.pop_front();
      return answer;
    });
    reflector_ = Reflect<Thing>(transport_, options, store_, ParseThing, clock_, random_);
  }

  void Lists(std::deque<base::Result<net::Response>> lists) { lists_ = std::move(lists); }
  void Watch(FakeStream stream) { transport_.Push(std::move(stream)); }

  // Plays until a watch is held open, and stops.
  void Play() {
    reflector_->Start();
    EXPECT_TRUE(transport_.AwaitHeld());
    health_ = reflector_->Health();
    reflector_->Stop();
  }
  std::string Log() const {
    std::vector<std::string> lines;
    for (const auto& request : transport_.requests()) lines.push_back(Show(request));
    return base::Join(lines, ", ");
  }
  std::string Waits() const {
    std::vector<std::string> texts;
    for (const base::Duration wait : clock_.waits()) {
      texts.push_back(std::to_string(std::chrono::duration_cast<milliseconds>(wait).count()));
    }
    return base::Join(texts, " ");
  }
  std::string Held() const {
    std::vector<std::string> names;
    for (const auto& [key, thing] : store_.Read()->items) names.push_back(key + "@" + thing->meta.resource_version);
    return base::Join(names, " ");
  }

  AutoClock clock_;
  base::SeededRandom random_{1};
  FakeTransport transport_;
  Store<Thing> store_;
  std::unique_ptr<Reflector> reflector_;
  ReflectorHealth health_;

 private:
  std::deque<base::Result<net::Response>> lists_{List("10", {Pod("a", "1")})};
};

// Answers to a list, and watches that end in one way or another.
inline const auto kGood = [] { return List("10", {Pod("a", "1")}); };
inline const auto kRefused = [] { return base::Result<net::Response>(base::Fail(Code::kUnavailable, "connection refused")); };
inline FakeStream Opened(std::vector<std::string> lines, base::Duration life = minutes(3),
                  StreamEndKind end = StreamEndKind::kClosed) {
  FakeStream stream;
  stream.lines = std::move(lines);
  stream.life = life;
  stream.end = end;
  return stream;
}
inline FakeStream Refused(int status, const std::string& reason, const char* retry_after = nullptr,
                   const std::string& cause = {}) {
  FakeStream stream;
  stream.status = status;
  stream.body = Status(status, reason, cause);
  if (retry_after != nullptr) stream.headers["Retry-After"] = retry_after;
  return stream;
}
inline FakeStream Failing(Code code, base::Duration life = base::Duration{0}) {
  FakeStream stream;
  stream.error = base::Error{code, "no"};
  stream.life = life;
  return stream;
}

}  // namespace dm::kube::testing
