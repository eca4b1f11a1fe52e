#include "webhook/program.h"

#include <atomic>

#include "app/controller_metrics.h"
#include "app/counted_transport.h"
#include "app/duration.h"
#include "app/health_server.h"
#include "app/parts.h"
#include "app/policy_reload.h"
#include "app/process_metrics.h"
#include "app/view_assembly.h"
#include "base/log.h"
#include "base/strings.h"
#include "net/http_server.h"
#include "webhook/file_certificates.h"
#include "webhook/handler.h"
#include "webhook/own_certificates.h"
#include "webhook/port_check.h"

namespace dm::webhook {
namespace {

constexpr auto kDrainGrace = std::chrono::seconds(15);   // above the longest review: three look-ups of a second
constexpr auto kStopGrace = std::chrono::seconds(25);

double UnixSeconds(base::WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

}  // namespace

struct Program::Impl {
  Impl(Options given, std::unique_ptr<net::Transport> transport, const std::string& api_host, base::Clock& the_clock, base::Random& random)
      : options(std::move(given)),
        clock(the_clock),
        api(std::move(transport), api_host, metrics, clock),
        client(api),
        quick_client(api, kLookupDeadline),
        view(api, clock, random),
        policy(options.common.policy, clock, [this](app::PolicyPtr good) { view.SetPolicy(std::move(good)); }),
        lookup(quick_client),
        decider({[this] { return view.Now(); }, [this] { return view.WhyNotReady(); }, [this] { return view.Silence("nodes"); }}, lookup),
        handler(decider, metrics, clock),
        certificates(MakeCertificates(random)),
        port_check(*certificates, options.address, clock),
        health(options.common.health_address, options.common.health_port, metrics, live, ready),
        server(ServerOptions(), [this](const net::Request& request) { return handler.Handle(request); }) {
    AddChecks();
    AddMetrics();
    AddParts();
  }

  std::unique_ptr<CertificateSource> MakeCertificates(base::Random& random) {
    if (options.tls_mode == "files") return std::make_unique<FileCertificates>(options.tls_dir, clock, metrics);
    OwnCertificatesOptions own{options.ns, options.service, options.ca_secret, options.configuration, options.hosts, options.cluster_domain};
    auto source = std::make_unique<OwnCertificates>(client, std::move(own), clock, random);
    live.Add("certificates", [raw = source.get()] { return raw->Stuck() ? std::string("the thread that keeps them is stuck") : std::string(); });
    return source;
  }

  net::ServerOptions ServerOptions() {
    net::ServerOptions server_options;
    server_options.address = options.address;
    server_options.port = options.port;
    server_options.workers = options.workers;
    server_options.tls = [this] { return certificates->Pair(); };
    return server_options;
  }

  std::string StaleWatches() const {
    std::string stale;
    for (const app::WatchState& watch : view.Watches()) {
      if (watch.silence <= options.stale_after) continue;
      stale += (stale.empty() ? "" : "; ") + watch.resource + ": no word from the API server for " + app::FormatDuration(watch.silence);
    }
    return stale;
  }

  void AddChecks() {
    live.Add("view", [this] { return view.Stuck() ? std::string("the thread that builds it is stuck") : std::string(); });
    ready.Add("serving", [this] { return stopping ? std::string("this replica is stopping") : std::string(); });
    ready.Add("certificate", [this] { return certificates->Problem(clock.Wall()); });
    ready.Add("port", [this] { return stopping ? std::string() : port_check.Problem(); });
    ready.Add("caches", [this] { return view.WhyNotReady(); });
    ready.Add("watches", [this] { return StaleWatches(); });
    ready.Add("policy", [this] {
      const app::PolicyState state = policy.State();
      return state.policy ? std::string() : state.error.empty() ? "it has not been read yet" : state.error;
    });
  }

  void AddMetrics() {
    app::AddProcessMetrics(metrics, "dm-webhook");
    app::AddViewMetrics(metrics, view);
    app::AddPolicyMetrics(metrics, policy);
    const char* name = "dm_webhook_certificate_expiry_timestamp_seconds";
    const char* help = "When it expires, in seconds since 1970; 0: there is none.";
    auto leaf = metrics.AddGauge(name, help, {{"certificate", "serving"}});
    auto authority = metrics.AddGauge(name, help, {{"certificate", "authority"}});
    auto care = metrics.AddGauge("dm_webhook_certificate_error", "1 while keeping the certificates fails.");
    metrics.OnScrape([=, this]() mutable {
      const ServingPtr serving = certificates->Current();
      leaf.Set(serving ? UnixSeconds(serving->expires) : 0);
      authority.Set(serving ? UnixSeconds(serving->authority_expires) : 0);
      care.Set(certificates->LastError().empty() ? 0 : 1);
    });
  }

  void AddParts() {
    parts.Add("health server", [this] { return Listen(health, health_port); }, [this] { health.Stop(); });
    parts.Add("certificates", [this] { return Begin(*certificates); }, [this] { certificates->Stop(); });
    parts.Add("watches", [this] { return Begin(view); }, [this] { view.Stop(); });
    parts.Add("policy", [this] { return Begin(policy); }, [this] { policy.Stop(); });
    parts.Add("review server",
              [this] {
                auto listening = Listen(server, port);
                port_check.SetPort(port);
                return listening;
              },
              [this] { server.Drain(kDrainGrace); });
  }

  template <class Server>
  static base::Result<void> Listen(Server& server, std::uint16_t& bound) {
    const auto port = server.Start();
    if (!port) return base::Propagate(port);
    bound = *port;
    return {};
  }
  template <class Part>
  static base::Result<void> Begin(Part& part) {
    part.Start();
    return {};
  }

  const Options options;
  base::Clock& clock;
  app::Metrics metrics;
  app::Checks live, ready;
  std::atomic<bool> stopping{false};
  std::uint16_t port = 0, health_port = 0;

  app::CountedTransport api;
  kube::Client client, quick_client;
  app::ViewAssembly view;
  app::PolicyReload policy;
  LiveLookup lookup;
  Decider decider;
  Handler handler;
  std::unique_ptr<CertificateSource> certificates;
  PortCheck port_check;
  app::HealthServer health;
  net::HttpServer server;
  app::Parts parts;
};

Program::Program(Options options, std::unique_ptr<net::Transport> api, const std::string& api_host, base::Clock& clock, base::Random& random)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(api), api_host, clock, random)) {}

Program::~Program() {
  impl_->stopping = true;
  impl_->parts.Stop(kStopGrace);
}

base::Result<void> Program::Start() {
  const auto started = impl_->parts.Start();
  if (!started) return base::Propagate(started);
  base::LogInfo("serving", {{"port", std::to_string(impl_->port)}, {"health_port", std::to_string(impl_->health_port)},
                            {"tls_mode", impl_->options.tls_mode}});
  return {};
}

void Program::Stop() {
  impl_->stopping = true;
  impl_->server.CloseAfterAnswers();
  base::LogInfo("draining", {{"delay", app::FormatDuration(impl_->options.drain_delay)}});
  impl_->clock.WaitFor(impl_->options.drain_delay, {});
  impl_->handler.Leave();
  impl_->parts.Stop(kStopGrace);
}

std::uint16_t Program::port() const { return impl_->port; }
std::uint16_t Program::health_port() const { return impl_->health_port; }
std::string Program::WhyNotReady() const { return base::Join(impl_->ready.Failing(), "\n"); }

}  // namespace dm::webhook
