// WatchSink: the lines of one watch into a consumer, and the facts that the state machine decides on. Lines come on the
// transport's reading side, one at a time; read the results after the stream has ended.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "kube/client.h"
#include "kube/reflector.h"
#include "kube/reflector_machine.h"
#include "net/transport.h"

namespace dm::kube {

class WatchSink final : public net::LineSink {
 public:
  // `version` moves on with each event and bookmark that was taken. `on_opened` runs when the server has
  // agreed to the watch, `on_line` before each line is looked at; neither throws.
  WatchSink(const Resource& resource, ObjectConsumer& consumer, std::string& version, std::function<void()> on_opened,
            std::function<void()> on_line)
      : resource_(resource), consumer_(consumer), version_(version), on_opened_(std::move(on_opened)), on_line_(std::move(on_line)) {}

  void OnOpened() noexcept override { on_opened_(); }
  Flow OnLine(std::string_view line) noexcept override;

  StreamFacts facts;
  base::Error error;         // set when we ended the stream
  std::uint64_t events = 0;  // without bookmarks

 private:
  Flow Take(std::string_view line);
  Flow TakeObject(const std::string& type, const base::Json& object, bool too_deep);
  Flow Unreadable(std::string why);

  const Resource& resource_;
  ObjectConsumer& consumer_;
  std::string& version_;
  std::function<void()> on_opened_, on_line_;
};

}  // namespace dm::kube
