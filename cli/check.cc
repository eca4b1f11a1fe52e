#include "cli/check.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/policy_file.h"

namespace dm::cli {

namespace {

using base::Code;
using base::Json;
using requirements::ClusterView;
using requirements::LiveFacts;
using requirements::Policy;

bool IsCluster(const Json& value) {
  return base::GetStringOr(value, "kind") == kKind && base::StartsWith(base::GetStringOr(value, "apiVersion"), std::string(kGroup) + "/");
}

// What is known of the world, and what could not be asked.
struct Surroundings {
  Policy policy;
  ClusterView view;
  std::unique_ptr<LiveCluster> live;
  bool dry_run = false;               // nodes may not be listed: the API server is asked to judge
};

std::string Blocked(const base::Error& error) { return base::Printable(error.ToString(), 300); }

base::Result<void> ReadLive(Surroundings& around, const CheckOptions& options, Checked& checked) {
  const auto nodes = around.live->Nodes();
  if (!nodes && nodes.error().code != Code::kDenied) {
    if (options.live.Asked()) return base::Propagate(nodes, "listing nodes of " + around.live->Name());
    checked.remarks.push_back("the cluster " + around.live->Name() + " cannot be asked (" + Blocked(nodes.error()) +
                              "): judged without it; --offline says so from the start");
    around.live.reset();
    return {};
  }
  if (options.policy.empty()) {
    auto chosen = ReadLivePolicy(*around.live);
    around.policy = std::move(chosen.policy);
    if (!chosen.remark.empty()) checked.remarks.push_back(std::move(chosen.remark));
  }
  if (nodes) {
    if (auto added = AddNodes(around.view, *nodes, around.policy, around.live->Name()); !added) return base::Propagate(added);
  } else {
    around.dry_run = true;
    checked.remarks.push_back("nodes may not be listed (" + Blocked(nodes.error()) +
                              "): the API server is asked by a dry run instead, and answers by the webhook's own rules");
  }
  if (nodes && around.policy.capacity_free) {
    const auto usage = around.live->PodUsage();
    AddUsage(around.view, usage ? *usage : app::UsageNow{nullptr, "pods cannot be listed"});
    if (!usage) checked.remarks.push_back("the policy measures what is free, and pods cannot be listed: " + Blocked(usage.error()));
  }
  const auto classes = around.live->StorageClasses();
  if (classes) {
    if (auto added = AddClasses(around.view, *classes, around.live->Name()); !added) return base::Propagate(added);
  } else {
    checked.remarks.push_back("storage classes cannot be listed: " + Blocked(classes.error()));
  }
  const auto namespaces = around.live->Namespaces();
  if (namespaces) {
    if (auto added = AddNamespaces(around.view, *namespaces, around.live->Name()); !added) return base::Propagate(added);
  } else {
    checked.remarks.push_back("namespaces cannot be listed: " + Blocked(namespaces.error()));
  }
  return {};
}

base::Result<Surroundings> Gather(const CheckOptions& options, Connector connect, Checked& checked) {
  Surroundings around;
  auto given = ReadPolicyFile(options.policy);
  if (!given) return base::Propagate(given);
  around.policy = *std::move(given);
  if (options.data.Any() || options.offline) {
    auto view = ReadView(options.data, around.policy);
    if (!view) return base::Propagate(view);
    around.view = *std::move(view);
    return around;
  }
  auto live = connect(options.live);
  if (live) {
    around.live = *std::move(live);
    if (auto read = ReadLive(around, options, checked); !read) return base::Propagate(read);
  } else if (options.live.Asked() || live.error().code != Code::kNotFound) {
    return base::Propagate(live);
  }
  return around;
}

std::string KeyOf(const Json& object, const std::string& default_ns) {
  const Json* metadata = base::Find(object, "metadata");
  if (metadata == nullptr) return default_ns + "/";
  return base::GetStringOr(*metadata, "namespace", default_ns) + "/" + base::GetStringOr(*metadata, "name");
}

void PutNamespace(Json& object, const std::string& ns) {
  if (!object.contains("metadata") || !object["metadata"].is_object()) return;
  if (base::GetStringOr(object["metadata"], "namespace").empty()) object["metadata"]["namespace"] = ns;
}

LiveFacts FactsOf(LiveCluster& live, const DMCluster& before, Checked& checked) {
  LiveFacts facts;
  auto claims = live.Claims(before.meta.ns, before.meta.name);
  if (!claims) {
    checked.remarks.push_back("claims of " + before.meta.Key() + " cannot be listed: " + Blocked(claims.error()));
    return facts;
  }
  facts.known = true;
  facts.claims = *std::move(claims);
  if (const Json* sources = base::Find(before.status, "sources"); sources != nullptr && sources->is_array()) {
    for (const Json& source : *sources) {
      if (auto name = base::GetStringOr(source, "name"); !name.empty()) facts.sources.push_back(std::move(name));
    }
  }
  return facts;
}

// As the webhook; and what is printed for information goes the same way.
void DropUnreadable(Outcome& outcome) {
  requirements::DropUnreadable(outcome.problems, outcome.review.verdict);
  std::erase_if(outcome.review.report.findings, [&](const requirements::Finding& finding) {
    return finding.severity == requirements::Severity::kInfo && requirements::Unreadable(outcome.problems, finding);
  });
}

// Whether a cluster runs that this is the manifest of, only the cluster knows: not asked is not checked. Of a change, what the two
// objects tell was.
void NoteUnasked(requirements::Review& review, bool change) {
  using requirements::Rule;
  if (review.skipped) return;
  auto& list = review.report.not_checked;
  std::vector<Rule> unasked = {Rule::kUpstreamUndeclared, Rule::kStorageShrink, Rule::kStorageClassChange};
  if (!change) unasked.insert(unasked.end(), {Rule::kTLSSwitch, Rule::kDataDirSwitch});
  for (const Rule rule : unasked) {
    const bool known = std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.rule == rule; });
    if (!known) list.push_back({rule, "no running cluster was asked"});
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.rule < b.rule; });
  review.verdict.not_checked = list;
}

