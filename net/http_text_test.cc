#include "net/http_text.h"

#include <gmock/gmock.h>

namespace dm::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Headers, CompareWithoutCase) {
  Headers headers = {{"Content-Type", "a"}};
  headers["content-TYPE"] = "b";
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.at("CONTENT-TYPE"), "b");
  EXPECT_FALSE(headers.contains("Content-Typ"));
}

TEST(PercentEncode, LeavesOnlyTheUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/c=d,e+\xc3\xa4"), "a%20b%2Fc%3Dd%2Ce%2B%C3%A4");
}

TEST(Target, PathAndQuery) {
  EXPECT_EQ(PathOf("/a/b?x=1"), "/a/b");
  EXPECT_EQ(PathOf("/a#f"), "/a");
  EXPECT_EQ(PathOf(""), "");
  EXPECT_THAT(QueryOf("/a?x=1&y=a%20b+c&flag&&x=%3D#f"),
              ElementsAre(Pair("x", "1"), Pair("y", "a b c"), Pair("flag", ""), Pair("x", "=")));
  EXPECT_THAT(QueryOf("/a?x=%4&y=%zz"), ElementsAre(Pair("x", "%4"), Pair("y", "%zz")));
  EXPECT_THAT(QueryOf("/a"), IsEmpty());
  EXPECT_THAT(QueryOf("/a?"), IsEmpty());
}

TEST(ResponseHead, FramingIsOurs) {
  const Response response{200, {{"Content-Length", "99"}, {"Transfer-Encoding", "chunked"}, {"X", "1"}}, "four"};
  const std::string head = ResponseHead(response, true);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nX: 1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("chunked")));
  EXPECT_THAT(head, Not(HasSubstr("Connection")));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(ResponseHead(response, false), HasSubstr("\r\nConnection: close\r\n"));
}

TEST(ResponseHead, LeavesOutWhatWouldInject) {
  const std::string head = ResponseHead({204, {{"X: 1\r\nY", "1"}, {"Z", "1\r\nEvil: 1"}, {"W", std::string("a\0", 2)}}, ""}, true);
  EXPECT_THAT(head, Not(HasSubstr("Y:")));
  EXPECT_THAT(head, Not(HasSubstr("Evil")));
  EXPECT_THAT(head, Not(HasSubstr("W:")));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));      // 204 has no body
}

TEST(RequestHead, SaysLengthWhereABodyIsExpected) {
  Request request;
  request.target = "/x?y";
  request.headers["Accept"] = "a";
  EXPECT_EQ(RequestHead(request, "h:1"), "GET /x?y HTTP/1.1\r\nHost: h:1\r\nAccept: a\r\nConnection: close\r\n\r\n");
  request.method = "DELETE";
  EXPECT_THAT(RequestHead(request, "h:1"), HasSubstr("Content-Length: 0\r\n"));
  request.body = "abc";
  EXPECT_THAT(RequestHead(request, "h:1"), HasSubstr("Content-Length: 3\r\n"));
}

TEST(CheckRequest, NamesWhatIsWrong) {
  Request request;
  EXPECT_TRUE(CheckRequest(request));
  request.headers["Connection"] = "close";
  EXPECT_THAT(CheckRequest(request).error().message, HasSubstr("Connection"));
  request.headers = {{"X", "a\nb"}};
  EXPECT_THAT(CheckRequest(request).error().message, HasSubstr("header X"));
  request.headers.clear();
  request.target = "http://elsewhere/";
  EXPECT_THAT(CheckRequest(request).error().message, HasSubstr("http://elsewhere/"));
}

}  // namespace
}  // namespace dm::net
