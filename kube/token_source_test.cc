#include "kube/token_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace dm::kube {
namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

class TokenSourceTest : public ::testing::Test {
 protected:
  ~TokenSourceTest() override { fs::remove(file_); }
  void Write(const std::string& text) { std::ofstream(file_) << text; }
  std::string Token() {
    auto token = source_.Get();
    return token ? *token : "error: " + std::string(base::CodeName(token.error().code));
  }

  const std::string file_ = (fs::temp_directory_path() / ("token_source_test." + std::to_string(::getpid()))).string();
  base::VirtualClock clock_;
  TokenSource source_{file_, clock_};
};

TEST_F(TokenSourceTest, IsReadAgainWithinTheMinute) {
  Write(" one \n");
  EXPECT_EQ(Token(), "one");
  Write("two");
  clock_.Advance(seconds(49));
  EXPECT_EQ(Token(), "one");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Token(), "two");
}

TEST_F(TokenSourceTest, TheLastGoodOneServesWhileTheFileIsAway) {
  Write("one");
  EXPECT_EQ(Token(), "one");
  fs::remove(file_);
  clock_.Advance(seconds(50));
  EXPECT_EQ(Token(), "one");
  Write("");
  clock_.Advance(seconds(10));
  EXPECT_EQ(Token(), "one") << "an empty file is no token";
  Write("two");
  clock_.Advance(seconds(9));
  EXPECT_EQ(Token(), "one") << "not tried at each request";
  clock_.Advance(seconds(1));
  EXPECT_EQ(Token(), "two");
}

TEST_F(TokenSourceTest, ADroppedTokenIsReadAtOnce) {
  Write("one");
  EXPECT_EQ(Token(), "one");
  Write("two");
  source_.Drop();
  EXPECT_EQ(Token(), "two");
  fs::remove(file_);
  source_.Drop();
  EXPECT_EQ(Token(), "error: Denied");
}

TEST_F(TokenSourceTest, WithoutAFileThereIsAnErrorThatNamesIt) {
  auto token = source_.Get();
  ASSERT_FALSE(token);
  EXPECT_NE(token.error().message.find(file_), std::string::npos) << token.error().message;
}

}  // namespace
}  // namespace dm::kube
