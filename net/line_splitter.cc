#include "net/line_splitter.h"

namespace dm::net {

LineSplitter::Outcome LineSplitter::Feed(std::string_view chunk) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    const std::string_view piece = chunk.substr(0, end);
    if (partial_.size() + piece.size() > max_) return Outcome::kTooLong;
    if (end == std::string_view::npos) {
      partial_.append(piece);
      return Outcome::kMore;
    }
    chunk.remove_prefix(end + 1);
    LineSink::Flow flow = LineSink::Flow::kContinue;
    if (partial_.empty()) {
      flow = sink_.OnLine(piece);
    } else {
      partial_.append(piece);
      flow = sink_.OnLine(partial_);
      partial_.clear();
      if (partial_.capacity() > (1u << 20)) partial_.shrink_to_fit();   // one huge line must not be held for ever
    }
    if (flow == LineSink::Flow::kStop) return Outcome::kStopped;
  }
  return Outcome::kMore;
}

LineSplitter::Outcome LineSplitter::Finish() {
  if (partial_.empty()) return Outcome::kMore;
  const LineSink::Flow flow = sink_.OnLine(partial_);
  partial_.clear();
  return flow == LineSink::Flow::kStop ? Outcome::kStopped : Outcome::kMore;
}

}  // namespace dm::net
