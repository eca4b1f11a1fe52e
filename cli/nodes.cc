#include "cli/nodes.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/exit_codes.h"
#include "cli/policy_file.h"
#include "dm/requirements/kind.h"
#include "dm/requirements/minimums.h"

namespace dm::cli {

namespace {

using base::Json;
using requirements::FaultSet;
using requirements::KindFault;
using requirements::NodeView;
using requirements::Policy;
using requirements::Resource;

constexpr Environment kEnvironments[] = {Environment::kProduction, Environment::kDevelopment};
constexpr Role kRoles[] = {Role::kMaster, Role::kWorker, Role::kMonitor};

std::string_view VerdictName(requirements::OsVerdict verdict) {
  switch (verdict) {
    case requirements::OsVerdict::kSupported: return "supported";
    case requirements::OsVerdict::kUnsupported: return "unsupported";
    case requirements::OsVerdict::kUnlisted: return "unlisted";
    case requirements::OsVerdict::kUnknown: break;
  }
  return "unknown";
}

// What speaks against the node in one environment for one role.
std::vector<std::string> Against(const NodeView& node, const Policy& policy, Environment environment, Role role) {
  requirements::Effective effective;
  effective.environment = environment;
  const auto weights = requirements::WeighKind(policy, effective);
  const FaultSet faults = requirements::FaultsOf(node, role, environment);
  std::vector<std::string> reasons;
  for (unsigned i = 0; i < requirements::kKindFaults; ++i) {
    const auto fault = static_cast<KindFault>(i);
    if (requirements::Has(faults, fault) && requirements::Has(weights.denying, fault)) {
      reasons.push_back(requirements::Describe(fault, node, role, environment));
    }
  }
  // The monitor has no row in the table of development.
  if (environment == Environment::kDevelopment && role == Role::kMonitor) return reasons;
  const auto size = [&](Resource resource, const std::optional<kube::api::Quantity>& has, std::string_view unit) {
    const auto floor = requirements::Floor(policy, environment, role, resource);
    if (!floor || (has && *has >= *floor)) return;
    reasons.push_back(has ? "has " + has->ToString() + " " + std::string(unit) + ", " + floor->ToString() + " are needed"
                          : "does not say how much " + std::string(unit) + " it can allocate");
  };
  size(Resource::kCpu, node.node->cpu, "CPU");
  size(Resource::kMemory, node.node->memory, "memory");
  return reasons;
}

std::string Marks(const NodeAnswer& answer, Environment environment) {
  std::vector<std::string> roles;
  for (const Role role : kRoles) {
    if (answer.qualifies.at(environment).at(role)) roles.emplace_back(RoleName(role));
  }
  return roles.empty() ? "-" : base::Join(roles, ",");
}

void PrintTable(const std::vector<NodeAnswer>& answers, std::ostream& out) {
  std::vector<std::vector<std::string>> rows = {{"NODE", "OPERATING SYSTEM", "VERDICT", "ARCH", "PRODUCTION", "DEVELOPMENT"}};
  for (const NodeAnswer& answer : answers) {
    std::string os = answer.os.name.empty() ? "?" : answer.os.name + (answer.os.version.empty() ? "" : " " + answer.os.version);
    rows.push_back({answer.name, base::Printable(os, 60), std::string(VerdictName(answer.os.verdict)) + (answer.os.contradictory ? "?" : ""),
                    answer.architecture, Marks(answer, Environment::kProduction), Marks(answer, Environment::kDevelopment)});
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 3, ' ') : "");
    out << line << "\n";
  }
  bool any = false;
  for (const NodeAnswer& answer : answers) {
    for (const std::string& reason : answer.reasons) {
      if (!any) out << "\n";
      any = true;
      out << answer.name << ": " << reason << "\n";
    }
  }
}

void PrintNodesJson(const std::vector<NodeAnswer>& answers, std::ostream& out) {
  Json list = Json::array();
  for (const NodeAnswer& answer : answers) {
    Json qualifies = Json::object();
    for (const auto& [environment, roles] : answer.qualifies) {
      for (const auto& [role, yes] : roles) qualifies[std::string(EnvironmentName(environment))][std::string(RoleName(role))] = yes;
    }
    list.push_back({{"name", answer.name},
                    {"os",
                     {{"name", answer.os.name},
                      {"version", answer.os.version},
                      {"verdict", VerdictName(answer.os.verdict)},
                      {"evidence", answer.os.evidence}}},
                    {"architecture", answer.architecture},
                    {"qualifies", std::move(qualifies)},
                    {"reasons", answer.reasons}});
  }
  out << base::DumpJson(list, 2) << "\n";
}

struct NodesRead {
  Policy policy;
  requirements::ClusterView view;
  std::string remark;
};

base::Result<NodesRead> ReadNodes(const NodesOptions& options, Connector connect) {
  NodesRead read;
  std::unique_ptr<LiveCluster> live;
  if (options.files.empty()) {
    auto connected = connect(options.live);
    if (!connected) return base::Propagate(connected);
    live = *std::move(connected);
  }
  base::Result<std::vector<Json>> nodes;
  if (live) {
    nodes = live->Nodes();
    if (!nodes) return base::Propagate(nodes, "listing nodes of " + live->Name());
  }
  auto chosen = ChoosePolicy(options.policy, live.get());
  if (!chosen) return base::Propagate(chosen);
  read.policy = std::move(chosen->policy);
  read.remark = std::move(chosen->remark);
  if (live) {
    if (auto added = AddNodes(read.view, *nodes, read.policy, live->Name()); !added) return base::Propagate(added);
    return read;
  }
  auto view = ReadView(DataFiles{options.files, {}, {}}, read.policy);
  if (!view) return base::Propagate(view);
  read.view = *std::move(view);
  return read;
}

}  // namespace

std::vector<NodeAnswer> JudgeNodes(const requirements::ClusterView& view, const Policy& policy) {
  std::vector<NodeAnswer> answers;
  for (const auto& node : view.nodes) {
    NodeAnswer answer;
    answer.name = node->node->meta.name;
    answer.architecture = node->node->architecture;
    answer.os = node->os;
    std::vector<std::pair<std::string, std::vector<std::string>>> reasons;    // text → for whom, in the order met
    for (const Environment environment : kEnvironments) {
      for (const Role role : kRoles) {
        const auto against = Against(*node, policy, environment, role);
        answer.qualifies[environment][role] = against.empty();
        for (const std::string& text : against) {
          auto entry = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == text; });
          if (entry == reasons.end()) entry = reasons.insert(reasons.end(), {text, {}});
          entry->second.push_back(std::string(EnvironmentName(environment)) + " " + std::string(RoleName(role)));
        }
      }
    }
    for (const auto& [text, whom] : reasons) {
      answer.reasons.push_back((whom.size() == std::size(kEnvironments) * std::size(kRoles) ? "" : base::Join(whom, ", ") + ": ") + text);
    }
    if (answer.os.contradictory) answer.reasons.push_back("image and kernel contradict each other: " + answer.os.evidence);
    answers.push_back(std::move(answer));
  }
  return answers;
}

int RunNodes(const NodesOptions& options, std::ostream& out, std::ostream& err, Connector connect) {
  const auto read = ReadNodes(options, connect);
  if (!read) {
    err << "error: " << read.error().ToString() << "\n";
    return kUnreadable;
  }
  if (!read->remark.empty()) err << "note: " << read->remark << "\n";
  const auto answers = JudgeNodes(read->view, read->policy);
  if (options.json) {
    PrintNodesJson(answers, out);
  } else {
    PrintTable(answers, out);
  }
  return kNothingDenied;
}

}  // namespace dm::cli
