#include "kube/reflector_machine.h"

namespace dm::kube {

using base::Code;

Step Decide(Outcome outcome, bool hurried) {
  const Pause once = hurried ? Pause::kBackoff : Pause::kNone;
  switch (outcome) {
    case Outcome::kListPage:
      return {Phase::kListing, Pause::kNone, hurried};
    case Outcome::kListEnd:
      return {Phase::kListed, Pause::kNone, hurried};
    case Outcome::kListExpired:
      return {Phase::kEmpty, once, true};
    case Outcome::kListFailed:
      return {Phase::kEmpty, Pause::kBackoff, hurried};
    case Outcome::kOpenUnavailable:
      return {Phase::kListed, Pause::kBackoff, hurried};
    case Outcome::kOpenExpired:
      return {Phase::kEmpty, once, true};
    case Outcome::kOpenRefused:
      return {Phase::kEmpty, Pause::kBackoff, hurried};
    case Outcome::kStreamEnded:
      return {Phase::kListed, Pause::kPace, false};
    case Outcome::kStreamSilent:
      return {Phase::kListed, Pause::kNone, false};
    case Outcome::kStreamShort:
      return {Phase::kEmpty, Pause::kBackoff, hurried};
    case Outcome::kStreamExpired:
      return {Phase::kEmpty, once, true};
    case Outcome::kStreamThrottled:
      return {Phase::kListed, Pause::kBackoff, hurried};
    case Outcome::kStreamFailed:
      return {Phase::kEmpty, Pause::kBackoff, hurried};
  }
  return {Phase::kEmpty, Pause::kBackoff, hurried};
}

Outcome ClassifyList(const base::Error& error) {
  if (error.code == Code::kGone || error.reason == "ResourceVersionTooLarge") return Outcome::kListExpired;
  return Outcome::kListFailed;
}

Outcome ClassifyOpen(int http_status, const base::Error& error) {
  if (error.code == Code::kGone || error.reason == "ResourceVersionTooLarge") return Outcome::kOpenExpired;
  if (http_status == 0) return error.code == Code::kInvalid ? Outcome::kOpenRefused : Outcome::kOpenUnavailable;
  return http_status == 429 || http_status == 503 ? Outcome::kOpenUnavailable : Outcome::kOpenRefused;
}

Outcome ClassifyStream(const StreamFacts& facts) {
  if (facts.error_event) {
    const base::Error& error = *facts.error_event;
    if (error.code == Code::kGone || error.reason == "ResourceVersionTooLarge") return Outcome::kStreamExpired;
    if (facts.error_status == 429) return Outcome::kStreamThrottled;
    return Outcome::kStreamFailed;
  }
  if (facts.unreadable) return Outcome::kStreamFailed;
  if (facts.end == net::StreamEndKind::kInactive) return Outcome::kStreamSilent;
  if (facts.events == 0 && facts.life < kShortWatch) return Outcome::kStreamShort;
  return Outcome::kStreamEnded;
}

}  // namespace dm::kube
