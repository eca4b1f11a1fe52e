// Files, directories and standard input → documents. Bounded: whatever is fed in, the answer is documents or one clear
// sentence about what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "base/yaml.h"

namespace dm::cli {

struct Item {
  std::string source;          // orders.yaml, or <stdin>
  int line = 0;                // where its document begins; 0: not known (JSON)
  base::Json value;

  std::string Where() const { return line > 0 ? source + ":" + std::to_string(line) : source; }
  std::string kind() const { return base::GetStringOr(value, "kind"); }
};

struct Loaded {
  std::vector<Item> items;                  // lists (kind List, NodeList, …) are taken apart
  std::vector<std::string> warnings;        // "orders.yaml: line 7: yes is read as true; …"
};

struct LoadLimits {
  std::size_t max_bytes = 8u << 20;         // of one file
};
// What `kubectl get nodes -o json` prints for thousands of nodes.
inline constexpr LoadLimits kDataLimits{256u << 20};

// `paths`: files, "-" for standard input, directories (their *.yaml, *.yml and *.json, by name, not below).
// kInvalid, kNotFound and kDenied name the path.
base::Result<Loaded> Load(const std::vector<std::string>& paths, const LoadLimits& limits = {});
// For tests and for Load.
base::Result<Loaded> Parse(const std::string& source, const std::string& text, const LoadLimits& limits = {});

}  // namespace dm::cli
