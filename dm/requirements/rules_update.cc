// What a cluster that runs cannot follow: other storage, an older version.
#include <algorithm>

#include "base/json.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"
#include "dm/versions.h"

namespace dm::requirements {

namespace {

using kube::api::Quantity;

// Is there a cluster behind this spec, as far as we can see? A manifest that was never applied has nothing to ask.
bool Exists(const Context& context) {
  return context.before != nullptr || context.now.live.known || !context.cluster().status.empty();
}

std::string TagOf(std::string_view image) {
  const std::size_t colon = image.rfind(':');
  return colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos ? std::string()
                                                                                             : std::string(image.substr(colon + 1));
}

// A series (v8.1) as its first release.
std::optional<Version> ReadTag(const std::string& tag) {
  const auto version = ParseVersion(tag);
  return version ? version : ParseVersion(tag + ".0");
}

// Going back is allowed while a member of the role still runs the older version and, of masters, none of the newer one has led:
// until then the newer one has written nothing that the older one would not read.
bool MayRollBack(const Context& context, Role role, const Version& wanted) {
  const base::Json& status = context.before->cluster.status;
  const base::Json* led = base::FindPath(status, {"upgrade", "newVersionLed"});
  if (role == Role::kMaster && led != nullptr && led->is_boolean() && led->get<bool>()) return false;
  std::vector<std::string> running;
  // The operator's word, while it rolls.
  const auto add = [&](std::string_view list) {
    const base::Json* still = base::FindPath(status, {"upgrade", list});
    if (still == nullptr || !still->is_array()) return;
    for (const base::Json& tag : *still) {
      if (tag.is_string()) running.push_back(tag.get<std::string>());
    }
  };
  add(role == Role::kMaster ? "masterVersions" : "workerVersions");
  // The only master may have been replaced already, and hang; the workers then still tell where it came from.
  if (role == Role::kMaster && led != nullptr && *led == false) add("runningVersions");
  if (const base::Json* block = base::Find(status, role == Role::kMaster ? "master" : "worker")) {
    running.push_back(TagOf(base::GetStringOr(*block, "image")));    // before the operator has seen the change
  }
  return std::any_of(running.begin(), running.end(), [&](const std::string& tag) { return ReadTag(tag) == wanted; });
}

std::string VersionField(const DMCluster& cluster, Role role) {
  const auto& own = cluster.component(role).version;
  return own && !own->empty() ? PathOf(role) + ".version" : "spec.version";
}

Finding AboutVersion(Role role, const std::string& field, const std::string& tag) {
  Finding finding;
  finding.role = role;
  finding.field = field;
  finding.shape = tag.empty() ? Shape::kRequired : Shape::kInvalid;
  finding.found = tag;
  return finding;
}

Shortfall Behind(const Version& version, const Version& wanted) {
  const auto number = [](const Version& v) { return (v.major * 1000LL + v.minor) * 1000LL + v.patch; };
  return Shortfall::Count(std::max(1LL, number(wanted) - number(version)));
}

// Series (v8.1) stand for their first release: what is behind it is behind all of them.
bool GoesBack(const Context& context, Role role, const Version& version) {
  const auto old = context.before == nullptr ? std::nullopt : ParseVersion(context.before->cluster.VersionOf(role));
  if (!old || !(version < *old)) return false;
  const bool same_series = version.major == old->major && version.minor == old->minor;
  if (!ParseVersion(context.cluster().VersionOf(role)) && same_series) return false;   // v8.5 may be any of 8.5
  return !MayRollBack(context, role, version);
}

void Downgrade(Rule rule, Context& context, Role role, const Version& version) {
  const Version old = *ParseVersion(context.before->cluster.VersionOf(role));
  Finding finding = AboutVersion(role, VersionField(context.cluster(), role), context.cluster().VersionOf(role));
  finding.key = "downgrade";
  finding.required = old.ToString() + " or later";
  finding.shortfall = Behind(version, old);
  finding.message = "DM does not support going back from " + old.ToString() + ": the newer version may have changed what it stores";
  finding.remedy = "stay at " + old.ToString() + " or go on to a later one";
  context.Add(rule, std::move(finding));
}

void JudgeVersion(Rule rule, Context& context, Role role) {
  const std::string tag = context.cluster().VersionOf(role);
  const std::string field = VersionField(context.cluster(), role);
  const auto version = ParseVersion(tag);
  // v5.4 names no release, and is too old whichever it means.
  const auto series = ReadTag(tag);
  if (!version && (!series || IsSupported(*series))) {
    if (series && GoesBack(context, role, *series)) return Downgrade(rule, context, role, *series);
    Finding finding = AboutVersion(role, field, tag);
    finding.required = "v6.1.0 or later";
    finding.shortfall = Shortfall::Count(1);
    finding.message = "without a version number nobody can tell whether this DM has what safe moves need (6.1 or later)";
    finding.remedy = "name a release, such as v8.5.7";
    return context.Add(rule, std::move(finding), Severity::kWarn);
  }
  if (!IsSupported(*series)) {
    Finding finding = AboutVersion(role, field, tag);
    finding.required = "v6.1.0 or later";
    finding.shortfall = Behind(*series, Version{kOldestMajor, kOldestMinor, 0, ""});
    // The same finding whichever field says it, so that who splits it in two makes nothing worse; but not for a role that was
    // well before.
    const auto had = context.before == nullptr ? std::nullopt : ParseVersion(context.before->cluster.VersionOf(role));
    const bool was_well = had && IsSupported(*had);
    if (!was_well) finding.role = Role::kMaster;
    finding.key = was_well ? "unsupported now" : "unsupported";
    finding.message = "DM before 6.1 lacks the API with which sources and members are moved safely";
    finding.remedy = "use v6.1.0 or later";
    return context.Add(rule, std::move(finding));
  }
  if (GoesBack(context, role, *version)) Downgrade(rule, context, role, *version);
}

const std::optional<Quantity>* SizeOf(const DMCluster& cluster, Role role) {
  if (role == Role::kMonitor) return cluster.monitor ? &cluster.monitor->storage_size : nullptr;
  if (role == Role::kWorker && !cluster.has_worker) return nullptr;
  return &cluster.component(role).storage_size;
}

}  // namespace

void CheckSupportedVersion(Rule rule, Context& context) {
  const DMCluster& cluster = context.cluster();
  JudgeVersion(rule, context, Role::kMaster);
  // Where one field says it for both, once; but not where the workers come from elsewhere.
  const bool same = VersionField(cluster, Role::kWorker) == VersionField(cluster, Role::kMaster) &&
                    (context.before == nullptr || context.before->cluster.VersionOf(Role::kWorker) == context.before->cluster.VersionOf(Role::kMaster));
  if (cluster.has_worker && !same) JudgeVersion(rule, context, Role::kWorker);
}

void CheckStorageShrink(Rule rule, Context& context) {
  if (!Exists(context)) return;
  if (!context.now.live.known) context.NotCheck(rule, "the cluster's claims are not known");
  for (const Role role : kRoles) {
    const desired::RolePods* pods = context.Pods(role);
    if (pods == nullptr || !pods->claim || !pods->claim->size) continue;
    const Quantity wanted = *pods->claim->size;
    Quantity largest;
    std::vector<std::string> claims;
    for (const LiveClaim& claim : context.now.live.claims) {
      if (claim.role != role || claim.capacity <= wanted) continue;
      largest = std::max(largest, claim.capacity);
      claims.push_back(claim.name);
    }
    // Without the claims only the spec of before is known, which may never have been provisioned: say so, do not refuse.
    const std::optional<Quantity>* old =
        context.now.live.known || context.before == nullptr ? nullptr : SizeOf(context.before->cluster, role);
    const bool maybe = claims.empty() && old != nullptr && *old && **old > wanted;
    if (claims.empty() && !maybe) continue;
    if (maybe) largest = **old;
    Finding finding;
    finding.role = role;
    finding.field = PathOf(role) + ".storageSize";
    finding.found = wanted.ToString();
    finding.required = "at least " + largest.ToString();
    finding.shortfall = Shortfall::Of(largest - wanted);
    finding.message = maybe ? "a claim cannot shrink, and before " + largest.ToString() + " was asked for"
                            : Plural(static_cast<std::int64_t>(claims.size()), "claim") + (claims.size() == 1 ? " has " : " have ") +
                                  "up to " + largest.ToString() + " already, and a claim cannot shrink";
    finding.remedy = "keep it at " + largest.ToString() + " or more";
    finding.subjects = std::move(claims);
    if (maybe) {
      context.Add(rule, std::move(finding), Severity::kWarn);
    } else {
      context.Add(rule, std::move(finding));
    }
  }
}

void CheckStorageClassChange(Rule rule, Context& context) {
  if (!Exists(context)) return;
  if (!context.now.live.known) context.NotCheck(rule, "the cluster's claims are not known");
  for (const Role role : kRoles) {
    const desired::RolePods* pods = context.Pods(role);
    // No class named: existing claims keep theirs, whatever the default is today.
    if (pods == nullptr || !pods->claim || !pods->claim->storage_class) continue;
    const std::string& wanted = *pods->claim->storage_class;
    std::vector<std::string> claims;
    std::string other;
    for (const LiveClaim& claim : context.now.live.claims) {
      if (claim.role != role || !claim.storage_class || *claim.storage_class == wanted) continue;
      if (claims.empty()) other = *claim.storage_class;
      claims.push_back(claim.name);
    }
    if (claims.empty()) continue;
    Finding finding;
    finding.role = role;
    finding.field = PathOf(role) + ".storageClassName";
    finding.found = wanted.empty() ? "\"\"" : wanted;
    finding.required = other;
    finding.shortfall = Shortfall::Count(static_cast<std::int64_t>(claims.size()));
    finding.message = "the class of an existing claim cannot change, and " + List(claims, 2) + (claims.size() == 1 ? " has " : " have ") +
                      Quoted(other);
    finding.remedy = "keep " + Quoted(other) + ", or move the members to a new cluster";
    finding.subjects = std::move(claims);
    context.Add(rule, std::move(finding));
  }
}

// Have members of that role come of this spec? Before that a switch is a correction.
static bool HasMembers(const Context& context, Role role) {
  const base::Json& status = context.before->cluster.status;
  const base::Json* id = base::FindPath(status, {"bootstrap", "clusterID"});
  if (role == Role::kMaster && id != nullptr && id->is_string() && !id->get<std::string>().empty()) return true;
  const base::Json* members = base::FindPath(status, {RoleName(role), "members"});
  if (members != nullptr && members->is_object() && !members->empty()) return true;
  const auto& claims = context.now.live.claims;
  return std::any_of(claims.begin(), claims.end(), [&](const LiveClaim& claim) { return claim.role == role; });
}

void CheckTlsSwitch(Rule rule, Context& context) {
  if (context.before == nullptr || context.before->cluster.tls == context.cluster().tls) return;
  if (!HasMembers(context, Role::kMaster)) {
    if (!context.now.live.known) context.NotCheck(rule, "the cluster's claims are not known");
    return;
  }
  const bool on = context.cluster().tls;
  Finding finding;
  finding.field = "spec.tlsCluster.enabled";
  finding.found = on ? "true" : "false";
  finding.required = on ? "false" : "true";
  finding.shortfall = Shortfall::Count(1);
  finding.message = std::string("the members of a running cluster cannot change to ") + (on ? "TLS" : "plain connections") +
                    " one by one: those that have changed and those that have not would not understand each other";
  finding.remedy = std::string("keep it ") + (on ? "off" : "on") +
                   ", or export sources and tasks (dmctl config export), create a new DMCluster with the other setting, and import them there";
  context.Add(rule, std::move(finding));
}

void CheckDataDirSwitch(Rule rule, Context& context) {
  if (context.before == nullptr) return;
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    const std::string& now = context.cluster().component(role).data_sub_dir;
    const std::string& was = context.before->cluster.component(role).data_sub_dir;
    if (now == was || (role == Role::kWorker && !context.cluster().has_worker)) continue;
    if (!HasMembers(context, role)) {
      if (!context.now.live.known) context.NotCheck(rule, "the cluster's claims are not known");
      continue;
    }
    Finding finding;
    finding.role = role;
    finding.field = PathOf(role) + ".dataSubDir";
    finding.shape = now.empty() ? Shape::kRequired : Shape::kInvalid;
    finding.found = now;
    finding.required = was.empty() ? "no dataSubDir" : was;
    finding.shortfall = Shortfall::Count(1);
    finding.message = "the data of running " + std::string(RoleTitle(role)) + "s stays where it is, and at their next start they would look elsewhere";
    finding.remedy = was.empty() ? "take it away" : "keep it at " + was;
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements
