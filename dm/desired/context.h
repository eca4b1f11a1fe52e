// What every part of Render needs: the cluster, the role at hand, and how a field that v1 has on both levels is looked up.
// For dm/desired only.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dm/cluster.h"
#include "dm/desired/render.h"

namespace dm::desired {

using base::Json;
using kube::api::Labels;

struct Context {
  const DMCluster& cluster;
  const RenderFacts& facts;
  Role role = Role::kMaster;                // not for the monitor
  Names names;

  Context(const DMCluster& the_cluster, const RenderFacts& the_facts, Role the_role)
      : cluster(the_cluster), facts(the_facts), role(the_role), names(the_cluster.names()) {}

  const Component& component() const { return cluster.component(role); }
  std::string Title() const { return names.ClaimTemplate(role); }               // dm-master: container, claim, paths
  std::string DataDir() const;                                                  // /var/lib/dm-master[/dataSubDir]
  std::string Host(const std::string& service) const;                           // service[.ns.svc.domain]
};

// The component's field, else the cluster's; nullptr when neither has one of that kind.
const Json* ObjectSetting(const Context& context, std::string_view key);
const Json* ListSetting(const Context& context, std::string_view key);
std::string StringSetting(const Context& context, std::string_view key);
const Json* ComponentObject(const Context& context, std::string_view key);
const Json* ComponentList(const Context& context, std::string_view key);
// Both levels as one map, the component's entries winning.
Labels MergedMap(const Context& context, std::string_view key);

Json ToJson(const Labels& labels);
// metadata of a child: name, namespace, labels, the owner reference when the uid is known.
Json Meta(const DMCluster& cluster, const std::string& name, const Labels& labels, const Labels& annotations = {});
Json Object(std::string_view api_version, std::string_view kind, Json metadata);

}  // namespace dm::desired
