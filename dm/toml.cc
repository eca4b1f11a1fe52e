// The only file that includes the TOML library.
#include "dm/toml.h"

#include <nlohmann/json.hpp>
#include <sstream>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

#include "base/strings.h"
#include "dm/config_keys.h"

namespace dm {
namespace {

using base::Code;
using base::Json;

Json FromToml(const toml::node& node);

Json FromTable(const toml::table& table) {
  Json object = Json::object();
  for (auto&& [key, value] : table) object[std::string(key.str())] = FromToml(value);
  return object;
}

template <class T>
std::string Streamed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Json FromToml(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return FromTable(*node.as_table());
    case toml::node_type::array: {
      Json list = Json::array();
      for (const toml::node& item : *node.as_array()) list.push_back(FromToml(item));
      return list;
    }
    case toml::node_type::string: return Json(node.as_string()->get());
    case toml::node_type::integer: return Json(node.as_integer()->get());
    case toml::node_type::floating_point: return Json(node.as_floating_point()->get());
    case toml::node_type::boolean: return Json(node.as_boolean()->get());
    case toml::node_type::date: return Json(Streamed(node.as_date()->get()));
    case toml::node_type::time: return Json(Streamed(node.as_time()->get()));
    case toml::node_type::date_time: return Json(Streamed(node.as_date_time()->get()));
    case toml::node_type::none: break;
  }
  return Json(nullptr);
}

base::Result<void> Put(toml::table& table, const std::string& key, const Json& value, const std::string& path);

base::Result<void> Push(toml::array& array, const Json& value, const std::string& path) {
  toml::table holder;   // one way of turning a value into a node
  if (auto put = Put(holder, "item", value, path); !put) return put;
  array.push_back(std::move(*holder.get("item")));
  return {};
}

base::Result<toml::table> Table(const Json& object, const std::string& path) {
  toml::table table;
  for (const auto& [key, value] : object.items()) {
    if (auto put = Put(table, key, value, path.empty() ? key : path + "." + key); !put) return base::Propagate(put);
  }
  return table;
}

base::Result<void> Put(toml::table& table, const std::string& key, const Json& value, const std::string& path) {
  switch (value.type()) {
    case Json::value_t::object: {
      auto inner = Table(value, path);
      if (!inner) return base::Propagate(inner);
      table.insert_or_assign(key, std::move(*inner));
      return {};
    }
    case Json::value_t::array: {
      toml::array array;
      for (const Json& item : value) {
        if (auto pushed = Push(array, item, path); !pushed) return pushed;
      }
      table.insert_or_assign(key, std::move(array));
      return {};
    }
    case Json::value_t::string: table.insert_or_assign(key, *value.get_ptr<const Json::string_t*>()); return {};
    case Json::value_t::boolean: table.insert_or_assign(key, *value.get_ptr<const Json::boolean_t*>()); return {};
    case Json::value_t::number_unsigned:
      if (*value.get_ptr<const Json::number_unsigned_t*>() > static_cast<std::uint64_t>(INT64_MAX)) break;
      [[fallthrough]];
    case Json::value_t::number_integer: {
      const auto number = *value.get_ptr<const Json::number_integer_t*>();
      if (IsFloatKey(path)) {
        table.insert_or_assign(key, static_cast<double>(number));
      } else {
        table.insert_or_assign(key, number);
      }
      return {};
    }
    case Json::value_t::number_float: table.insert_or_assign(key, *value.get_ptr<const Json::number_float_t*>()); return {};
    case Json::value_t::null: return base::Fail(Code::kInvalid, "\"" + path + "\" has no value: remove the key or give it one");
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  return base::Fail(Code::kInvalid, "\"" + path + "\" is a value that TOML cannot hold: " + base::DumpJson(value));
}

}  // namespace

base::Result<Json> ParseToml(std::string_view text) {
  if (text.size() > kMaxTomlBytes) {
    return base::Fail(Code::kInvalid, "TOML of " + std::to_string(text.size()) + " bytes: at most " +
                                          std::to_string(kMaxTomlBytes) + " are read");
  }
  if (!base::IsUtf8(text)) return base::Fail(Code::kInvalid, "TOML must be UTF-8 text");
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    const toml::source_position at = error.source().begin;
    return base::Fail(Code::kInvalid, "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
                                          base::Printable(error.description()));
  }
  return FromTable(parsed.table());
}

base::Result<std::string> ToToml(const Json& object) {
  if (!object.is_object()) return base::Fail(Code::kInvalid, "must be an object");
  auto table = Table(object, "");
  if (!table) return base::Propagate(table);
  if (table->empty()) return std::string();
  std::ostringstream out;
  // Plain "double quoted" strings and decimal numbers: what DM's own reader and every editor knows.
  out << toml::toml_formatter(*table, toml::format_flags::none);
  std::string text = out.str();
  text += '\n';
  return text;
}

}  // namespace dm
