// Pseudo-random numbers for jitter and tests; UUIDs from the operating system's generator.
#include "base/random.h"

#include <openssl/rand.h>

#include <array>

namespace dm::base {
namespace {

// 53 random bits as a fraction. Not uniform_real_distribution: its results differ between standard libraries, and
// simulations print seeds that must reproduce.
double ToFraction(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

void FillRandom(unsigned char* bytes, std::size_t count) {
  if (RAND_bytes(bytes, static_cast<int>(count)) == 1) return;
  std::random_device device;   // OpenSSL's generator could not be seeded: ask the kernel ourselves
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<unsigned char>(device() & 0xFFu);
}

std::uint64_t RandomSeed() {
  std::array<unsigned char, 8> bytes{};
  FillRandom(bytes.data(), bytes.size());
  std::uint64_t seed = 0;
  for (const unsigned char b : bytes) seed = seed << 8 | b;
  return seed;
}

}  // namespace

std::uint64_t Random::Below(std::uint64_t n) {
  if (n == 0) return 0;
  const auto drawn = static_cast<std::uint64_t>(Uniform() * static_cast<double>(n));
  return drawn < n ? drawn : n - 1;   // rounding may reach n
}

SystemRandom::SystemRandom() : engine_(RandomSeed()) {}

double SystemRandom::Uniform() {
  const std::lock_guard lock(mutex_);
  return ToFraction(engine_());
}

double SeededRandom::Uniform() {
  const std::lock_guard lock(mutex_);
  return ToFraction(engine_());
}

std::string NewUuid() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  FillRandom(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);   // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);   // RFC 4122 variant
  std::string uuid;
  uuid.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    uuid += kHex[bytes[i] >> 4];
    uuid += kHex[bytes[i] & 0xF];
  }
  return uuid;
}

}  // namespace dm::base
