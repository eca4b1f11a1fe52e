#include "operator/expectations.h"

#include "base/strings.h"

namespace dm::op {

void Expectations::Add(const std::string& key, std::function<bool()> seen) {
  auto expected = expected_.Lock();
  (*expected)[key].push_back({std::move(seen), clock_.Now() + kAtMost});
}

bool Expectations::Met(const std::string& key) {
  std::vector<Expected> open;
  {
    auto expected = expected_.Lock();
    const auto it = expected->find(key);
    if (it == expected->end()) return true;
    open = std::move(it->second);
    expected->erase(it);
  }
  const auto now = clock_.Now();
  std::erase_if(open, [&](const Expected& one) { return now >= one.until || one.seen(); });   // asked outside the lock
  if (open.empty()) return true;
  auto expected = expected_.Lock();
  auto& list = (*expected)[key];
  list.insert(list.end(), std::make_move_iterator(open.begin()), std::make_move_iterator(open.end()));
  return false;
}

void Expectations::Forget(const std::string& key) { expected_.Lock()->erase(key); }

bool HasReached(const std::string& held, const std::string& written) {
  if (held == written || written.empty()) return true;
  // Resource versions are numbers of one sequence in every API server there is; where they are not, only equality counts.
  const auto a = base::ParseInt(held), b = base::ParseInt(written);
  return a && b && *a >= *b;
}

}  // namespace dm::op
