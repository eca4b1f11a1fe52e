#include "dm/fields.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/strings.h"

namespace dm {
namespace {

using base::Json;

std::string_view KindOf(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  return "nothing";
}

std::string Quoted(std::string_view text) {
  return "\"" + base::Printable(text) + "\"";
}

// ASCII lower-case without "-" and "_": how far two spellings are apart should not depend on those.
std::string Folded(std::string_view text) {
  std::string folded;
  for (const char c : base::ToLower(text)) {
    if (c != '-' && c != '_') folded += c;
  }
  return folded;
}

}  // namespace

std::string Shown(const Json& value) {
  if (value.is_string()) return base::Printable(*value.get_ptr<const std::string*>());
  return base::Printable(base::DumpJson(value));
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  const std::string from = Folded(a.substr(0, 64)), to = Folded(b.substr(0, 64));
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t swap = diagonal + (from[i - 1] == to[j - 1] ? 0u : 1u);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, swap});
    }
  }
  return row.back();
}

// Whoever sends 100,000 of them is told of the first; each costs memory, and is compared with others.
bool Full(const std::vector<FieldProblem>& list) { return list.size() >= 200; }

namespace {

void Put(std::vector<FieldProblem>& list, FieldProblem problem) {
  if (!Full(list)) list.push_back(std::move(problem));
}

}  // namespace

Fields::Fields(const Json* object, std::string path, Decoded& out) : object_(object), path_(std::move(path)), out_(out) {
  if (object_ == nullptr || object_->is_object()) return;
  Put(out_.problems, {path_, Shown(*object_), "must be an object, not " + std::string(KindOf(*object_)), false});
  object_ = nullptr;
}

bool Fields::Has(std::string_view key) {
  Known(key);
  if (object_ == nullptr) return false;
  const Json* value = base::Find(*object_, key);
  return value != nullptr && !value->is_null();
}

const Json* Fields::Raw(std::string_view key) {
  Known(key);
  const Json* value = object_ == nullptr ? nullptr : base::Find(*object_, key);
  return value == nullptr || value->is_null() ? nullptr : value;   // the API server drops nulls as well
}

std::optional<std::string> Fields::String(std::string_view key, const TextCheck& check) {
  const Json* value = Raw(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    const bool scalar = value->is_number() || value->is_boolean();
    Problem(key, value, scalar ? "must be text: put it in quotes, " + Quoted(Shown(*value))
                               : "must be text, not " + std::string(KindOf(*value)));
    return std::nullopt;
  }
  const std::string& text = *value->get_ptr<const std::string*>();
  if (check) {
    if (auto wrong = check(text)) {
      Problem(key, value, std::move(*wrong));
      return std::nullopt;
    }
  }
  return text;
}

std::optional<std::string> Fields::Enum(std::string_view key, std::initializer_list<std::string_view> words) {
  return String(key, [&](std::string_view text) -> std::optional<std::string> {
    if (std::find(words.begin(), words.end(), text) != words.end()) return std::nullopt;
    std::string list;
    for (const std::string_view word : words) {
      if (!word.empty()) list += (list.empty() ? "" : ", ") + Quoted(word);   // "" is as good as absent; nobody is told to write it
    }
    const std::string nearest = Nearest(text, words);
    return "must be one of " + list + (nearest.empty() ? "" : ": did you mean " + Quoted(nearest) + "?");
  });
}

