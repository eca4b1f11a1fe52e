#include "cli/status_next.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/reasons.h"

namespace dm::cli {

namespace {

using kube::api::Condition;

// The table's texts are Markdown, for the page that is made of them.
std::string Plain(std::string_view text, const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') continue;
    if (text[i] == '[') continue;
    if (text.substr(i, 2) == "](") {
      const auto end = text.find(')', i);
      if (end == std::string_view::npos) break;
      i = end;
      continue;
    }
    out += text[i];
  }
  return base::ReplaceAll(out, "NAME", name);
}

std::string NextOf(const Condition& condition, const std::string& name) {
  const Reason* row = FindReason(condition.type, condition.reason);
  // The page refers to the table of the other condition; here its text stands.
  for (const char* other : {"Ready", "CertificatesReady"}) {
    if (row == nullptr || row->next != "as in `" + std::string(other) + "`") continue;
    if (const Reason* there = FindReason(other, condition.reason)) row = there;
  }
  return row == nullptr ? "" : Plain(row->next, name);
}

bool Is(const Condition* condition, std::string_view status) { return condition != nullptr && condition->status == status; }

class Teller {
 public:
  Teller(Picture& picture, const DMCluster& want) : picture_(picture), want_(want) {}

  void Tell() {
    const auto find = [&](std::string_view type) { return kube::api::FindCondition(picture_.conditions, type); };
    const Condition* ready = find("Ready");
    const Condition* progressing = find("Progressing");
    const bool formed = !picture_.cluster_id.empty();
    if (picture_.deleting) {
      Say(Health::kNotReady, "it is being deleted");
      Next(std::string("Kubernetes removes its pods and services; the claims ") +
           (want_.when_deleted == Retain::kDelete ? "go with them (persistentVolumeClaimRetentionPolicy)" : "stay"));
      return;
    }
    if (Is(find("Adopted"), "False")) {
      Say(Health::kNotReady, find("Adopted")->message);
      Next(NextOf(*find("Adopted"), picture_.name));
      return;
    }
    if (ready == nullptr) {
      Say(Health::kNotReady, "the operator has not looked at it yet");
      Next("if that lasts: kubectl get pods -A -l app.kubernetes.io/name=dm-operator");
      return;
    }
    const bool suspended = ready->reason == "Suspended";
    for (const char* type : {"DataAtRisk", "Degraded"}) {
      if (Is(find(type), "True")) Blame(Health::kUnhealthy, *find(type));
    }
    if (const Condition* available = find("Available"); available != nullptr && available->status != "True" && formed && !suspended) {
      Blame(Health::kUnhealthy, *available);
    }
    if (picture_.observed_generation < picture_.generation) {
      Say(Health::kNotReady, "the operator has not taken in generation " + std::to_string(picture_.generation) + " of the spec yet (it is at " +
                                 std::to_string(picture_.observed_generation) + ")");
      Next("it does so within seconds; if not: kubectl get pods -A -l app.kubernetes.io/name=dm-operator");
    }
    if (Is(find("Paused"), "True")) {
      Say(Health::kNotReady, find("Paused")->message);
      Next(NextOf(*find("Paused"), picture_.name));
    } else if (progressing != nullptr && (progressing->status == "True" || suspended)) {
      Blame(Health::kNotReady, *progressing);
    }
    if (ready->status != "True") Say(Health::kNotReady, ready->reason + ": " + ready->message);
    if (Is(find("PolicyCurrent"), "False")) Next("PolicyRefused: " + NextOf(*find("PolicyCurrent"), picture_.name));
    if (const Condition* monitor = find("MonitorReady"); Is(monitor, "False")) Next(monitor->reason + ": " + NextOf(*monitor, picture_.name));
    if (Is(find("UpdateAvailable"), "True")) Next(NextOf(*find("UpdateAvailable"), picture_.name));
    if (!said_) picture_.health = Health::kHealthy;
    if (picture_.next.empty()) {
      const std::string hint = said_ ? NextOf(*ready, picture_.name) : "nothing: it runs as the spec asks";
      Next(hint.empty() ? "the operator looks again by itself" : hint);
    }
  }

 private:
  // The first thing said is the gravest.
  void Say(Health health, const std::string& why) {
    if (said_) return;
    said_ = true;
    picture_.health = health;
    picture_.why = why;
  }
  void Next(std::string text) {
    if (text.empty() || std::find(picture_.next.begin(), picture_.next.end(), text) != picture_.next.end()) return;
    picture_.next.push_back(std::move(text));
  }
  void Blame(Health health, const Condition& condition) {
    Say(health, condition.reason + ": " + condition.message);
    std::string next = NextOf(condition, picture_.name);
    if (!next.empty()) Next(condition.reason + ": " + next);
  }

  Picture& picture_;
  const DMCluster& want_;
  bool said_ = false;
};

}  // namespace

void PutHealth(Picture& picture, const DMCluster& want) { Teller(picture, want).Tell(); }

}  // namespace dm::cli
