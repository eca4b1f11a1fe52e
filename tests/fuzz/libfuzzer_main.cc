// Gives libFuzzer the one target this program was linked with.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dm::fuzz::Targets().front().run(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
