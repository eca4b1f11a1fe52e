#include "cli/reasons.h"

#include "cli/reason_rows.h"

namespace dm::cli {

namespace {

struct Section {
  std::string_view where, says;
};

constexpr Section kSections[] = {
    {"Ready", "Everything runs as the spec asks. With a wait for the whole cluster its reason is that of `Progressing`."},
    {"Available", "DM can work: the masters have a leader and a worker is online."},
    {"Progressing", "True while something is under way or held up; the message says for each component what it waits for."},
    {"Degraded", "Something is wrong with a member or a source of a cluster that has formed."},
    {"DataAtRisk", "The data of the masters (sources, tasks, positions) is missing or in doubt. Nothing is started empty, nothing is deleted."},
    {"RequirementsMet", "The [requirements](requirements.md) on the spec, the classes and the nodes, judged all the time. A running cluster is never stopped for it."},
    {"NodesQualified", "Whether the nodes on which pods stand qualify by kind."},
    {"PolicyCurrent", "There only while the newest [policy](policy.md) is refused."},
    {"StorageAsWanted", "There only while a claim is not as the spec asks. It holds up nothing."},
    {"CertificatesReady", "There only when the operator is to issue certificates (`spec.tlsCluster.issuer`)."},
    {"MonitorReady", "There only when the operator runs a monitor (`spec.monitor`). It takes nothing from `Ready`."},
    {"UpdateAvailable", "There only when there is one."},
    {"Paused", "There only when it is so."},
    {"Adopted", "There only for a cluster of TiDB Operator 1.x."},
};

void Table(std::string& text, std::string_view where) {
  text += "| status | reason | means | next |\n|---|---|---|---|\n";
  for (const Reason& row : kReasons) {
    if (row.where != where) continue;
    text += "| " + std::string(row.status) + " | `" + std::string(row.name) + "` | " + std::string(row.means) + " | " +
            (row.next.empty() ? "–" : std::string(row.next)) + " |\n";
  }
}

}  // namespace

std::span<const Reason> Reasons() { return kReasons; }

const Reason* FindReason(std::string_view where, std::string_view name) {
  for (const Reason& row : kReasons) {
    if (row.where == where && row.name == name) return &row;
  }
  return nullptr;
}

std::string ReasonTables() {
  std::string text = "## Conditions\n";
  for (const Section& section : kSections) {
    text += "\n### " + std::string(section.where) + "\n\n" + std::string(section.says) + "\n\n";
    Table(text, section.where);
  }
  text += "\n## Events\n\nOf the DMCluster; the same one again raises its count, and at most 25 at once and one more every five minutes are sent.\n\n";
  Table(text, "Event");
  return text;
}

}  // namespace dm::cli
