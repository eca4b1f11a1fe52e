// SmallCluster: the operator's whole shell in memory, for tests: a FakeApi that the stores are filled from, a StatefulSet
// controller and a kubelet of thirty lines, and members that answer. No threads: the test says when what runs.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "app/testing/objects.h"
#include "base/strings.h"
#include "dm/requirements/policy.h"
#include "kube/testing/fake_api.h"
#include "operator/reconciler.h"

namespace dm::op::testing {

using base::Json;

// The masters and workers of one DM cluster, answering DM's API as long as `up`.
class FakeMembers {
 public:
  std::string cluster_id = "7710992709643874832";
  std::string leader;
  std::map<std::string, std::string> masters;             // name → id
  std::map<std::string, std::string> workers;             // name → stage
  std::map<std::string, std::string> sources;             // name → worker; each has a task t-<name> that runs in Sync
  std::set<std::string> down;                             // pods that do not answer
  base::Duration asked_for{};                             // the timeout of the last mutation
  std::vector<std::string> calls;                         // "PUT m0 /apis/…", mutations only

  members::Dialer Dialer() {
    return [this](const members::Address& address, const members::Credentials&) { return std::make_unique<Pod>(*this, address.pod); };
  }

 private:
  class Pod final : public net::Transport {
   public:
    Pod(FakeMembers& all, std::string name) : all_(all), name_(std::move(name)) {}
    base::Result<net::Response> Send(const net::Request& request, std::stop_token) override {
      if (all_.down.contains(name_)) return base::Fail(base::Code::kUnavailable, "connection refused");
      if (request.method != "GET") return all_.Change(name_, request);
      if (request.target == "/health") return net::Response{200, {}, R"({"health":"true","reason":""})"};
      if (request.target == "/apis/v1alpha1/members") return net::Response{200, {}, all_.List().dump()};
      if (request.target == "/api/v1/cluster/info") return net::Response{200, {}, "{\"cluster_id\": " + all_.cluster_id + "}"};
      if (base::StartsWith(request.target, "/api/v1/sources")) return net::Response{200, {}, all_.Sources().dump()};
      if (base::StartsWith(request.target, "/api/v1/tasks/t-")) {
        const std::string source = request.target.substr(16, request.target.rfind('/') - 16);
        const Json row = {{"source_name", source}, {"worker_name", all_.sources[source]}, {"stage", "Running"}, {"unit", "Sync"}};
        return net::Response{200, {}, Json{{"data", Json::array({row})}, {"total", 1}}.dump()};
      }
      return net::Response{404, {}, "404 page not found\n"};
    }
    base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&, std::stop_token) override {
      return base::Fail(base::Code::kInternal, "not streamed");
    }

   private:
    FakeMembers& all_;
    const std::string name_;
  };

  Json List() const {
    Json list = Json::array(), registered = Json::array();
    for (const auto& [name, id] : masters) {
      list.push_back({{"name", name}, {"memberID", id}, {"alive", !down.contains(name)}, {"peerURLs", {"http://" + name + ":8291"}}, {"clientURLs", {"http://" + name + ":8261"}}});
    }
    for (const auto& [name, stage] : workers) {
      std::string held;
      for (const auto& [source, worker] : sources) held = worker == name ? source : held;
      registered.push_back({{"name", name}, {"addr", name + ":8262"}, {"stage", held.empty() ? stage : "bound"}, {"source", held}});
    }
    return {{"result", true},
            {"msg", ""},
            {"members", {{{"leader", {{"msg", ""}, {"name", leader}, {"addr", leader + ":8261"}}}}, {{"master", {{"msg", ""}, {"masters", list}}}}, {{"worker", {{"msg", ""}, {"workers", registered}}}}}}};
  }
  Json Sources() const {
    Json list = Json::array();
    for (const auto& [name, worker] : sources) {
      list.push_back({{"source_name", name}, {"status_list", {{{"source_name", name}, {"worker_name", worker}}}}, {"task_name_list", Json::array({"t-" + name})}});
    }
    return {{"total", list.size()}, {"data", list}};
  }
  base::Result<net::Response> Change(const std::string& pod, const net::Request& request) {
    calls.push_back(request.method + " " + pod + " " + request.target + (request.method == "POST" ? " " + request.body : ""));
    asked_for = request.timeout;
    if (request.method == "POST") {
      const auto parts = base::Split(request.target, '/');
      if (parts.back() == "transfer") sources[std::string(parts[4])] = base::GetStringOr(Json::parse(request.body), "worker_name");
      return net::Response{200, {}, ""};
    }
    const std::string name = request.target.substr(request.target.rfind('/') + 1);
    if (request.method == "DELETE") {
      masters.erase(name);
      workers.erase(name);
    } else if (request.target == "/apis/v1alpha1/leader/1" && leader == pod) {
      for (const auto& [other, id] : masters) {
        if (other != pod) leader = other;
      }
    }
    return net::Response{200, {}, R"({"result":true,"msg":""})"};
  }
};

