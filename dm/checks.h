// What a text must look like, as checks for Fields::String: each says what is wrong, or nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dm {

using Wrong = std::optional<std::string>;

Wrong CheckDnsLabel(std::string_view text);       // a-z, 0-9, "-", at most 63: names of services, volumes, members
Wrong CheckServiceName(std::string_view text);    // a DNS label that begins with a letter
Wrong CheckDnsName(std::string_view text);        // labels joined by dots, at most 253: names of classes, secrets
Wrong CheckImageTag(std::string_view text);       // v8.5.7
Wrong CheckImageName(std::string_view text);      // registry/pingcap/dm, without a tag
Wrong CheckSubPath(std::string_view text);        // relative, no "..", letters digits . _ - /
Wrong CheckLabelKey(std::string_view text);
Wrong CheckLabelValue(std::string_view text);
Wrong CheckNotEmpty(std::string_view text);
Wrong CheckRetention(std::string_view text);      // 15d, 12h
Wrong CheckIp(std::string_view text);             // IPv4 or IPv6
Wrong CheckCidr(std::string_view text);           // 10.0.0.0/8
Wrong CheckHostPort(std::string_view text);       // alertmanager.monitoring.svc:9093

// The same check, with "" as good as a field that is absent, as it is for Kubernetes and was for TiDB Operator v1.
inline auto OrEmpty(Wrong (*check)(std::string_view)) {
  return [check](std::string_view text) { return text.empty() ? std::nullopt : check(text); };
}

}  // namespace dm
