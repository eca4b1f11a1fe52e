// Bounded parsing and checked reading of JSON.
#include "base/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/strings.h"

namespace dm::base {
namespace {

// Builds the value from parser events, so that depth and number are checked before memory is spent on it.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  Json root;
  std::string error;

  bool null() override { return Put(Json(nullptr)) != nullptr; }
  bool boolean(bool value) override { return Put(Json(value)) != nullptr; }
  bool number_integer(number_integer_t value) override { return Put(Json(value)) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return Put(Json(value)) != nullptr; }
  // Also integers beyond 64 bits, as Go's float64 takes them.
  bool number_float(number_float_t value, const string_t&) override { return Put(Json(value)) != nullptr; }
  bool string(string_t& value) override { return Put(Json(std::move(value))) != nullptr; }
  bool binary(binary_t&) override { return false; }   // never occurs in JSON text
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& what) override {
    std::string_view text = what.what();
    if (text.starts_with('[')) {   // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
      if (const auto end = text.find("] "); end != std::string_view::npos) text.remove_prefix(end + 2);
    }
    constexpr std::string_view kAt = "parse error at ";
    if (text.starts_with(kAt)) text.remove_prefix(kAt.size());
    error = "not valid JSON: " + Printable(text, 300);
    return false;
  }

 private:
  // Pointers into containers stay valid: only the innermost open container grows.
  // Null when that is one too many.
  Json* Put(Json value) {
    if (++values_ > limits_.max_values) {
      error = "JSON of more than " + std::to_string(limits_.max_values) + " values";
      return nullptr;
    }
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    Json& into = *open_.back();
    if (into.is_array()) {
      into.push_back(std::move(value));
      return &into.back();
    }
    Json& slot = into[key_];   // a key given twice: the last one wins, as in Go
    slot = std::move(value);
    return &slot;
  }

  bool Open(Json container) {
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      error = "JSON nested deeper than " + std::to_string(limits_.max_depth) + " levels";
      return false;
    }
    Json* place = Put(std::move(container));
    if (place == nullptr) return false;
    open_.push_back(place);
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  std::size_t values_ = 0;
  std::vector<Json*> open_;
  std::string key_;
};

}  // namespace

Result<Json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(Code::kInvalid, "JSON text of " + std::to_string(text.size()) + " bytes is larger than the limit of " +
                                    std::to_string(limits.max_bytes));
  }
  try {
    Builder builder(limits);
    if (Json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
    return Fail(Code::kInvalid, builder.error);
  } catch (const std::exception& e) {
    return Fail(Code::kInvalid, std::string("not valid JSON: ") + e.what());
  }
}

std::string DumpJson(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const Json* FindPath(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* at = &object;
  for (const std::string_view key : path) {
    at = Find(*at, key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::optional<std::string> GetString(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get_ref<const std::string&>();
}

std::string GetStringOr(const Json& object, std::string_view key, std::string_view otherwise) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_string()) return std::string(otherwise);
  return value->get_ref<const std::string&>();
}

std::optional<std::int64_t> GetInt(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  if (value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  return value->get<std::int64_t>();
}

std::int64_t GetIntOr(const Json& object, std::string_view key, std::int64_t otherwise) {
  return GetInt(object, key).value_or(otherwise);
}

std::optional<bool> GetBool(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

bool GetBoolOr(const Json& object, std::string_view key, bool otherwise) {
  return GetBool(object, key).value_or(otherwise);
}

std::string HashJson(const Json& value) { return Sha256Hex(DumpJson(value)); }

}  // namespace dm::base