class SmallCluster {
 public:
  static constexpr char kKey[] = "shop/orders";
  static constexpr char kPath[] = "/apis/pingcap.com/v1alpha1/namespaces/shop/dmclusters/orders";

  SmallCluster() {
    policy = std::make_shared<const requirements::Policy>();
    auto cluster_view = std::make_shared<requirements::ClusterView>();
    cluster_view->nodes_known = cluster_view->classes_known = cluster_view->namespaces_known = true;
    cluster_view->namespaces["shop"] = {};
    auto fast = kube::api::ParseStorageClass(app::testing::StorageClassJson("fast"));
    cluster_view->classes["fast"] = std::make_shared<const kube::api::StorageClass>(*fast);
    for (const char* name : {"n1", "n2", "n3", "n4"}) {
      auto node = kube::api::ParseNode(app::testing::NodeJson(name));
      cluster_view->nodes.push_back(requirements::Judge(std::make_shared<const kube::api::Node>(*node), *policy));
    }
    view = cluster_view;
  }

  // --- the user
  void Create(Json object = app::testing::ClusterJson()) {
    object["metadata"]["creationTimestamp"] = "2026-11-24T18:00:00Z";
    object["metadata"]["generation"] = 1;
    api.Put(kPath, std::move(object));
  }
  void Edit(const std::function<void(Json&)>& edit) {
    Json object = api.At(kPath);
    edit(object);
    object["metadata"]["generation"] = base::GetIntOr(object["metadata"], "generation", 1) + 1;
    api.Put(kPath, std::move(object));
  }
  Json Status() const {
    const Json object = api.At(kPath);
    return object.contains("status") ? object["status"] : Json::object();
  }
  std::string Condition(const std::string& type) const {
    const auto conditions = kube::api::ParseConditions(base::Find(Status(), "conditions"));
    const auto* found = kube::api::FindCondition(conditions, type);
    return found ? found->status + "/" + found->reason : "";
  }
  Json At(const std::string& plural, const std::string& name) const {
    const bool apps = plural == "statefulsets", policies = plural == "poddisruptionbudgets";
    return api.At((apps ? "/apis/apps/v1" : policies ? "/apis/policy/v1" : "/api/v1") + std::string("/namespaces/shop/") + plural + "/" + name);
  }

  // --- Kubernetes and DM
  void RunPods() {
    for (const std::string role : {"master", "worker"}) {
      const std::string path = "/apis/apps/v1/namespaces/shop/statefulsets/orders-dm-" + role;
      Json set = api.At(path);
      if (set.is_null()) continue;
      const auto replicas = base::GetIntOr(set["spec"], "replicas", 1);
      const Json status = {{"observedGeneration", base::GetIntOr(set["metadata"], "generation", 0)}, {"replicas", replicas}, {"readyReplicas", replicas}, {"updateRevision", "r1"}};
      if (!set.contains("status") || set["status"] != status) {
        set["status"] = status;
        api.Put(path, set);
      }
      for (int i = 0; i < 9; ++i) RunPod(role, i, i < replicas);
    }
    if (!members.masters.empty() && members.leader.empty()) members.leader = members.masters.begin()->first;
  }

  // --- the operator
  void Sync() {
    const auto keep = [this](const Json& object) { return ParseKept(object, packer); };
    Fill(stores.clusters, "/apis/pingcap.com/v1alpha1/dmclusters", keep);
    Fill(stores.sets, "/apis/apps/v1/statefulsets", keep);
    Fill(stores.services, "/api/v1/services", keep);
    Fill(stores.config_maps, "/api/v1/configmaps", keep);
    Fill(stores.budgets, "/apis/policy/v1/poddisruptionbudgets", keep);
    Fill(stores.pods, "/api/v1/pods", [this](const Json& object) { return KeepPod(object, pod_packer); });
    Fill(stores.claims, "/api/v1/persistentvolumeclaims", [this](const Json& object) { return KeepClaim(object, claim_packer); });
  }
  base::Result<kube::Requeue> Once() {
    Sync();
    auto result = reconciler.Reconcile(kKey, {});
    Sync();
    return result;
  }
  // Until nothing has been written for twelve rounds (24 s), at most `rounds`.
  void Settle(int rounds = 40) {
    int written = api.writes();
    for (int i = 0, quiet = 0; i < rounds && quiet < 12; ++i, quiet = api.writes() == written ? quiet + 1 : 0) {
      written = api.writes();
      RunPods();
      clock.Advance(std::chrono::seconds(2));
      poller.RunDue();
      const auto result = Once();
      if (result) last_requeue = result->after;
      else last_error = result.error().ToString();
    }
  }

