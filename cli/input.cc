#include "cli/input.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/files.h"
#include "base/strings.h"

namespace dm::cli {

namespace {

namespace fs = std::filesystem;
using base::Code;
using base::Json;

// A list of a kind (List, NodeList, DMClusterList): its items stand for themselves.
bool IsList(const Json& value) {
  const Json* items = base::Find(value, "items");
  return base::EndsWith(base::GetStringOr(value, "kind"), "List") && items != nullptr && items->is_array();
}

base::Result<void> Append(Loaded& loaded, const std::string& source, int line, Json value) {
  if (!value.is_object()) {
    return base::Fail(Code::kInvalid, source + ": " + (line > 0 ? "line " + std::to_string(line) + ": " : "") +
                                          "this is no Kubernetes object; each document must be a map with apiVersion, kind and metadata");
  }
  if (!IsList(value)) {
    loaded.items.push_back(Item{source, line, std::move(value)});
    return {};
  }
  // `kubectl get nodes -o json` leaves kind out of the items of a NodeList served as such.
  const std::string kind = base::GetStringOr(value, "kind");
  const std::string item_kind = kind.substr(0, kind.size() - std::string_view("List").size());
  for (Json& item : value["items"]) {
    if (!item.is_object()) return base::Fail(Code::kInvalid, source + ": an item of the " + kind + " is no object");
    if (base::Find(item, "kind") == nullptr && !item_kind.empty()) item["kind"] = item_kind;
    if (base::Find(item, "apiVersion") == nullptr && base::Find(value, "apiVersion") != nullptr) item["apiVersion"] = value["apiVersion"];
    loaded.items.push_back(Item{source, line, std::move(item)});
  }
  return {};
}

bool LooksLikeJson(std::string_view text) {
  const std::string_view trimmed = base::Trim(text.substr(0, 4096));
  return !trimmed.empty() && trimmed.front() == '{';
}

base::Result<std::vector<std::string>> Expand(const std::string& path) {
  if (path == "-") return std::vector<std::string>{path};
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return base::Fail(Code::kNotFound, path + ": there is no such file or directory");
  if (error) return base::Fail(Code::kDenied, path + ": " + error.message());
  if (status.type() != fs::file_type::directory) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    std::error_code ignored;
    if ((extension == ".yaml" || extension == ".yml" || extension == ".json") && !entry->is_directory(ignored)) {
      files.push_back(entry->path().string());
    }
  }
  if (error) return base::Fail(Code::kDenied, path + ": " + error.message());
  if (files.empty()) return base::Fail(Code::kNotFound, path + ": the directory holds no *.yaml, *.yml or *.json");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

base::Result<Loaded> Parse(const std::string& source, const std::string& text, const LoadLimits& limits) {
  Loaded loaded;
  if (LooksLikeJson(text)) {
    base::JsonLimits json_limits;
    json_limits.max_bytes = limits.max_bytes;
    auto value = base::ParseJson(text, json_limits);
    if (value) {
      if (auto appended = Append(loaded, source, 0, *std::move(value)); !appended) return base::Propagate(appended);
      return loaded;
    }
    // A flow map of YAML also begins with a brace: let YAML have the last word.
  }
  base::YamlLimits yaml_limits;
  yaml_limits.max_bytes = limits.max_bytes;
  auto documents = base::ParseYaml(text, yaml_limits);
  if (!documents) return base::Propagate(documents, source);
  for (base::YamlDocument& document : *documents) {
    for (const std::string& warning : document.warnings) loaded.warnings.push_back(source + ": " + warning);
    if (auto appended = Append(loaded, source, document.line, std::move(document.value)); !appended) return base::Propagate(appended);
  }
  return loaded;
}

base::Result<Loaded> Load(const std::vector<std::string>& paths, const LoadLimits& limits) {
  Loaded all;
  bool stdin_read = false;
  for (const std::string& path : paths) {
    const auto files = Expand(path);
    if (!files) return base::Propagate(files);
    for (const std::string& file : *files) {
      const bool from_stdin = file == "-";
      if (from_stdin && std::exchange(stdin_read, true)) return base::Fail(Code::kInvalid, "standard input (-) can be read only once");
      const std::string source = from_stdin ? "<stdin>" : file;
      const auto text = from_stdin ? base::ReadStdin(limits.max_bytes) : base::ReadFile(file, limits.max_bytes);
      if (!text) return base::Propagate(text, source);
      auto loaded = Parse(source, *text, limits);
      if (!loaded) return base::Propagate(loaded);
      std::move(loaded->items.begin(), loaded->items.end(), std::back_inserter(all.items));
      std::move(loaded->warnings.begin(), loaded->warnings.end(), std::back_inserter(all.warnings));
    }
  }
  return all;
}

}  // namespace dm::cli