std::optional<bool> Fields::Bool(std::string_view key) {
  const Json* value = Raw(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return *value->get_ptr<const Json::boolean_t*>();
  Problem(key, value, "must be true or false, without quotes");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::Int(std::string_view key, std::int64_t least, std::int64_t most) {
  const Json* value = Raw(key);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = base::GetInt(*object_, key);
  if (!number) {
    Problem(key, value, value->is_string() ? "must be a whole number, without quotes" : "must be a whole number");
    return std::nullopt;
  }
  if (*number < least || *number > most) {
    Problem(key, value, "must be between " + std::to_string(least) + " and " + std::to_string(most));
    return std::nullopt;
  }
  return number;
}

std::optional<Quantity> Fields::Amount(std::string_view key, std::string_view example, bool may_be_zero) {
  const Json* value = Raw(key);
  if (value == nullptr) return std::nullopt;
  const auto quantity = value->is_string() || value->is_number() ? Quantity::FromJson(*value)
                                                                 : base::Result<Quantity>(base::Fail(base::Code::kInvalid, ""));
  if (!quantity) {
    Problem(key, value, "must be a quantity such as " + std::string(example));
    return std::nullopt;
  }
  if (quantity->IsNegative() || (!may_be_zero && quantity->IsZero())) {
    Problem(key, value, "must be greater than zero, such as " + std::string(example));
    return std::nullopt;
  }
  return *quantity;
}

Fields Fields::Object(std::string_view key) {
  return Fields(Raw(key), PathOf(key), out_);
}

std::vector<Fields> Fields::List(std::string_view key, std::string_view key_field) {
  std::vector<Fields> items;
  const Json* list = Raw(key);
  if (list == nullptr) return items;
  if (!list->is_array()) {
    Problem(key, list, "must be a list, not " + std::string(KindOf(*list)));
    return items;
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& item = (*list)[i];
    const std::string indexed = PathOf(key) + "[" + std::to_string(i) + "]";
    if (!item.is_object()) {
      Put(out_.problems, {indexed, Shown(item), "must be an object with a " + std::string(key_field), false});
      continue;
    }
    const std::optional<std::string> name = base::GetString(item, key_field);
    if (!name || name->empty()) {
      const Json* wrong = base::Find(item, key_field);
      Put(out_.problems, {indexed + "." + std::string(key_field), wrong == nullptr ? "" : Shown(*wrong),
                               "every entry needs a " + std::string(key_field), wrong == nullptr});
      continue;
    }
    const std::string path = PathOf(key) + "[" + base::Printable(*name) + "]";
    if (!seen.insert(*name).second) {
      Put(out_.problems, {path, base::Printable(*name), "is listed twice: keep one entry of that " + std::string(key_field), false});
      continue;
    }
    items.emplace_back(&item, path, out_);
    items.back().Known(key_field);
  }
  return items;
}

std::vector<std::string> Fields::Strings(std::string_view key, const TextCheck& check) {
  std::vector<std::string> texts;
  const Json* list = Raw(key);
  if (list == nullptr) return texts;
  if (!list->is_array()) {
    Problem(key, list, "must be a list of texts, not " + std::string(KindOf(*list)));
    return texts;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& item = (*list)[i];
    const std::string path = PathOf(key) + "[" + std::to_string(i) + "]";
    const std::string* text = item.get_ptr<const std::string*>();
    std::optional<std::string> wrong;
    if (text == nullptr) {
      wrong = "must be text";
    } else if (check) {
      wrong = check(*text);
    }
    if (!wrong && std::find(texts.begin(), texts.end(), *text) != texts.end()) wrong = "is listed twice";
    if (wrong) {
      Put(out_.problems, {path, Shown(item), std::move(*wrong), false});
    } else {
      texts.push_back(*text);
    }
  }
  return texts;
}

void Fields::Map(std::string_view key,
                 const std::function<void(const std::string&, const std::string&, const std::string&)>& each) {
  const Fields map = Object(key);
  if (!map.present()) return;
  for (const auto& [name, value] : map.object()->items()) {
    const std::string path = map.path() + "[" + base::Printable(name) + "]";
    if (const std::string* text = value.get_ptr<const std::string*>()) {
      each(name, *text, path);
    } else {
      Put(out_.problems, {path, Shown(value), "must be text: put it in quotes", false});
    }
  }
}

void Fields::Problem(std::string_view key, const Json* value, std::string message) {
  Put(out_.problems, {PathOf(key), value == nullptr ? "" : Shown(*value), std::move(message), false});
}

void Fields::Required(std::string_view key, std::string message) {
  Put(out_.problems, {PathOf(key), "", std::move(message), true});
}

void Fields::Warn(std::string_view key, const Json* value, std::string message) {
  Put(out_.unknown, {PathOf(key), value == nullptr ? "" : Shown(*value), std::move(message), false});
}

void Fields::Finish() {
  if (object_ == nullptr) return;
  for (const auto& [key, value] : object_->items()) {
    if (known_.contains(key)) continue;
    if (Full(out_.unknown)) return;   // nobody is told of more, and to look for what was meant takes time
    const std::string nearest = Nearest(key, known_);
    Warn(base::Printable(key), &value, nearest.empty() ? "unknown field, has no effect" : "unknown field: did you mean " + Quoted(nearest) + "?");
  }
}

}  // namespace dm
