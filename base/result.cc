// Names and texts of errors.
#include "base/result.h"

namespace dm::base {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalid: return "Invalid";
    case Code::kNotFound: return "NotFound";
    case Code::kConflict: return "Conflict";
    case Code::kGone: return "Gone";
    case Code::kDenied: return "Denied";
    case Code::kUnavailable: return "Unavailable";
    case Code::kTimeout: return "Timeout";
    case Code::kCancelled: return "Cancelled";
    case Code::kInternal: return "Internal";
  }
  return "Unknown";
}

std::string Error::ToString() const {
  std::string text = message;
  for (const Error* next = cause.get(); next != nullptr; next = next->cause.get()) {
    if (next->message.empty()) continue;
    if (!text.empty()) text += ": ";
    text += next->message;
  }
  if (text.empty()) text = CodeName(code);
  return text;
}

tl::unexpected<Error> Wrap(Error from, std::string doing) {
  Error outer;
  outer.code = from.code;
  outer.message = std::move(doing);
  outer.reason = from.reason;
  outer.retry_after = from.retry_after;
  outer.cause = std::make_shared<const Error>(std::move(from));
  return tl::unexpected<Error>(std::move(outer));
}

}  // namespace dm::base
