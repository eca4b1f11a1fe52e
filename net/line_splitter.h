// Cuts a stream of chunks into lines for a LineSink. A line inside one chunk is handed over without a copy. Not
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "net/transport.h"

namespace dm::net {

class LineSplitter {
 public:
  enum class Outcome { kMore, kStopped, kTooLong };

  LineSplitter(LineSink& sink, std::size_t max_line_bytes) : sink_(sink), max_(max_line_bytes) {}
  Outcome Feed(std::string_view chunk);
  // At a clean end of the stream: what came after the last newline is a line too.
  Outcome Finish();

 private:
  LineSink& sink_;
  std::size_t max_;
  std::string partial_;
};

}  // namespace dm::net
