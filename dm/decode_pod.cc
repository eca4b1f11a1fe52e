// The part that v1 has for the cluster and for each component.
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "dm/checks.h"
#include "dm/decode.h"

namespace dm::decode {
void ReadLabelMap(Fields& fields, std::string_view key_of_map) {
  fields.Map(key_of_map, [&](const std::string& key, const std::string& value, const std::string& path) {
    if (auto wrong = CheckLabelKey(key)) fields.out().problems.push_back({path, base::Printable(key), *wrong, false});
    if (auto wrong = CheckLabelValue(value)) fields.out().problems.push_back({path, base::Printable(value), *wrong, false});
  });
}

void ReadAnnotations(Fields& fields) {
  fields.Map("annotations", [&](const std::string& key, const std::string&, const std::string& path) {
    if (auto wrong = CheckLabelKey(base::ToLower(key))) fields.out().problems.push_back({path, base::Printable(key), *wrong, false});
  });
}

namespace {

void ReadLabels(Fields& fields) {
  ReadLabelMap(fields, "labels");
  for (const auto& [key, value] : kube::api::ParseLabels(fields.Raw("labels"))) {
    if (!SelectorLabels("", Role::kMaster).contains(key)) continue;
    fields.out().unknown.push_back({fields.PathOf("labels") + "[" + base::Printable(key) + "]", base::Printable(value),
                                    "is set by the operator, has no effect", false});
  }
}

void ReadSpread(Fields& fields) {
  for (Fields& spread : fields.List("topologySpreadConstraints", "topologyKey")) {
    spread.Int("maxSkew", 1, 1000);
    spread.Int("minDomains", 1, 1000);
    spread.Enum("nodeAffinityPolicy", {"Honor", "Ignore"});
    ReadLabelMap(spread, "matchLabels");
    spread.Finish();
  }
}

}  // namespace

void ReadObject(Fields& fields, std::string_view key, std::string_view kind) {
  const Fields inner = fields.Object(key);
  if (inner.present()) CheckPassThrough(*inner.object(), kind, inner.path(), fields.out());
}

void ReadList(Fields& fields, std::string_view key, std::string_view kind, std::string_view key_field) {
  if (!key_field.empty()) {
    for (const Fields& item : fields.List(key, key_field)) CheckPassThrough(*item.object(), kind, item.path(), fields.out());
    return;
  }
  const base::Json* list = fields.Raw(key);
  if (list == nullptr) return;
  if (!list->is_array()) {
    fields.Problem(key, list, "must be a list");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string path = fields.PathOf(key) + "[" + std::to_string(i) + "]";
    if (Fields item(&(*list)[i], path, fields.out()); item.present()) CheckPassThrough((*list)[i], kind, path, fields.out());
  }
}

void ReadPodSettings(Fields& fields, PodSettings& settings) {
  if (fields.present()) settings.raw = *fields.object();
  settings.version = fields.String("version", OrEmpty(CheckImageTag));
  settings.image_pull_policy = fields.Enum("imagePullPolicy", {"", "Always", "IfNotPresent", "Never"}).value_or("");
  settings.host_network = fields.Bool("hostNetwork");
  ReadLabels(fields);
  ReadAnnotations(fields);
  ReadLabelMap(fields, "nodeSelector");
  ReadSpread(fields);
  ReadObject(fields, "affinity", "affinity");
  ReadObject(fields, "podSecurityContext", "podSecurityContext");
  ReadObject(fields, "dnsConfig", "dnsConfig");
  ReadList(fields, "tolerations", "toleration", "");
  ReadList(fields, "imagePullSecrets", "localReference", "name");
  fields.String("priorityClassName", OrEmpty(CheckDnsName));
  fields.String("schedulerName", OrEmpty(CheckDnsName));
  fields.Enum("dnsPolicy", {"", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"});
  fields.Enum("configUpdateStrategy", {"", "InPlace", "RollingUpdate"});
  fields.Enum("statefulSetUpdateStrategy", {"", "RollingUpdate", "OnDelete"});
  fields.Enum("podManagementPolicy", {"", "Parallel", "OrderedReady"});
  Fields suspend = fields.Object("suspendAction");
  settings.suspended = suspend.Bool("suspendStatefulSet").value_or(false);
  suspend.Finish();
}

}  // namespace dm::decode
