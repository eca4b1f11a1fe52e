// JSON to YAML text, block style, in a form that kubectl and YAML 1.2 readers read alike.
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "base/yaml_scalar.h"

namespace dm::base {
namespace {

constexpr std::size_t kMaxSimpleKey = 1000;   // YAML allows 1024 characters for a key without "? "

bool NeedsEscape(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE;
}

bool HasEscapes(std::string_view text, std::string_view except = {}) {
  while (!text.empty()) {
    const Utf8Char next = FirstChar(text);
    const bool fine = next.length == 1 && except.find(text.front()) != std::string_view::npos;
    if (!fine && NeedsEscape(next.code_point)) return true;
    text.remove_prefix(next.length);
  }
  return false;
}

std::string DoubleQuoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  while (!text.empty()) {
    const Utf8Char next = FirstChar(text);
    if (next.code_point == U'"' || next.code_point == U'\\') {
      quoted += '\\';
      quoted += text.front();
    } else if (next.code_point == U'\n') {
      quoted += "\\n";
    } else if (next.code_point == U'\t') {
      quoted += "\\t";
    } else if (NeedsEscape(next.code_point)) {
      quoted += next.code_point > 0xFFFF ? "\\U" : "\\u";
      for (int shift = next.code_point > 0xFFFF ? 28 : 12; shift >= 0; shift -= 4) {
        quoted += kHex[next.code_point >> shift & 0xF];
      }
    } else {
      quoted += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return quoted + '"';
}

// Digits with colons (base 60 in YAML 1.1) and dates: text to kubectl, but not to every reader.
bool LooksLikeTime(std::string_view text) {
  constexpr std::string_view kFirst = "0123456789+-.";
  return kFirst.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of("0123456789+-.:_TtZz ") == std::string_view::npos;
}

bool IsPlainSafe(std::string_view text) {
  constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@`=<";
  if (text.empty() || kIndicators.find(text.front()) != std::string_view::npos) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  if (text.starts_with("...") || HasEscapes(text)) return false;
  const YamlScalar resolved = ResolvePlain(text);
  return resolved.value.is_string() && resolved.representable && !LooksLikeTime(text);
}

// Strings of several lines that a literal block gives back unchanged.
bool FitsBlock(std::string_view text) {
  if (text.find('\n') == std::string_view::npos) return false;
  if (text.front() == ' ' || text.front() == '\t' || text.front() == '\n') return false;
  return !HasEscapes(text, "\n\t");
}

class Emitter {
 public:
  std::string out;

  void Document(const Json& value) {
    if (value.is_structured() && !value.empty()) {
      Container(value, 0);
    } else {
      out += value.is_string() ? Inline(ValidUtf8(value)) : Flow(value);
      out += '\n';
    }
  }

 private:
  static std::string ValidUtf8(const Json& value) {
    const auto& text = value.get_ref<const std::string&>();
    if (IsUtf8(text)) return text;
    const auto repaired = ParseJson(DumpJson(value));   // bytes that are no UTF-8 are replaced
    return repaired ? repaired->get<std::string>() : std::string();
  }

  static std::string Inline(std::string_view text) { return IsPlainSafe(text) ? std::string(text) : DoubleQuoted(text); }
  static std::string Flow(const Json& value) { return DumpJson(value); }   // null, numbers, booleans, {} and []

  void Container(const Json& value, std::size_t indent) {
    bool first = true;
    const auto begin_line = [&] {
      if (!(first && value_follows_dash_)) out.append(indent, ' ');
      first = false;
      value_follows_dash_ = false;
    };
    if (value.is_object()) {
      for (const auto& [key, child] : value.items()) {
        begin_line();
        const std::string name = Inline(ValidUtf8(Json(key)));
        if (name.size() > kMaxSimpleKey) {
          out += "? " + name + '\n' + std::string(indent, ' ');
        } else {
          out += name;
        }
        out += ':';
        Child(child, indent, child.is_array() ? indent : indent + 2);   // lists stand under their key, as kubectl's
      }
      return;
    }
    for (const Json& child : value) {
      begin_line();
      out += '-';
      if (child.is_structured() && !child.empty()) {
        out += ' ';
        value_follows_dash_ = true;
        Container(child, indent + 2);
      } else {
        Child(child, indent, indent + 2);
      }
    }
  }

  void Child(const Json& child, std::size_t indent, std::size_t child_indent) {
    if (child.is_structured() && !child.empty()) {
      out += '\n';
      Container(child, child_indent);
      return;
    }
    out += ' ';
    if (!child.is_string()) {
      out += Flow(child);
    } else if (const std::string text = ValidUtf8(child); FitsBlock(text)) {
      Block(text, indent + 2);
      return;
    } else {
      out += Inline(text);
    }
    out += '\n';
  }

  void Block(std::string_view text, std::size_t indent) {
    out += '|';
    if (!text.ends_with('\n')) {
      out += '-';
    } else {
      if (text.ends_with("\n\n")) out += '+';
      text.remove_suffix(1);
    }
    out += '\n';
    for (const std::string_view line : Split(text, '\n')) {
      if (!line.empty()) out.append(indent, ' ');
      out += line;
      out += '\n';
    }
  }

  bool value_follows_dash_ = false;
};

}  // namespace

std::string ToYaml(const Json& value) {
  Emitter emitter;
  emitter.Document(value);
  return std::move(emitter.out);
}

}  // namespace dm::base
