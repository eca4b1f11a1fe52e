// YAML text to JSON: yaml-cpp's Parser drives a handler of ours, which builds the values and keeps every limit.
#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>

#include "base/strings.h"
#include "base/utf8.h"
#include "base/yaml_scalar.h"

namespace dm::base {
namespace {

constexpr std::size_t kMaxPointerBytes = 32u << 20;   // of all recorded pointers; deep documents with long keys
constexpr std::size_t kMaxWarnings = 100;             // of one document

// Leaves yaml-cpp's parser; caught in ParseYaml.
struct Refused {
  std::string message;
  bool could_be_json = false;
};

[[noreturn]] void Refuse(int line, const std::string& what) {
  throw Refused{"line " + std::to_string(line) + ": " + what};
}

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

// yaml-cpp 0.7 makes the bare bytes 85 and A0 of the escapes \N and \_; everything else in `text` is UTF-8.
std::string RepairEscapes(const std::string& text) {
  if (IsUtf8(text)) return text;
  std::string repaired;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = FirstChar(rest).length;
    if (length == 0) repaired += '\xC2';   // U+0085 is C2 85, U+00A0 is C2 A0
    const std::size_t taken = std::max<std::size_t>(length, 1);
    repaired += rest.substr(0, taken);
    rest.remove_prefix(taken);
  }
  return repaired;
}

class Handler final : public YAML::EventHandler {
 public:
  Handler(std::string_view text, const YamlLimits& limits) : text_(text), limits_(limits) {}

  std::vector<YamlDocument> documents;

  void OnDocumentStart(const YAML::Mark& mark) override {
    const int line = LineOf(mark);
    if (++seen_ > limits_.max_documents) {
      Refuse(line, "more than " + std::to_string(limits_.max_documents) + " documents");
    }
    // yaml-cpp begins a new document wherever the last one ended and may do so for ever without reading on.
    if (seen_ > 1 && !At(mark).starts_with("---")) {
      Refuse(line, "unexpected text after the end of the document; begin another one with a line of ---");
    }
    current_ = YamlDocument{};
    current_.line = line;
    open_.clear();
    pointer_.clear();
  }

