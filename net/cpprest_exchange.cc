#include "net/cpprest_exchange.h"

namespace dm::net {

namespace {

// A chunk that claims more is nonsense (a size of "-1" arrives here as 2^64-1): not one byte of it may be read.
constexpr std::size_t kMaxPiece = std::size_t{1} << 30;

pplx::task<std::size_t> Refuse(const char* why) {
  return pplx::task_from_exception<std::size_t>(std::runtime_error(why));
}

ExchangeState::Failure Describe(std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const web::http::http_exception& e) {
    return {e.what(), e.error_code().value()};
  } catch (const std::exception& e) {
    return {e.what(), 0};
  } catch (...) {
    return {"unknown failure", 0};
  }
}

}  // namespace

void ExchangeState::OnHead(const web::http::http_response& response) noexcept {
  try {
    Headers headers;
    for (const auto& [name, value] : response.headers()) headers.try_emplace(name, value);
    {
      auto seen = seen_.Lock();
      seen->status = response.status_code();
      seen->headers = std::move(headers);
      seen->has_head = true;
    }
    seen_.NotifyAll();
  } catch (...) {
    OnFailure(std::current_exception());
  }
}

void ExchangeState::OnEnd() noexcept {
  seen_.Lock()->ended = true;
  seen_.NotifyAll();
}

void ExchangeState::OnFailure(std::exception_ptr failure) noexcept {
  try {
    Failure described = Describe(std::move(failure));
    auto seen = seen_.Lock();
    if (!seen->ended) seen->failure = std::move(described);
  } catch (...) {
    auto seen = seen_.Lock();
    seen->failure.emplace();
  }
  OnEnd();
}

pplx::task<std::size_t> ExchangeState::OnPiece(const std::uint8_t* data, std::size_t size) noexcept {
  try {
    if (size > kMaxPiece) return Refuse("a chunk of nonsensical size");
    const std::string_view piece(reinterpret_cast<const char*>(data), size);
    auto seen = seen_.Lock();
    if (seen->abandoned) return Refuse("abandoned");
    if (streaming_) {
      seen->give_back = pplx::task_completion_event<std::size_t>();
      auto given_back = pplx::create_task(seen->give_back);
      seen->lent = piece;
      seen.lock().unlock();
      seen_.NotifyAll();
      return given_back;
    }
    if (seen->body.size() + size > max_) {
      seen->too_large = true;
      return Refuse("the answer is too large");
    }
    seen->body.append(piece);      // nobody waits for a part of a body
    return pplx::task_from_result(size);
  } catch (...) {
    return pplx::task_from_exception<std::size_t>(std::current_exception());
  }
}

void ExchangeState::GiveBack(bool more) {
  pplx::task_completion_event<std::size_t> event;
  std::size_t size = 0;
  {
    auto seen = seen_.Lock();
    if (!seen->lent) return;
    size = seen->lent->size();
    event = seen->give_back;
    seen->lent.reset();
  }
  if (more) {
    event.set(size);
  } else {
    event.set_exception(std::runtime_error("stopped"));
  }
}

void ExchangeState::Abandon() {
  seen_.Lock()->abandoned = true;
  GiveBack(false);
}

pplx::task<BodySink::int_type> BodySink::_putc(std::uint8_t byte) noexcept {
  // Never called for bodies; lending the address of a local would be wrong, so it is refused.
  static_cast<void>(byte);
  return pplx::task_from_exception<int_type>(std::logic_error("single bytes are not taken"));
}

void StartExchange(web::http::client::http_client& client, web::http::http_request request,
                   std::shared_ptr<ExchangeState> state, const pplx::cancellation_token& token) {
  // The continuations must run whatever happens to the request, so they have no part in its cancellation.
  const auto never = pplx::cancellation_token::none();
  const auto on_head = [state, never](pplx::task<web::http::http_response> head) noexcept {
    try {
      const web::http::http_response response = head.get();
      state->OnHead(response);
      const auto on_body = [state](pplx::task<web::http::http_response> body) noexcept {
        try {
          static_cast<void>(body.get());
          state->OnEnd();
        } catch (...) {
          state->OnFailure(std::current_exception());
        }
      };
      response.content_ready().then(on_body, never);
    } catch (...) {
      state->OnFailure(std::current_exception());
    }
  };
  client.request(std::move(request), token).then(on_head, never);
}

}  // namespace dm::net
