// YAML: reading ends whatever comes, every recorded line exists, and what is read can be written and read again.
#include <algorithm>

#include "base/strings.h"
#include "base/yaml.h"
#include "tests/fuzz/target.h"

namespace dm::fuzz {
namespace {

void Try(std::string_view input) {
  constexpr base::YamlLimits kLimits{.max_bytes = 1 << 16, .max_documents = 20, .max_depth = 24, .max_nodes = 5000};
  const auto documents = base::ParseYaml(input, kLimits);
  if (!documents) {
    Require(documents.error().code == base::Code::kInvalid, "unreadable YAML is invalid input");
    Require(!documents.error().message.empty() && base::IsUtf8(documents.error().message), "an error says what is wrong");
    return;
  }
  const int lines = 1 + static_cast<int>(std::count(input.begin(), input.end(), '\n'));
  for (const base::YamlDocument& document : *documents) {
    Require(!document.value.is_null(), "empty documents are left out");
    Require(document.line >= 1 && document.line <= lines, "the document begins on one of its lines");
    for (const auto& [pointer, line] : document.lines) {
      Require(document.value.contains(base::Json::json_pointer(pointer)), "every recorded line belongs to a value");
      Require(line >= 1 && line <= lines, "every recorded line is in the text");
    }
    const std::string written = base::ToYaml(document.value);
    const auto again = base::ParseYaml(written, {});
    Require(again && again->size() == 1, "written YAML is one document");
    Require(again->front().value == document.value, "written YAML reads back as the same value");
    Require(again->front().warnings.empty(), "written YAML surprises nobody");
  }
}

const Registered kTarget{{"yaml",
                          &Try,
                          {": ", "- ", "\n", "\n  ", "\n---\n", "\n...\n", ",", "[", "]", "{", "}", "'", "\"", "|\n", ">-\n", "|+",
                           "#", " #", "? ", "&a ", "*a", "<<: ", "!!str ", "!!int ", "!x ", "%YAML 1.1\n", "%TAG ! x\n", "yes", "~",
                           "010", "1e3", ".inf", "\t", "\r\n", "\\u00e4", "\\x", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBF", "\xFF",
                           "a: b", "\x04", "0x", "2026-11-24"},
                          6'000}};

}  // namespace
}  // namespace dm::fuzz