  void OnDocumentEnd() override {
    if (!current_.value.is_null()) documents.push_back(std::move(current_));
    current_ = YamlDocument{};
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (!open_.empty() && !mark.is_null()) CheckNull(mark, open_.back());
    Scalar(mark, Json(nullptr));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(LineOf(mark), "aliases (*name) are not supported; write the value out");
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    Refuse(LineOf(mark),
           "anchors (&" + Printable(name, 60) + ") are not supported; write the value out where it is used");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    const int line = LineOf(mark);
    const bool plain = tag.empty() || tag == "?";
    if (!plain) CheckClosed(mark);
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return Scalar(mark, Json(RepairEscapes(value)));
    if (plain && value == "<<" && ExpectsKey()) {
      Refuse(line, "merge keys (<<) are not supported; write the fields out");
    }
    YamlScalar resolved = ResolvePlain(value);
    if (!resolved.representable) {
      Refuse(line, Printable(value) + " is no number JSON can carry; write a finite number, or quote it");
    }
    if (!plain) CheckTag(line, tag, value, resolved.value);
    if (plain && resolved.surprising && current_.warnings.size() < kMaxWarnings) {
      current_.warnings.push_back("line " + std::to_string(line) + ": " + Printable(value, 60) + " is read as " +
                                  (resolved.value.is_number() ? "the number " : "") + DumpJson(resolved.value) +
                                  "; quote it if you mean the text");
    }
    Scalar(mark, std::move(resolved.value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override {
    Open(mark, tag, "tag:yaml.org,2002:seq", style, Json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override {
    Open(mark, tag, "tag:yaml.org,2002:map", style, Json::object());
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    Json* container;
    std::size_t pointer_size;    // length of this container's own pointer
    bool flow = false;           // [] or {}
    bool has_key = false;        // maps: the key is read, its value is next
    std::string key{};
    int key_position = 0;
  };

  // yaml-cpp has no mark for a value that is missing at the end of the text.
  int LineOf(const YAML::Mark& mark) {
    if (!mark.is_null()) last_line_ = mark.line + 1;
    return last_line_;
  }

  std::string_view At(const YAML::Mark& mark) const {
    if (mark.pos < 0 || static_cast<std::size_t>(mark.pos) > text_.size()) return {};
    return text_.substr(static_cast<std::size_t>(mark.pos));
  }

  // yaml-cpp takes some texts that kubectl refuses, and makes nulls of the holes. A missing value carries the mark of
  // its key, a missing entry that of the comma.
  void CheckNull(const YAML::Mark& mark, const Frame& frame) {
    if (frame.container->is_array()) {
      if (frame.flow && At(mark).starts_with(',')) Refuse(LineOf(mark), "an entry is missing before the comma");
    } else if (!frame.flow && frame.has_key && mark.pos == frame.key_position) {
      Refuse(LineOf(mark), "expected \":\" behind " + Printable(frame.key, 60) + "; check the indentation");
    }
  }

  // yaml-cpp closes a quoted text at the end of the input.
  void CheckClosed(const YAML::Mark& mark) {
    std::string_view rest = At(mark);
    if (rest.starts_with('!')) {   // the tag comes first
      rest.remove_prefix(std::min(rest.find_first_of(" \t\r\n"), rest.size()));
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    }
    if (!rest.starts_with('"') && !rest.starts_with('\'')) return;
    const char quote = rest.front();
    for (std::size_t i = 1; i < rest.size(); ++i) {
      const bool escape = quote == '"' ? rest[i] == '\\' : rest.substr(i).starts_with("''");
      if (escape) {
        ++i;
      } else if (rest[i] == quote) {
        return;
      }
    }
    Refuse(LineOf(mark), std::string("the quote ") + quote + " is not closed");
  }

  bool ExpectsKey() const { return !open_.empty() && open_.back().container->is_object() && !open_.back().has_key; }

  static void CheckTag(int line, const std::string& tag, const std::string& value, const Json& resolved) {
    const bool fits = (tag == "tag:yaml.org,2002:int" && resolved.is_number_integer()) ||
                      (tag == "tag:yaml.org,2002:float" && resolved.is_number()) ||
                      (tag == "tag:yaml.org,2002:bool" && resolved.is_boolean()) ||
                      (tag == "tag:yaml.org,2002:null" && resolved.is_null());
    if (fits) return;
    Refuse(line, "the tag " + Printable(tag, 60) + " does not fit " + Printable(value, 60) +
                     " or is not supported; remove the tag");
  }

  void Scalar(const YAML::Mark& mark, Json value) {
    const int line = LineOf(mark);
    if (ExpectsKey()) {
      open_.back().key_position = mark.pos;
      return Key(line, value);
    }
    Put(line, std::move(value));
  }

  // Keys that are no strings become strings, as sigs.k8s.io/yaml makes them.
  void Key(int line, const Json& value) {
    Count(line);
    if (value.is_null()) {   // also what yaml-cpp makes of a key that is too long for it
      throw Refused{"line " + std::to_string(line) + ": a key must not be null; quote it if you mean the word", true};
    }
    Frame& frame = open_.back();
    frame.key = value.is_string() ? value.get<std::string>() : DumpJson(value);
    frame.has_key = true;
    pointer_.resize(frame.pointer_size);
    pointer_ += '/';
    AppendEscaped(pointer_, frame.key);
    if (frame.container->contains(frame.key)) {
      Refuse(line, "key \"" + Printable(frame.key, 60) + "\" stands twice in the same map, first on line " +
                       std::to_string(current_.LineOf(pointer_)) + "; remove one of the two");
    }
    Record(line);
  }

  Json* Put(int line, Json value) {
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

  void Open(const YAML::Mark& mark, const std::string& tag, std::string_view own_tag,
            YAML::EmitterStyle::value style, Json container) {
    const int line = LineOf(mark);
    if (!tag.empty() && tag != "?" && tag != "!" && tag != own_tag) {
      Refuse(line, "the tag " + Printable(tag, 60) + " is not supported here; remove it");
    }
    if (ExpectsKey()) Refuse(line, "a key must be a plain word, not a list or a map");
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      Refuse(line, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }
    Json* const at = Put(line, std::move(container));
    open_.push_back(Frame{at, pointer_.size(), style == YAML::EmitterStyle::Flow});
  }

  void Close() {
    pointer_.resize(open_.back().pointer_size);
    open_.pop_back();
  }

  void Count(int line) {
    if (++nodes_ > limits_.max_nodes) Refuse(line, "more than " + std::to_string(limits_.max_nodes) + " values");
  }

  void Record(int line) {
    pointer_bytes_ += pointer_.size();
    if (pointer_bytes_ <= kMaxPointerBytes) current_.lines.emplace(pointer_, line);
  }

  std::string_view text_;
  YamlLimits limits_;
  YamlDocument current_;
  std::vector<Frame> open_;
  std::string pointer_;            // of the value being read
  std::size_t pointer_bytes_ = 0;
  std::size_t nodes_ = 0;
  int seen_ = 0;
  int last_line_ = 1;
};

// Reads a string in place, without the copy istringstream makes.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string& text) { setg(text.data(), text.data(), text.data() + text.size()); }
};

// yaml-cpp takes invalid bytes, and the byte 4 for the end of the text.
Result<void> CheckCharacters(std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    const Utf8Char next = FirstChar(text);
    if (next.length == 0) {
      return Fail(Code::kInvalid, "line " + std::to_string(line) + ": not UTF-8; save the file as UTF-8");
    }
    if (next.code_point == U'\n') ++line;
    if (next.code_point < 0x20 && next.code_point != U'\n' && next.code_point != U'\r' && next.code_point != U'\t') {
      return Fail(Code::kInvalid, "line " + std::to_string(line) + ": control character " +
                                      Printable(text.substr(0, 1)) + "; remove it, or escape it in double quotes");
    }
    text.remove_prefix(next.length);
  }
  return {};
}

// JSON that is no YAML to yaml-cpp: surrogate pairs in escapes, keys above 1024 bytes.
std::optional<YamlDocument> AsJson(std::string_view text, const YamlLimits& limits) {
  const std::string_view trimmed = Trim(text);
  if (!trimmed.starts_with('{') && !trimmed.starts_with('[')) return std::nullopt;
  Result<Json> value = ParseJson(trimmed, JsonLimits{limits.max_bytes, limits.max_depth});
  if (!value) return std::nullopt;
  const auto before = text.substr(0, static_cast<std::size_t>(trimmed.data() - text.data()));
  YamlDocument document;
  document.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  document.lines[""] = document.line;
  document.value = *std::move(value);
  return document;
}

}  // namespace

int YamlDocument::LineOf(std::string_view pointer) const {
  for (;;) {
    if (const auto found = lines.find(std::string(pointer)); found != lines.end()) return found->second;
    const std::size_t slash = pointer.find_last_of('/');
    if (slash == std::string_view::npos) return line;
    pointer = pointer.substr(0, slash);
  }
}

Result<std::vector<YamlDocument>> ParseYaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(Code::kInvalid, "YAML text of " + std::to_string(text.size()) + " bytes is larger than the limit of " +
                                    std::to_string(limits.max_bytes));
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (auto characters = CheckCharacters(text); !characters) return Propagate(characters);

  Handler handler(text, limits);
  Error error;
  error.code = Code::kInvalid;
  try {
    std::string copy(text);
    ViewBuffer buffer(copy);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
    return std::move(handler.documents);
  } catch (const Refused& refused) {
    if (!refused.could_be_json) return Fail(Code::kInvalid, refused.message);
    error.message = refused.message;
  } catch (const YAML::Exception& e) {
    error.message = "line " + std::to_string(std::max(e.mark.line, 0) + 1) + ", column " +
                    std::to_string(std::max(e.mark.column, 0) + 1) + ": " + Printable(e.msg);
  } catch (const std::exception& e) {
    error.message = std::string("not valid YAML: ") + e.what();
  }
  auto document = AsJson(text, limits);
  if (!document) return Fail(std::move(error));
  std::vector<YamlDocument> one;
  one.push_back(*std::move(document));
  return one;
}

}  // namespace dm::base
