#include "cli/init.h"

#include <algorithm>

#include "base/strings.h"
#include "base/yaml.h"
#include "dm/checks.h"
#include "dm/requirements/minimums.h"
#include "dm/requirements/wording.h"
#include "dm/versions.h"

namespace dm::cli {

namespace {

using kube::api::Quantity;
using requirements::Resource;

// The figure of the page in the unit that people write: 32 GB → 32Gi, a little more than asked.
std::string Figure(Environment environment, Role role, Resource resource) {
  const auto floor = requirements::TableFloor(environment, role, resource);
  if (!floor) return "";
  return resource == Resource::kCpu ? floor->ToString() : std::to_string(floor->Value() / 1'000'000'000) + "Gi";
}

std::int64_t Gib(Quantity amount) {
  const Quantity gib = Quantity::FromUnits(std::int64_t{1} << 30);
  const auto whole = static_cast<std::int64_t>(amount.nano() / gib.nano());
  return amount.nano() % gib.nano() == 0 ? whole : whole + 1;
}

// Greater than all upstreams together, since any worker may come to hold any of them; a fifth more, in tens.
std::int64_t DiskGib(const std::vector<InitUpstream>& upstreams) {
  std::int64_t sum = 0;
  for (const auto& upstream : upstreams) sum += Gib(upstream.size);
  const std::int64_t roomy = (sum + sum / 5 + 10) / 10 * 10;
  return std::max<std::int64_t>(200, roomy);
}

// A value as YAML would need it written, quoted where it must be.
std::string Scalar(const std::string& text) {
  std::string written = base::ToYaml(base::Json(text));
  while (!written.empty() && written.back() == '\n') written.pop_back();
  return written;
}

}  // namespace

base::Result<std::vector<InitUpstream>> ParseUpstreams(const std::vector<std::string>& parts) {
  std::vector<InitUpstream> upstreams;
  for (const std::string& part : parts) {
    for (const std::string_view piece : base::Split(part, ',')) {
      const std::size_t equals = piece.find('=');
      const std::string name(base::Trim(piece.substr(0, equals)));
      if (name.empty() || equals == std::string_view::npos) {
        return base::Fail(base::Code::kInvalid, "--upstreams: " + base::Printable(piece, 80) + " must be name=size, such as orders=300Gi");
      }
      const auto size = Quantity::Parse(base::Trim(piece.substr(equals + 1)));
      if (!size) return base::Propagate(size, "--upstreams: " + base::Printable(name, 80));
      if (size->IsNegative() || size->IsZero()) return base::Fail(base::Code::kInvalid, "--upstreams: " + name + ": the size must be above 0");
      if (*size > Quantity::FromUnits(std::int64_t{1} << 50)) {
        return base::Fail(base::Code::kInvalid, "--upstreams: " + name + ": more than 1Pi is no size for one upstream");
      }
      const bool again = std::any_of(upstreams.begin(), upstreams.end(), [&](const auto& u) { return u.name == name; });
      if (again) return base::Fail(base::Code::kInvalid, "--upstreams: " + name + " is named twice");
      upstreams.push_back({name, *size});
    }
  }
  return upstreams;
}

base::Result<void> CheckInit(const InitOptions& options) {
  const auto wrong = [](const char* flag, const std::string& value, const std::string& what) {
    return base::Fail(base::Code::kInvalid, std::string(flag) + ": " + base::Printable(value, 80) + ": " + what);
  };
  if (const auto what = CheckServiceName(options.name)) return wrong("--name", options.name, *what);
  if (const std::size_t most = requirements::LongestClusterName(); options.name.size() > most) {
    return wrong("--name", options.name, "must be at most " + std::to_string(most) + " characters, for the names of pods are made from it");
  }
  if (const auto what = CheckDnsLabel(options.ns); what && !options.ns.empty()) return wrong("--namespace", options.ns, *what);
  if (const auto what = CheckImageTag(options.version)) return wrong("--dm-version", options.version, *what);
  const auto version = ParseVersion(options.version);
  if (version && !IsSupported(*version)) return wrong("--dm-version", options.version, "DM before 6.1 is not supported: use v6.1.0 or later");
  return {};
}

std::string Manifest(const InitOptions& options) {
  const Environment environment = options.environment;
  const bool production = environment == Environment::kProduction;
  const std::size_t count = std::max<std::size_t>(1, options.upstreams.size());
  const std::string storage_class = options.storage_class.empty() ? "" : "    storageClassName: " + Scalar(options.storage_class) + "\n";
  std::string text = "# A DM cluster for " + std::string(EnvironmentName(environment)) +
                     ", at the figures of DM's requirements. Check it: kubectl dm check -f <this file>\n";
  text += "apiVersion: " + std::string(kApiVersion) + "\nkind: " + std::string(kKind) + "\nmetadata:\n  name: " + Scalar(options.name) + "\n";
  if (!options.ns.empty()) text += "  namespace: " + Scalar(options.ns) + "\n";
  text += "spec:\n  version: " + Scalar(options.version) + "\n  environment: " + std::string(EnvironmentName(environment)) +
          "   # which table of the requirements counts\n";
  if (!options.upstreams.empty()) {
    text += "  upstreams:                 # the databases to migrate: the number of workers and their disks follow from them\n";
    for (const auto& upstream : options.upstreams) {
      text += "  - name: " + Scalar(upstream.name) + "\n    dataSize: " + upstream.size.ToString() + "\n";
    }
  }
  text += "  master:\n";
  text += production ? "    replicas: 3              # at least 3, an odd number: a majority decides, each on a host of its own\n"
                     : "    replicas: 1\n";
  text += "    requests:                # what DM itself may use; the operating system's share is not in it\n";
  text += "      cpu: \"" + Figure(environment, Role::kMaster, Resource::kCpu) + "\"\n      memory: " +
          Figure(environment, Role::kMaster, Resource::kMemory) + "\n";
  text += storage_class + "    storageSize: " + Figure(environment, Role::kMaster, Resource::kDisk) + "       # SAS or better\n";
  text += "  worker:\n    replicas: " + std::to_string(count + (production ? 1 : 0)) +
          (production ? "              # one more than upstreams: a spare one takes over when another is lost\n"
                      : "              # one for each upstream\n");
  text += "    requests:\n      cpu: \"" + Figure(environment, Role::kWorker, Resource::kCpu) + "\"\n      memory: " +
          Figure(environment, Role::kWorker, Resource::kMemory) + "\n";
  text += storage_class + "    storageSize: " + std::to_string(DiskGib(options.upstreams)) + "Gi       # " +
          (production ? "SSD" : "SAS or better") + ", and greater than the data to migrate\n";
  if (production) {
    text += "  monitor:                   # or only `external: true` if one that stands elsewhere watches this cluster\n    replicas: 1\n";
    text += "    requests:\n      cpu: \"" + Figure(environment, Role::kMonitor, Resource::kCpu) + "\"\n      memory: " +
            Figure(environment, Role::kMonitor, Resource::kMemory) + "\n";
    text += storage_class + "    storageSize: " + Figure(environment, Role::kMonitor, Resource::kDisk) + "\n";
  }
  return text;
}

}  // namespace dm::cli
