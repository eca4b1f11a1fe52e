// The keys of DM's TOML, as data: on a key it does not know DM refuses to start. Pure.
#pragma once

#include <span>
#include <string_view>

#include "dm/versions.h"
#include "dm/words.h"

namespace dm {

enum class KeyKind { kString, kInteger, kFloat, kBool, kStrings, kTable };

// Whose word a key is.
enum class KeyOwner {
  kUser,
  kOperator,      // given by the operator on the command line, which wins over the file
  kRelayDir,      // honoured when below the claim's mount; given by the operator otherwise
};

struct ConfigKey {
  std::string_view name;       // dotted: experimental.openapi
  KeyKind kind;
  KeyOwner owner;
  int since_major, since_minor;
};

// Source: the structs `Config` of dm/master/config.go and dm/worker/config.go with dm/config/security, read at
// release-6.1, 6.5, 7.1, 7.5, 8.1 and 8.5 of pingcap/tiflow. They differ in secret-key-path (since 8.0) and ssl-*-base64
// (since 6.5) only.
std::span<const ConfigKey> ConfigKeys(Role role);
// nullptr when DM has no such key. Tables inside are dotted.
const ConfigKey* FindConfigKey(Role role, std::string_view name);

// Are the keys of this version among those that were read? Newer ones may have more.
bool KeysKnownFor(const Version& version);
// Does any role read this key as a float?
bool IsFloatKey(std::string_view name);

}  // namespace dm
