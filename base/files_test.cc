#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace dm::base {
namespace {

class FilesTest : public testing::Test {
 protected:
  FilesTest() { std::filesystem::create_directories(directory_); }
  ~FilesTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) / ("files_test." + std::to_string(::getpid()));
};

TEST_F(FilesTest, ReadsAllBytes) {
  std::string content(200'000, 'x');
  content[77] = '\0';
  const auto read = ReadFile(Write("big", content));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, content);
  EXPECT_EQ(ReadFile(Write("empty", "")).value(), "");
}

TEST_F(FilesTest, BoundsWhatItReads) {
  const std::string path = Write("ten", "0123456789");
  EXPECT_TRUE(ReadFile(path, 10));
  const auto read = ReadFile(path, 9);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kInvalid);
  EXPECT_NE(read.error().message.find("larger than 9 bytes"), std::string::npos) << read.error().message;
}

TEST_F(FilesTest, SaysWhyItCannot) {
  EXPECT_EQ(ReadFile(directory_ / "absent").error().code, Code::kNotFound);
  EXPECT_EQ(ReadFile(Write("file", "") + "/below").error().code, Code::kNotFound);
  EXPECT_EQ(ReadFile(directory_).error().code, Code::kInvalid);   // a directory
  const auto absent = ReadFile(directory_ / "absent");
  EXPECT_NE(absent.error().message.find("absent: No such file"), std::string::npos) << absent.error().message;
}

TEST_F(FilesTest, TellsDeniedFromAbsent) {
  const std::string path = Write("secret", "s");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  const auto read = ReadFile(path);
  if (::geteuid() == 0) {
    EXPECT_TRUE(read);   // root reads everything
  } else {
    EXPECT_EQ(read.error().code, Code::kDenied);
  }
}

}  // namespace
}  // namespace dm::base
