// Builds the JSON of YAML documents from keys, values, and beginnings and ends of containers, and keeps the limits and
// the lines. For yaml.cc. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace dm::base {

// Leaves yaml-cpp's parser; caught in ParseYaml.
struct YamlRefused {
  std::string message;
  bool could_be_json = false;   // the text may be good JSON that yaml-cpp does not understand
};

[[noreturn]] void RefuseYaml(int line, const std::string& what);

class YamlBuilder {
 public:
  struct Frame {
    Json* container;
    std::size_t pointer_size;    // length of this container's own pointer
    bool flow = false;           // [] or {}
    bool has_key = false;        // maps: the key is read, its value is next
    std::string key{};
    int key_position = 0;        // of the key, in the text
  };

  explicit YamlBuilder(const YamlLimits& limits) : limits_(limits) {}

  void BeginDocument(int line);
  void EndDocument();
  // A key or a value, whichever is next.
  void Scalar(int line, int position, Json value);
  void Open(int line, bool flow, Json container);
  void Close();
  void Warn(std::string text);

  const Frame* Innermost() const { return open_.empty() ? nullptr : &open_.back(); }
  bool ExpectsKey() const { return !open_.empty() && open_.back().container->is_object() && !open_.back().has_key; }
  std::vector<YamlDocument> TakeDocuments() { return std::move(documents_); }

 private:
  void Key(int line, int position, const Json& value);
  Json* Put(int line, Json value);
  void Count(int line);
  void Record(int line);

  YamlLimits limits_;
  std::vector<YamlDocument> documents_;
  YamlDocument current_;
  std::vector<Frame> open_;        // pointers stay valid: only the innermost open container grows
  std::string pointer_;            // of the value being read
  std::size_t pointer_bytes_ = 0;
  std::size_t nodes_ = 0;
  int begun_ = 0;
};

}  // namespace dm::base
