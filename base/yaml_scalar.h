// What an unquoted YAML scalar means to kubectl (goyaml v2 under sigs.k8s.io/yaml). Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json.h"

namespace dm::base {

struct YamlScalar {
  Json value;                  // null, boolean, number or string
  bool representable = true;   // false: .inf and .nan, which JSON cannot say
  bool surprising = false;     // a YAML 1.1 word or a number with a leading zero: people often mean the text
};

YamlScalar ResolvePlain(std::string_view text);

}  // namespace dm::base
