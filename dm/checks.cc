#include "dm/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.h"

namespace dm {
namespace {

bool Lower(char c) { return c >= 'a' && c <= 'z'; }
bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Alnum(char c) { return Lower(c) || Digit(c) || (c >= 'A' && c <= 'Z'); }

template <class Predicate>
bool All(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

bool IsDnsLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 && All(text, [](char c) { return Lower(c) || Digit(c) || c == '-'; }) &&
         text.front() != '-' && text.back() != '-';
}

bool IsQualifiedPart(std::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         All(text, [](char c) { return Alnum(c) || c == '-' || c == '_' || c == '.'; }) && Alnum(text.front()) &&
         Alnum(text.back());
}

}  // namespace

Wrong CheckDnsLabel(std::string_view text) {
  if (IsDnsLabel(text)) return std::nullopt;
  return "must be at most 63 lower-case letters, digits or \"-\", beginning and ending with a letter or digit";
}

Wrong CheckServiceName(std::string_view text) {
  if (IsDnsLabel(text) && Lower(text.front())) return std::nullopt;
  return "must begin with a lower-case letter and hold at most 63 lower-case letters, digits or \"-\": Services and DNS "
         "names of the members are made from it";
}

Wrong CheckDnsName(std::string_view text) {
  const auto labels = base::Split(text, '.');
  if (!text.empty() && text.size() <= 253 && std::all_of(labels.begin(), labels.end(), IsDnsLabel)) return std::nullopt;
  return "must be the name of an object: lower-case letters, digits, \"-\" and \".\"";
}

Wrong CheckImageTag(std::string_view text) {
  const auto legal = [](char c) { return Alnum(c) || c == '_' || c == '.' || c == '-'; };
  if (!text.empty() && text.size() <= 128 && All(text, legal) && text.front() != '.' && text.front() != '-') {
    return std::nullopt;
  }
  return "must be a tag of the DM image, such as \"v8.5.7\"";
}

Wrong CheckImageName(std::string_view text) {
  const auto legal = [](char c) { return Alnum(c) || c == '_' || c == '.' || c == '-' || c == '/' || c == ':' || c == '@'; };
  if (text.empty() || text.size() > 255 || !All(text, legal)) {
    return "must be the name of an image, such as \"pingcap/dm\" or \"registry.example.com/pingcap/dm\"";
  }
  const std::string_view last = text.substr(text.rfind('/') == std::string_view::npos ? 0 : text.rfind('/') + 1);
  if (last.find_first_of(":@") == std::string_view::npos) return std::nullopt;
  return "must not carry a tag: the version is added to it, so write the tag in version";
}

Wrong CheckSubPath(std::string_view text) {
  const auto legal = [](char c) { return Alnum(c) || c == '_' || c == '.' || c == '-' || c == '/'; };
  const auto steps = base::Split(text, '/');
  const bool climbs = std::any_of(steps.begin(), steps.end(), [](std::string_view step) { return step == ".." || step == "."; });
  if (text.size() <= 200 && All(text, legal) && !climbs && (text.empty() || text.front() != '/')) return std::nullopt;
  return "must be a path below the volume, such as \"data\": letters, digits, \".\", \"_\", \"-\" and \"/\", not beginning "
         "with \"/\" and without \"..\"";
}

Wrong CheckLabelKey(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos ? IsQualifiedPart(text)
                                      : !CheckDnsName(text.substr(0, slash)) && IsQualifiedPart(text.substr(slash + 1))) {
    return std::nullopt;
  }
  return "is no legal key: [prefix/]name, the name at most 63 letters, digits, \"-\", \"_\" or \".\"";
}

Wrong CheckLabelValue(std::string_view text) {
  if (text.empty() || IsQualifiedPart(text)) return std::nullopt;
  return "must be at most 63 letters, digits, \"-\", \"_\" or \".\", beginning and ending with a letter or digit";
}

Wrong CheckNotEmpty(std::string_view text) {
  if (!text.empty() && text.size() <= 512) return std::nullopt;
  return "must not be empty (nor longer than 512 characters)";
}

Wrong CheckRetention(std::string_view text) {
  constexpr std::string_view kUnits = "smhdwy";
  if (text.size() >= 2 && text.size() <= 8 && All(text.substr(0, text.size() - 1), Digit) &&
      kUnits.find(text.back()) != std::string_view::npos) {
    return std::nullopt;
  }
  return "must be a time such as \"15d\" or \"12h\"";
}

Wrong CheckIp(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  const std::string address(text);
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return std::nullopt;
  return "must be an IP address, such as \"10.0.0.7\"";
}

Wrong CheckCidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view bits = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  const bool six = text.find(':') != std::string_view::npos;
  if (!CheckIp(text.substr(0, slash)) && !bits.empty() && bits.size() <= 3 && All(bits, Digit) && std::stoi(std::string(bits)) <= (six ? 128 : 32)) {
    return std::nullopt;
  }
  return "must be a network, such as \"10.0.0.0/8\"";
}

Wrong CheckHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && !CheckDnsName(text.substr(0, colon))) {
    const std::string_view port = text.substr(colon + 1);
    const bool digits = !port.empty() && port.size() <= 5 && All(port, Digit);
    const int number = digits ? std::stoi(std::string(port)) : 0;
    if (number >= 1 && number <= 65535) return std::nullopt;
  }
  return "must be a host name or IPv4 address and a port, without http://, such as \"alertmanager.monitoring.svc:9093\"";
}

}  // namespace dm
