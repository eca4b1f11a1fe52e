#include "kube/parse.h"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace dm::kube {
namespace {

using base::Json;

// Builds a tree from parser events, leaving out metadata.managedFields; elements of a top-level "items" array go to
// `item_` as soon as they are whole, when there is one.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  // `in_part`: what is too deep is left out, not refused.
  Builder(const TakeItem* item, const TakeItem* too_deep, bool in_part) : item_(item), too_deep_(too_deep), in_part_(in_part) {}

  bool null() override { return Value(nullptr); }
  bool boolean(bool value) override { return Value(value); }
  bool number_integer(number_integer_t value) override { return Value(value); }
  bool number_unsigned(number_unsigned_t value) override { return Value(value); }
  bool number_float(number_float_t value, const string_t&) override { return Value(value); }
  bool string(string_t& value) override { return Value(std::move(value)); }
  bool binary(binary_t&) override { return Refuse("binary values are not JSON"); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& why) override {
    return Refuse("at byte " + std::to_string(position) + ": " + why.what());
  }

  Json& root() { return root_; }
  const std::string& error() const { return error_; }
  std::size_t items() const { return items_; }
  bool left_out() const { return left_out_; }

 private:
  struct Frame {
    Json* value;
    std::string key;  // under which this container stands in its parent
  };

  bool Refuse(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    return false;
  }

  bool Dropped() const { return !stack_.empty() && key_ == "managedFields" && stack_.back().key == "metadata"; }

  template <class V>
  bool Value(V&& value) {
    if (skipped_ == 0 && !Dropped()) Add(Json(std::forward<V>(value)));
    return true;
  }

  // The place of an open container stays put: its parent takes no further element before it is closed.
  Json* Add(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *stack_.back().value;
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& place = parent[key_];
    place = std::move(value);
    return &place;
  }

  bool Open(Json container) {
    if (skipped_ > 0 || Dropped()) {  // costs a counter, so it may be as deep as it likes
      ++skipped_;
      return true;
    }
    if (stack_.size() >= static_cast<std::size_t>(kMaxObjectDepth)) {
      if (!in_part_ && !(InItem() && too_deep_ != nullptr && *too_deep_)) return Refuse(TooDeep().message);
      left_out_ = true;
      ++skipped_;
      return true;
    }
    Json* place = Add(std::move(container));
    const bool in_array = !stack_.empty() && stack_.back().value->is_array();
    stack_.push_back({place, in_array ? std::string() : key_});
    return true;
  }

  bool InItem() const {
    return item_ != nullptr && stack_.size() > 2 && stack_[1].key == "items" && stack_[1].value->is_array();
  }

  bool Close() {
    if (skipped_ > 0) {
      --skipped_;
      return true;
    }
    stack_.pop_back();
    if (item_ != nullptr && stack_.size() == 2 && stack_[1].key == "items" && stack_[1].value->is_array()) {
      Json whole = std::move(stack_[1].value->back());
      stack_[1].value->clear();
      ++items_;
      std::exchange(left_out_, false) ? (*too_deep_)(std::move(whole)) : (*item_)(std::move(whole));
    }
    return true;
  }

  const TakeItem* item_;
  const TakeItem* too_deep_;
  const bool in_part_;
  bool left_out_ = false;    // of the item at hand, or of the whole
  Json root_;
  std::vector<Frame> stack_;
  std::string key_;
  std::size_t skipped_ = 0;  // depth inside a dropped value
  std::size_t items_ = 0;
  std::string error_;
};

base::Result<void> Run(std::string_view text, Builder& builder, const char* what) {
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return base::Fail(base::Code::kInvalid,
                      std::string(what) + " is not the JSON that was expected: " + builder.error());
  }
  return {};
}

}  // namespace

base::Result<Json> ParseObject(std::string_view text) {
  Builder builder(nullptr, nullptr, false);
  if (auto parsed = Run(text, builder, "the object"); !parsed) return base::Propagate(parsed);
  return std::move(builder.root());
}

base::Result<ParsedObject> ParseObjectInPart(std::string_view text) {
  Builder builder(nullptr, nullptr, true);
  if (auto parsed = Run(text, builder, "the object"); !parsed) return base::Propagate(parsed);
  return ParsedObject{std::move(builder.root()), builder.left_out()};
}

base::Error TooDeep() { return {base::Code::kInvalid, "nested deeper than " + std::to_string(kMaxObjectDepth) + " levels"}; }

base::Result<ListPage> ParseList(std::string_view text, const TakeItem& item, const TakeItem& too_deep) {
  Builder builder(&item, &too_deep, false);
  if (auto parsed = Run(text, builder, "the list"); !parsed) return base::Propagate(parsed);
  const Json& root = builder.root();
  const Json* items = base::Find(root, "items");
  const Json* metadata = base::Find(root, "metadata");
  const bool sound = items != nullptr && (items->is_null() || (items->is_array() && items->empty())) &&
                     metadata != nullptr && metadata->is_object();
  if (!sound) {
    return base::Fail(base::Code::kInvalid, "the answer is no list of objects: it has kind \"" +
                                                base::GetStringOr(root, "kind") + "\" instead of metadata and items");
  }
  ListPage page;
  page.kind = base::GetStringOr(root, "kind");
  page.api_version = base::GetStringOr(root, "apiVersion");
  page.resource_version = base::GetStringOr(*metadata, "resourceVersion");
  page.next = base::GetStringOr(*metadata, "continue");
  page.items = builder.items();
  return page;
}

}  // namespace dm::kube
