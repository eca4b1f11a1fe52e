// Client: typed verbs against the API server on top of a Transport. Blocking, thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "net/transport.h"

namespace dm::kube {

// A kind and where it lives: {"apps", "v1", "StatefulSet", "statefulsets", true}.
struct Resource {
  std::string group, version, kind, plural;
  bool namespaced = true;

  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
  // /apis/apps/v1/namespaces/ns/statefulsets[/name[/subresource]]; ns empty: across namespaces.
  std::string Path(const std::string& ns, const std::string& name = {}, const std::string& subresource = {}) const;
  bool operator==(const Resource&) const = default;
};

namespace resources {
extern const Resource kNodes, kNamespaces, kPods, kServices, kConfigMaps, kSecrets, kPersistentVolumes, kPersistentVolumeClaims, kEvents,
    kStorageClasses, kStatefulSets, kPodDisruptionBudgets, kLeases,
    kValidatingWebhookConfigurations, kCustomResourceDefinitions;
}

struct Preconditions {
  std::string uid{}, resource_version{};  // empty: none
};

struct ApplyOptions {
  std::string field_manager = "dm-operator";
  bool force = true;
  bool dry_run = false;
  std::string subresource;
};

// Errors: the API server's Status, typed. code: 404 kNotFound, 409 kConflict, 410 kGone, 401/403 kDenied, 400/422
// kInvalid, 429/5xx kUnavailable (504 kTimeout) with retry_after; `reason` is Status.reason (or the cause that says
// more: ResourceVersionTooLarge, NamespaceTerminating), `message` is Status.message with the causes that it does not
// name itself.
//
// An answer 429, or 5xx with Retry-After, is asked again (the server did nothing with the request) up to kMaxTries
// times, as long as the whole call fits into `timeout`. managedFields never come back.
class Client {
 public:
  static constexpr int kMaxTries = 8;

  // `clock` measures and waits out retries; none: the system's.
  explicit Client(net::Transport& transport, base::Duration timeout = std::chrono::seconds(30),
                  base::Clock* clock = nullptr);

  base::Result<base::Json> Get(const Resource& resource, const std::string& ns, const std::string& name,
                               std::stop_token stop = {}) const;
  // Every item, page by page (limit 500), each with its apiVersion and kind.
  base::Result<std::vector<base::Json>> List(const Resource& resource, const std::string& ns,
                                             const std::string& label_selector = {}, std::stop_token stop = {}) const;
  base::Result<base::Json> Create(const Resource& resource, const base::Json& object, bool dry_run = false,
                                  std::stop_token stop = {}) const;
  base::Result<base::Json> Update(const Resource& resource, const base::Json& object, std::stop_token stop = {}) const;
  // Server-side apply of `object` (apiVersion, kind, metadata.name required; no managedFields).
  base::Result<base::Json> Apply(const Resource& resource, const base::Json& object, const ApplyOptions& options = {},
                                 std::stop_token stop = {}) const;
  // application/merge-patch+json; put resourceVersion into the patch for optimistic locking.
  base::Result<base::Json> MergePatch(const Resource& resource, const std::string& ns, const std::string& name,
                                      const base::Json& patch, const std::string& subresource = {},
                                      std::stop_token stop = {}) const;
  // "Not found" is success. propagation: Background | Foreground | Orphan; empty: the server's default.
  base::Result<void> Delete(const Resource& resource, const std::string& ns, const std::string& name,
                            const Preconditions& preconditions = {}, const std::string& propagation = {},
                            std::stop_token stop = {}) const;
  // Anything else, as GET /version. The body of a 2xx answer: JSON, a string when it is other text, null when empty.
  base::Result<base::Json> Raw(const std::string& method, const std::string& target, const std::string& body = {},
                               const std::string& content_type = "application/json", std::stop_token stop = {}) const;

  net::Transport& transport() const { return transport_; }

 private:
  base::Result<net::Response> Exchange(net::Request request, std::stop_token stop) const;
  base::Result<base::Json> ExchangeObject(net::Request request, std::stop_token stop) const;

  net::Transport& transport_;
  base::Duration timeout_;
  base::Clock* clock_;
};

// The Error that stands for an answer that is not 2xx: reads a Status body if there is one.
base::Error ErrorFromResponse(const net::Response& response);
// The Error that stands for a Status object, as an ERROR event of a watch carries it.
base::Error ErrorFromStatus(const base::Json& status);

}  // namespace dm::kube
