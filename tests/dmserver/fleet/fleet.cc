#include "tests/dmserver/fleet/fleet.h"

#include "base/strings.h"
#include "kube/client.h"

namespace dm::standin {
namespace {

constexpr char kLabels[] = "app.kubernetes.io/managed-by=tidb-operator,app.kubernetes.io/name=dm-cluster";

std::optional<Role> RoleOf(const Names& names, const std::string& pod) {
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    if (OrdinalOf(names, role, pod) >= 0) return role;
  }
  return std::nullopt;
}

bool Runs(const kube::api::Pod* pod) { return pod != nullptr && !pod->pod_ip.empty() && !pod->meta.BeingDeleted(); }

}  // namespace

// The master whose address was asked, for as long as it takes to answer.
class Fleet::Member final : public AnsweringMaster {
 public:
  Member(Fleet& fleet, Seat seat) : fleet_(fleet), seat_(std::move(seat)), cluster_(*seat_.cluster) {}

  MemberId Id() const override {
    const auto state = cluster_.State();
    const auto* member = state.is_null() ? nullptr : FindMember(state, seat_.pod);
    return member == nullptr ? 0 : std::stoull(base::GetStringOr(*member, "id", "0"));
  }
  std::optional<Leader> DmLeader() const override {
    const auto state = cluster_.State();
    const auto* leader = state.is_null() ? nullptr : base::Find(state, "leader");
    if (leader == nullptr || !leader->is_object()) return std::nullopt;
    const auto name = base::GetStringOr(*leader, "name");
    return Leader{name, base::GetStringOr(*leader, "addr"), name == seat_.pod};
  }
  base::Json State() const override { return cluster_.State(); }
  bool Removed() const override { return cluster_.Removed(seat_.pod); }
  bool AwaitQuorum(base::Duration timeout) const override { return cluster_.AwaitQuorum(timeout, stop()); }
  bool Alive(const std::string& client_url) const override {
    const auto host = client_url.substr(client_url.find("://") + 3);
    return cluster_.Serves(host.substr(0, host.find('.')));
  }
  base::Result<Outcome> Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout) override {
    return cluster_.Change(change, timeout, stop());
  }
  base::Result<Outcome> RemoveMember(const std::string& name) override { return cluster_.RemoveMember(name, seat_.pod); }
  void SetEvicted(bool evicted) override { cluster_.SetEvicted(seat_.pod, evicted); }
  base::Result<net::Response> AskLeader(const Leader& leader, const net::Request& request, base::Duration) override {
    if (!cluster_.Serves(leader.name)) return base::Fail(base::Code::kUnavailable, "dial tcp: connection refused");
    Member other(fleet_, {seat_.cluster, leader.name, leader.addr});
    return base::StartsWith(request.target, "/api/v1/") ? HandleOpenApi(other, request) : HandleGateway(other, request);
  }
  base::Result<net::Response> AskWorker(const std::string&, const net::Request&) override { return PlainText(200, "ok\n"); }
  const MasterTimes& times() const override { return fleet_.times_; }
  std::stop_token stop() const override { return fleet_.stop_.get_token(); }

 private:
  Fleet& fleet_;
  const Seat seat_;
  FleetCluster& cluster_;
};

Fleet::Fleet(net::Transport& api, base::Clock& clock, base::Random& random, MasterTimes times)
    : api_(api), clock_(clock), random_(random), times_(times) {}

Fleet::~Fleet() { Stop(); }

base::Result<std::uint16_t> Fleet::Start(std::uint16_t port) {
  Watch();
  net::ServerOptions options;
  options.port = port;
  options.workers = 16;
  options.local_address_header = kAskedAt;
  server_ = std::make_unique<net::HttpServer>(options, [this](const net::Request& request) { return Answer(request); });
  auto listening = server_->Start();
  if (!listening) return base::Propagate(listening);
  for (auto& reflector : reflectors_) reflector->Start();
  return listening;
}

void Fleet::Stop() {
  stop_.request_stop();
  for (auto& reflector : reflectors_) reflector->Stop();
  if (server_) server_->Drain(std::chrono::milliseconds(200));
}

