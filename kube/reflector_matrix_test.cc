// The error matrix: after each fault, what is asked next, and that a steady watch comes back.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/reflector.h"
#include "kube/testing/reflector_stage.h"

namespace dm::kube {
namespace {

using namespace testing;   // the stage and its words

struct Row {
  const char* name;
  std::vector<base::Result<net::Response>> lists;  // before the good one (version 10)
  std::vector<FakeStream> watches;
  const char* log;
  const char* waits;  // milliseconds
};

std::vector<Row> Matrix() {
  const auto http = [](int status, const std::string& reason, const std::string& cause = {}) {
    return base::Result<net::Response>(net::Response{status, {}, Status(status, reason, cause)});
  };
  return {
      {"Steady", {}, {}, "list, watch 10", ""},
      // LIST
      {"ListExpired", {http(410, "Expired")}, {}, "list, list, watch 10", ""},
      {"ListExpiredTwice", {http(410, "Gone"), http(410, "Gone")}, {}, "list, list, list, watch 10", "800"},
      {"ListTooLarge", {http(504, "Timeout", "ResourceVersionTooLarge")}, {}, "list, list, watch 10", ""},
      {"ListTooLargeThrice",
       {http(504, "Timeout", "ResourceVersionTooLarge"), http(504, "Timeout", "ResourceVersionTooLarge"),
        http(504, "Timeout", "ResourceVersionTooLarge")},
       {},
       "list, list, list, list, watch 10",
       "800 1600"},
      {"ListTimeout", {http(504, "Timeout")}, {}, "list, list, watch 10", "800"},
      {"ListUnreachable", {kRefused(), kRefused()}, {}, "list, list, list, watch 10", "800 1600"},
      {"ListForbidden", {http(403, "Forbidden")}, {}, "list, list, watch 10", "800"},
      {"ListMissingKind", {http(404, "NotFound")}, {}, "list, list, watch 10", "800"},
      {"ListThrottled", {net::Response{429, {{"Retry-After", "5"}}, ""}}, {}, "list, list, watch 10", "5000"},
      {"ListThrottledForADay",
       {net::Response{429, {{"Retry-After", "86400"}}, ""}},
       {},
       "list, list, watch 10",
       "120000"},
      {"ListCut",
       {net::Response{200, {}, R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x"}},{)"}},
       {},
       "list, list, watch 10",
       "800"},
      {"ListWithoutVersion",
       {net::Response{200, {}, R"({"metadata":{},"items":[]})"}},
       {},
       "list, list, watch 10",
       "800"},
      {"Pages",
       {List("9", {Pod("b", "2")}, "p2"), List("9", {Pod("c", "3")}, "p3")},
       {},
       "list, list next=p2, list next=p3, watch 10",
       ""},
      {"LaterPageExpired",
       {List("9", {Pod("b", "2")}, "p2"), http(410, "Expired")},
       {},
       "list, list next=p2, list, watch 10",
       ""},
      {"LaterPageFails",
       {List("9", {Pod("b", "2")}, "p2"), http(500, "InternalError")},
       {},
       "list, list next=p2, list, watch 10",
       "800"},
      // watch, on opening
      {"OpenUnreachable",
       {},
       {Failing(Code::kUnavailable), Failing(Code::kUnavailable)},
       "list, watch 10, watch 10, watch 10",
       "800 1600"},
      {"OpenTimesOut", {}, {Failing(Code::kTimeout)}, "list, watch 10, watch 10", "800"},
      {"OpenThrottled", {}, {Refused(429, "TooManyRequests", "3")}, "list, watch 10, watch 10", "3000"},
      {"OpenShutDown", {}, {Refused(503, "ServiceUnavailable")}, "list, watch 10, watch 10", "800"},
      {"OpenExpired", {}, {Refused(410, "Expired")}, "list, watch 10, list, watch 10", ""},
      {"OpenExpiredAgain",
       {},
       {Refused(410, "Expired"), Refused(410, "Gone")},
       "list, watch 10, list, watch 10, list, watch 10",
       "800"},
      {"OpenTooLarge",
       {},
       {Refused(504, "Timeout", nullptr, "ResourceVersionTooLarge")},
       "list, watch 10, list, watch 10",
       ""},
      {"OpenForbidden", {}, {Refused(403, "Forbidden")}, "list, watch 10, list, watch 10", "800"},
      {"OpenInternal", {}, {Refused(500, "InternalError")}, "list, watch 10, list, watch 10", "800"},
      // in the stream
      {"CleanEnd", {}, {Opened({Added("b", "11")})}, "list, watch 10, watch 11", ""},
      {"CleanEndNothingSaid", {}, {Opened({})}, "list, watch 10, watch 10", ""},
      {"CleanEndAtOnceAfterAnEvent",
       {},
       {Opened({Added("b", "11")}, milliseconds(100))},
       "list, watch 10, watch 11",
       "900"},
      {"EndAtOnce",
       {},
       {Opened({}, milliseconds(50)), Opened({}, milliseconds(50))},
       "list, watch 10, list, watch 10, list, watch 10",
       "800 1600"},
      {"Bookmark", {}, {Opened({Bookmark("25")})}, "list, watch 10, watch 25", ""},
      {"Cut", {}, {Opened({Added("b", "11")}, minutes(1), StreamEndKind::kBroken)}, "list, watch 10, watch 11", ""},
      {"Silent",
       {},
       {Opened({Added("b", "11")}, seconds(90), StreamEndKind::kInactive)},
       "list, watch 10, watch 11",
       ""},
      {"ErrorExpired",
       {},
       {Opened({Added("b", "11"), ErrorEvent(410, "Expired")})},
       "list, watch 10, list, watch 10",
       ""},
      {"ErrorGone", {}, {Opened({ErrorEvent(410, "Gone")})}, "list, watch 10, list, watch 10", ""},
      {"ErrorExpiredAgain",
       {},
       {Opened({ErrorEvent(410, "Gone")}), Opened({ErrorEvent(410, "Gone")})},
       "list, watch 10, list, watch 10, list, watch 10",
       "800"},
      {"ErrorExpiredAfterProgress",
       {},
       {Opened({ErrorEvent(410, "Gone")}), Opened({Added("b", "11"), ErrorEvent(410, "Gone")})},
       "list, watch 10, list, watch 10, list, watch 10",
       ""},
      {"ErrorThrottled",
       {},
       {Opened({Added("b", "11"), ErrorEvent(429, "TooManyRequests")})},
       "list, watch 10, watch 11",
       "800"},
      {"ErrorInternal", {}, {Opened({ErrorEvent(500, "InternalError")})}, "list, watch 10, list, watch 10", "800"},
      {"TruncatedLine",
       {},
       {Opened({Added("b", "11"), Added("c", "12").substr(0, 40)})},
       "list, watch 10, list, watch 10",
       "800"},
      {"NoEvent", {}, {Opened({R"({"hello":"world"})"})}, "list, watch 10, list, watch 10", "800"},
      {"LineTooLong",
       {},
       {[] {
         auto s = Opened({Added("b", "11")});
         s.error = base::Error{Code::kInvalid, "too long"};
         return s;
       }()},
       "list, watch 10, list, watch 10",
       "800"},
      {"BlankLines", {}, {Opened({"", "\r", Added("b", "11")})}, "list, watch 10, watch 11", ""},
      {"ForeignKind",
       {},
       {Opened({Added("b", "11"), Event("ADDED", {{"kind", "Table"},
                                                  {"apiVersion", "meta.k8s.io/v1"},
                                                  {"metadata", {{"resourceVersion", "99"}}}})})},
       "list, watch 10, watch 11",
       ""},
      {"ForeignKindOfTheSameGroup",
       {},
       {Opened({Added("b", "11"), Event("ADDED", {{"kind", "Secret"},
                                                  {"apiVersion", "v1"},
                                                  {"metadata", {{"name", "s"}, {"resourceVersion", "99"}}}})})},
       "list, watch 10, watch 11",
       ""},
      {"UnknownType",
       {},
       {Opened({Event("RENAMED", Pod("b", "99")), Added("b", "11")})},
       "list, watch 10, watch 11",
       ""},
  };
}

class ErrorMatrix : public ::testing::TestWithParam<Row> {};

TEST_P(ErrorMatrix, LeadsBackToASteadyWatch) {
  const Row& row = GetParam();
  Stage stage;
  std::deque<base::Result<net::Response>> lists(row.lists.begin(), row.lists.end());
  lists.push_back(kGood());
  stage.Lists(lists);
  for (const FakeStream& watch : row.watches) stage.Watch(watch);
  stage.Play();
  EXPECT_EQ(stage.Log(), row.log);
  EXPECT_EQ(stage.Waits(), row.waits);
  EXPECT_TRUE(stage.store_.Synced());
  EXPECT_NE(stage.store_.Read()->Find("ns/a"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Reflector, ErrorMatrix, ::testing::ValuesIn(Matrix()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace dm::kube
