// Which storage class a role's claim will get, and what kind of disk that is. Pure.
#pragma once

#include <optional>
#include <string>

#include "dm/desired/render.h"
#include "dm/requirements/disk.h"
#include "dm/requirements/policy.h"
#include "dm/requirements/view.h"

namespace dm::requirements {

struct StorageChoice {
  enum class State {
    kNoClaim,      // the role has no claim (or is not deployed)
    kUnknown,      // we have no data on classes
    kStatic,       // storageClassName "": bound by hand, there is no class to read
    kMissing,      // the class it names does not exist
    kNoDefault,    // it names none and there is no default
    kFound,
  };
  State state = State::kNoClaim;
  std::string name;                                  // as named, or of the default class; may be empty
  bool named = false;                                // by the spec; false: the default class
  const kube::api::StorageClass* storage_class = nullptr;   // kFound
  // Known when found; also without class data when the policy grades the name.
  std::optional<Disk> disk;
};

StorageChoice ChooseStorage(const desired::RolePods* pods, const ClusterView& view, const Policy& policy);

}  // namespace dm::requirements
