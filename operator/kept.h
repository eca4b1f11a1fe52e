// Kept: an object of the API server as the operator holds it between two looks: packed text, and beside it what is asked
// without a look inside. With a thousand clusters of three masters and two workers these are most of the operator's memory
// (docs/performance.md), so what nobody asks of pods and claims goes before they are packed.
//
// Values; functions are pure but for the packer, which is thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/packed_text.h"
#include "base/result.h"
#include "kube/api/pod_spec.h"
#include "operator/lifecycle/observed.h"

namespace dm::op {

// Of kube::api::ObjectMeta what stores, queues and expectations ask.
struct KeptMeta {
  std::string name, ns, uid, resource_version;
  std::string cluster;             // name of the DMCluster that it belongs to, by its label; empty: none
  std::int64_t generation = 0;
  bool being_deleted = false;

  bool BeingDeleted() const { return being_deleted; }
  std::string Key() const { return ns.empty() ? name : ns + "/" + name; }   // namespace/name
};

struct Kept {
  KeptMeta meta;
  std::size_t notes = 0;           // a hash of labels and annotations
  base::PackedText text;           // the object as JSON, without managedFields
};

// `packer`: the one for objects of this kind. kInvalid when the object has no name.
base::Result<Kept> ParseKept(const base::Json& object, base::TextPacker& packer);
// ParseKept of what PodOf and ClaimOf need; others' labels and annotations, containers, volumes and times of conditions go.
// Fails as ParsePod and ParseClaim do, so that what is kept can be read.
base::Result<Kept> KeepPod(const base::Json& object, base::TextPacker& packer);
base::Result<Kept> KeepClaim(const base::Json& object, base::TextPacker& packer);

// ParseKept; of one that no DMCluster controls `data` and `binaryData` go when they are larger than anything of ours that has lost its
// owner: anybody may set our labels on a thousand ConfigMaps of a megabyte each.
base::Result<Kept> KeepConfigMap(const base::Json& object, base::TextPacker& packer);

// What was kept. An error (kInternal, kInvalid): the memory is damaged.
base::Result<base::Json> ObjectOf(const Kept& kept);
base::Result<kube::api::Pod> PodOf(const Kept& kept);
base::Result<lifecycle::Claim> ClaimOf(const Kept& kept);

}  // namespace dm::op
