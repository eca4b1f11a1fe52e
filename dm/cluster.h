// DMCluster as a value: what the user wrote, decoded, with every problem found named by its path.
// What we only pass through stays JSON (affinity, volumes, containers, …); what a rule or the operator needs is typed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"
#include "dm/words.h"
#include "kube/api/object_meta.h"
#include "kube/api/quantity.h"

namespace dm {

using kube::api::Quantity;

// Fields that v1 has both for the cluster and for each component. What is read from `raw` is checked for its kind.
struct PodSettings {
  base::Json raw = base::Json::object();    // the spec (or component) object itself, for pass-through fields
  std::optional<std::string> version;
  std::string image_pull_policy;
  std::optional<bool> host_network;
  bool suspended = false;                   // suspendAction.suspendStatefulSet
};

struct Component : PodSettings {
  Role role = Role::kMaster;
  int replicas = 0;
  bool replicas_set = false;
  std::string base_image;                   // default pingcap/dm
  std::optional<Quantity> cpu_request, memory_request, cpu_limit, memory_limit;   // as written
  std::optional<std::string> storage_class;   // absent: the cluster's default; "": static binding
  std::optional<Quantity> storage_size;
  std::string data_sub_dir;                 // a relative path without ".."; safe in a shell word
  std::string config_toml;                  // string form, or the object form turned into TOML
  bool config_is_object = false;
  base::Json service = base::Json::object();       // master.service
  bool disruption_budget = true;            // podDisruptionBudget.enabled
  std::string relay_dir, dump_dir;          // worker.dataDirs, sub-paths of the claim; "": the defaults
  std::optional<int> max_failover;          // maxFailoverCount; v1's default is 3
};

struct Upstream {
  std::string name;
  std::optional<Quantity> data_size;
  bool relay = false;
  std::optional<Quantity> relay_space;
};

struct Monitor {
  bool external = false;
  int replicas = 1;
  std::string image, version, retention;
  std::optional<Quantity> cpu_request, memory_request, cpu_limit, memory_limit;
  std::optional<std::string> storage_class;
  std::optional<Quantity> storage_size;
  base::Json raw = base::Json::object();
};

// How a change is rolled and how a lost master is replaced.
struct UpdatePolicy {
  bool wait_for_sync = true;                // Running tasks outside Sync hold a roll
  std::chrono::seconds failover_period{300};
  std::optional<int> max_failover;          // absent: master.maxFailoverCount, else 3
};

// Who issues member certificates. kUser: v1's way, the Secrets are made by the user.
enum class Issuer { kUser, kSelfSigned, kCertManager };

enum class Purpose { kMigration, kPerformance };
enum class Retain { kRetain, kDelete };

struct DMCluster : PodSettings {
  kube::api::ObjectMeta meta;
  std::optional<Environment> environment;
  Purpose purpose = Purpose::kMigration;
  std::vector<Upstream> upstreams;
  bool upstreams_declared = false;
  Component master, worker;
  bool has_worker = false;                  // v1: a missing worker is a master-only cluster
  std::optional<Monitor> monitor;
  bool paused = false;
  bool tls = false;                         // tlsCluster.enabled
  Issuer issuer = Issuer::kUser;
  base::Json issuer_ref = base::Json::object();   // tlsCluster.issuer.certManager.issuerRef
  UpdatePolicy update;
  std::vector<std::string> tls_client_secrets;
  std::string timezone = "UTC";
  std::string pv_reclaim_policy;
  std::string pod_management_policy = "Parallel";
  Retain when_deleted = Retain::kRetain, when_scaled = Retain::kRetain;
  base::Json status = base::Json::object();   // as stored

  Names names() const { return Names{meta.name}; }
  const Component& component(Role role) const { return role == Role::kMaster ? master : worker; }
  std::string VersionOf(Role role) const;   // the component's, else the cluster's; may be empty
  std::string ImageOf(Role role) const;     // base image + ":" + version
};

// A thing that is wrong with a field. `field` is the path as the user wrote it, map keys in brackets:
// spec.upstreams[orders].dataSize.
struct FieldProblem {
  std::string field;
  std::string value;       // as found, printable; empty when absent
  std::string message;     // what was expected and what to do: 'must be a quantity such as "200Gi"'
  bool required = false;   // the field is missing
};

struct Decoded {
  DMCluster cluster;
  std::vector<FieldProblem> problems;       // empty: `cluster` is whole
  std::vector<FieldProblem> unknown;        // keys that the kind does not have (typos), as warnings
};

// Never fails: every problem is collected. Fields with a problem keep their defaults. A `suspended` component is one whose
// own suspendAction says so, or the cluster's where it has none.
Decoded Decode(const base::Json& object);

}  // namespace dm
