#include "operator/program.h"

#include <atomic>

#include "app/controller_metrics.h"
#include "app/counted_transport.h"
#include "app/duration.h"
#include "app/health_server.h"
#include "app/parts.h"
#include "app/policy_reload.h"
#include "app/process_metrics.h"
#include "base/log.h"
#include "base/strings.h"
#include "kube/fence.h"
#include "kube/lease.h"

namespace dm::op {
namespace {

constexpr char kName[] = "dmcluster";            // of the controller, in metrics
constexpr auto kAfterPods = std::chrono::seconds(30);
constexpr auto kStopGrace = std::chrono::seconds(25);

}  // namespace

struct Program::Impl {
  Impl(Options given, ProgramSeams seams, base::Clock& the_clock, base::Random& random)
      : options(std::move(given)),
        clock(the_clock),
        api(std::move(seams.api), seams.api_host, metrics, clock),
        lease_api(std::move(seams.lease_api)),
        lease_client(*lease_api, kLeaseTimeout),
        fenced_api(api, [this] { return LeaseLeft(); }),
        client(fenced_api),
        queue(clock),
        view(api, clock, random),
        policy(options.common.policy, clock, [this](app::PolicyPtr good) { view.SetPolicy(std::move(good)); }),
        stores(api, clock, random, [this](const std::string& key, bool initial) { Enqueue(key, initial); }),
        poller(seams.dialer, clock, options.member_threads, [this](const std::string& key) { queue.Add(key); }),
        recorder(client, "dm-operator", clock),
        executor(client, Fenced(seams.dialer), [this] { return LeaseLeft(); }),
        credentials(client, clock),
        certificates(client, clock),
        findings(metrics),
        reconciler(Parts(), {options.members_settled, options.members_busy, options.resync}),
        controller(kName, queue, [this](const kube::Key& key, std::stop_token stop) { return reconciler.Reconcile(key, std::move(stop)); },
                   options.workers, clock, app::AddReconcileTimes(metrics, kName)),
        health(options.common.health_address, options.common.health_port, metrics, live, ready) {
    if (options.lead) {
      elector = std::make_unique<kube::LeaderElector>(
          lease_client,
          kube::LeaseOptions{options.lease_namespace, options.lease_name, seams.identity, options.lease, options.renew_deadline, options.retry},
          clock, random, [this] { leads.store(true); Wake(); }, seams.on_lost);
    }
    // A change of nodes, classes, namespaces or the policy may concern every cluster; none of it is urgent. Pods of others change
    // all the time: of a place in the queue the earliest counts, so that they lead to one look in half a minute.
    view.OnChange([this](const app::ViewChange& change) {
      if (!taking) return Wake();
      for (const auto& cluster : stores.clusters.WithPrefix("")) {
        const kube::Key key = cluster->meta.Key();
        if (change.AnyButUsage()) {
          queue.Add(key, kube::WorkQueue::Priority::kLow);
        } else {
          queue.AddAfter(key, kAfterPods);
        }
      }
      Wake();
    });
    policy.OnRefused([this] {
      if (!taking) return;
      for (const auto& cluster : stores.clusters.WithPrefix("")) queue.Add(cluster->meta.Key(), kube::WorkQueue::Priority::kLow);
    });
    AddChecks();
    AddMetrics();
    AddParts();
  }

  // Connections to members by which DM is changed.
  members::Dialer Fenced(members::Dialer dialer) {
    return [this, dialer = std::move(dialer)](const members::Address& to, const members::Credentials& as) {
      return std::make_unique<kube::FencedTransport>(dialer(to, as), [this] { return LeaseLeft(); });
    };
  }

  ReconcilerParts Parts() {
    return {client, stores, [this] { return view.Now(); }, [this] { return policy.State().error; }, poller, executor, credentials, certificates, findings,
            [this](const kube::ObjectReference& about, bool warning, const std::string& reason, const std::string& message) {
              recorder.Record(about, warning ? "Warning" : "Normal", reason, message);
            },
            clock};
  }

