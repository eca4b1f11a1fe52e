// Reads one object of the input key by key, for decode*.cc only. Problems and unknown keys go to a Decoded, with the path
// as the user wrote it. Not thread-safe; lives as long as the input does.
//
//   Fields spec(&object["spec"], "spec", out);
//   if (auto replicas = spec.Int("replicas", 0, 9)) master.replicas = *replicas;
//   spec.Finish();   // whatever nobody asked for is unknown
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dm/cluster.h"

namespace dm {

// Says what is wrong with a text, or nothing.
using TextCheck = std::function<std::optional<std::string>(std::string_view)>;

class Fields {
 public:
  // `object` null: absent, every getter answers "absent". Another kind than an object is a problem.
  Fields(const base::Json* object, std::string path, Decoded& out);

  bool present() const { return object_ != nullptr; }
  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view key) const { return path_.empty() ? std::string(key) : path_ + "." + std::string(key); }

  // Every getter marks its key as known and gives nullopt when the key is absent or a problem was reported.
  bool Has(std::string_view key);
  const base::Json* Raw(std::string_view key);      // null in the input is absent, as for the API server
  std::optional<std::string> String(std::string_view key, const TextCheck& check = {});
  std::optional<std::string> Enum(std::string_view key, std::initializer_list<std::string_view> words);
  std::optional<bool> Bool(std::string_view key);
  std::optional<std::int64_t> Int(std::string_view key, std::int64_t least, std::int64_t most);
  // `example` completes 'must be a quantity such as …'.
  std::optional<Quantity> Amount(std::string_view key, std::string_view example, bool may_be_zero);
  Fields Object(std::string_view key);
  std::vector<Fields> List(std::string_view key, std::string_view key_field);   // paths carry the key: list[name]
  std::vector<std::string> Strings(std::string_view key, const TextCheck& check = {});
  void Map(std::string_view key, const std::function<void(const std::string& key, const std::string& value, const std::string& path)>& each);

  void Known(std::string_view key) { known_.emplace(key); }
  void Problem(std::string_view key, const base::Json* value, std::string message);
  void Required(std::string_view key, std::string message);
  void Warn(std::string_view key, const base::Json* value, std::string message);
  void Finish();    // reports the keys nobody asked for

  const base::Json* object() const { return object_; }
  Decoded& out() { return out_; }

 private:
  const base::Json* object_;
  std::string path_;
  Decoded& out_;
  std::set<std::string, std::less<>> known_;
};

bool Full(const std::vector<FieldProblem>& list);                 // of problems: no more are told
std::string Shown(const base::Json& value);                       // printable, cut
// The word among `words` that `typed` was probably meant to be; empty when none is near.
template <class Words>
std::string Nearest(std::string_view typed, const Words& words);
std::size_t EditDistance(std::string_view a, std::string_view b);

// Keys of a Kubernetes object that is passed through ("container", "toleration", …); reports those that are unknown.
void CheckPassThrough(const base::Json& value, std::string_view kind, const std::string& path, Decoded& out);

template <class Words>
std::string Nearest(std::string_view typed, const Words& words) {
  std::string best;
  std::size_t least = 3;                           // further than two edits is another word
  for (const auto& word : words) {
    const std::size_t distance = EditDistance(typed, word);
    if (distance < least && distance * 2 < std::string_view(word).size() + 1) {
      least = distance;
      best = std::string(word);
    }
  }
  return best;
}

}  // namespace dm
