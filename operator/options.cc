#include "operator/options.h"

#include <ostream>

#include "app/duration.h"
#include "kube/lease.h"
#include "operator/lifecycle/plan.h"

namespace dm::op {
namespace {

// What takes longest in DM is begun only with that much left of the lease (execute.cc), and so much is left for sure only if it
// is left when the next renewal is due and its answer comes as late as it may. Else changes would wait for ever, or by luck.
base::Duration LeastLease(const Options& options) { return lifecycle::kTransferDeadline + kLeaseTimeout + options.retry; }

}  // namespace

std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options, std::ostream& out, std::ostream& errors) {
  app::Flags flags("dm-operator",
                   "Turns DMClusters (pingcap.com/v1alpha1) into healthy TiDB Data Migration clusters, and keeps them so.");
  flags.Section("Work");
  flags.Number("--workers", options.workers, 1, 64, "clusters that are reconciled side by side");
  flags.Number("--member-threads", options.member_threads, 1, 64, "threads that read DM members; one that hangs holds up only its own");
  flags.Duration("--members-settled", options.members_settled, "how often the members of a settled cluster are read");
  flags.Duration("--members-busy", options.members_busy, "how often, while something is under way");
  flags.Duration("--resync", options.resync, "a look at every cluster without any event");
  flags.Duration("--stale-after", options.stale_after, "silence of a watch after which this replica is not ready");
  flags.Duration("--stuck-after", options.stuck_after, "a reconcile that takes longer fails /healthz");
  flags.Section("Lease");
  flags.Switch("--leader-elect", options.lead, "act only while holding the lease");
  flags.Text("--lease-namespace", options.lease_namespace, "namespace of the Lease", "POD_NAMESPACE");
  flags.Text("--lease-name", options.lease_name, "its name");
  flags.Duration("--lease-duration", options.lease, "how long another waits before it takes the lease over");
  flags.Duration("--lease-renew-deadline", options.renew_deadline, "without a renewal for so long, the program exits");
  flags.Duration("--lease-retry", options.retry, "time between renewals");
  app::AddCommonFlags(flags, options.common);
  flags.Footer("Outside a cluster:  dm-operator --kubeconfig=… --leader-elect=false --health-address=127.0.0.1\n"
               "DM members are dialled by their pods' addresses, which must be reachable.");
  if (const auto code = flags.Parse(argc, argv, out, errors)) return code;
  const kube::LeaseOptions lease{"ns", options.lease_name, "me", options.lease, options.renew_deadline, options.retry};
  if (const auto checked = kube::CheckLeaseOptions(lease); !checked) {
    errors << "dm-operator: " << checked.error().ToString() << "\n";
    return 2;
  }
  if (const auto least = LeastLease(options); options.lead && options.lease < least) {
    errors << "dm-operator: --lease-duration is " << app::FormatDuration(options.lease) << "; with --lease-retry at "
           << app::FormatDuration(options.retry) << " it must be at least " << app::FormatDuration(least) << ": a change of DM takes up to "
           << app::FormatDuration(lifecycle::kTransferDeadline) << " and a renewal up to " << app::FormatDuration(kLeaseTimeout)
           << ", which must fit between two renewals. Make the lease longer or the retry period shorter\n";
    return 2;
  }
  return std::nullopt;
}

}  // namespace dm::op
