// What is said of the databases to migrate: without it, count and size cannot be held against the page.
#include <algorithm>

#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

Finding AboutUpstream(const Upstream& upstream, std::string_view field) {
  Finding finding;
  finding.role = Role::kWorker;
  finding.key = upstream.name;
  finding.field = "spec.upstreams[" + upstream.name + "]." + std::string(field);
  finding.shape = Shape::kRequired;
  finding.shortfall = Shortfall::Count(1);
  return finding;
}

}  // namespace

void CheckUpstreamsDeclared(Rule rule, Context& context) {
  if (!context.cluster().upstreams.empty()) return;
  Finding finding;
  finding.role = Role::kWorker;
  finding.field = "spec.upstreams";
  finding.shape = Shape::kRequired;
  finding.required = "the databases to migrate";
  finding.shortfall = Shortfall::Count(1);
  finding.message = "without it nobody can tell how many DM-workers are needed and how large their disks must be";
  finding.remedy = "list the databases to migrate, each with name and dataSize";
  context.Add(rule, std::move(finding));
}

void CheckUpstreamSizeDeclared(Rule rule, Context& context) {
  for (const Upstream& upstream : context.cluster().upstreams) {
    if (upstream.data_size && !upstream.data_size->IsZero()) continue;
    Finding finding = AboutUpstream(upstream, "dataSize");
    finding.required = "the size of its data";
    finding.message = "without it nobody can tell whether a DM-worker's disk holds the data";
    finding.remedy = "set it to the size of the data to migrate, such as \"300Gi\"";
    context.Add(rule, std::move(finding));
  }
}

void CheckUpstreamUndeclared(Rule rule, Context& context) {
  if (!context.now.live.known) {
    // A manifest that was never applied has no sources to be asked for.
    const bool exists = context.before != nullptr || !context.cluster().status.empty();
    if (exists) context.NotCheck(rule, "no running cluster was asked for its sources");
    return;
  }
  for (const std::string& source : context.now.live.sources) {
    const auto& declared = context.cluster().upstreams;
    if (std::any_of(declared.begin(), declared.end(), [&](const Upstream& u) { return u.name == source; })) continue;
    Finding finding;
    finding.role = Role::kWorker;
    finding.key = source;
    finding.field = "spec.upstreams";
    finding.shape = Shape::kForbidden;
    finding.shortfall = Shortfall::Count(1);
    finding.subjects = {source};
    finding.message = "the running DM has the source " + Quoted(source) + ", which spec.upstreams does not name";
    finding.remedy = "add it with its dataSize, or remove the source from DM";
    context.Add(rule, std::move(finding));
  }
}

void CheckRelaySpaceDeclared(Rule rule, Context& context) {
  for (const Upstream& upstream : context.cluster().upstreams) {
    if (!upstream.relay || upstream.relay_space) continue;
    Finding finding = AboutUpstream(upstream, "relay.space");
    finding.required = "the space for its relay log";
    finding.message = "the relay log is kept on the DM-worker's disk besides the data";
    finding.remedy = "set it to the binlog that you want to keep, such as \"50Gi\"";
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements
