// YAML text to JSON: yaml-cpp's Parser drives a handler of ours, which refuses what kubectl would not take.
#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>

#include "base/strings.h"
#include "base/utf8.h"
#include "base/yaml_builder.h"
#include "base/yaml_scalar.h"

namespace dm::base {
namespace {

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
  Handler(std::string_view text, YamlBuilder& builder) : text_(text), builder_(builder) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    const int line = LineOf(mark);
    // yaml-cpp begins a new document wherever the last one ended and may do so for ever without reading on.
    if (!first_ && !At(mark).starts_with("---")) {
      RefuseYaml(line, "unexpected text after the end of the document; begin another one with a line of ---");
    }
    first_ = false;
    builder_.BeginDocument(line);
  }

  void OnDocumentEnd() override { builder_.EndDocument(); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (builder_.Innermost() != nullptr && !mark.is_null()) CheckNull(mark, *builder_.Innermost());
    builder_.Scalar(LineOf(mark), mark.pos, Json(nullptr));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    RefuseYaml(LineOf(mark), "aliases (*name) are not supported; write the value out");
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    RefuseYaml(LineOf(mark),
               "anchors (&" + Printable(name, 60) + ") are not supported; write the value out where it is used");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    const int line = LineOf(mark);
    const bool plain = tag.empty() || tag == "?";
    if (!plain) CheckClosed(mark);
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      return builder_.Scalar(line, mark.pos, Json(RepairEscapes(value)));
    }
    if (plain && value == "<<" && builder_.ExpectsKey()) {
      RefuseYaml(line, "merge keys (<<) are not supported; write the fields out");
    }
    YamlScalar resolved = ResolvePlain(value);
    if (!resolved.representable) {
      RefuseYaml(line, Printable(value) + " is no number JSON can carry; write a finite number, or quote it");
    }
    if (!plain) CheckTag(line, tag, value, resolved.value);
    if (plain && resolved.surprising) {
      builder_.Warn("line " + std::to_string(line) + ": " + Printable(value, 60) + " is read as " +
                    (resolved.value.is_number() ? "the number " : "") + DumpJson(resolved.value) +
                    "; quote it if you mean the text");
    }
    builder_.Scalar(line, mark.pos, std::move(resolved.value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override {
    Open(mark, tag, "tag:yaml.org,2002:seq", style, Json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override {
    Open(mark, tag, "tag:yaml.org,2002:map", style, Json::object());
  }
  void OnSequenceEnd() override { builder_.Close(); }
  void OnMapEnd() override { builder_.Close(); }

 private:
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
  void CheckNull(const YAML::Mark& mark, const YamlBuilder::Frame& frame) {
    if (frame.container->is_array()) {
      if (frame.flow && At(mark).starts_with(',')) RefuseYaml(LineOf(mark), "an entry is missing before the comma");
    } else if (!frame.flow && frame.has_key && mark.pos == frame.key_position) {
      RefuseYaml(LineOf(mark), "expected \":\" behind " + Printable(frame.key, 60) + "; check the indentation");
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
    RefuseYaml(LineOf(mark), std::string("the quote ") + quote + " is not closed");
  }

  static void CheckTag(int line, const std::string& tag, const std::string& value, const Json& resolved) {
    const bool fits = (tag == "tag:yaml.org,2002:int" && resolved.is_number_integer()) ||
                      (tag == "tag:yaml.org,2002:float" && resolved.is_number()) ||
                      (tag == "tag:yaml.org,2002:bool" && resolved.is_boolean()) ||
                      (tag == "tag:yaml.org,2002:null" && resolved.is_null());
    if (fits) return;
    RefuseYaml(line, "the tag " + Printable(tag, 60) + " does not fit " + Printable(value, 60) +
                     " or is not supported; remove the tag");
  }

  void Open(const YAML::Mark& mark, const std::string& tag, std::string_view own_tag,
            YAML::EmitterStyle::value style, Json container) {
    const int line = LineOf(mark);
    if (!tag.empty() && tag != "?" && tag != "!" && tag != own_tag) {
      RefuseYaml(line, "the tag " + Printable(tag, 60) + " is not supported here; remove it");
    }
    builder_.Open(line, style == YAML::EmitterStyle::Flow, std::move(container));
  }

  std::string_view text_;
  YamlBuilder& builder_;
  bool first_ = true;
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
    if (next.code_point == U'\r' && !text.substr(1).starts_with('\n')) {   // a line end to kubectl, text to yaml-cpp
      return Fail(Code::kInvalid, "line " + std::to_string(line) +
                                      ": a carriage return without a line feed; save the file with Unix line ends");
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

  YamlBuilder builder(limits);
  Handler handler(text, builder);
  Error error;
  error.code = Code::kInvalid;
  try {
    std::string copy(text);
    ViewBuffer buffer(copy);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
    return builder.TakeDocuments();
  } catch (const YamlRefused& refused) {
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
