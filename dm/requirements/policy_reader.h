// Reads one YAML map of the policy key by key; every fault is collected with line, path and advice. For policy.cc only.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/yaml.h"

namespace dm::requirements {

class PolicyReader {
 public:
  PolicyReader(const base::YamlDocument& document, std::vector<std::string>& faults) : document_(document), faults_(faults) {}

  // "line 4: rules.MasterCpu: there is no rule of that name; did you mean MasterCPU?"
  void Fault(const std::string& pointer, const std::string& what);

  // The map at `pointer`, or nullptr (with a fault when it is something else). Keys outside `known` are faults.
  const base::Json* Map(const std::string& pointer, std::initializer_list<std::string_view> known);
  const base::Json* AnyMap(const std::string& pointer);
  const base::Json* List(const std::string& pointer);
  std::optional<std::string> Text(const std::string& pointer);
  std::optional<bool> Bool(const std::string& pointer);
  // One of `words`; YAML 1.1 reads a plain off as false, and that is taken for the word off.
  std::optional<std::string> Word(const std::string& pointer, std::initializer_list<std::string_view> words);

  const base::Json* At(const std::string& pointer) const;

 private:
  const base::YamlDocument& document_;
  std::vector<std::string>& faults_;
};

std::string Escape(std::string_view key);     // as a part of a JSON pointer

}  // namespace dm::requirements
