// The parts of Decode, one file each. For decode*.cc only.
#pragma once

#include <set>
#include <string>

#include "dm/fields.h"

namespace dm::decode {

// What cluster and component share; `settings` gets the typed part.
void ReadPodSettings(Fields& fields, PodSettings& settings);
// Keys and values as labels have them: labels, node selectors, what a spread selects by. Keys of annotations.
void ReadLabelMap(Fields& fields, std::string_view key);
void ReadAnnotations(Fields& fields);
// Passes an object or list of objects through, telling unknown keys. `kind` as in pass_through.cc; `key_field` of a list.
void ReadObject(Fields& fields, std::string_view key, std::string_view kind);
void ReadList(Fields& fields, std::string_view key, std::string_view kind, std::string_view key_field);

// Request and limit of one resource, and that the first does not exceed the second.
struct Resources {
  std::optional<Quantity> cpu_request, memory_request, cpu_limit, memory_limit;
};
Resources ReadResources(Fields& fields);

// Volumes that the operator puts into a pod of the role.
std::set<std::string, std::less<>> BuiltInVolumes(Role role);

void ReadComponent(Fields fields, Role role, Component& component);
// Once the whole spec is read: what mounts name is there, and no volume stands in another's place.
void CheckVolumes(const DMCluster& cluster, Role role, Decoded& out);
void ReadDiscovery(Fields fields);
void ReadUpstreams(Fields& spec, DMCluster& cluster);
void ReadMonitor(Fields fields, DMCluster& cluster);
void ReadTls(Fields fields, DMCluster& cluster);
void ReadUpdatePolicy(Fields fields, DMCluster& cluster);
void ReadClaimRetention(Fields fields, DMCluster& cluster);

}  // namespace dm::decode
