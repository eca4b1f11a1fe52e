#include "cli/status_facts.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "base/strings.h"
#include "cli/cluster_data.h"
#include "dm/fields.h"

namespace dm::cli {

namespace {

using base::Code;
using base::Json;

std::string Text(const base::Error& error) { return base::Printable(error.ToString(), 400); }

std::string NameOf(const Json& object) {
  const Json* meta = base::Find(object, "metadata");
  return meta == nullptr ? "" : base::GetStringOr(*meta, "name");
}

std::string Listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 10;
  std::vector<std::string> shown(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
  std::string text = base::Join(shown, ", ");
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

// The API server answers 404 for a missing object and for a missing kind: the list tells them apart.
base::Error NoSuch(LiveCluster& live, const std::string& ns, const std::string& name) {
  base::Error error{Code::kNotFound};
  const auto here = live.List(app::DMClusters(), ns);
  if (!here && here.error().code == Code::kNotFound) {
    error.message = live.Name() + " does not know the kind DMCluster (" + std::string(kApiVersion) +
                    "): install the chart there (helm install dm-operator), or name another cluster with --context or --kubeconfig";
    return error;
  }
  error.message = "there is no DMCluster \"" + base::Printable(name, 100) + "\" in namespace " + base::Printable(ns, 100);
  if (!here) return error;
  std::vector<std::string> names;
  for (const Json& object : *here) names.push_back(base::Printable(NameOf(object), 100));
  const std::string near = Nearest(name, names);
  if (!near.empty()) error.message += "; did you mean " + near + "?";
  if (!names.empty()) {
    error.message += std::string(near.empty() ? ";" : "") + " that namespace has " + Listed(names);
    return error;
  }
  error.message += ", which has none at all";
  const auto everywhere = live.List(app::DMClusters(), {});
  if (!everywhere) return error;
  std::vector<std::string> others;
  for (const Json& object : *everywhere) {
    const Json* meta = base::Find(object, "metadata");
    if (meta != nullptr && base::GetStringOr(*meta, "name") == name) others.push_back(base::Printable(base::GetStringOr(*meta, "namespace"), 100));
  }
  if (!others.empty()) error.message += "; there is one in " + Listed(others) + ": name it with -n";
  return error;
}

base::Error Explained(LiveCluster& live, const std::string& ns, const std::string& name, const base::Error& error) {
  if (error.code == Code::kNotFound) return NoSuch(live, ns, name);
  base::Error out = error;
  out.cause = nullptr;
  if (error.code == Code::kDenied) {
    out.message = "DMCluster " + ns + "/" + name + " may not be read: " + Text(error) + " (it takes the right to get dmclusters.pingcap.com; ask with " +
                  "kubectl auth can-i get dmclusters.pingcap.com -n " + ns + ")";
  } else if (error.code != Code::kCancelled) {
    out.message = "the API server " + live.Name() + " cannot be asked: " + Text(error);
  }
  return out;
}

std::string ClusterSelector(const std::string& name) {
  return "app.kubernetes.io/instance=" + name + ",app.kubernetes.io/name=" + SelectorLabels(name, Role::kMaster).at("app.kubernetes.io/name");
}

std::vector<SeenEvent> EventsOf(const std::vector<Json>& objects, const std::string& name) {
  std::vector<SeenEvent> events;
  for (const Json& object : objects) {
    const Json* about = base::Find(object, "involvedObject");
    if (about == nullptr || base::GetStringOr(*about, "kind") != kKind || base::GetStringOr(*about, "name") != name) continue;
    SeenEvent event{base::GetStringOr(object, "type"), base::GetStringOr(object, "reason"), base::GetStringOr(object, "message"),
                    base::GetStringOr(object, "lastTimestamp"), std::max<std::int64_t>(1, base::GetIntOr(object, "count", 1))};
    if (event.last.empty()) event.last = base::GetStringOr(object, "eventTime");
    if (event.last.empty()) {
      const Json* meta = base::Find(object, "metadata");
      if (meta != nullptr) event.last = base::GetStringOr(*meta, "creationTimestamp");
    }
    events.push_back(std::move(event));
  }
  std::stable_sort(events.begin(), events.end(), [](const SeenEvent& a, const SeenEvent& b) { return a.last > b.last; });
  return events;
}

}  // namespace

Surrounding ReadSurrounding(LiveCluster& live, const ChosenPolicy* given) {
  Surrounding around;
  around.policy = given != nullptr ? *given : ReadLivePolicy(live);
  if (!around.policy.remark.empty()) around.unread.push_back(around.policy.remark);
  const auto take = [&](const char* what, const base::Result<std::vector<Json>>& objects, auto add) {
    if (!objects) {
      around.unread.push_back(std::string(what) + ": " + Text(objects.error()));
    } else if (const base::Result<void> added = add(*objects); !added) {
      around.unread.push_back(std::string(what) + ": " + Text(added.error()));
    }
  };
  take("nodes", live.Nodes(), [&](const auto& objects) { return AddNodes(around.view, objects, around.policy.policy, live.Name()); });
  if (around.view.nodes_known && around.policy.policy.capacity_free) {
    const auto usage = live.PodUsage();
    AddUsage(around.view, usage ? *usage : app::UsageNow{nullptr, "pods cannot be listed"});
    if (!usage) around.unread.push_back("pods of all namespaces: " + Text(usage.error()));
  }
  take("storage classes", live.StorageClasses(), [&](const auto& objects) { return AddClasses(around.view, objects, live.Name()); });
  take("namespaces", live.Namespaces(), [&](const auto& objects) { return AddNamespaces(around.view, objects, live.Name()); });
  return around;
}

base::Result<StatusFacts> ReadFacts(LiveCluster& live, const std::string& ns, const std::string& name) {
  StatusFacts facts;
  auto object = live.Cluster(ns, name);
  if (!object) return base::Fail(Explained(live, ns, name, object.error()));
  facts.object = *std::move(object);

  const auto pods = live.List(kube::resources::kPods, ns, ClusterSelector(name));
  facts.pods_known = pods.has_value();
  if (!pods) facts.unread.push_back("pods: " + Text(pods.error()));
  for (const Json& pod : pods ? *pods : std::vector<Json>{}) {
    if (auto parsed = kube::api::ParsePod(pod)) facts.pods.push_back(*std::move(parsed));
  }

  auto claims = live.List(kube::resources::kPersistentVolumeClaims, ns, ClusterSelector(name));
  facts.claims_known = claims.has_value();
  if (claims) {
    facts.claims = *std::move(claims);
    facts.live_claims = LiveClaimsOf(facts.claims, name);
  } else {
    facts.unread.push_back("disks (persistentvolumeclaims): " + Text(claims.error()));
  }

  const auto events = live.List(kube::resources::kEvents, ns, {}, "involvedObject.kind=" + std::string(kKind) + ",involvedObject.name=" + name);
  facts.events_known = events.has_value();
  if (events) {
    facts.events = EventsOf(*events, name);
  } else {
    facts.unread.push_back("events: " + Text(events.error()));
  }
  return facts;
}

}  // namespace dm::cli
