#include "kube/token_source.h"

#include "base/files.h"
#include "base/log.h"
#include "base/strings.h"

namespace dm::kube {

base::Result<std::string> TokenSource::Get() {
  {
    auto state = state_.Lock();
    if (!state->token.empty() && clock_.Now() < state->until) return state->token;
  }
  auto content = base::ReadFile(file_, 1u << 20);
  const std::string token(content ? base::Trim(*content) : std::string_view());
  auto state = state_.Lock();
  if (!token.empty()) {
    state->token = token;
    state->until = clock_.Now() + kFresh;
    return token;
  }
  const std::string why = content ? "the token file " + file_ + " is empty" : content.error().ToString();
  if (state->token.empty())
    return base::Fail(base::Code::kDenied, "there is no token to show to the API server: " + why);
  state->until = clock_.Now() + kTryAgain;
  base::LogWarn("the token could not be read again, the last one serves", {{"error", why}});
  return state->token;
}

void TokenSource::Drop() { *state_.Lock() = State{}; }

}  // namespace dm::kube
