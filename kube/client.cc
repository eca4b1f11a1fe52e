#include "kube/client.h"

#include <algorithm>
#include <utility>

#include "kube/parse.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;

constexpr int kPageSize = 500;

bool Ok(int status) { return status >= 200 && status <= 299; }

// 429 always means "not now" (priority and fairness, a storage that is initializing after a restart); a 5xx only when
// the server says when to come back, for else it may have acted.
bool AskAgain(int status, const base::Error& error) {
  if (status == 429) return true;
  return status >= 500 && error.retry_after.has_value();
}

net::Request NewRequest(std::string method, std::string target) {
  net::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers.emplace("Accept", "application/json");
  return request;
}

net::Request NewRequest(std::string method, std::string target, std::string body, const std::string& content_type) {
  net::Request request = NewRequest(std::move(method), std::move(target));
  request.body = std::move(body);
  request.headers.emplace("Content-Type", content_type);
  return request;
}

struct Where {
  std::string ns, name;
};

base::Result<Where> WhereIs(const Json& object, const Resource& resource) {
  const Json* metadata = base::Find(object, "metadata");
  Where where;
  if (metadata != nullptr) {
    where.name = base::GetStringOr(*metadata, "name");
    where.ns = base::GetStringOr(*metadata, "namespace");
  }
  if (where.name.empty())
    return base::Fail(Code::kInvalid, "metadata.name: a " + resource.kind + " to be written needs a name");
  if (resource.namespaced && where.ns.empty()) {
    return base::Fail(Code::kInvalid,
                      "metadata.namespace: the " + resource.kind + " " + where.name + " needs a namespace");
  }
  return where;
}

}  // namespace

Client::Client(net::Transport& transport, base::Duration timeout, base::Clock* clock)
    : transport_(transport), timeout_(timeout), clock_(clock != nullptr ? clock : &base::SystemTime()) {}

base::Result<net::Response> Client::Exchange(net::Request request, std::stop_token stop) const {
  const base::TimePoint deadline = clock_->Now() + timeout_;
  for (int attempt = 1;; ++attempt) {
    request.timeout = std::max<base::Duration>(deadline - clock_->Now(), std::chrono::milliseconds(1));
    auto response = transport_.Send(request, stop);
    if (!response) return base::Propagate(response, request.method + " " + std::string(net::PathOf(request.target)));
    if (Ok(response->status)) return response;
    base::Error error = ErrorFromResponse(*response);
    if (!AskAgain(response->status, error) || attempt == kMaxTries) return base::Fail(std::move(error));
    const base::Duration wait =
        std::max<base::Duration>(error.retry_after.value_or(std::chrono::seconds(1)), std::chrono::milliseconds(100));
    const base::TimePoint again = clock_->Now() + wait;
    if (again >= deadline) return base::Fail(std::move(error));
    if (!clock_->WaitUntil(again, stop)) {
      return base::Fail(Code::kCancelled, "stopped while waiting to ask the API server again (" + error.message + ")");
    }
  }
}

base::Result<Json> Client::ExchangeObject(net::Request request, std::stop_token stop) const {
  const std::string what = request.method + " " + std::string(net::PathOf(request.target));
  auto response = Exchange(std::move(request), std::move(stop));
  if (!response) return base::Propagate(response);
  auto object = ParseObject(response->body);
  if (object) return object;
  base::Error error = object.error();
  error.code = Code::kInternal;  // the answer is wrong, not the caller's input
  return base::Wrap(std::move(error), what);
}

base::Result<Json> Client::Get(const Resource& resource, const std::string& ns, const std::string& name,
                               std::stop_token stop) const {
  return ExchangeObject(NewRequest("GET", resource.Path(ns, name)), std::move(stop));
}

base::Result<std::vector<Json>> Client::List(const Resource& resource, const std::string& ns,
                                             const std::string& label_selector, std::stop_token stop) const {
  std::string first = resource.Path(ns) + "?limit=" + std::to_string(kPageSize);
  if (!label_selector.empty()) first += "&labelSelector=" + net::PercentEncode(label_selector);
  std::vector<Json> all;
  std::string next;
  bool restarted = false;
  for (;;) {
    std::string target = first;
    if (!next.empty()) target += "&continue=" + net::PercentEncode(next);
    auto response = Exchange(NewRequest("GET", std::move(target)), stop);
    if (!response) {
      // A continue token lives about five minutes; a list that took longer starts once more from the beginning.
      if (response.error().code == Code::kGone && !next.empty() && !std::exchange(restarted, true)) {
        all.clear();
        next.clear();
        continue;
      }
      return base::Propagate(response);
    }
    auto page = ParseList(response->body, [&](Json&& item) {
      if (base::Find(item, "kind") == nullptr) {
        item["kind"] = resource.kind;
        item["apiVersion"] = resource.ApiVersion();
      }
      all.push_back(std::move(item));
    });
    if (!page) {
      base::Error error = page.error();
      error.code = Code::kInternal;
      return base::Wrap(std::move(error), "listing " + resource.plural);
    }
    if (page->next.empty()) return all;
    next = page->next;
  }
}

