#include "dm/desired/context.h"

namespace dm::desired {
namespace {

const Json* Setting(const Context& context, std::string_view key, bool (Json::*is)() const noexcept) {
  for (const Json* raw : {&context.component().raw, &context.cluster.raw}) {
    const Json* value = base::Find(*raw, key);
    if (value == nullptr || !(value->*is)()) continue;
    if (value->is_array() && value->empty()) continue;   // as good as absent: the cluster's list counts, as in v1
    return value;
  }
  return nullptr;
}

}  // namespace

std::string Context::DataDir() const {
  const std::string& sub = component().data_sub_dir;
  return "/var/lib/" + Title() + (sub.empty() ? "" : "/" + sub);
}

std::string Context::Host(const std::string& service) const {
  if (facts.cluster_domain.empty()) return service;
  return service + "." + cluster.meta.ns + ".svc." + facts.cluster_domain;
}

const Json* ObjectSetting(const Context& context, std::string_view key) {
  return Setting(context, key, &Json::is_object);
}

const Json* ListSetting(const Context& context, std::string_view key) {
  return Setting(context, key, &Json::is_array);
}

std::string StringSetting(const Context& context, std::string_view key) {
  const std::string own = base::GetStringOr(context.component().raw, key);
  return own.empty() ? base::GetStringOr(context.cluster.raw, key) : own;
}

const Json* ComponentObject(const Context& context, std::string_view key) {
  const Json* value = base::Find(context.component().raw, key);
  return value != nullptr && value->is_object() ? value : nullptr;
}

const Json* ComponentList(const Context& context, std::string_view key) {
  const Json* value = base::Find(context.component().raw, key);
  return value != nullptr && value->is_array() ? value : nullptr;
}

Labels MergedMap(const Context& context, std::string_view key) {
  Labels merged = kube::api::ParseLabels(base::Find(context.component().raw, key));
  merged.merge(kube::api::ParseLabels(base::Find(context.cluster.raw, key)));   // what is there already stays
  return merged;
}

Json ToJson(const Labels& labels) {
  Json object = Json::object();
  for (const auto& [key, value] : labels) object[key] = value;
  return object;
}

Json Meta(const DMCluster& cluster, const std::string& name, const Labels& labels, const Labels& annotations) {
  Json meta = {{"name", name}, {"labels", ToJson(labels)}};
  if (!cluster.meta.ns.empty()) meta["namespace"] = cluster.meta.ns;
  if (!annotations.empty()) meta["annotations"] = ToJson(annotations);
  if (!cluster.meta.uid.empty()) {
    meta["ownerReferences"] = Json::array({{{"apiVersion", kApiVersion},
                                            {"kind", kKind},
                                            {"name", cluster.meta.name},
                                            {"uid", cluster.meta.uid},
                                            {"controller", true},
                                            {"blockOwnerDeletion", true}}});
  }
  return meta;
}

Json Object(std::string_view api_version, std::string_view kind, Json metadata) {
  return {{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

}  // namespace dm::desired