  // A standby keeps no keys, of which there would be ever more (clusters come and go): see BeginWork.
  void Enqueue(const std::string& key, bool initial) {
    if (!taking) return Wake();
    queue.Add(key, initial ? kube::WorkQueue::Priority::kLow : kube::WorkQueue::Priority::kNormal);
  }

  // No key is lost: who changes a store tells of it afterwards. Whoever still saw `taking` false had changed the store before we
  // read it. What was deleted before then has left nothing to do: no member was asked and nothing was noted about it.
  void BeginWork() {
    taking = true;
    for (const auto& cluster : stores.clusters.WithPrefix("")) queue.Add(cluster->meta.Key(), kube::WorkQueue::Priority::kLow);
    controller.Start();
    working = true;
    base::LogInfo("working", {{"workers", std::to_string(options.workers)}});
  }

  base::Duration LeaseLeft() const {
    if (!options.lead) return std::chrono::hours(1);
    return elector ? elector->Remaining() : base::Duration{0};
  }

  // The work begins when we lead and every cache is full: with half a picture a plan would be wrong.
  void Wake() {
    changes.NotifyAll();
  }
  void AwaitWork(std::stop_token stop) {
    while (!stop.stop_requested()) {
      if (leads && stores.Synced() && view.Ready()) {
        BeginWork();
        return;
      }
      auto locked = changes.Lock();
      // Woken by what fills; the second is for a list that ends empty and so changes nothing.
      changes.WaitFor(locked, stop, std::chrono::milliseconds(200), [](int) { return false; });
    }
  }

  std::string StaleWatches() const {
    std::string stale;
    auto watches = stores.Watches();
    for (auto& watch : view.Watches()) watches.push_back(std::move(watch));
    for (const app::WatchState& watch : watches) {
      if (watch.silence <= options.stale_after) continue;
      stale += (stale.empty() ? "" : "; ") + watch.resource + ": no word from the API server for " + app::FormatDuration(watch.silence);
    }
    return stale;
  }

  void AddChecks() {
    live.Add("view", [this] { return view.Stuck() ? std::string("the thread that builds it is stuck") : std::string(); });
    live.Add("reconcile", [this] {
      const auto longest = controller.LongestRunning();
      return longest > options.stuck_after ? "a reconcile has been running for " + app::FormatDuration(longest) : std::string();
    });
    ready.Add("caches", [this] {
      const std::string why = stores.WhyNotSynced();
      return why.empty() ? view.WhyNotReady() : why;
    });
    ready.Add("watches", [this] { return StaleWatches(); });
    ready.Add("policy", [this] {
      const app::PolicyState state = policy.State();
      return state.policy ? std::string() : state.error.empty() ? "it has not been read yet" : state.error;
    });
  }

  void AddMetrics() {
    app::AddProcessMetrics(metrics, "dm-operator");
    app::AddViewMetrics(metrics, view);
    app::AddPolicyMetrics(metrics, policy);
    for (const auto& watch : stores.Watches()) {
      app::AddWatchMetrics(metrics, watch.resource, [this, resource = watch.resource] {
        for (auto& state : stores.Watches()) {
          if (state.resource == resource) return state;
        }
        return app::WatchState{};
      });
    }
    app::AddControllerMetrics(metrics, kName, controller, queue, options.workers);
    app::AddLeaseMetrics(metrics, options.lease_name, [this] { return !options.lead || (elector && elector->IsLeader()); });
    auto objects = metrics.AddCounter("dm_operator_writes_total", "Writes to the API server, events and lease apart.", {{"what", "object"}});
    auto statuses = metrics.AddCounter("dm_operator_writes_total", "Writes to the API server, events and lease apart.", {{"what", "status"}});
    auto reads = metrics.AddCounter("dm_operator_member_reads_total", "Readings of clusters' members.");
    auto unknown = metrics.AddCounter("dm_operator_member_reads_unknown_total", "Readings that no member answered.");
    auto clusters = metrics.AddGauge("dm_operator_clusters", "DMClusters that are known.");
    metrics.OnScrape([=, this]() mutable {
      const auto writes = reconciler.writes();
      objects.RaiseTo(static_cast<double>(writes.objects));
      statuses.RaiseTo(static_cast<double>(writes.statuses));
      const auto stats = poller.Stats();
      reads.RaiseTo(static_cast<double>(stats.reads));
      unknown.RaiseTo(static_cast<double>(stats.unknown));
      clusters.Set(static_cast<double>(stores.clusters.Size()));
    });
  }

