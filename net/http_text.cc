#include "net/http_text.h"

#include <array>
#include <ctime>

#include "base/strings.h"

namespace dm::net {

namespace {

using base::Code;
using base::Fail;

bool Is(std::string_view name, std::string_view other) {
  const HeaderLess less;
  return !less(name, other) && !less(other, name);
}

bool IsFraming(std::string_view name) {
  for (const std::string_view ours : {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade"}) {
    if (Is(name, ours)) return true;
  }
  return false;
}

bool HasNoBody(int status) { return status / 100 == 1 || status == 204 || status == 304; }

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return {};
  }
}

bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  if (text.empty()) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kMarks.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool IsFieldValue(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

bool IsTarget(std::string_view text) {
  if (text.empty() || text.front() != '/') return false;
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

base::Result<void> CheckRequest(const Request& request) {
  if (!IsToken(request.method)) return Fail(Code::kInvalid, "HTTP method \"" + base::Printable(request.method) + "\"");
  if (!IsTarget(request.target)) {
    return Fail(Code::kInvalid, "request target \"" + base::Printable(request.target) +
                                    "\" must start with '/' and be percent-encoded");
  }
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return Fail(Code::kInvalid, "header name \"" + base::Printable(name) + "\"");
    if (!IsFieldValue(value)) return Fail(Code::kInvalid, "the value of header " + name + " has control characters");
    if (IsFraming(name) || Is(name, "Host") || Is(name, "Expect")) {
      return Fail(Code::kInvalid, "header " + name + " is set by the transport, not by its caller");
    }
  }
  return {};
}

std::string ResponseHead(const Response& response, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(ReasonPhrase(response.status)).append("\r\n");
  bool dated = false;
  for (const auto& [name, value] : response.headers) {
    if (IsFraming(name) || !IsToken(name) || !IsFieldValue(value)) continue;
    dated = dated || Is(name, "Date");
    AppendField(head, name, value);
  }
  if (!dated) AppendField(head, "Date", HttpDate());
  if (!HasNoBody(response.status)) AppendField(head, "Content-Length", std::to_string(response.body.size()));
  if (!keep_alive) AppendField(head, "Connection", "close");
  return head.append("\r\n");
}

std::string RequestHead(const Request& request, std::string_view host) {
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
  AppendField(head, "Host", host);
  for (const auto& [name, value] : request.headers) AppendField(head, name, value);
  const bool sends_body = request.method != "GET" && request.method != "HEAD";
  if (sends_body || !request.body.empty()) AppendField(head, "Content-Length", std::to_string(request.body.size()));
  AppendField(head, "Connection", "close");
  return head.append("\r\n");
}

}  // namespace dm::net
