#include "dm/requirements/config_facts.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "dm/toml.h"
#include "dm/versions.h"

namespace dm::requirements {

namespace {

using base::Json;

std::string Mount(Role role) { return "/var/lib/dm-" + std::string(RoleName(role)); }

std::string DataDir(const DMCluster& cluster, Role role) {
  const std::string& sub = cluster.component(role).data_sub_dir;
  return Mount(role) + (sub.empty() ? "" : "/" + sub);
}

bool Below(std::string_view path, std::string_view directory) {
  if (path.find("..") != std::string_view::npos) return false;
  while (directory.size() > 1 && directory.back() == '/') directory.remove_suffix(1);
  return path == directory || (base::StartsWith(path, directory) && path[directory.size()] == '/');
}

// A relay log belongs on a volume: the claim, or one that the user mounts himself.
bool OnVolume(const DMCluster& cluster, std::string_view path) {
  // The worker starts in its dump directory, which is on the claim (desired/start_script.cc).
  if (!base::StartsWith(path, "/") && path.find("..") == std::string_view::npos) return true;
  if (Below(path, Mount(Role::kWorker))) return true;
  const Json* mounts = base::Find(cluster.worker.raw, "additionalVolumeMounts");
  if (mounts == nullptr || !mounts->is_array()) return false;
  return std::any_of(mounts->begin(), mounts->end(), [&](const Json& mount) {
    const std::string at = base::GetStringOr(mount, "mountPath");
    return !at.empty() && Below(path, at);
  });
}

bool IsListen(std::string_view value, int port) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (base::StartsWith(value, scheme)) value.remove_prefix(scheme.size());
  }
  const std::string tail = ":" + std::to_string(port);
  if (!base::EndsWith(value, tail)) return false;
  const std::string_view host = value.substr(0, value.size() - tail.size());
  return host.empty() || host == "0.0.0.0" || host == "[::]";
}

// What the operator sets for a key of its own; empty where it depends on the pod.
std::string Ours(const DMCluster& cluster, Role role, std::string_view key) {
  const std::string tls = Mount(role) + "-tls/";
  if (key == "openapi" || key == "experimental.openapi") return "true";
  if (key == "data-dir") return DataDir(cluster, role);
  if (!cluster.tls && base::StartsWith(key, "ssl-")) return {};      // none is set: what the file says, DM would look for
  if (key == "ssl-ca") return tls + "ca.crt";
  if (key == "ssl-cert") return tls + "tls.crt";
  if (key == "ssl-key") return tls + "tls.key";
  if (key == "initial-cluster-state") return "new";
  return {};
}

bool Harmless(const DMCluster& cluster, Role role, std::string_view key, const std::string& value) {
  if (value.empty()) return true;                     // as if it were not there
  const std::string ours = Ours(cluster, role, key);
  if (!ours.empty()) return value == ours;
  if (key == "master-addr") return IsListen(value, kMasterPort);
  if (key == "peer-urls") return IsListen(value, kMasterPeerPort);
  if (key == "worker-addr") return IsListen(value, kWorkerPort);
  return false;
}

// nullptr: DM accepts the value's kind. Its reader (BurntSushi/toml, 1.1.0 in DM 6.1) takes a whole number for a float, since 1.0.
const char* WrongKind(KeyKind kind, const Json& value) {
  switch (kind) {
    case KeyKind::kString: return value.is_string() ? nullptr : "a string";
    case KeyKind::kInteger: return value.is_number_integer() ? nullptr : "a whole number";
    case KeyKind::kFloat: return value.is_number() ? nullptr : "a number, such as 10.0";
    case KeyKind::kBool: return value.is_boolean() ? nullptr : "true or false";
    case KeyKind::kStrings: return value.is_array() ? nullptr : "a list of strings";
    case KeyKind::kTable: return value.is_object() ? nullptr : "a table";
  }
  return nullptr;
}

std::string Text(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  return base::DumpJson(value);
}

// Every certificate that an issuer makes has this common name, the operator's as well; DM looks at the first name alone.
// Source: facts of the members' TLS in docs/tls.md; operator/certificates/purpose.cc.
bool ShutsUsOut(const DMCluster& cluster, const Json& names) {
  if (!cluster.tls || cluster.issuer == Issuer::kUser || !names.is_array() || names.empty()) return false;
  return names.front() != "TiDB";
}

ConfigEntry ReadEntry(const DMCluster& cluster, Role role, const std::optional<Version>& version, std::string key,
                      const Json& value) {
  ConfigEntry entry;
  const std::string text = Text(value);
  entry.value = base::Printable(text, 80);
  entry.key = std::move(key);
  const std::string name = base::ToLower(entry.key);   // DM's reader does not mind capitals
  entry.known = FindConfigKey(role, name);
  const auto too_new = [&](const ConfigKey& known) {
    return version && (version->major < known.since_major ||
                       (version->major == known.since_major && version->minor < known.since_minor));
  };
  if (entry.known == nullptr || too_new(*entry.known)) {
    entry.standing = Standing::kUnknown;
  } else if (const char* wanted = WrongKind(entry.known->kind, value)) {
    entry.standing = Standing::kWrongKind;
    entry.expected = wanted;
  } else if (entry.known->owner == KeyOwner::kOperator) {
    entry.standing = Harmless(cluster, role, name, text) ? Standing::kHarmless : Standing::kConflict;
    entry.expected = Ours(cluster, role, name);
  } else if (entry.known->owner == KeyOwner::kRelayDir && !text.empty() && !OnVolume(cluster, text)) {
    entry.standing = Standing::kConflict;
    entry.expected = "a directory below " + Mount(Role::kWorker);
  } else if (name == "cert-allowed-cn" && ShutsUsOut(cluster, value)) {
    entry.standing = Standing::kConflict;
    entry.expected = "[\"TiDB\"]";
  }
  return entry;
}

void Flatten(const DMCluster& cluster, Role role, const std::optional<Version>& version, const std::string& prefix,
             const Json& table, ConfigFacts& facts) {
  for (const auto& [key, value] : table.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    const bool known_table = value.is_object() && FindConfigKey(role, base::ToLower(name)) == nullptr;
    if (known_table && !value.empty()) {
      Flatten(cluster, role, version, name, value, facts);
    } else if (!(known_table && base::ToLower(name) == "experimental")) {   // an empty [experimental] is nothing
      facts.entries.push_back(ReadEntry(cluster, role, version, name, value));
    }
  }
}

}  // namespace

ConfigFacts ReadConfig(const DMCluster& cluster, Role role) {
  ConfigFacts facts;
  const std::string& text = cluster.component(role).config_toml;
  if (base::Trim(text).empty()) return facts;
  const auto version = ParseVersion(cluster.VersionOf(role));
  facts.keys_known = version && KeysKnownFor(*version);
  const auto parsed = ParseToml(text);
  if (!parsed) {
    facts.syntax = parsed.error().message;
    return facts;
  }
  Flatten(cluster, role, version, "", *parsed, facts);
  return facts;
}

bool RelayLogElsewhere(const DMCluster& cluster) {
  const auto entries = ReadConfig(cluster, Role::kWorker).entries;
  return std::any_of(entries.begin(), entries.end(), [](const ConfigEntry& entry) {
    return entry.known != nullptr && entry.known->owner == KeyOwner::kRelayDir && entry.standing == Standing::kFine && !entry.value.empty() &&
           !Below(entry.value, Mount(Role::kWorker));
  });
}

}  // namespace dm::requirements