  kube::testing::FakeApi api;
  FakeMembers members;
  base::VirtualClock clock;
  base::SeededRandom random{1};
  std::shared_ptr<const requirements::ClusterView> view;
  std::shared_ptr<const requirements::Policy> policy;
  std::string policy_error;
  base::Duration lease_left = std::chrono::seconds(30);
  std::vector<std::string> events;
  std::string last_error;
  std::optional<base::Duration> last_requeue;
  base::TextPacker packer, pod_packer, claim_packer;
  kube::Client client{api};
  Stores stores{api, clock, random, [](const std::string&, bool) {}};
  members::Poller poller{members.Dialer(), clock, 1, [](const std::string&) {}};
  Executor executor{client, members.Dialer(), [this] { return lease_left; }};
  CredentialSource credentials{client, clock};
  certificates::Keeper certificates{client, clock};
  app::Metrics metrics;
  FindingsGauge findings{metrics};
  Reconciler reconciler{{client, stores, [this] { return app::Surroundings{view, policy}; }, [this] { return policy_error; }, poller, executor, credentials, certificates, findings,
                         [this](const kube::ObjectReference&, bool, const std::string& reason, const std::string&) { events.push_back(reason); },
                         clock},
                        {}};

 private:
  template <class Parse>
  void Fill(kube::Store<Kept>& store, const std::string& path, Parse parse) {
    net::Request request;
    request.target = path;
    const auto log = api.Send(request, {});
    const Json list = Json::parse(log->body);
    std::vector<std::shared_ptr<const Kept>> items;
    for (const Json& item : list["items"]) {
      auto parsed = parse(item);
      EXPECT_TRUE(parsed) << item;
      if (parsed) items.push_back(std::make_shared<const Kept>(std::move(*parsed)));
    }
    store.Replace(std::move(items), "1");
  }

  void RunPod(const std::string& role, int ordinal, bool wanted) {
    const std::string name = "orders-dm-" + role + "-" + std::to_string(ordinal);
    const std::string path = "/api/v1/namespaces/shop/pods/" + name;
    auto& registered = role == "master" ? members.masters : members.workers;
    if (!wanted) {
      api.Remove(path);
      if (role == "worker" && registered.contains(name)) registered[name] = "offline";
      return;
    }
    const Json labels = {{"app.kubernetes.io/instance", "orders"}, {"controller-revision-hash", "r1"}};
    const std::string claim = "dm-" + role + "-" + name;
    const std::string claim_path = "/api/v1/namespaces/shop/persistentvolumeclaims/" + claim;
    if (api.At(claim_path).is_null()) {
      api.Put(claim_path, {{"kind", "PersistentVolumeClaim"}, {"metadata", {{"name", claim}, {"namespace", "shop"}, {"labels", labels}, {"creationTimestamp", "2026-11-24T18:00:05Z"}}},
                           {"spec", {{"storageClassName", "fast"}, {"volumeName", "pv-" + claim}, {"resources", {{"requests", {{"storage", "500Gi"}}}}}}}, {"status", {{"phase", "Bound"}}}});
      api.Put("/api/v1/persistentvolumes/pv-" + claim, {{"kind", "PersistentVolume"}, {"metadata", {{"name", "pv-" + claim}}}, {"spec", {{"persistentVolumeReclaimPolicy", "Retain"}}}});
    }
    if (!api.At(path).is_null()) return;
    const Json notes = api.At("/apis/apps/v1/namespaces/shop/statefulsets/orders-dm-" + role)["spec"]["template"]["metadata"].value("annotations", Json::object());
    api.Put(path, {{"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", "shop"}, {"labels", labels}, {"annotations", notes}}},
                   {"spec", {{"nodeName", "n" + std::to_string(1 + ordinal % 4)}, {"containers", Json::array()}}},
                   {"status", {{"phase", "Running"}, {"podIP", "10.0.0." + std::to_string(ordinal + 1)}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}, {{"type", "PodScheduled"}, {"status", "True"}}}}}}});
    if (role == "master" && !registered.contains(name)) registered[name] = std::to_string(1000 + registered.size());
    if (role == "worker") registered[name] = "free";
  }
};

}  // namespace dm::op::testing
