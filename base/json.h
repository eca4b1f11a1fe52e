// Bounded JSON. Everything that comes from outside enters through ParseJson; values are read by checked getters that
// never throw (nlohmann's get<int>() neither checks range nor kind).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dm::base {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t max_bytes = 8u << 20;
  int max_depth = 128;    // nlohmann's dump() and copy recurse
  // Objects, lists and what stands in them: one may take two bytes of text and a hundred of memory. What Kubernetes writes has
  // some 30 bytes of text for each, so that max_bytes is met first.
  std::size_t max_values = 1'000'000;
};

// kInvalid with the position when the text is no JSON, and when it is too large, too deep or of too many values.
Result<Json> ParseJson(std::string_view text, const JsonLimits& limits = {});

// Never throws: bytes that are not UTF-8 are replaced.
std::string DumpJson(const Json& value, int indent = -1);

// All below: null pointer or nullopt when absent or of another kind.
const Json* Find(const Json& object, std::string_view key);
const Json* FindPath(const Json& object, std::initializer_list<std::string_view> path);
std::optional<std::string> GetString(const Json& object, std::string_view key);
std::string GetStringOr(const Json& object, std::string_view key, std::string_view otherwise = "");
std::optional<std::int64_t> GetInt(const Json& object, std::string_view key);   // an integer in range only
std::int64_t GetIntOr(const Json& object, std::string_view key, std::int64_t otherwise);
std::optional<bool> GetBool(const Json& object, std::string_view key);
bool GetBoolOr(const Json& object, std::string_view key, bool otherwise);

// Hex SHA-256 of the canonical (sorted keys, no blanks) text.
std::string HashJson(const Json& value);

}  // namespace dm::base
