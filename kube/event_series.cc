#include "kube/event_series.h"

#include <algorithm>

namespace dm::kube {

bool TokenBucket::Take(base::TimePoint now) {
  if (counted_ == base::TimePoint{}) counted_ = now;
  const auto more = (now - counted_) / kRefill;
  if (more > 0) {
    tokens_ = static_cast<int>(std::min<std::int64_t>(kBurst, tokens_ + more));
    counted_ += kRefill * more;
  }
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

std::string CutUtf8(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

}  // namespace dm::kube
