// DM's TOML: DM refuses to start on what it cannot read and on a key it does not know, and some keys are the operator's.
#include <vector>

#include "base/strings.h"
#include "dm/fields.h"
#include "dm/requirements/config_facts.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

constexpr Role kMembers[] = {Role::kMaster, Role::kWorker};

Finding About(Role role, const std::string& key) {
  Finding finding;
  finding.role = role;
  finding.key = key;
  finding.field = PathOf(role) + ".config";
  finding.shortfall = Shortfall::Count(1);
  return finding;
}

}  // namespace

void CheckConfigParses(Rule rule, Context& context) {
  for (const Role role : kMembers) {
    if (context.Pods(role) == nullptr) continue;
    const ConfigFacts facts = ReadConfig(context.cluster(), role);
    if (facts.syntax) {
      Finding finding = About(role, "");
      finding.shape = Shape::kForbidden;
      finding.required = "TOML";
      finding.message = "this is no TOML that DM can read: " + base::Printable(*facts.syntax, 200);
      finding.remedy = "correct it there";
      context.Add(rule, std::move(finding));
    }
    for (const ConfigEntry& entry : facts.entries) {
      if (entry.standing != Standing::kWrongKind) continue;
      Finding finding = About(role, entry.key);
      finding.found = entry.key + " = " + entry.value;
      finding.required = entry.expected;
      finding.message = std::string(RoleTitle(role)) + " refuses to start unless " + Quoted(entry.key) + " is " + entry.expected;
      finding.remedy = "write it as " + entry.expected;
      context.Add(rule, std::move(finding));
    }
  }
}

void CheckConfigKnownKey(Rule rule, Context& context) {
  for (const Role role : kMembers) {
    if (context.Pods(role) == nullptr) continue;
    const ConfigFacts facts = ReadConfig(context.cluster(), role);
    for (const ConfigEntry& entry : facts.entries) {
      if (entry.standing != Standing::kUnknown) continue;
      Finding finding = About(role, entry.key);
      finding.found = entry.key;
      finding.required = "a key that DM knows";
      const std::string version = context.cluster().VersionOf(role);
      const std::string title(RoleTitle(role));
      std::vector<std::string_view> names;
      for (const ConfigKey& key : ConfigKeys(role)) names.push_back(key.name);
      const std::string near = Nearest(base::ToLower(entry.key), names);
      if (!facts.keys_known) {
        finding.message = "whether " + title + " " + (version.empty() ? "of this image" : Quoted(version)) +
                          " knows this key cannot be told here, and it refuses to start on one that it does not know";
        finding.remedy = near.empty() ? "make sure that it does" : "make sure that it does, or did you mean " + near + "?";
        context.Add(rule, std::move(finding), Severity::kWarn);
        continue;
      }
      finding.message = title + " " + version + " does not know this key and refuses to start on it";
      finding.remedy = near.empty() ? "remove it" : "did you mean " + near + "?";
      if (entry.known != nullptr) {
        finding.remedy = "remove it, or use DM " + std::to_string(entry.known->since_major) + "." +
                         std::to_string(entry.known->since_minor) + " or later";
      }
      context.Add(rule, std::move(finding));
    }
  }
}

void CheckReservedConfig(Rule rule, Context& context) {
  for (const Role role : kMembers) {
    if (context.Pods(role) == nullptr) continue;
    const ConfigFacts facts = ReadConfig(context.cluster(), role);
    for (const ConfigEntry& entry : facts.entries) {
      if (entry.standing != Standing::kConflict) continue;
      Finding finding = About(role, entry.key);
      finding.found = entry.key + " = " + entry.value;
      finding.required = entry.expected.empty() ? "what the operator sets" : entry.expected;
      if (entry.known->owner == KeyOwner::kRelayDir) {
        finding.message = "the relay log would be kept on the container's own disk and be lost with it";
        finding.remedy = "put it below /var/lib/dm-worker, or leave it to the operator";
      } else if (!context.cluster().tls && base::StartsWith(base::ToLower(entry.key), "ssl-")) {
        finding.required = "nothing while TLS is off";
        finding.message = "TLS between the members is off (spec.tlsCluster.enabled), and DM would look for this file all the same";
        finding.remedy = "remove it from config, or switch TLS on with spec.tlsCluster";
      } else if (entry.known->name == "cert-allowed-cn") {
        finding.message = "the certificates that spec.tlsCluster.issuer makes have the common name TiDB, so members would refuse each other and the operator";
        finding.remedy = "write [\"TiDB\"], or remove it from config";
      } else {
        finding.message = "the operator sets " + Quoted(entry.key) + " itself" +
                          (entry.expected.empty() ? "" : ", to " + entry.expected) + ", and this contradicts it";
        finding.remedy = "remove it from config";
      }
      context.Add(rule, std::move(finding));
    }
  }
}

}  // namespace dm::requirements
