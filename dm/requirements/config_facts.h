// A component's TOML as the rules read it: keys flattened with dots, each with what the operator thinks of it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dm/cluster.h"
#include "dm/config_keys.h"

namespace dm::requirements {

enum class Standing {
  kFine,        // the user's own key with a value of the right kind
  kUnknown,     // DM has no such key (in this version)
  kWrongKind,   // DM would refuse the value
  kHarmless,    // the operator's key, with a value that changes nothing
  kConflict,    // the operator's key, with another value than ours
};

struct ConfigEntry {
  std::string key;              // dotted, as written
  std::string value;            // printable
  Standing standing = Standing::kFine;
  const ConfigKey* known = nullptr;
  std::string expected;         // for kWrongKind ("a string"), kConflict (ours)
};

struct ConfigFacts {
  std::optional<std::string> syntax;      // what is wrong with the text
  bool keys_known = false;                // we hold the keys of this version
  std::vector<ConfigEntry> entries;
};

ConfigFacts ReadConfig(const DMCluster& cluster, Role role);
// Does the workers' relay-dir lie on a volume that the user mounts, and so not on the claim?
bool RelayLogElsewhere(const DMCluster& cluster);

}  // namespace dm::requirements
