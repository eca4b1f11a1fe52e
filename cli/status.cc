#include "cli/status.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/exit_codes.h"
#include "cli/status_print.h"

namespace dm::cli {

namespace {

using base::Code;

// A watch asks for the cluster itself every two seconds, and for nodes, classes, namespaces and the policy, which can be many
// and seldom change, twice a minute. While the server does not answer it asks less and less often.
constexpr base::Duration kEvery = std::chrono::seconds(2);
constexpr base::Duration kEverySurrounding = std::chrono::seconds(30);
constexpr base::Duration kSlowest = std::chrono::seconds(30);

int CodeOf(Health health) {
  switch (health) {
    case Health::kHealthy: return kExitHealthy;
    case Health::kUnhealthy: return kExitUnhealthy;
    case Health::kNotReady: break;
  }
  return kExitNotReady;
}

class Screen {
 public:
  Screen(const StatusOptions& options, std::ostream& out) : options_(options), out_(out) {}

  // Draws what differs from what is drawn already; false when nobody takes it any more.
  bool Draw(const std::string& text) {
    if (text == drawn_) return true;
    if (options_.clear_screen) {
      out_ << "\033[H\033[2J";
    } else if (!drawn_.empty() && !options_.json) {
      out_ << "\n";
    }
    out_ << text << std::flush;
    drawn_ = text;
    return static_cast<bool>(out_);
  }

 private:
  const StatusOptions& options_;
  std::ostream& out_;
  std::string drawn_;
};

}  // namespace

int RunStatus(const StatusOptions& options, std::ostream& out, std::ostream& err, Connector connect, base::Clock& clock, std::stop_token stop) {
  const auto fail = [&](const base::Error& error) {
    err << "error: " << error.ToString() << "\n";
    return kUnreadable;
  };
  auto live = connect(options.live);
  if (!live) return fail(live.error());
  (*live)->StopWith(stop);
  std::optional<ChosenPolicy> given;
  if (!options.policy.empty()) {
    auto chosen = ChoosePolicy(options.policy, nullptr);
    if (!chosen) return fail(chosen.error());
    given = *std::move(chosen);
  }
  const std::string ns = options.live.ns.empty() ? (*live)->DefaultNamespace() : options.live.ns;

  Screen screen(options, out);
  std::optional<Surrounding> around;
  base::TimePoint looked_around{};
  bool seen = false, silent = false;
  int code = kExitHealthy;
  base::Duration pause = kEvery;
  while (true) {
    const auto facts = ReadFacts(**live, ns, options.name);
    if (stop.stop_requested()) break;
    if (facts) {
      if (!around || clock.Now() - looked_around >= kEverySurrounding) {
        around = ReadSurrounding(**live, given ? &*given : nullptr);
        looked_around = clock.Now();
        if (stop.stop_requested()) break;
      }
      const Picture picture = MakePicture(*facts, *around);
      if (!screen.Draw(options.json ? base::DumpJson(StatusJson(picture), 2) + "\n" : StatusText(picture, clock.Wall()))) break;
      code = options.exit_status ? CodeOf(picture.health) : kExitHealthy;
      seen = true;
      silent = false;
      pause = kEvery;
      if (!options.watch) return code;
    } else if (!seen) {
      return fail(facts.error());
    } else if (facts.error().code == Code::kNotFound) {
      err << "DMCluster " << ns << "/" << options.name << " has been deleted\n";
      return options.exit_status ? kExitUnhealthy : kExitHealthy;
    } else {
      if (!silent) err << "note: " << facts.error().ToString() << "; asking again\n" << std::flush;
      silent = true;
      pause = std::min(pause * 2, kSlowest);
    }
    if (!clock.WaitFor(pause, stop)) break;
  }
  return code;
}

}  // namespace dm::cli
