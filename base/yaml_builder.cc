// Values, limits and lines of YAML documents.
#include "base/yaml_builder.h"

#include "base/strings.h"

namespace dm::base {
namespace {

constexpr std::size_t kMaxPointerBytes = 32u << 20;   // of all recorded pointers; deep documents with long keys
constexpr std::size_t kMaxWarnings = 100;             // of one document

void AppendEscaped(std::string& pointer, std::string_view key) {   // RFC 6901
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace

void RefuseYaml(int line, const std::string& what) {
  throw YamlRefused{"line " + std::to_string(line) + ": " + what};
}

void YamlBuilder::BeginDocument(int line) {
  if (++begun_ > limits_.max_documents) {
    RefuseYaml(line, "more than " + std::to_string(limits_.max_documents) + " documents");
  }
  current_ = YamlDocument{};
  current_.line = line;
  open_.clear();
  pointer_.clear();
}

void YamlBuilder::EndDocument() {
  if (!current_.value.is_null()) documents_.push_back(std::move(current_));
  current_ = YamlDocument{};
}

void YamlBuilder::Warn(std::string text) {
  if (current_.warnings.size() < kMaxWarnings) current_.warnings.push_back(std::move(text));
}

void YamlBuilder::Scalar(int line, int position, Json value) {
  if (ExpectsKey()) return Key(line, position, value);
  Put(line, std::move(value));
}

// Keys that are no strings become strings, as sigs.k8s.io/yaml makes them.
void YamlBuilder::Key(int line, int position, const Json& value) {
  Count(line);
  if (value.is_null()) {   // also what yaml-cpp makes of a key that is too long for it
    throw YamlRefused{"line " + std::to_string(line) + ": a key must not be null; quote it if you mean the word", true};
  }
  Frame& frame = open_.back();
  frame.key = value.is_string() ? value.get<std::string>() : DumpJson(value);
  frame.key_position = position;
  frame.has_key = true;
  pointer_.resize(frame.pointer_size);
  pointer_ += '/';
  AppendEscaped(pointer_, frame.key);
  if (frame.container->contains(frame.key)) {
    RefuseYaml(line, "key \"" + Printable(frame.key, 60) + "\" stands twice in the same map, first on line " +
                         std::to_string(current_.LineOf(pointer_)) + "; remove one of the two");
  }
  Record(line);
}

Json* YamlBuilder::Put(int line, Json value) {
  Count(line);
  if (open_.empty()) {
    current_.line = line;
    current_.value = std::move(value);
    Record(line);
    return &current_.value;
  }
  Frame& frame = open_.back();
  if (frame.container->is_array()) {
    pointer_.resize(frame.pointer_size);
    pointer_ += '/';
    pointer_ += std::to_string(frame.container->size());
    Record(line);
    frame.container->push_back(std::move(value));
    return &frame.container->back();
  }
  frame.has_key = false;
  Json& slot = (*frame.container)[frame.key];
  slot = std::move(value);
  return &slot;
}

void YamlBuilder::Open(int line, bool flow, Json container) {
  if (ExpectsKey()) RefuseYaml(line, "a key must be a plain word, not a list or a map");
  if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
    RefuseYaml(line, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
  }
  Json* const at = Put(line, std::move(container));
  open_.push_back(Frame{at, pointer_.size(), flow});
}

void YamlBuilder::Close() {
  pointer_.resize(open_.back().pointer_size);
  open_.pop_back();
}

void YamlBuilder::Count(int line) {
  if (++nodes_ > limits_.max_nodes) {
    RefuseYaml(line, "more than " + std::to_string(limits_.max_nodes) + " values");
  }
}

void YamlBuilder::Record(int line) {
  pointer_bytes_ += pointer_.size();
  if (pointer_bytes_ <= kMaxPointerBytes) current_.lines.emplace(pointer_, line);
}

}  // namespace dm::base
