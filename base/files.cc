// Reading whole files, bounded.
#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/strings.h"

namespace dm::base {
namespace {

Error SystemError(const std::string& name, int number) {
  Error error;
  switch (number) {
    case ENOENT:
    case ENOTDIR: error.code = Code::kNotFound; break;
    case EACCES:
    case EPERM: error.code = Code::kDenied; break;
    case EISDIR: error.code = Code::kInvalid; break;
    default: error.code = Code::kInternal;
  }
  error.message = "cannot read " + Printable(name) + ": " + std::generic_category().message(number);
  return error;
}

Result<std::string> ReadAll(int descriptor, const std::string& name, std::size_t max_bytes) {
  std::string content;
  std::array<char, 65536> block{};
  for (;;) {
    const ssize_t got = ::read(descriptor, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(SystemError(name, errno));
    if (got == 0) return content;
    content.append(block.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return Fail(Code::kInvalid, Printable(name) + " is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Fail(SystemError(path, errno));
  Result<std::string> content = ReadAll(descriptor, path, max_bytes);
  ::close(descriptor);
  return content;
}

Result<std::string> ReadStdin(std::size_t max_bytes) { return ReadAll(STDIN_FILENO, "standard input", max_bytes); }

}  // namespace dm::base
