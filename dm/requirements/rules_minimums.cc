// CPU, memory and disk of what would be created, against the page's rows. The figures exclude what the operating system
// uses, so they are held against requests of the DM container itself, never against limits or whole nodes.
#include <string>
#include <vector>

#include "base/strings.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

using kube::api::Quantity;

struct Which {
  Rule rule;
  Role role;
  Resource resource;
};
constexpr Which kWhich[] = {
    {Rule::kMasterCPU, Role::kMaster, Resource::kCpu},     {Rule::kMasterMemory, Role::kMaster, Resource::kMemory},
    {Rule::kWorkerCPU, Role::kWorker, Resource::kCpu},     {Rule::kWorkerMemory, Role::kWorker, Resource::kMemory},
    {Rule::kMonitorCPU, Role::kMonitor, Resource::kCpu},   {Rule::kMonitorMemory, Role::kMonitor, Resource::kMemory},
    {Rule::kMasterDisk, Role::kMaster, Resource::kDisk},   {Rule::kWorkerDisk, Role::kWorker, Resource::kDisk},
    {Rule::kMonitorDisk, Role::kMonitor, Resource::kDisk},
};

// What was given, and where the user wrote it: a limit stands in for an absent request.
struct Given {
  std::optional<Quantity> value;      // what would be created
  bool written = false;               // by the user; else v1's default stands in (a claim of 10Gi)
  std::string field, text;
};

const base::Json& RawOf(const Context& context, Role role) {
  if (role == Role::kMonitor) return context.cluster().monitor->raw;
  return context.cluster().component(role).raw;
}

Given ReadGiven(const Context& context, const desired::RolePods& pods, Resource resource) {
  const base::Json& raw = RawOf(context, pods.role);
  const std::string path = PathOf(pods.role);
  Given given;
  if (resource == Resource::kDisk) {
    given.field = path + ".storageSize";
    if (pods.claim) given.value = pods.claim->size;
    given.written = given.value && base::Find(raw, "storageSize") != nullptr;
    if (given.value) given.text = Written(raw, {"storageSize"}, *given.value);
    return given;
  }
  const std::string_view word = ResourceWord(resource);
  const kube::api::Container* container = pods.pod.Find(pods.main_container);
  if (container != nullptr) given.value = resource == Resource::kCpu ? container->cpu_request : container->memory_request;
  const bool from_limit = base::FindPath(raw, {"requests", word}) == nullptr && base::FindPath(raw, {"limits", word}) != nullptr;
  const std::string_view section = from_limit ? "limits" : "requests";
  given.field = path + "." + std::string(section) + "." + std::string(word);
  given.written = given.value.has_value();
  if (!given.value) return given;
  const base::Json* direct = base::FindPath(raw, {section, word});
  const auto plain = direct == nullptr ? base::Result<Quantity>(*given.value) : Quantity::FromJson(*direct);
  if (plain && *plain == *given.value) {
    given.text = Written(raw, {section, word}, *given.value);
  } else {    // a container of DM's own name among the additional ones is merged into it
    given.field = path + ".additionalContainers[" + std::string(pods.main_container) + "].resources.requests." + std::string(word);
    given.text = given.value->ToString();
  }
  return given;
}

std::string InWords(Quantity floor, Resource resource) {
  switch (resource) {
    case Resource::kCpu: return floor.ToString() + " CPU";
    case Resource::kMemory: return Gigabytes(floor) + " of memory";
    case Resource::kDisk: return Gigabytes(floor) + " of disk";
    case Resource::kInstances: break;
  }
  return floor.ToString();
}

void Judge(Rule rule, Context& context, const desired::RolePods& pods, Resource resource) {
  const auto floor = Floor(context.policy, context.environment(), pods.role, resource);
  if (!floor) return;
  const Given given = ReadGiven(context, pods, resource);
  if (given.value && *given.value >= *floor) {
    const auto table = TableFloor(context.environment(), pods.role, resource);
    if (table && *given.value < *table) {
      context.Note(MinimumKey(context.environment(), pods.role, resource) + " is lowered by the policy: the page asks for " +
                   InWords(*table, resource) + ", this cluster has " + given.text);
    }
    return;
  }
  Finding finding;
  finding.role = pods.role;
  finding.field = given.field;
  finding.shape = given.written ? Shape::kInvalid : Shape::kRequired;
  if (given.written) finding.found = given.text;
  finding.required = resource == Resource::kCpu ? floor->ToString() : Gigabytes(*floor);
  finding.shortfall = Shortfall::Of(*floor - given.value.value_or(Quantity()));
  finding.message = Kind(pods.role, context.environment()) + " needs at least " + InWords(*floor, resource);
  finding.remedy = (given.written ? "raise it to " : "set it to ") + Suggest(*floor, resource);
  const auto lax = Floor(context.policy, Environment::kDevelopment, pods.role, resource);
  const bool lower = pods.role != Role::kMonitor && lax && *lax < *floor;
  finding.remedy += OrDevelopment(context, lower && given.written && *given.value >= *lax);
  context.Add(rule, std::move(finding));
}

// "8 GB" may be read as 8·10⁹ or as 8·2³⁰ bytes: both stand at the minimum.
bool StandsAt(Quantity value, Quantity floor, Resource resource) {
  if (resource == Resource::kCpu) return value == floor;
  const Quantity binary = Quantity::FromNano(floor.nano() / 1'000'000'000 * (1 << 30));
  return value >= floor && value <= binary;
}

}  // namespace

void CheckMinimum(Rule rule, Context& context) {
  for (const Which& which : kWhich) {
    if (which.rule != rule) continue;
    if (const desired::RolePods* pods = context.Pods(which.role)) Judge(rule, context, *pods, which.resource);
  }
}

// One finding a role: this is a hint, and one line of it is enough.
void CheckAtMinimum(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const desired::RolePods* pods = context.Pods(role);
    if (pods == nullptr) continue;
    std::vector<std::string> fields, found, required;
    for (const Which& which : kWhich) {
      const auto floor = TableFloor(context.environment(), role, which.resource);
      if (which.role != role || !floor) continue;
      const Given given = ReadGiven(context, *pods, which.resource);
      if (!given.value || !StandsAt(*given.value, *floor, which.resource)) continue;
      fields.emplace_back(which.resource == Resource::kDisk ? "storageSize" : ResourceWord(which.resource));
      found.push_back(fields.back() + " " + given.text);
      required.push_back("more than " + InWords(*floor, which.resource));
    }
    if (fields.empty()) continue;
    Finding finding;
    finding.role = role;
    finding.field = PathOf(role);
    finding.found = base::Join(found, ", ");
    finding.required = base::Join(required, ", ");
    finding.message = "this is the least that " + Kind(role, context.environment()) + " may have, better is recommended";
    finding.remedy = "give it more where the load asks for it";
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements
