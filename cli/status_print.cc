#include "cli/status_print.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/output.h"
#include "dm/requirements/text.h"

namespace dm::cli {

namespace {

using base::Json;
using requirements::Severity;

constexpr std::size_t kWidth = 120;
constexpr std::size_t kMaxMessage = 600;
constexpr std::size_t kShownEvents = 8;
constexpr std::size_t kShownFindings = 12;

// Objects' texts come from others: nothing in them reaches the terminal raw.
std::string Clean(const std::string& text, std::size_t most = kMaxMessage) { return base::Printable(text, most); }

// Breaks at blanks; the first line begins with `head`, the others are indented as far.
std::string Wrapped(const std::string& head, const std::string& text) {
  std::string out, line = head;
  bool fresh = true;
  for (const auto word : base::Split(text, ' ')) {
    if (!fresh && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = std::string(head.size(), ' ');
      fresh = true;
    }
    if (!fresh) line += " ";
    line += word;
    fresh = false;
  }
  return out + line + "\n";
}

std::string Padded(const std::string& text, std::size_t width) { return text + std::string(width > text.size() ? width - text.size() : 0, ' '); }

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += Padded(row[i], widths[i] + 2);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  return out;
}

std::string Age(const std::string& since, base::WallTime now) {
  const auto at = base::ParseRfc3339(since);
  if (!at) return "?";
  const auto seconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(now - *at).count());
  if (seconds < 60) return "<1m";      // whole minutes: a watch is not drawn anew each second
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string Disk(const DiskCell& cell) {
  if (cell.claim.empty()) return "-";
  std::string text = cell.size.empty() ? "?" : cell.size;
  if (!cell.storage_class.empty()) text += " " + cell.storage_class;
  if (!cell.grade.empty()) text += " (" + cell.grade + ")";
  if (cell.phase != "Bound") text += " " + (cell.phase.empty() ? "?" : cell.phase);
  return Clean(text, 60);
}

std::string Heading(const Picture& picture, base::WallTime) {
  std::string text = "DMCluster " + picture.ns + "/" + picture.name + ": " + std::string(HealthName(picture.health)) + "\n";
  if (!picture.why.empty()) text += Wrapped("  ", Clean(picture.why));
  std::vector<std::string> facts;
  facts.push_back("DM " + (picture.version.empty() ? "?" : Clean(picture.version, 60)));
  facts.push_back(Clean(picture.environment, 200));
  facts.push_back(picture.leader.empty() ? "no leader" : "leader " + Clean(picture.leader, 100));
  if (!picture.cluster_id.empty()) facts.push_back("cluster id " + Clean(picture.cluster_id, 40));
  return text + Wrapped("  ", base::Join(facts, "; "));
}

std::string Members(const Picture& picture) {
  std::vector<std::vector<std::string>> rows = {{"ROLE", "POD", "STATE", "NODE", "MEMBER", "SOURCE", "DISK"}};
  std::string notes;
  for (const MemberRow& row : picture.members) {
    std::string state = Clean(row.pod, 40);
    if (row.restarts > 0) state += " (" + std::to_string(row.restarts) + (row.restarts == 1 ? " restart)" : " restarts)");
    std::string node = row.node.empty() ? "-" : Clean(row.node, 60);
    if (!row.system.empty()) node += " (" + Clean(row.system, 40) + ")";
    rows.push_back({std::string(RoleName(row.role)), row.name, state, node, (row.member.empty() ? "-" : Clean(row.member, 40)) + (row.leader ? ", leader" : ""),
                    row.source.empty() ? "-" : Clean(row.source, 60), Disk(row.disk)});
    if (!row.note.empty()) notes += Wrapped("  " + row.name + ": ", Clean(row.note, 300));
  }
  return "\n" + (rows.size() == 1 ? "No pods, and none asked for.\n" : Table(rows)) + notes;
}

std::string Leftovers(const Picture& picture) {
  std::string text;
  if (!picture.loose_sources.empty()) text += Wrapped("Sources without a worker: ", Clean(base::Join(picture.loose_sources, ", ")));
  std::vector<std::string> claims;
  for (const DiskCell& cell : picture.other_claims) claims.push_back(cell.claim + " " + Disk(cell));
  if (!claims.empty()) text += Wrapped("Claims without a pod (kept): ", Clean(base::Join(claims, ", ")));
  return text;
}

std::string Conditions(const Picture& picture) {
  std::vector<std::string> good;
  std::string bad;
  for (const auto& condition : picture.conditions) {
    const std::string title = condition.type + "=" + condition.status;
    if (IsGood(condition)) {
      good.push_back(title);
    } else {
      bad += Wrapped("  " + Clean(title + " " + condition.reason, 100) + ": ", Clean(condition.message));
    }
  }
  if (good.empty() && bad.empty()) return "\nConditions: none yet\n";
  return "\nConditions\n" + bad + (good.empty() ? "" : Wrapped("  ", Clean(base::Join(good, " "))));
}

std::string Counted(std::size_t number, const char* one, const char* more) { return std::to_string(number) + " " + (number == 1 ? one : more); }

std::string NotChecked(const Picture& picture) {
  const auto& list = picture.report.not_checked;
  if (list.empty()) return {};
  std::vector<std::string> reasons;
  for (const auto& entry : list) {
    if (std::find(reasons.begin(), reasons.end(), entry.why) == reasons.end()) reasons.push_back(entry.why);
  }
  return Wrapped("  ", Counted(list.size(), "rule", "rules") + " not checked: " + Clean(base::Join(reasons, "; ")));
}

std::string Requirements(const Picture& picture) {
  const std::string policy = "\nRequirements (" + Clean(picture.policy, 300) + ")";
  if (!picture.problems.empty()) {
    std::string text = policy + ": not judged, for the stored spec cannot be understood\n";
    for (const auto& problem : picture.problems) text += Wrapped("  ", Clean(problem.field + ": " + problem.message));
    return text;
  }
  std::size_t denied = 0, warned = 0, infos = 0;
  std::vector<std::string> lines;
  for (const auto& finding : picture.report.findings) {
    denied += finding.severity == Severity::kDeny;
    warned += finding.severity == Severity::kWarn;
    infos += finding.severity == Severity::kInfo;
    if (finding.severity < Severity::kWarn) continue;
    lines.push_back(Wrapped(finding.severity == Severity::kDeny ? "  unmet  " : "  warn   ", Clean(finding.field + ": " + requirements::LongText(finding))));
  }
  std::string text = policy + ": " + (denied == 0 ? "met" : std::to_string(denied) + " not met") + ", " + Counted(warned, "warning", "warnings") + ", " +
                     std::to_string(infos) + " for information\n";
  for (std::size_t i = 0; i < std::min(lines.size(), kShownFindings); ++i) text += lines[i];
  if (lines.size() > kShownFindings) text += "  and " + std::to_string(lines.size() - kShownFindings) + " more: -o json has them all\n";
  return text + NotChecked(picture);
}

std::string Listing(const char* title, const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  std::string text = std::string("\n") + title + "\n";
  for (const auto& line : texts) text += Wrapped("  ", Clean(line));
  return text;
}

std::string Events(const Picture& picture, base::WallTime now) {
  if (picture.events.empty()) return {};
  std::string text = "\nEvents\n";
  for (std::size_t i = 0; i < std::min(picture.events.size(), kShownEvents); ++i) {
    const SeenEvent& event = picture.events[i];
    const std::string times = event.count > 1 ? " (x" + std::to_string(event.count) + ")" : "";
    text += Wrapped("  " + Padded(Age(event.last, now), 5) + Clean(event.type, 20) + " " + Clean(event.reason, 60) + times + ": ", Clean(event.message, 300));
  }
  if (picture.events.size() > kShownEvents) text += "  and " + std::to_string(picture.events.size() - kShownEvents) + " older\n";
  return text;
}

Json ToJson(const DiskCell& cell) {
  return {{"claim", cell.claim}, {"size", cell.size}, {"storageClass", cell.storage_class}, {"grade", cell.grade}, {"phase", cell.phase}};
}

Json ToJson(const MemberRow& row) {
  return {{"role", RoleName(row.role)}, {"name", row.name},   {"pod", row.pod},       {"note", row.note},     {"restarts", row.restarts},
          {"node", row.node},           {"system", row.system}, {"image", row.image}, {"member", row.member}, {"leader", row.leader},
          {"source", row.source},       {"disk", row.disk.claim.empty() ? Json() : ToJson(row.disk)}};
}

}  // namespace