// A folder may bring its classes and namespaces along.
void AddOwn(ClusterView& view, const std::vector<Item>& items) {
  ClusterView own;
  for (const Item& item : items) {
    if (item.kind() == "StorageClass" && !AddClasses(own, {item.value}, item.source)) continue;
    if (item.kind() == "Namespace" && !AddNamespaces(own, {item.value}, item.source)) continue;
  }
  for (const auto& [name, entry] : own.classes) view.classes[name] = entry;
  for (const auto& [name, labels] : own.namespaces) view.namespaces[name] = labels;
}

// Nodes may not be listed: what the API server and its webhook say by a dry run stands in for the rules about them.
void AskServer(Outcome& outcome, Json object, LiveCluster& live, Checked& checked) {
  object.erase("status");
  for (const char* key : {"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"}) object["metadata"].erase(key);
  const auto answer = live.DryRun(object);
  if (!answer && answer.error().code == Code::kInvalid) {
    outcome.refused = Blocked(answer.error());
  } else if (!answer) {
    checked.remarks.push_back("the dry run of " + outcome.ns + "/" + outcome.name + " gave no answer: " + Blocked(answer.error()));
    return;
  }
  for (auto* list : {&outcome.review.report.not_checked, &outcome.review.verdict.not_checked}) {
    for (auto& entry : *list) {
      if (entry.rule >= requirements::Rule::kNodeLinux) entry.why = "nodes may not be listed: left to the API server's dry run";
    }
  }
}

