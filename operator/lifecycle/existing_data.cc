// ExistingData: claims that are older than the object (delete and apply again, a restore, GitOps) may hold the data of another
// cluster. Starting over them would make a second cluster beside the data, or revive one that was thought gone: the user
// has to say which, by dm.pingcap.com/data: reuse | discard.
#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

std::string NamesOf(const Planning& p) {
  std::vector<std::string> names;
  for (const int ordinal : p.memory.existing) names.push_back(p.seen.master.claims.at(ordinal).meta.name);
  return base::Join(names, ", ");
}

std::string WhoseData(const Planning& p) {
  for (const int ordinal : p.memory.existing) {
    if (const auto id = p.seen.master.claims.at(ordinal).ClusterId(); !id.empty()) return "DM cluster " + id;
  }
  return "another cluster";
}

// The old claims count as those of removed members from now on: their data is moved aside on the same volume.
void Retire(Planning& p) {
  for (const int ordinal : p.memory.existing) {
    const Claim& claim = p.seen.master.claims.at(ordinal);
    Annotate change{"PersistentVolumeClaim", claim.meta.name, claim.meta.uid, {}};
    change.annotations[std::string(annotations::kRemovedAt)] = base::FormatRfc3339(p.now.wall);
    p.records.emplace_back(std::move(change));
  }
  p.moves.emplace_back(Emit{false, "DataDiscarded", "the data on " + NamesOf(p) + " is set aside on its volumes, as dm.pingcap.com/data: discard asks"});
  p.WaitFor(Component::kMaster, "DiscardingData", "marking the old data as retired");
}

}  // namespace

void ExistingData(Planning& p) {
  if (!p.memory.conflict.empty()) {
    p.Say("DataAtRisk", true, "ConflictingData",
          p.memory.conflict + "; nothing is started or removed until a person has decided which data belongs here");
    p.WaitFor(Component::kMaster, "ConflictingData", p.memory.conflict);
    p.busy.insert(Component::kWorker);
    return;
  }
  if (p.memory.existing.empty()) return;
  const auto wish = p.want.meta.Annotation(std::string(annotations::kData));
  if (wish == "reuse" || p.memory.reuse) {
    // Its masters start from what they have; no line is written, so an empty volume waits.
    for (const int ordinal : p.memory.existing) {
      if (const auto id = p.seen.master.claims.at(ordinal).ClusterId(); !id.empty()) p.memory.cluster_id = id;
    }
    p.memory.reuse = true;
    return;
  }
  if (wish == "discard") return Retire(p);
  p.Say("DataAtRisk", true, "ExistingData",
        NamesOf(p) + " existed before this DMCluster and may hold the data of " + WhoseData(p) +
            "; set the annotation dm.pingcap.com/data to \"reuse\" (start from that data) or to \"discard\" (set it aside and start anew)");
  p.WaitFor(Component::kMaster, "ExistingData", "old claims exist; waiting for the annotation dm.pingcap.com/data");
  p.busy.insert(Component::kWorker);
}

}  // namespace dm::op::lifecycle