base::Result<Json> Client::Create(const Resource& resource, const Json& object, bool dry_run,
                                  std::stop_token stop) const {
  const Json* metadata = base::Find(object, "metadata");
  const std::string ns = metadata == nullptr ? std::string() : base::GetStringOr(*metadata, "namespace");
  if (resource.namespaced && ns.empty()) {
    return base::Fail(Code::kInvalid, "metadata.namespace: a " + resource.kind + " to be created needs a namespace");
  }
  return ExchangeObject(NewRequest("POST", resource.Path(ns) + (dry_run ? "?dryRun=All" : ""), base::DumpJson(object),
                                   "application/json"),
                        std::move(stop));
}

base::Result<Json> Client::Update(const Resource& resource, const Json& object, std::stop_token stop) const {
  auto where = WhereIs(object, resource);
  if (!where) return base::Propagate(where);
  return ExchangeObject(
      NewRequest("PUT", resource.Path(where->ns, where->name), base::DumpJson(object), "application/json"),
      std::move(stop));
}

base::Result<Json> Client::Apply(const Resource& resource, const Json& object, const ApplyOptions& options,
                                 std::stop_token stop) const {
  auto where = WhereIs(object, resource);
  if (!where) return base::Propagate(where);
  if (base::FindPath(object, {"metadata", "managedFields"}) != nullptr) {
    return base::Fail(Code::kInvalid,
                      "metadata.managedFields: must not be part of an apply of " + resource.kind + " " + where->name);
  }
  if (base::GetStringOr(object, "kind").empty() || base::GetStringOr(object, "apiVersion").empty()) {
    return base::Fail(Code::kInvalid,
                      "an apply of " + resource.kind + " " + where->name + " needs apiVersion and kind");
  }
  std::string target = resource.Path(where->ns, where->name, options.subresource) +
                       "?fieldManager=" + net::PercentEncode(options.field_manager);
  if (options.force) target += "&force=true";
  if (options.dry_run) target += "&dryRun=All";
  return ExchangeObject(NewRequest("PATCH", std::move(target), base::DumpJson(object), "application/apply-patch+yaml"),
                        std::move(stop));
}

base::Result<Json> Client::MergePatch(const Resource& resource, const std::string& ns, const std::string& name,
                                      const Json& patch, const std::string& subresource, std::stop_token stop) const {
  return ExchangeObject(
      NewRequest("PATCH", resource.Path(ns, name, subresource), base::DumpJson(patch), "application/merge-patch+json"),
      std::move(stop));
}

base::Result<void> Client::Delete(const Resource& resource, const std::string& ns, const std::string& name,
                                  const Preconditions& preconditions, const std::string& propagation,
                                  std::stop_token stop) const {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!preconditions.uid.empty()) body["preconditions"]["uid"] = preconditions.uid;
  if (!preconditions.resource_version.empty())
    body["preconditions"]["resourceVersion"] = preconditions.resource_version;
  if (!propagation.empty()) body["propagationPolicy"] = propagation;
  auto response = Exchange(NewRequest("DELETE", resource.Path(ns, name), base::DumpJson(body), "application/json"),
                           std::move(stop));
  if (!response && response.error().code != Code::kNotFound) return base::Propagate(response);
  return {};
}

base::Result<Json> Client::Raw(const std::string& method, const std::string& target, const std::string& body,
                               const std::string& content_type, std::stop_token stop) const {
  auto response = Exchange(body.empty() ? NewRequest(method, target) : NewRequest(method, target, body, content_type),
                           std::move(stop));
  if (!response) return base::Propagate(response);
  if (response->body.empty()) return Json();
  auto object = ParseObject(response->body);
  if (object) return object;
  return Json(response->body);  // plain text, as /healthz answers
}

}  // namespace dm::kube
