// Fields: checked reading of one JSON object whose path is known. The first thing that is wrong is kept as the error,
// and it names the field, the value and what was expected. A null field counts as an absent one.
//
//   FieldError error;
//   Fields spec(object, "spec", error);
//   storage.provisioner = spec.String("provisioner");
//   if (error) return base::Fail(*error);
//
// Not thread-safe; lives as long as one parse. The JSON must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "kube/api/object_meta.h"
#include "kube/api/quantity.h"

namespace dm::kube::api {

using FieldError = std::optional<base::Error>;

class Fields {
 public:
  // `object` null or JSON null: every field is absent. Of another kind than object: an error.
  Fields(const base::Json* object, std::string path, FieldError& error);

  bool present() const { return object_ != nullptr; }
  const std::string& path() const { return path_; }

  std::string String(std::string_view key, std::string_view otherwise = "") const;
  std::int64_t Int(std::string_view key, std::int64_t otherwise = 0) const;
  int SmallInt(std::string_view key, int otherwise = 0) const;   // 32 bits, as the API's int32 fields
  bool Bool(std::string_view key, bool otherwise = false) const;
  std::optional<Quantity> Amount(std::string_view key) const;
  Labels StringMap(std::string_view key) const;
  std::vector<std::string> StringList(std::string_view key) const;
  Fields Object(std::string_view key) const;
  // Calls `each` for every object of the list.
  void ForEach(std::string_view key, const std::function<void(const Fields&)>& each) const;

  // Reports "<path>.<key> must be <expected>, but is <what it is>".
  void Refuse(std::string_view key, std::string_view expected) const;
  // Keeps `message` as the error, the path put before it.
  void Refuse(std::string message) const;
  bool failed() const { return error_->has_value(); }

 private:
  const base::Json* Get(std::string_view key) const;
  std::string PathOf(std::string_view key) const;

  const base::Json* object_ = nullptr;
  std::string path_;
  FieldError* error_;
};

}  // namespace dm::kube::api
