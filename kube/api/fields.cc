// Checked reading of JSON objects.
#include "kube/api/fields.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace dm::kube::api {
namespace {

std::string Describe(const base::Json* value) {
  if (value == nullptr) return "missing";
  if (value->is_object()) return "an object";
  if (value->is_array()) return "a list";
  return base::Printable(base::DumpJson(*value), 80);
}

}  // namespace

Fields::Fields(const base::Json* object, std::string path, FieldError& error)
    : path_(std::move(path)), error_(&error) {
  if (object == nullptr || object->is_null()) return;
  if (!object->is_object()) {
    Refuse("must be an object, but is " + Describe(object));
    return;
  }
  object_ = object;
}

const base::Json* Fields::Get(std::string_view key) const {
  if (object_ == nullptr) return nullptr;
  const base::Json* value = base::Find(*object_, key);
  return value != nullptr && value->is_null() ? nullptr : value;
}

std::string Fields::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Fields::Refuse(std::string_view key, std::string_view expected) const {
  if (failed()) return;
  base::Error error;
  error.code = base::Code::kInvalid;
  error.message = PathOf(key) + " must be " + std::string(expected) + ", but is " + Describe(Get(key));
  *error_ = std::move(error);
}

void Fields::Refuse(std::string message) const {
  if (failed()) return;
  base::Error error;
  error.code = base::Code::kInvalid;
  error.message = (path_.empty() ? std::string("the object") : path_) + " " + std::move(message);
  *error_ = std::move(error);
}

std::string Fields::String(std::string_view key, std::string_view otherwise) const {
  const base::Json* value = Get(key);
  if (value == nullptr) return std::string(otherwise);
  if (value->is_string()) return value->get_ref<const std::string&>();
  Refuse(key, "a string");
  return {};
}

std::int64_t Fields::Int(std::string_view key, std::int64_t otherwise) const {
  if (Get(key) == nullptr) return otherwise;
  if (const auto number = base::GetInt(*object_, key)) return *number;
  Refuse(key, "an integer");
  return otherwise;
}

int Fields::SmallInt(std::string_view key, int otherwise) const {
  const std::int64_t number = Int(key, otherwise);
  if (number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max()) {
    return static_cast<int>(number);
  }
  Refuse(key, "an integer of 32 bits");
  return otherwise;
}

bool Fields::Bool(std::string_view key, bool otherwise) const {
  const base::Json* value = Get(key);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  Refuse(key, "true or false");
  return otherwise;
}

std::optional<Quantity> Fields::Amount(std::string_view key) const {
  const base::Json* value = Get(key);
  if (value == nullptr) return std::nullopt;
  const auto amount = Quantity::FromJson(*value);
  if (amount) return *amount;
  Refuse(key, "a quantity such as 500m or 8Gi");
  return std::nullopt;
}

Labels Fields::StringMap(std::string_view key) const {
  const Fields map = Object(key);
  Labels labels;
  if (!map.present()) return labels;
  for (const auto& [name, value] : map.object_->items()) {
    if (value.is_string()) {
      labels.emplace(name, value.get_ref<const std::string&>());
    } else {
      map.Refuse(base::Printable(name, 80), "a string");   // null too: the API server refuses it as well
    }
  }
  return labels;
}

std::vector<std::string> Fields::StringList(std::string_view key) const {
  std::vector<std::string> list;
  const base::Json* value = Get(key);
  if (value == nullptr) return list;
  if (!value->is_array()) {
    Refuse(key, "a list of strings");
    return list;
  }
  for (const base::Json& item : *value) {
    if (item.is_string()) {
      list.push_back(item.get_ref<const std::string&>());
    } else {
      Fields(nullptr, PathOf(key) + "[" + std::to_string(list.size()) + "]", *error_)
          .Refuse("must be a string, but is " + Describe(&item));
      return list;
    }
  }
  return list;
}

Fields Fields::Object(std::string_view key) const { return Fields(Get(key), PathOf(key), *error_); }

void Fields::ForEach(std::string_view key, const std::function<void(const Fields&)>& each) const {
  const base::Json* value = Get(key);
  if (value == nullptr) return;
  if (!value->is_array()) {
    Refuse(key, "a list");
    return;
  }
  std::size_t index = 0;
  for (const base::Json& item : *value) {
    const Fields fields(&item, PathOf(key) + "[" + std::to_string(index++) + "]", *error_);
    if (!fields.present()) fields.Refuse("must be an object, but is " + Describe(&item));
    if (failed()) return;
    each(fields);
  }
}

}  // namespace dm::kube::api
