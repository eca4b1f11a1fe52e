// FakeApi: an API server in memory, for tests of what reads and writes single objects: GET, lists by path, POST, PUT
// with optimistic locking, merge patch, server-side apply (a merge), DELETE with preconditions. No watches, no schema,
// no defaults. Thread-safe. `Fault` may answer instead.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "net/transport.h"

namespace dm::kube::testing {

class FakeApi final : public net::Transport {
 public:
  using Fault = std::function<std::optional<base::Result<net::Response>>(const net::Request&)>;

  static net::Response StatusAnswer(int code, const std::string& reason, const std::string& message) {
    const base::Json status = {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
                               {"code", code},     {"reason", reason},   {"message", message}};
    return {code, {}, status.dump()};
  }

  void Inject(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }
  // The object at the path, as "/api/v1/namespaces/ns/pods/a"; null when there is none.
  base::Json At(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    auto it = objects_.find(path);
    return it == objects_.end() ? base::Json() : it->second;
  }
  void Put(const std::string& path, base::Json object) {
    const std::lock_guard lock(mutex_);
    Store(path, std::move(object));
  }
  void Remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    objects_.erase(path);
  }
  // "POST /api/v1/namespaces/ns/pods", in order, and how many were writes.
  std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  int writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }

  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override {
    if (stop.stop_requested()) return base::Fail(base::Code::kCancelled, "stopped");
    Fault fault;
    {
      const std::lock_guard lock(mutex_);
      fault = fault_;
    }
    if (fault) {
      if (auto answer = fault(request)) return *answer;
    }
    const std::lock_guard lock(mutex_);
    std::string path(net::PathOf(request.target));
    log_.push_back(request.method + " " + path);
    if (request.method != "GET") ++writes_;
    if (const Parts parts = Take(path); !parts.subresource.empty()) path = parts.Object();
    const base::Json body = request.body.empty() ? base::Json() : base::Json::parse(request.body);
    if (request.method == "GET") return Get(path);
    if (request.method == "POST") return Create(path, body);
    if (request.method == "PUT") return Update(path, body);
    if (request.method == "PATCH") return Patch(path, body, request);
    if (request.method == "DELETE") return Delete(path, body);
    return StatusAnswer(405, "MethodNotAllowed", "no such verb");
  }
  base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&,
                                      std::stop_token) override {
    return base::Fail(base::Code::kUnavailable, "FakeApi has no watches");
  }

 private:
  static std::string Field(const base::Json& object, const char* name) {
    const base::Json* metadata = base::Find(object, "metadata");
    return metadata == nullptr ? std::string() : base::GetStringOr(*metadata, name);
  }
  net::Response Store(const std::string& path, base::Json object) {
    base::Json& metadata = object["metadata"];
    if (base::GetStringOr(metadata, "uid").empty()) metadata["uid"] = "uid-" + std::to_string(++uids_);
    metadata["resourceVersion"] = std::to_string(++version_);
    objects_[path] = object;
    return {200, {}, object.dump()};
  }
  // A path taken apart: where the collection starts, its namespace and plural, the object's name and subresource.
  struct Parts {
    std::string base, ns, plural, name, subresource;
    std::string Object() const { return base + (ns.empty() ? "" : "/namespaces/" + ns) + "/" + plural + "/" + name; }
  };
  static Parts Take(const std::string& path) {
    std::vector<std::string> words;
    for (const std::string_view word : base::Split(path, '/')) words.emplace_back(word);  // words[0] is empty
    Parts parts;
    std::size_t at = words.size() > 1 && words[1] == "apis" ? 4 : 3;
    for (std::size_t i = 1; i < at && i < words.size(); ++i) parts.base += "/" + words[i];
    const auto next = [&] { return at < words.size() ? words[at++] : std::string(); };
    if (at + 2 < words.size() && words[at] == "namespaces" && words[at + 2] != "status") {
      ++at;
      parts.ns = next();
    }
    parts.plural = next();
    parts.name = next();
    parts.subresource = next();
    return parts;
  }
  net::Response Get(const std::string& path) const {
    const Parts parts = Take(path);
    if (!parts.name.empty()) {
      auto it = objects_.find(parts.Object());
      return it == objects_.end() ? NotFound(path) : net::Response{200, {}, it->second.dump()};
    }
    base::Json items = base::Json::array();
    for (const auto& [where, object] : objects_) {
      const Parts of = Take(where);
      if (of.base == parts.base && of.plural == parts.plural && (parts.ns.empty() || of.ns == parts.ns))
        items.push_back(object);
    }
    return {
        200,
        {},
        base::Json{{"kind", "List"}, {"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", items}}
            .dump()};
  }
  static net::Response NotFound(const std::string& path) { return StatusAnswer(404, "NotFound", path + " not found"); }
  net::Response Create(const std::string& path, const base::Json& body) {
    const std::string where = path + "/" + Field(body, "name");
    if (objects_.contains(where)) return StatusAnswer(409, "AlreadyExists", where + " already exists");
    net::Response response = Store(where, body);
    response.status = 201;
    return response;
  }
  net::Response Update(const std::string& path, const base::Json& body) {
    auto it = objects_.find(path);
    if (it == objects_.end()) return NotFound(path);
    const std::string version = Field(body, "resourceVersion");
    if (!version.empty() && version != Field(it->second, "resourceVersion")) {
      return StatusAnswer(409, "Conflict", "the object has been modified");
    }
    return Store(path, body);
  }
  net::Response Patch(const std::string& path, const base::Json& body, const net::Request& request) {
    auto type = request.headers.find("Content-Type");
    const bool apply = type != request.headers.end() && type->second == "application/apply-patch+yaml";
    auto it = objects_.find(path);
    const std::string uid = Field(body, "uid");
    if (it == objects_.end()) {
      if (!apply) return NotFound(path);
      if (!uid.empty()) return StatusAnswer(409, "Conflict", "uid mismatch: no existing object was found");
      return Store(path, body);
    }
    if (!uid.empty() && uid != Field(it->second, "uid"))
      return StatusAnswer(409, "Conflict", "Precondition failed: UID");
    base::Json merged = it->second;
    merged.merge_patch(body);
    if (merged == it->second) return {200, {}, merged.dump()};  // the server drops what changes nothing
    return Store(path, merged);
  }
  net::Response Delete(const std::string& path, const base::Json& body) {
    auto it = objects_.find(path);
    if (it == objects_.end()) return NotFound(path);
    const base::Json* preconditions = base::Find(body, "preconditions");
    if (preconditions != nullptr) {
      const std::string uid = base::GetStringOr(*preconditions, "uid");
      if (!uid.empty() && uid != Field(it->second, "uid"))
        return StatusAnswer(409, "Conflict", "Precondition failed: UID");
    }
    objects_.erase(it);
    return {200, {}, R"({"kind":"Status","status":"Success"})"};
  }

  mutable std::mutex mutex_;
  std::map<std::string, base::Json> objects_;
  std::vector<std::string> log_;
  int writes_ = 0;
  Fault fault_;
  std::uint64_t version_ = 100, uids_ = 0;
};

}  // namespace dm::kube::testing
