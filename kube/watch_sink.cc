#include "kube/watch_sink.h"

#include <exception>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "kube/parse.h"

namespace dm::kube {

using base::Code;
using base::Error;
using base::Json;

namespace {

std::string VersionOf(const Json& object) {
  const Json* metadata = base::Find(object, "metadata");
  return metadata == nullptr ? std::string() : base::GetStringOr(*metadata, "resourceVersion");
}

}  // namespace

std::string KeyOfObject(const Json& object) {
  const Json* metadata = base::Find(object, "metadata");
  if (metadata == nullptr) return {};
  const std::string name = base::GetStringOr(*metadata, "name");
  const std::string ns = base::GetStringOr(*metadata, "namespace");
  return name.empty() || ns.empty() ? name : ns + "/" + name;
}

void LogUnreadable(const Json& object, const Error& why) {
  base::LogWarn(
      "an object could not be read and is skipped",
      {{"kind", base::GetStringOr(object, "kind")}, {"object", KeyOfObject(object)}, {"error", why.ToString()}});
}

net::LineSink::Flow WatchSink::OnLine(std::string_view line) noexcept {
  try {
    on_line_();
    return Take(line);
  } catch (const std::exception& e) {
    return Unreadable(std::string("taking an event failed: ") + e.what());
  }
}

net::LineSink::Flow WatchSink::Unreadable(std::string why) {
  facts.unreadable = true;
  error = Error{Code::kInternal, std::move(why)};
  return Flow::kStop;
}

net::LineSink::Flow WatchSink::Take(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return Flow::kContinue;
  auto event = ParseObjectInPart(line);
  if (!event) return Unreadable("a line of the watch is no event: " + event.error().message);
  const Json* object = base::Find(event->value, "object");
  const std::string type = base::GetStringOr(event->value, "type");
  if (type.empty() || object == nullptr || !object->is_object()) {
    return Unreadable("a line of the watch is no event: it has no type or no object");
  }
  if (type == "ERROR") {
    facts.error_event = ErrorFromStatus(*object);
    facts.error_status = static_cast<int>(base::GetIntOr(*object, "code", 0));
    error = *facts.error_event;
    return Flow::kStop;
  }
  return TakeObject(type, *object, event->too_deep);
}

net::LineSink::Flow WatchSink::TakeObject(const std::string& type, const Json& object, bool too_deep) {
  const std::string kind = base::GetStringOr(object, "kind");
  const std::string seen = VersionOf(object);
  if (kind != resource_.kind || base::GetStringOr(object, "apiVersion") != resource_.ApiVersion() || seen.empty()) {
    base::LogWarn("an event of another kind is skipped",
                  {{"resource", resource_.plural}, {"type", type}, {"kind", kind}, {"object", KeyOfObject(object)}});
    return Flow::kContinue;
  }
  if (too_deep && (type == "ADDED" || type == "MODIFIED")) {
    LogUnreadable(object, TooDeep());  // and what is held of it stays
  } else if (type == "ADDED" || type == "MODIFIED") {
    consumer_.Apply(object, seen);
  } else if (type == "DELETED") {
    consumer_.Remove(object, seen);
  } else if (type != "BOOKMARK") {
    base::LogWarn("an event of unknown type is skipped", {{"resource", resource_.plural}, {"type", type}});
    return Flow::kContinue;
  }
  if (type != "BOOKMARK") ++events;
  ++facts.events;
  version_ = seen;
  return Flow::kContinue;
}

}  // namespace dm::kube
