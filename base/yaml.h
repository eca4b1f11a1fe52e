// Bounded YAML as kubectl reads it (sigs.k8s.io/yaml: YAML 1.1 words, base-0 integers), turned into JSON.
// yaml-cpp's Load* are never called: LoadAll(",") does not end. The Parser drives an event handler with limits.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"

namespace dm::base {

struct YamlLimits {
  std::size_t max_bytes = 8u << 20;
  int max_documents = 1000;
  int max_depth = 100;
  std::size_t max_nodes = 500'000;
};

struct YamlDocument {
  Json value;
  int line = 0;                              // 1-based line where the document's content begins
  std::map<std::string, int> lines;          // JSON pointer ("/spec/worker/replicas") → 1-based line
  std::vector<std::string> warnings;         // "line 7: yes is read as true; quote it if you mean the word"

  // The line of the nearest enclosing node that is known.
  int LineOf(std::string_view pointer) const;
};

// Empty documents are left out. kInvalid ("line 3: …") on syntax errors, duplicate keys, aliases, non-UTF-8, limits.
Result<std::vector<YamlDocument>> ParseYaml(std::string_view text, const YamlLimits& limits = {});

// YAML text of a JSON value, block style; strings that YAML 1.1 would read otherwise are quoted.
std::string ToYaml(const Json& value);

}  // namespace dm::base