  void AddParts() {
    parts.Add("health server",
              [this]() -> base::Result<void> {
                const auto port = health.Start();
                if (!port) return base::Propagate(port);
                health_port = *port;
                return {};
              },
              [this] { health.Stop(); });
    parts.Add("watches", [this] { return Begin(stores); }, [this] { stores.Stop(); });
    parts.Add("view", [this] { return Begin(view); }, [this] { view.Stop(); });
    parts.Add("policy", [this] { return Begin(policy); }, [this] { policy.Stop(); });
    // Given back as soon as the work has ended: the next one waits for it.
    parts.Add("lease",
              [this]() -> base::Result<void> {
                // Never set after Start: by then we may lead already, and that would be taken back.
                if (!elector) leads = true;
                if (elector) elector->Start();
                return {};
              },
              [this] { if (elector) elector->StopAndRelease(); });
    parts.Add("member readings", [this] { return Begin(poller); }, [this] { poller.Stop(); });
    parts.Add("work",
              [this]() -> base::Result<void> {
                starter = std::jthread([this](std::stop_token stop) { AwaitWork(std::move(stop)); });
                return {};
              },
              [this] {
                starter.request_stop();
                starter = {};
                queue.ShutDown();
                controller.Stop();
                (void)recorder.Flush(std::chrono::seconds(2));
              });
  }

  template <class Part>
  static base::Result<void> Begin(Part& part) {
    part.Start();
    return {};
  }

  Options options;
  base::Clock& clock;
  app::Metrics metrics;
  app::Checks live, ready;
  std::atomic<bool> leads{false}, working{false};
  std::atomic<bool> taking{false};                // keys into the queue
  base::Guarded<int> changes;
  std::uint16_t health_port = 0;

  app::CountedTransport api;
  std::unique_ptr<net::Transport> lease_api;
  kube::Client lease_client;
  std::unique_ptr<kube::LeaderElector> elector;   // before all that asks it
  kube::FencedTransport fenced_api;
  kube::Client client;
  kube::WorkQueue queue;
  app::ViewAssembly view;
  app::PolicyReload policy;
  Stores stores;
  members::Poller poller;
  kube::EventRecorder recorder;
  Executor executor;
  CredentialSource credentials;
  certificates::Keeper certificates;
  FindingsGauge findings;
  Reconciler reconciler;
  kube::Controller controller;
  app::HealthServer health;
  std::jthread starter;
  app::Parts parts;
};

Program::Program(Options options, ProgramSeams seams, base::Clock& clock, base::Random& random)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(seams), clock, random)) {}

Program::~Program() { impl_->parts.Stop(kStopGrace); }

base::Result<void> Program::Start() {
  const auto started = impl_->parts.Start();
  if (!started) return base::Propagate(started);
  base::LogInfo("started", {{"health_port", std::to_string(impl_->health_port)}, {"leader_election", impl_->options.lead ? "on" : "off"}});
  return {};
}

void Program::Stop() { impl_->parts.Stop(kStopGrace); }

std::uint16_t Program::health_port() const { return impl_->health_port; }
std::string Program::WhyNotReady() const { return base::Join(impl_->ready.Failing(), "\n"); }
bool Program::Working() const { return impl_->working; }
Reconciler::Writes Program::Writes() const { return impl_->reconciler.writes(); }

}  // namespace dm::op
