#include "app/controller_metrics.h"

#include <time.h>

#include <utility>

#include "app/counted_transport.h"

namespace dm::app {
namespace {

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Processor time of the calling thread since it last asked; the first time since the thread began.
base::Duration TakeWorked() {
  thread_local base::Duration before{0};
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  const base::Duration now = std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  return now - std::exchange(before, now);
}

}  // namespace

void AddWatchMetrics(Metrics& metrics, const std::string& resource, std::function<WatchState()> read) {
  const MetricLabels labels{{"resource", resource}};
  Gauge synced = metrics.AddGauge("dm_watch_synced", "1 when the resource has been listed as a whole.", labels);
  Gauge silence = metrics.AddGauge("dm_watch_silence_seconds",
                                   "Time since the API server's last word on a watch; bookmarks come each minute.", labels);
  Counter lists = metrics.AddCounter("dm_watch_lists_total", "Lists begun.", labels);
  Counter watches = metrics.AddCounter("dm_watch_watches_total", "Watches begun.", labels);
  Counter events = metrics.AddCounter("dm_watch_events_total", "Events taken in.", labels);
  Counter errors = metrics.AddCounter("dm_watch_errors_total", "Lists and watches that failed.", labels);
  metrics.OnScrape([=]() mutable {
    const WatchState state = read();
    synced.Set(state.health.synced ? 1 : 0);
    silence.Set(Seconds(state.silence));
    lists.RaiseTo(static_cast<double>(state.health.lists));
    watches.RaiseTo(static_cast<double>(state.health.watches));
    events.RaiseTo(static_cast<double>(state.health.events));
    errors.RaiseTo(static_cast<double>(state.health.errors));
  });
}

void AddViewMetrics(Metrics& metrics, const ViewAssembly& assembly) {
  for (const WatchState& watch : assembly.Watches()) {
    AddWatchMetrics(metrics, watch.resource, [&assembly, resource = watch.resource] {
      for (WatchState& state : assembly.Watches()) {
        if (state.resource == resource) return state;
      }
      return WatchState{};
    });
  }
  Gauge nodes = metrics.AddGauge("dm_view_nodes", "Nodes that requirements are judged on.");
  Gauge classes = metrics.AddGauge("dm_view_storage_classes", "Storage classes that requirements are judged on.");
  Gauge pods = metrics.AddGauge("dm_view_pods", "Pods whose requests are held, because the policy measures what is free; else 0.");
  Gauge unknown = metrics.AddGauge("dm_view_pods_unknown", "1 while the policy measures what is free and what runs on the nodes is not known.");
  metrics.OnScrape([&assembly, nodes, classes, pods, unknown]() mutable {
    const Surroundings now = assembly.Now();
    nodes.Set(static_cast<double>(now.view->nodes.size()));
    classes.Set(static_cast<double>(now.view->classes.size()));
    pods.Set(static_cast<double>(assembly.PodsHeld()));
    unknown.Set(now.policy && now.policy->capacity_free && !now.view->usage_known ? 1 : 0);
  });
}

void AddControllerMetrics(Metrics& metrics, const std::string& name, const kube::Controller& controller,
                          const kube::WorkQueue& queue, int workers) {
  const auto result = [&](const std::string& word) {
    return metrics.AddCounter("controller_runtime_reconcile_total", "Reconciliations, by result.",
                              {{"controller", name}, {"result", word}});
  };
  const MetricLabels labels{{"controller", name}};
  Counter success = result("success"), error = result("error"), again = result("requeue_after");
  result("requeue");   // never used: a series that dashboards sum over
  Counter errors = metrics.AddCounter("controller_runtime_reconcile_errors_total", "Reconciliations that failed.", labels);
  Counter terminal = metrics.AddCounter("controller_runtime_terminal_reconcile_errors_total",
                                        "Reconciliations that failed for good: the object has to change.", labels);
  Counter panics = metrics.AddCounter("controller_runtime_reconcile_panics_total", "Reconciliations that threw.", labels);
  Gauge active = metrics.AddGauge("controller_runtime_active_workers", "Reconciliations in hand.", labels);
  metrics.AddGauge("controller_runtime_max_concurrent_reconciles", "Workers.", labels).Set(workers);
  const MetricLabels queue_labels{{"name", name}, {"controller", name}};
  Gauge depth = metrics.AddGauge("workqueue_depth", "Keys that wait.", queue_labels);
  Gauge longest = metrics.AddGauge("workqueue_longest_running_processor_seconds",
                                   "Time that the oldest reconciliation in hand has been running.", queue_labels);
  metrics.OnScrape([=, &controller, &queue]() mutable {
    const kube::ControllerStats stats = controller.Stats();
    success.RaiseTo(static_cast<double>(stats.success));
    error.RaiseTo(static_cast<double>(stats.error));
    errors.RaiseTo(static_cast<double>(stats.error));
    again.RaiseTo(static_cast<double>(stats.requeue));
    terminal.RaiseTo(static_cast<double>(stats.terminal));
    panics.RaiseTo(static_cast<double>(stats.panic));
    active.Set(stats.active);
    depth.Set(static_cast<double>(queue.Depth()));
    longest.Set(Seconds(controller.LongestRunning()));
  });
}

void AddPolicyMetrics(Metrics& metrics, const PolicyReload& policy) {
  Counter loads = metrics.AddCounter("dm_policy_loads_total", "Policies that came into force.");
  Counter refusals = metrics.AddCounter("dm_policy_refusals_total", "Policies that were refused.");
  Gauge error = metrics.AddGauge("dm_policy_error", "1 while the policy file is wrong or missing.");
  metrics.OnScrape([=, &policy]() mutable {
    const PolicyState state = policy.State();
    loads.RaiseTo(static_cast<double>(state.loads));
    refusals.RaiseTo(static_cast<double>(state.failures));
    error.Set(state.error.empty() ? 0 : 1);
  });
}

kube::ReconcileObserver AddReconcileTimes(Metrics& metrics, const std::string& name) {
  const MetricLabels labels{{"controller", name}};
  Histogram whole = metrics.AddHistogram("controller_runtime_reconcile_time_seconds", "Time that reconciliations take.", LatencyBuckets(), labels);
  Histogram own = metrics.AddHistogram("dm_operator_reconcile_own_seconds",
                                       "Time that reconciliations take without waiting for the API server's answers.", LatencyBuckets(), labels);
  Histogram cpu = metrics.AddHistogram("dm_operator_reconcile_cpu_seconds", "Processor time that reconciliations take on their thread.",
                                       LatencyBuckets(), labels);
  return [whole, own, cpu](const char*, base::Duration took) mutable {
    cpu.Observe(Seconds(TakeWorked()));
    const base::Duration waited = CountedTransport::TakeWaited();
    whole.Observe(Seconds(took));
    own.Observe(Seconds(took > waited ? took - waited : base::Duration{0}));
  };
}

void AddLeaseMetrics(Metrics& metrics, const std::string& name, std::function<bool()> leads) {
  Gauge status = metrics.AddGauge("leader_election_master_status", "1 while this replica leads.", {{"name", name}});
  metrics.OnScrape([status, leads = std::move(leads)]() mutable { status.Set(leads() ? 1 : 0); });
}

}  // namespace dm::app
