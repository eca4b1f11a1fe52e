// HTTP/1.1 as text: heads of requests and responses, written so that no value can smuggle a line. Pure. For this room.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_types.h"

namespace dm::net {

std::string_view ReasonPhrase(int status);       // "Not Found"; empty for statuses without a usual one
bool IsToken(std::string_view text);             // a method or a header's name
bool IsFieldValue(std::string_view text);        // no control characters except tab
bool IsTarget(std::string_view text);            // starts with '/', visible ASCII only

// Whether the request may go on a wire: kInvalid names the part that may not. Framing headers (Host, Content-Length,
// Transfer-Encoding, Connection, Expect) belong to the transport and are refused.
base::Result<void> CheckRequest(const Request& request);

// Status line to blank line. Content-Length and Connection are ours, whatever the response says of them; headers that
// may not go on a wire are left out.
std::string ResponseHead(const Response& response, bool keep_alive);
// Of a request that passed CheckRequest; `host` is the Host header's value.
std::string RequestHead(const Request& request, std::string_view host);

}  // namespace dm::net
