// Small text helpers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dm::base {

std::vector<std::string_view> Split(std::string_view text, char separator);   // keeps empty parts
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
std::string ToLower(std::string_view text);                                    // ASCII
bool StartsWith(std::string_view text, std::string_view prefix);
bool EndsWith(std::string_view text, std::string_view suffix);
std::optional<std::int64_t> ParseInt(std::string_view text);                   // the whole text, base 10
std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);
bool IsUtf8(std::string_view text);
std::string Printable(std::string_view text, std::size_t max_bytes = 200);     // control characters escaped, cut with "…"
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);
std::string Sha256Hex(std::string_view bytes);

}  // namespace dm::base
