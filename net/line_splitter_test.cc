#include "net/line_splitter.h"

#include <gmock/gmock.h>

#include <vector>

namespace dm::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Outcome = LineSplitter::Outcome;

class Collector : public LineSink {
 public:
  Flow OnLine(std::string_view line) noexcept override {
    lines.emplace_back(line);
    return line == "stop" ? Flow::kStop : Flow::kContinue;
  }
  std::vector<std::string> lines;
};

// However a text is cut into chunks, its lines are the same.
TEST(LineSplitter, ChunksDoNotMatter) {
  const std::string text = "one\n\ntwo\nthree";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Collector sink;
    LineSplitter lines(sink, 100);
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_EQ(lines.Feed(std::string_view(text).substr(at, size)), Outcome::kMore);
    }
    EXPECT_THAT(sink.lines, ElementsAre("one", "", "two")) << size;
    EXPECT_EQ(lines.Finish(), Outcome::kMore);
    EXPECT_THAT(sink.lines, ElementsAre("one", "", "two", "three")) << size;
    EXPECT_EQ(lines.Finish(), Outcome::kMore);
    EXPECT_EQ(sink.lines.size(), 4u);
  }
}

TEST(LineSplitter, LimitCountsOneLine) {
  for (const std::size_t size : {1u, 3u, 100u}) {
    Collector sink;
    LineSplitter lines(sink, 5);
    const std::string text = "12345\n12345\n123456\n";
    Outcome outcome = Outcome::kMore;
    for (std::size_t at = 0; at < text.size() && outcome == Outcome::kMore; at += size) {
      outcome = lines.Feed(std::string_view(text).substr(at, size));
    }
    EXPECT_EQ(outcome, Outcome::kTooLong) << size;
    EXPECT_THAT(sink.lines, ElementsAre("12345", "12345"));
  }
}

TEST(LineSplitter, StopsAtOnce) {
  Collector sink;
  LineSplitter lines(sink, 100);
  EXPECT_EQ(lines.Feed("a\nstop\nb\n"), Outcome::kStopped);
  EXPECT_THAT(sink.lines, ElementsAre("a", "stop"));
  Collector last;
  LineSplitter unfinished(last, 100);
  EXPECT_EQ(unfinished.Feed("stop"), Outcome::kMore);
  EXPECT_THAT(last.lines, IsEmpty());
  EXPECT_EQ(unfinished.Finish(), Outcome::kStopped);
}

}  // namespace
}  // namespace dm::net
