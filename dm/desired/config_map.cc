#include "dm/desired/config_map.h"

#include "base/strings.h"
#include "dm/desired/start_script.h"
#include "dm/toml.h"

namespace dm::desired {
namespace {

bool NamesRelayDir(const std::string& toml) {
  const auto parsed = ParseToml(toml);
  // What does not parse is left as it is: DM says what is wrong, and so does the rule ConfigParses before.
  return !parsed || base::Find(*parsed, "relay-dir") != nullptr;
}

std::string StartScriptOf(const Context& context) {
  StartScript script;
  script.data_dir = context.DataDir();
  script.host_suffix = "." + context.Host(context.names.PeerService(context.role));
  script.listen = base::GetBoolOr(context.cluster.raw, "preferIPv6", false) ? "[::]" : "0.0.0.0";
  script.tls = context.cluster.tls;
  if (context.role == Role::kMaster) return MasterStartScript(script);
  const std::string& dump = context.component().dump_dir;
  script.join = context.Host(context.names.ClientService()) + ":" + std::to_string(kMasterPort);
  script.dump_dir = context.DataDir() + (dump.empty() ? "" : "/" + dump);
  if (!NamesRelayDir(context.component().config_toml)) script.relay_dir = RelayDir(context);
  return WorkerStartScript(script);
}

}  // namespace

std::string RelayDir(const Context& context) {
  const std::string& relay = context.component().relay_dir;
  return context.DataDir() + "/" + (relay.empty() ? "relay" : relay);
}

std::string ConfigFile(const Context& context) {
  const std::string& toml = context.component().config_toml;
  if (context.role != Role::kWorker || NamesRelayDir(toml)) return toml;
  // In front: after the user's last table it would belong to that table.
  return "relay-dir = \"" + RelayDir(context) + "\"  # on the claim; DM's own default is the container's disk\n" + toml;
}

std::string ConfigHash(const Context& context) {
  const std::string text = ConfigFile(context);
  const auto parsed = ParseToml(text);
  return (parsed ? base::HashJson(*parsed) : base::Sha256Hex(text)).substr(0, 16);
}

Json ConfigMap(const Context& context) {
  Json object = Object("v1", "ConfigMap",
                       Meta(context.cluster, context.names.ConfigMap(context.role),
                            SelectorLabels(context.cluster.meta.name, context.role)));
  object["data"] = {{"config-file", ConfigFile(context)}, {"startup-script", StartScriptOf(context)}};
  return object;
}

}  // namespace dm::desired
