// LiveCovers: the comparison itself, with the API server's conventions as tables.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "kube/api/quantity.h"
#include "kube/apply.h"

namespace dm::kube {
namespace {

using base::Json;

// Lists that the API server merges by key (x-kubernetes-list-map-keys; patchMergeKey of the built-in kinds), and sets.
// The first row whose keys all elements of the desired list have is used, so ports of containers and of Services
// differ.
struct KeyedList {
  std::string_view field;
  std::array<std::string_view, 2> keys;  // the second may be empty
};
constexpr KeyedList kKeyedLists[] = {
    {"containers", {"name", ""}},
    {"initContainers", {"name", ""}},
    {"ephemeralContainers", {"name", ""}},
    {"volumes", {"name", ""}},
    {"imagePullSecrets", {"name", ""}},
    {"env", {"name", ""}},
    {"volumeMounts", {"mountPath", ""}},
    {"volumeDevices", {"devicePath", ""}},
    {"ports", {"containerPort", "protocol"}},
    {"ports", {"port", "protocol"}},
    {"hostAliases", {"ip", ""}},
    {"topologySpreadConstraints", {"topologyKey", "whenUnsatisfiable"}},
    {"ownerReferences", {"uid", ""}},
    {"conditions", {"type", ""}},
    {"webhooks", {"name", ""}},
    {"secrets", {"name", ""}},
};
constexpr std::string_view kSets[] = {"finalizers"};

// Defaults of list keys that a manifest may leave out.
std::string_view DefaultOfKey(std::string_view key) { return key == "protocol" ? "TCP" : ""; }

// Fields whose zero value the server does not store (plain types with omitempty): wanting it and not finding it is the
// same.
constexpr std::string_view kZeroIsAbsent[] = {"hostNetwork",
                                              "hostPID",
                                              "hostIPC",
                                              "readOnly",
                                              "stdin",
                                              "stdinOnce",
                                              "tty",
                                              "value",
                                              "subPath",
                                              "subPathExpr",
                                              "workingDir",
                                              "unschedulable",
                                              "minReadySeconds",
                                              "publishNotReadyAddresses",
                                              "priorityClassName",
                                              "nodeName",
                                              "hostname",
                                              "subdomain",
                                              "serviceAccountName",
                                              "namespace",
                                              "loadBalancerIP",
                                              "externalName",
                                              "initialDelaySeconds",
                                              "effect",
                                              "key",
                                              "operator",
                                              "medium",
                                              "hostPort",
                                              "hostIP",
                                              "host",
                                              "name",
                                              "prefix",
                                              "image",
                                              "volumeName",
                                              "secretName",
                                              "fsType",
                                              "user",
                                              "role",
                                              "type",
                                              "level"};

// Plain numbers and words for whose zero value the server puts its default.
constexpr std::string_view kZeroIsDefault[] = {"timeoutSeconds",    "periodSeconds", "successThreshold", "failureThreshold",
                                               "protocol",          "scheme",        "path",             "schedulerName",
                                               "dnsPolicy",         "restartPolicy", "imagePullPolicy",  "terminationMessagePath",
                                               "whenUnsatisfiable", "clusterIP",     "nodePort",         "sessionAffinity"};

// Maps that the server does not store when they are empty. (An empty struct, as emptyDir: {}, says something.)
constexpr std::string_view kMaps[] = {"labels",     "annotations",      "nodeSelector", "matchLabels",
                                      "data",       "binaryData",       "requests",     "limits",
                                      "parameters", "volumeAttributes", "selector"};

// Objects whose values are quantities, and single fields that are.
constexpr std::string_view kQuantityMaps[] = {"requests", "limits", "capacity", "allocatable", "hard", "overhead"};
constexpr std::string_view kQuantities[] = {"sizeLimit", "divisor"};

bool In(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsZero(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  if (value.is_number_integer()) return value.get<std::int64_t>() == 0;
  return false;
}

bool MayBeAbsent(std::string_view field, const Json& desired) {
  if (desired.is_null() || (desired.is_array() && desired.empty())) return true;
  if (desired.is_object()) return desired.empty() && In(kMaps, field);
  return IsZero(desired) && (In(kZeroIsAbsent, field) || In(kZeroIsDefault, field));
}

bool SameQuantity(const Json& desired, const Json& live) {
  const auto want = api::Quantity::FromJson(desired);
  const auto is = api::Quantity::FromJson(live);
  return want && is && *want == *is;
}

// One comparison: walks both trees and keeps the path, so that the first difference can be named.
class Comparison {
 public:
  explicit Comparison(bool hide_data) : hide_data_(hide_data) {}

  bool Covers(const Json& desired, const Json* live, std::string_view field, bool quantity) {
    if (live == nullptr) return MayBeAbsent(field, desired) || Differs(desired, nullptr);
    if (desired.is_null()) return true;  // "no opinion": the server prunes nulls of an apply
    if (desired.is_object() && live->is_object()) return CoversObject(desired, *live, field);
    if (desired.is_array() && live->is_array()) return CoversList(desired, *live, field);
    if (desired == *live || (IsZero(desired) && In(kZeroIsDefault, field))) return true;
    if (quantity && SameQuantity(desired, *live)) return true;
    return Differs(desired, live);
  }

  const std::string& difference() const { return difference_; }

 private:
  bool CoversObject(const Json& desired, const Json& live, std::string_view field) {
    const bool quantities = In(kQuantityMaps, field), map = In(kMaps, field);   // of a map's entries the empty ones are stored
    for (const auto& [name, value] : desired.items()) {
      const std::size_t mark = path_.size();
      Descend(name);
      const bool hidden =
          hide_data_ && path_.find('.') == std::string::npos && (name == "data" || name == "stringData");
      hidden_ += hidden ? 1 : 0;
      const auto it = live.find(name);
      const bool same = Covers(value, it == live.end() ? nullptr : &*it, map ? std::string_view() : name, quantities || In(kQuantities, name));
      hidden_ -= hidden ? 1 : 0;
      path_.resize(mark);
      if (!same) return false;
    }
    return true;
  }

  bool CoversList(const Json& desired, const Json& live, std::string_view field) {
    if (In(kSets, field)) return CoversSet(desired, live);
    if (const KeyedList* keyed = KeysOf(field, desired)) return CoversKeyed(desired, live, *keyed);
    if (desired.size() != live.size()) {
      return Say("wants " + std::to_string(desired.size()) + " elements, has " + std::to_string(live.size()));
    }
    for (std::size_t i = 0; i < desired.size(); ++i) {
      if (!CoversElement(desired[i], &live[i], std::to_string(i))) return false;
    }
    return true;
  }

  bool CoversElement(const Json& desired, const Json* live, const std::string& name) {
    const std::size_t mark = path_.size();
    path_ += "[" + name + "]";
    const bool same = Covers(desired, live, "", false);
    path_.resize(mark);
    return same;
  }

  bool CoversSet(const Json& desired, const Json& live) {
    for (const Json& element : desired) {
      if (std::find(live.begin(), live.end(), element) == live.end()) return Differs(element, nullptr);
    }
    return true;
  }

  // Matched by key, in the order of the desired list (the order of containers and env matters); a key may occur twice.
  bool CoversKeyed(const Json& desired, const Json& live, const KeyedList& list) {
    auto from = live.begin();
    for (const Json& element : desired) {
      const std::string key = KeyOf(element, list);
      auto it = std::find_if(from, live.end(), [&](const Json& other) { return KeyOf(other, list) == key; });
      if (!CoversElement(element, it == live.end() ? nullptr : &*it, key)) return false;
      if (it != live.end()) from = std::next(it);
    }
    return true;
  }

  static const KeyedList* KeysOf(std::string_view field, const Json& desired) {
    for (const KeyedList& list : kKeyedLists) {
      if (list.field != field) continue;
      const bool all = std::all_of(desired.begin(), desired.end(), [&](const Json& element) {
        return element.is_object() && element.contains(list.keys[0]);
      });
      if (all) return &list;
    }
    return nullptr;
  }

  static std::string KeyOf(const Json& element, const KeyedList& list) {
    std::string key;
    for (const std::string_view name : list.keys) {
      if (name.empty()) continue;
      const Json* value = element.is_object() ? base::Find(element, name) : nullptr;
      if (!key.empty()) key += ",";
      if (value == nullptr) {
        key += DefaultOfKey(name);
      } else {
        key += value->is_string() ? value->get_ref<const std::string&>() : base::DumpJson(*value);
      }
    }
    return key;
  }

  void Descend(const std::string& name) {
    const bool plain = name.find_first_of("./[] ") == std::string::npos;
    if (!plain) {
      path_ += "[" + name + "]";
    } else {
      path_ += (path_.empty() ? "" : ".") + name;
    }
  }

  bool Say(const std::string& what) {
    difference_ = path_ + ": " + what;
    return false;
  }

  bool Differs(const Json& desired, const Json* live) {
    if (hidden_ > 0) return Say(live == nullptr ? "is missing" : "differs");
    const auto text = [](const Json& value) { return base::Printable(base::DumpJson(value), 80); };
    return Say("wants " + text(desired) + (live == nullptr ? ", is missing" : ", is " + text(*live)));
  }

  const bool hide_data_;
  int hidden_ = 0;
  std::string path_;
  std::string difference_;
};

}  // namespace

std::string FirstDifference(const Json& desired, const Json& live) {
  const std::string kind = base::GetStringOr(desired, "kind");
  Comparison comparison(kind == "Secret" || kind == "ConfigMap");
  return comparison.Covers(desired, &live, "", false) ? std::string() : comparison.difference();
}

bool LiveCovers(const Json& desired, const Json& live) { return FirstDifference(desired, live).empty(); }

}  // namespace dm::kube
