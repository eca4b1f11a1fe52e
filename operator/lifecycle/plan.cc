#include "operator/lifecycle/plan.h"

namespace dm::op::lifecycle {
namespace {

struct Describer {
  std::string operator()(const Apply& a) const {
    const base::Json* meta = base::Find(a.object, "metadata");
    return "Apply " + base::GetStringOr(a.object, "kind") + "/" + (meta ? base::GetStringOr(*meta, "name") : "");
  }
  std::string operator()(const Annotate& a) const { return "Annotate " + a.kind + "/" + a.name; }
  std::string operator()(const ResizeClaim& a) const { return "ResizeClaim " + a.name + " to " + a.size.ToString(); }
  std::string operator()(const KeepVolume& a) const { return "KeepVolume " + a.volume + " of " + a.claim + ": " + a.policy; }
  std::string operator()(const DeleteObject& a) const { return "Delete " + a.kind + "/" + a.name; }
  std::string operator()(const OwnClaim& a) const { return (a.owned ? "Own " : "Disown ") + a.name; }
  std::string operator()(const EvictLeader& a) const { return "EvictLeader " + a.pod; }
  std::string operator()(const CancelEvict& a) const { return "CancelEvict " + a.pod; }
  std::string operator()(const DeleteMember& a) const { return "DeleteMember " + std::string(RoleName(a.role)) + "/" + a.name; }
  std::string operator()(const TransferSource& a) const { return "TransferSource " + a.source + " from " + a.from + " to " + a.to; }
  std::string operator()(const ResumeTask& a) const { return "ResumeTask " + a.task + " of " + a.source; }
  std::string operator()(const Emit& a) const { return "Emit " + a.reason; }
};

}  // namespace

std::string_view ComponentName(Component component) {
  switch (component) {
    case Component::kMaster: return "dm-master";
    case Component::kWorker: return "dm-worker";
    case Component::kCluster: break;
  }
  return "cluster";
}

std::string Describe(const Action& action) { return std::visit(Describer{}, action); }

bool IsMemberAction(const Action& action) {
  return std::holds_alternative<EvictLeader>(action) || std::holds_alternative<CancelEvict>(action) ||
         std::holds_alternative<DeleteMember>(action) || std::holds_alternative<TransferSource>(action) ||
         std::holds_alternative<ResumeTask>(action);
}

}  // namespace dm::op::lifecycle