std::string StatusText(const Picture& picture, base::WallTime now) {
  return Heading(picture, now) + Members(picture) + Leftovers(picture) + Conditions(picture) + Requirements(picture) +
         Listing("Next", picture.next) + Events(picture, now) + Listing("Not read", picture.unread);
}

Json StatusJson(const Picture& picture) {
  Json members = Json::array(), claims = Json::array(), findings = Json::array(), not_checked = Json::array(), events = Json::array();
  for (const MemberRow& row : picture.members) members.push_back(ToJson(row));
  for (const DiskCell& cell : picture.other_claims) claims.push_back(ToJson(cell));
  for (const auto& problem : picture.problems) findings.push_back(FindingJson(problem, "deny"));
  for (const auto& finding : picture.report.findings) findings.push_back(FindingJson(finding));
  for (const auto& entry : picture.report.not_checked) not_checked.push_back({{"rule", requirements::RuleName(entry.rule)}, {"why", entry.why}});
  for (const SeenEvent& event : picture.events) {
    events.push_back({{"type", event.type}, {"reason", event.reason}, {"message", event.message}, {"count", event.count}, {"last", event.last}});
  }
  return {{"namespace", picture.ns},
          {"name", picture.name},
          {"health", HealthName(picture.health)},
          {"why", picture.why},
          {"version", picture.version},
          {"environment", picture.environment},
          {"leader", picture.leader},
          {"clusterID", picture.cluster_id},
          {"generation", picture.generation},
          {"observedGeneration", picture.observed_generation},
          {"members", std::move(members)},
          {"unboundSources", picture.loose_sources},
          {"otherClaims", std::move(claims)},
          {"conditions", kube::api::ToJson(picture.conditions)},
          {"requirements", {{"policy", picture.policy}, {"findings", std::move(findings)}, {"notChecked", std::move(not_checked)}}},
          {"next", picture.next},
          {"events", std::move(events)},
          {"notRead", picture.unread}};
}

}  // namespace dm::cli
