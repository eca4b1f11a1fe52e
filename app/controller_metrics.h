// Series of watches, controllers, leases and the policy, under the names that dashboards for controller-runtime expect.
#pragma once

#include <functional>
#include <string>

#include "app/metrics.h"
#include "app/policy_reload.h"
#include "app/view_assembly.h"
#include "kube/controller.h"
#include "kube/reflector.h"
#include "kube/work_queue.h"

namespace dm::app {

// dm_watch_*{resource}: synced, seconds since the last word, lists, watches, events, errors. `read` is asked at each scrape.
void AddWatchMetrics(Metrics& metrics, const std::string& resource, std::function<WatchState()> read);
// All watches of an assembly; it must outlive the metrics' last scrape.
void AddViewMetrics(Metrics& metrics, const ViewAssembly& assembly);

// controller_runtime_reconcile_total{controller,result}, _reconcile_errors_total, _terminal_reconcile_errors_total,
// _reconcile_panics_total, _active_workers, _max_concurrent_reconciles; workqueue_depth{name,controller},
// workqueue_longest_running_processor_seconds. Controller and queue must outlive the last scrape.
void AddControllerMetrics(Metrics& metrics, const std::string& name, const kube::Controller& controller,
                          const kube::WorkQueue& queue, int workers);

// dm_policy_loads_total, dm_policy_refusals_total, dm_policy_error. It must outlive the last scrape.
void AddPolicyMetrics(Metrics& metrics, const PolicyReload& policy);

// The histograms controller_runtime_reconcile_time_seconds{controller} (the whole time) and dm_operator_reconcile_own_seconds
// {controller}: the same without the time in which the reconciliation waited for the API server's answers
// (CountedTransport::TakeWaited). Both are time of the clock, with the waiting for locks and for a core in it;
// dm_operator_reconcile_cpu_seconds{controller} is the thread's processor time since its last reconciliation ended (to wait for
// a key costs next to none), encoding of requests included: own far above cpu is waiting, not work.
// For a Controller's observer: called on the worker's thread, after each reconciliation.
kube::ReconcileObserver AddReconcileTimes(Metrics& metrics, const std::string& name);

// leader_election_master_status{name}: 1 while we lead.
void AddLeaseMetrics(Metrics& metrics, const std::string& name, std::function<bool()> leads);

}  // namespace dm::app
