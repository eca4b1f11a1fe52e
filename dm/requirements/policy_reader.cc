#include "dm/requirements/policy_reader.h"

#include <algorithm>

#include "base/strings.h"
#include "dm/fields.h"

namespace dm::requirements {

namespace {

using base::Json;

// "/namespaces/0/selector" → namespaces[0].selector
std::string Path(const std::string& pointer) {
  std::string path;
  for (const std::string_view part : base::Split(std::string_view(pointer).substr(pointer.empty() ? 0 : 1), '/')) {
    if (part.empty()) continue;
    std::string word = base::ReplaceAll(base::ReplaceAll(std::string(part), "~1", "/"), "~0", "~");
    if (base::ParseInt(word)) {
      path += "[" + word + "]";
    } else {
      path += (path.empty() ? "" : ".") + word;
    }
  }
  return path;
}

std::string Kind(const Json& value) {
  if (value.is_object()) return "a map";
  if (value.is_array()) return "a list";
  return base::Printable(base::DumpJson(value), 60);
}

std::string Words(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  }
  return text;
}

}  // namespace

std::string Escape(std::string_view key) {
  return base::ReplaceAll(base::ReplaceAll(std::string(key), "~", "~0"), "/", "~1");
}

const Json* PolicyReader::At(const std::string& pointer) const {
  const Json* value = &document_.value;
  for (const std::string_view part : base::Split(std::string_view(pointer).substr(pointer.empty() ? 0 : 1), '/')) {
    if (pointer.empty()) break;
    const std::string word = base::ReplaceAll(base::ReplaceAll(std::string(part), "~1", "/"), "~0", "~");
    if (value->is_array()) {
      const auto index = base::ParseInt(word);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= value->size()) return nullptr;
      value = &(*value)[static_cast<std::size_t>(*index)];
    } else {
      value = base::Find(*value, word);
      if (value == nullptr) return nullptr;
    }
  }
  return value;
}

void PolicyReader::Fault(const std::string& pointer, const std::string& what) {
  const std::string path = base::Printable(Path(pointer), 160);
  faults_.push_back("line " + std::to_string(document_.LineOf(pointer)) + ": " + (path.empty() ? "" : path + ": ") + what);
}

const Json* PolicyReader::AnyMap(const std::string& pointer) {
  const Json* value = At(pointer);
  if (value == nullptr || value->is_null()) return nullptr;
  if (value->is_object()) return value;
  Fault(pointer, "must be a map, not " + Kind(*value));
  return nullptr;
}

const Json* PolicyReader::Map(const std::string& pointer, std::initializer_list<std::string_view> known) {
  const Json* map = AnyMap(pointer);
  if (map == nullptr) return nullptr;
  for (const auto& [key, value] : map->items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = Nearest(key, known);
    Fault(pointer + "/" + Escape(key), near.empty() ? "there is no such field; known are " + Words(known)
                                                    : "there is no such field; did you mean " + near + "?");
  }
  return map;
}

const Json* PolicyReader::List(const std::string& pointer) {
  const Json* value = At(pointer);
  if (value == nullptr || value->is_null()) return nullptr;
  if (value->is_array()) return value;
  Fault(pointer, "must be a list, not " + Kind(*value));
  return nullptr;
}

std::optional<std::string> PolicyReader::Text(const std::string& pointer) {
  const Json* value = At(pointer);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number_integer()) return base::DumpJson(*value);
  Fault(pointer, value->is_number() ? "write it in quotes: as a number " + Kind(*value) + " loses its zeros"
                                    : "must be a text, not " + Kind(*value));
  return std::nullopt;
}

std::optional<bool> PolicyReader::Bool(const std::string& pointer) {
  const Json* value = At(pointer);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  Fault(pointer, "must be true or false, not " + Kind(*value));
  return std::nullopt;
}

std::optional<std::string> PolicyReader::Word(const std::string& pointer, std::initializer_list<std::string_view> words) {
  const Json* value = At(pointer);
  if (value == nullptr || value->is_null()) return std::nullopt;
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  if (value->is_boolean() && !value->get<bool>() && has("off")) return "off";
  if (value->is_string() && has(value->get_ref<const std::string&>())) return value->get<std::string>();
  std::string what = "must be " + Words(words) + ", not " + Kind(*value);
  if (value->is_string()) {
    const std::string near = Nearest(value->get_ref<const std::string&>(), words);
    if (!near.empty()) what += "; did you mean " + near + "?";
  }
  Fault(pointer, what);
  return std::nullopt;
}

}  // namespace dm::requirements