void Fleet::Watch() {
  pods_.OnChange([this](const kube::Change<kube::api::Pod>& change) { OnPod(change.before.get(), change.now.get()); });
  lines_.OnChange([this](const kube::Change<Lines>& change) {
    OnLines(change.any().meta, change.now ? change.now->data : std::map<std::string, std::string>());
  });
  kube::ReflectorOptions options;
  options.label_selector = kLabels;
  options.resource = kube::resources::kPods;
  reflectors_.push_back(kube::Reflect<kube::api::Pod>(api_, options, pods_, kube::api::ParsePod, clock_, random_));
  options.resource = kube::resources::kConfigMaps;
  reflectors_.push_back(kube::Reflect<Lines>(
      api_, options, lines_,
      [](const base::Json& object) -> base::Result<Lines> {
        auto meta = kube::api::ParseObjectMeta(object);
        if (!meta) return base::Propagate(meta);
        return Lines{std::move(*meta), kube::api::ParseLabels(base::Find(object, "data"))};
      },
      clock_, random_));
}

std::shared_ptr<FleetCluster> Fleet::ClusterOf(const kube::api::ObjectMeta& child) {
  const auto label = child.labels.find("app.kubernetes.io/instance");
  if (label == child.labels.end()) return nullptr;
  auto clusters = clusters_.Lock();
  auto& cluster = (*clusters)[child.ns + "/" + label->second];
  if (!cluster) cluster = std::make_shared<FleetCluster>(label->second, clock_);
  return cluster;
}

void Fleet::OnPod(const kube::api::Pod* before, const kube::api::Pod* now) {
  const auto cluster = ClusterOf((now != nullptr ? now : before)->meta);
  if (!cluster) return;
  const auto& name = (now != nullptr ? now : before)->meta.name;
  const auto role = RoleOf(cluster->names(), name);
  if (!role) return;
  const bool same = before != nullptr && now != nullptr && before->meta.uid == now->meta.uid && before->pod_ip == now->pod_ip;
  if (Runs(before) && !(same && Runs(now))) {
    if (*role == Role::kMaster) seats_.Lock()->erase(before->pod_ip);
    cluster->Stop(*role, name);
  }
  if (!Runs(now) || (same && Runs(before))) return;
  if (*role == Role::kMaster) {
    const auto host = name + "." + cluster->names().PeerService(Role::kMaster) + "." + now->meta.ns + ".svc:" + std::to_string(kMasterPort);
    seats_.Lock()->insert_or_assign(now->pod_ip, Seat{cluster, name, host});
  }
  cluster->Run(*role, name);
}

void Fleet::OnLines(const kube::api::ObjectMeta& map, std::map<std::string, std::string> lines) {
  const auto cluster = ClusterOf(map);
  if (cluster && map.name == cluster->names().BootstrapConfigMap()) cluster->SetLines(std::move(lines));
}

net::Response Fleet::Answer(const net::Request& request) {
  const auto path = net::PathOf(request.target);
  if (path == "/fleet") {
    return JsonResponse(200, {{"requests", requests_.load()}, {"strangers", strangers_.load()}, {"misnamed", misnamed_.load()},
                              {"clusters", clusters_.Lock()->size()}, {"masters", seats_.Lock()->size()}}, "application/json", -1);
  }
  ++requests_;
  const auto arrived = request.headers.find(kAskedAt);
  const std::string asked_at = arrived == request.headers.end() ? std::string() : arrived->second;
  Seat seat;
  {
    auto seats = seats_.Lock();
    const auto found = seats->find(asked_at);
    if (found != seats->end()) seat = found->second;
  }
  if (!seat.cluster) {
    ++strangers_;
    return PlainText(502, "no dm-master has the address " + asked_at + "\n");
  }
  const auto host = request.headers.find("Host");
  if (host == request.headers.end() || host->second != seat.host) {
    ++misnamed_;
    return PlainText(421, "this is " + seat.host + "\n");
  }
  // Without its line a master has not been started: its port would not even be open.
  if (!seat.cluster->Serves(seat.pod)) return PlainText(502, seat.pod + " waits for its line\n");
  Member member(*this, std::move(seat));
  if (path == "/health" || path == "/livez" || path == "/readyz") return HandleHealth(member, path);
  if (base::StartsWith(path, "/apis/v1alpha1/")) return HandleGateway(member, request);
  if (base::StartsWith(path, "/api/v1/")) return HandleOpenApi(member, request);
  return PlainText(404, "404 page not found\n");
}

}  // namespace dm::standin
