#include "dm/config_keys.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dm {
namespace {

constexpr auto kUser = KeyOwner::kUser;
constexpr auto kOperator = KeyOwner::kOperator;

constexpr ConfigKey kMaster[] = {
    {"log-level", KeyKind::kString, kUser, 6, 1},
    {"log-file", KeyKind::kString, kUser, 6, 1},
    {"log-format", KeyKind::kString, kUser, 6, 1},
    {"log-rotate", KeyKind::kString, kUser, 6, 1},
    {"rpc-timeout", KeyKind::kString, kUser, 6, 1},
    {"rpc-rate-limit", KeyKind::kFloat, kUser, 6, 1},
    {"rpc-rate-burst", KeyKind::kInteger, kUser, 6, 1},
    {"config-file", KeyKind::kString, kOperator, 6, 1},
    {"master-addr", KeyKind::kString, kOperator, 6, 1},
    {"advertise-addr", KeyKind::kString, kOperator, 6, 1},
    {"name", KeyKind::kString, kOperator, 6, 1},
    {"data-dir", KeyKind::kString, kOperator, 6, 1},
    {"peer-urls", KeyKind::kString, kOperator, 6, 1},
    {"advertise-peer-urls", KeyKind::kString, kOperator, 6, 1},
    {"initial-cluster", KeyKind::kString, kOperator, 6, 1},
    {"initial-cluster-state", KeyKind::kString, kOperator, 6, 1},
    {"join", KeyKind::kString, kOperator, 6, 1},
    {"max-txn-ops", KeyKind::kInteger, kUser, 6, 1},
    {"max-request-bytes", KeyKind::kInteger, kUser, 6, 1},
    {"auto-compaction-mode", KeyKind::kString, kUser, 6, 1},
    {"auto-compaction-retention", KeyKind::kString, kUser, 6, 1},
    {"quota-backend-bytes", KeyKind::kInteger, kUser, 6, 1},
    {"openapi", KeyKind::kBool, kOperator, 6, 1},
    {"experimental.openapi", KeyKind::kBool, kOperator, 6, 1},
    {"v1-sources-path", KeyKind::kString, kUser, 6, 1},
    {"secret-key-path", KeyKind::kString, kUser, 8, 0},
    {"ssl-ca", KeyKind::kString, kOperator, 6, 1},
    {"ssl-cert", KeyKind::kString, kOperator, 6, 1},
    {"ssl-key", KeyKind::kString, kOperator, 6, 1},
    {"cert-allowed-cn", KeyKind::kStrings, kUser, 6, 1},
    {"ssl-ca-bytes", KeyKind::kStrings, kOperator, 6, 1},
    {"ssl-cert-bytes", KeyKind::kStrings, kOperator, 6, 1},
    {"ssl-key-bytes", KeyKind::kStrings, kOperator, 6, 1},
    {"ssl-ca-base64", KeyKind::kString, kOperator, 6, 5},
    {"ssl-cert-base64", KeyKind::kString, kOperator, 6, 5},
    {"ssl-key-base64", KeyKind::kString, kOperator, 6, 5},
};

constexpr ConfigKey kWorker[] = {
    {"log-level", KeyKind::kString, kUser, 6, 1},
    {"log-file", KeyKind::kString, kUser, 6, 1},
    {"log-format", KeyKind::kString, kUser, 6, 1},
    {"log-rotate", KeyKind::kString, kUser, 6, 1},
    {"name", KeyKind::kString, kOperator, 6, 1},
    {"join", KeyKind::kString, kOperator, 6, 1},
    {"worker-addr", KeyKind::kString, kOperator, 6, 1},
    {"advertise-addr", KeyKind::kString, kOperator, 6, 1},
    {"config-file", KeyKind::kString, kOperator, 6, 1},
    {"keepalive-ttl", KeyKind::kInteger, kUser, 6, 1},
    {"relay-keepalive-ttl", KeyKind::kInteger, kUser, 6, 1},
    {"relay-dir", KeyKind::kString, KeyOwner::kRelayDir, 6, 1},
    {"ssl-ca", KeyKind::kString, kOperator, 6, 1},
    {"ssl-cert", KeyKind::kString, kOperator, 6, 1},
    {"ssl-key", KeyKind::kString, kOperator, 6, 1},
    {"cert-allowed-cn", KeyKind::kStrings, kUser, 6, 1},
    {"ssl-ca-bytes", KeyKind::kStrings, kOperator, 6, 1},
    {"ssl-cert-bytes", KeyKind::kStrings, kOperator, 6, 1},
    {"ssl-key-bytes", KeyKind::kStrings, kOperator, 6, 1},
    {"ssl-ca-base64", KeyKind::kString, kOperator, 6, 5},
    {"ssl-cert-base64", KeyKind::kString, kOperator, 6, 5},
    {"ssl-key-base64", KeyKind::kString, kOperator, 6, 5},
};

// Releases whose structs were read; 6.6, 7.2 … 8.4 lie between two equal ones.
constexpr std::pair<int, int> kOldestRead{6, 1}, kNewestRead{8, 5};

}  // namespace

std::span<const ConfigKey> ConfigKeys(Role role) {
  if (role == Role::kMaster) return kMaster;
  if (role == Role::kWorker) return kWorker;
  return {};
}

const ConfigKey* FindConfigKey(Role role, std::string_view name) {
  const auto keys = ConfigKeys(role);
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

bool KeysKnownFor(const Version& version) {
  const std::pair<int, int> release{version.major, version.minor};
  return release >= kOldestRead && release <= kNewestRead;
}

bool IsFloatKey(std::string_view name) {
  const auto is = [&](const ConfigKey& key) { return key.kind == KeyKind::kFloat && key.name == name; };
  return std::any_of(std::begin(kMaster), std::end(kMaster), is) || std::any_of(std::begin(kWorker), std::end(kWorker), is);
}

}  // namespace dm
