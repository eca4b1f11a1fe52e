// Base64 and SHA-256 (OpenSSL's, so that there is one implementation in the process).
#include <openssl/evp.h>

#include <array>

#include "base/strings.h"

namespace dm::base {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) -> std::uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u;
    };
    const std::uint32_t group = at(0) << 16 | at(1) << 8 | at(2);
    text += kAlphabet[group >> 18 & 63];
    text += kAlphabet[group >> 12 & 63];
    text += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return text;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int held = 0;       // characters in `group`
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;   // PEM-like wrapping, as Go's decoder takes it
    if (c == '=') {
      if (++padding > 2 || held + padding > 4 || held < 2) return std::nullopt;
      continue;
    }
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || padding != 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (++held == 4) {
      bytes += static_cast<char>(group >> 16 & 0xFF);
      bytes += static_cast<char>(group >> 8 & 0xFF);
      bytes += static_cast<char>(group & 0xFF);
      group = 0;
      held = 0;
    }
  }
  if (held == 0) return padding == 0 ? std::optional(bytes) : std::nullopt;
  if (held + padding != 4) return std::nullopt;
  group <<= 6 * (4 - held);
  bytes += static_cast<char>(group >> 16 & 0xFF);
  if (held == 3) bytes += static_cast<char>(group >> 8 & 0xFF);
  return bytes;
}

std::string Sha256Hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) return {};
  std::string hex;
  hex.reserve(std::size_t{length} * 2);
  for (unsigned int i = 0; i < length; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 0xF];
  }
  return hex;
}

}  // namespace dm::base