Outcome JudgeOne(Item item, const Decoded* given_before, Surroundings& around, Checked& checked) {
  Outcome outcome;
  const Decoded now = Decode(item.value);
  outcome.item = Item{item.source, item.line, {}};
  outcome.ns = now.cluster.meta.ns;
  outcome.name = now.cluster.meta.name;
  std::optional<Decoded> stored;
  LiveFacts facts;
  if (given_before == nullptr && around.live && !outcome.name.empty()) {
    auto object = around.live->Cluster(outcome.ns, outcome.name);
    if (object) {
      stored = Decode(*object);
      facts = FactsOf(*around.live, stored->cluster, checked);
    } else if (object.error().code != Code::kNotFound) {
      checked.remarks.push_back("whether " + outcome.ns + "/" + outcome.name + " exists cannot be told: " + Blocked(object.error()));
    }
  }
  const Decoded* before = given_before != nullptr ? given_before : stored ? &*stored : nullptr;
  outcome.problems = requirements::SplitProblems(now, before);
  outcome.review = requirements::ReviewChange(now.cluster, before == nullptr ? nullptr : &before->cluster, around.view, around.policy, facts);
  const auto& made = outcome.review.problems;
  outcome.problems.denials.insert(outcome.problems.denials.end(), made.begin(), made.end());
  DropUnreadable(outcome);
  if (!around.live) NoteUnasked(outcome.review, before != nullptr);
  if (around.dry_run && outcome.problems.denials.empty()) AskServer(outcome, std::move(item.value), *around.live, checked);
  return outcome;
}

}  // namespace

base::Result<Checked> Check(const CheckOptions& options, Connector connect) {
  Checked checked;
  auto loaded = Load(options.files);
  if (!loaded) return base::Propagate(loaded);
  auto around = Gather(options, connect, checked);
  if (!around) return base::Propagate(around);
  if (options.require_nodes && !around->view.nodes_known) {
    return base::Fail(Code::kInvalid, "--require-nodes: no data on nodes: give --nodes, or let a cluster be asked");
  }
  AddOwn(around->view, loaded->items);
  checked.remarks.insert(checked.remarks.end(), loaded->warnings.begin(), loaded->warnings.end());
  const std::string ns = !options.live.ns.empty() ? options.live.ns : around->live ? around->live->DefaultNamespace() : "default";

  std::map<std::string, Decoded> old;
  if (!options.old.empty()) {
    auto before = Load(options.old);
    if (!before) return base::Propagate(before, "--old");
    for (Item& item : before->items) {
      if (!IsCluster(item.value)) continue;
      PutNamespace(item.value, ns);
      old[KeyOf(item.value, ns)] = Decode(item.value);
    }
    if (old.empty()) return base::Fail(Code::kInvalid, "--old: " + base::Join(options.old, ", ") + ": holds no DMCluster");
  }
  const bool anything = !loaded->items.empty();
  for (Item& item : loaded->items) {
    if (!IsCluster(item.value)) {
      ++checked.skipped;
      continue;
    }
    PutNamespace(item.value, ns);
    const auto before = old.find(KeyOf(item.value, ns));
    checked.outcomes.push_back(JudgeOne(std::move(item), before == old.end() ? nullptr : &before->second, *around, checked));
  }
  if (!anything) {   // what was to be piped in has failed, as like as not
    return base::Fail(Code::kInvalid, base::Join(options.files, ", ") + ": holds no object: a DMCluster (" + std::string(kApiVersion) + ") was expected");
  }
  if (checked.outcomes.empty()) {
    return base::Fail(Code::kInvalid, "none of the " + std::to_string(checked.skipped) + " objects in " + base::Join(options.files, ", ") +
                                          " is a DMCluster (" + std::string(kApiVersion) + ")");
  }
  return checked;
}

int RunCheck(const CheckOptions& options, std::ostream& out, std::ostream& err, Connector connect) {
  const auto checked = Check(options, connect);
  if (!checked) {
    err << "error: " << checked.error().ToString() << "\n";
    return kUnreadable;
  }
  for (const std::string& remark : checked->remarks) err << "note: " << remark << "\n";
  if (options.json) {
    PrintJson(*checked, out);
  } else {
    PrintText(*checked, out);
  }
  const bool denied = std::any_of(checked->outcomes.begin(), checked->outcomes.end(), [](const Outcome& o) { return o.Denied(); });
  return denied ? kDenied : kNothingDenied;
}

}  // namespace dm::cli
