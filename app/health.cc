#include "app/health.h"

#include <exception>

#include "base/strings.h"

namespace dm::app {
namespace {

std::string Ask(const Check& check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return std::string("the check itself failed: ") + error.what();
  }
}

}  // namespace

void Checks::Add(std::string name, Check check) { checks_.push_back({std::move(name), std::move(check)}); }

net::Response Checks::Answer(bool verbose) const {
  bool well = true;
  std::string lines;
  for (const Named& named : checks_) {
    const std::string problem = Ask(named.check);
    if (problem.empty()) {
      lines += "[+]" + named.name + " ok\n";
      continue;
    }
    well = false;
    lines += "[-]" + named.name + ": " + base::Printable(problem, 500) + "\n";
  }
  net::Response response;
  response.status = well ? 200 : 503;
  response.headers["Content-Type"] = "text/plain; charset=utf-8";
  response.headers["X-Content-Type-Options"] = "nosniff";
  response.body = well && !verbose ? "ok" : lines + (well ? "passed\n" : "failed\n");
  return response;
}

std::vector<std::string> Checks::Failing() const {
  std::vector<std::string> failing;
  for (const Named& named : checks_) {
    if (const std::string problem = Ask(named.check); !problem.empty()) failing.push_back(named.name + ": " + problem);
  }
  return failing;
}

}  // namespace dm::app
