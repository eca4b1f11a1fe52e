// FakeApi: a Transport that behaves like a small API server, for tests: objects by path, resource versions, conflicts, lists,
// watches, and a hook that may answer first. Thread-safe.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "net/transport.h"

namespace dm::app::testing {

class FakeApi final : public net::Transport {
 public:
  using Hook = std::function<std::optional<base::Result<net::Response>>(const net::Request&)>;

  // Stores `object` at `path` (/api/v1/nodes/n1) and tells watchers.
  void Put(const std::string& path, base::Json object) {
    std::lock_guard lock(mutex_);
    const bool known = objects_.contains(path);
    Store(path, std::move(object));
    Tell(known ? "MODIFIED" : "ADDED", path);
  }
  void Remove(const std::string& path) {
    std::lock_guard lock(mutex_);
    Tell("DELETED", path);
    objects_.erase(path);
  }
  std::optional<base::Json> Get(const std::string& path) const {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(path);
    if (found == objects_.end()) return std::nullopt;
    return found->second;
  }
  // Asked before each request (also before streams); nullopt lets the server answer.
  void SetHook(Hook hook) {
    std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }
  // "GET /api/v1/nodes", in order, without queries.
  std::vector<std::string> Requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int Writes() const {
    int writes = 0;
    for (const std::string& request : Requests()) writes += request.rfind("GET ", 0) == 0 ? 0 : 1;
    return writes;
  }

  static net::Response Status(int code, const std::string& reason, const std::string& message) {
    return Answer(code, {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"}, {"code", code}, {"reason", reason}, {"message", message}});
  }

  base::Result<net::Response> Send(const net::Request& request, std::stop_token) override {
    if (auto hooked = Ask(request)) return std::move(*hooked);
    std::lock_guard lock(mutex_);
    const std::string path(net::PathOf(request.target));
    if (request.method == "GET") return Read(path);
    const base::Json body = base::Json::parse(request.body, nullptr, false);
    if (request.method == "POST") return Create(path, body);
    const auto found = objects_.find(path);
    if (found == objects_.end()) return Status(404, "NotFound", path + " not found");
    base::Json changed = body;
    if (request.method == "PATCH") {
      changed = found->second;
      const auto type = request.headers.find("Content-Type");
      if (type != request.headers.end() && type->second == "application/json-patch+json") {
        try {
          changed = changed.patch(body);
        } catch (const base::Json::exception& error) {
          return Status(422, "Invalid", error.what());
        }
      } else {
        changed.merge_patch(body);
      }
    }
    const std::string sent = changed["metadata"].value("resourceVersion", "");
    if (!sent.empty() && sent != found->second["metadata"]["resourceVersion"].get<std::string>()) {
      return Status(409, "Conflict", "the object has been modified");
    }
    Store(path, changed);
    Tell("MODIFIED", path);
    return Answer(200, objects_.at(path));
  }

  base::Result<net::StreamEnd> Stream(const net::Request& request, net::LineSink& sink, const net::StreamOptions&,
                                      std::stop_token stop) override {
    if (auto hooked = Ask(request)) {
      if (!*hooked) return base::Fail(hooked->error());
      net::StreamEnd end;
      end.status = (*hooked)->status;
      end.body = (*hooked)->body;
      return end;
    }
    const std::string collection(net::PathOf(request.target));
    std::string since = "0";
    for (const auto& [name, value] : net::QueryOf(request.target)) {
      if (name == "resourceVersion") since = value;
    }
    long seen = std::atol(since.c_str());
    net::StreamEnd end;
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return version_ > seen; })) {
      for (const auto& event : events_) {
        if (event.version <= seen || !IsIn(event.collection, collection)) continue;
        const std::string line = event.line;
        seen = event.version;
        lock.unlock();
        const auto flow = sink.OnLine(line);
        lock.lock();
        if (flow == net::LineSink::Flow::kStop) {
          end.kind = net::StreamEndKind::kStopped;
          return end;
        }
        break;   // events_ may have grown meanwhile
      }
      const bool more = std::any_of(events_.begin(), events_.end(), [&](const Event& event) {
        return event.version > seen && IsIn(event.collection, collection);
      });
      if (!more) seen = version_;
    }
    end.kind = net::StreamEndKind::kStopped;
    return end;
  }

 private:
  struct Event {
    long version;
    std::string collection, line;
  };

  // Objects of a namespace are in the collection across namespaces, too.
  static bool IsIn(const std::string& of_object, const std::string& collection) {
    if (of_object == collection) return true;
    const auto at = of_object.find("/namespaces/");
    if (at == std::string::npos) return false;
    const auto end = of_object.find('/', at + 12);
    return end != std::string::npos && of_object.substr(0, at) + of_object.substr(end) == collection;
  }

  static net::Response Answer(int code, const base::Json& body) {
    return {code, {{"Content-Type", "application/json"}}, base::DumpJson(body)};
  }

  std::optional<base::Result<net::Response>> Ask(const net::Request& request) {
    Hook hook;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request.method + " " + std::string(net::PathOf(request.target)));
      hook = hook_;
    }
    return hook ? hook(request) : std::nullopt;
  }

  void Store(const std::string& path, base::Json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects_[path] = std::move(object);
  }

  void Tell(const std::string& type, const std::string& path) {
    const auto found = objects_.find(path);
    if (found == objects_.end()) return;
    base::Json object = found->second;
    if (type == "DELETED") object["metadata"]["resourceVersion"] = std::to_string(++version_);
    events_.push_back({version_, path.substr(0, path.rfind('/')), base::DumpJson({{"type", type}, {"object", object}})});
    changed_.notify_all();
  }

  net::Response Read(const std::string& path) const {
    const auto found = objects_.find(path);
    if (found != objects_.end()) return Answer(200, found->second);
    if (!IsCollection(path)) return Status(404, "NotFound", path + " not found");
    base::Json items = base::Json::array();
    for (const auto& [key, object] : objects_) {
      if (IsIn(key.substr(0, key.rfind('/')), path)) items.push_back(object);
    }
    return Answer(200, {{"kind", "List"}, {"apiVersion", "v1"}, {"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", items}});
  }

  // A collection's path ends one part after the version, not counting /namespaces/<name> before it.
  static bool IsCollection(const std::string& path) {
    auto parts = std::count(path.begin(), path.end(), '/');
    parts -= path.rfind("/api/", 0) == 0 ? 2 : 3;
    if (path.find("/namespaces/") != std::string::npos && parts > 2) parts -= 2;
    return parts == 1;
  }

  net::Response Create(const std::string& collection, base::Json object) {
    const std::string path = collection + "/" + object["metadata"].value("name", "");
    if (objects_.contains(path)) return Status(409, "AlreadyExists", path + " already exists");
    Store(path, std::move(object));
    Tell("ADDED", path);
    return Answer(201, objects_.at(path));
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, base::Json> objects_;
  std::vector<Event> events_;
  std::vector<std::string> requests_;
  Hook hook_;
  long version_ = 100;
};

}  // namespace dm::app::testing
