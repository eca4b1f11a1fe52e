#include "operator/certificates/secrets.h"

#include "base/log.h"
#include "base/strings.h"

namespace dm::op::certificates {
namespace {

using base::Code;
using base::Json;
using base::Result;

constexpr const char* kManagedBy = "app.kubernetes.io/managed-by";
constexpr const char* kUs = "dm-operator";

std::string Decode(const Json& secret, const char* key) {
  const Json* data = base::Find(secret, "data");
  return data ? base::Base64Decode(base::GetStringOr(*data, key)).value_or("") : "";
}

Obstacle Explain(Whose whose, const std::string& name) {
  if (whose == Whose::kOlderCluster) {
    return {"OldObjectsRemain", "Secret " + name + " belongs to a deleted DMCluster of this name; waiting until it has been cleaned away"};
  }
  return {"SecretNotOurs", "Secret " + name +
                               " was not made by dm-operator and is never overwritten: to go on using it, take spec.tlsCluster.issuer away; "
                               "to have certificates issued, delete it while the cluster is suspended (docs/tls.md)"};
}

}  // namespace

Json OwnMeta(const DMCluster& want, const std::string& name) {
  const Json owner = {{"apiVersion", std::string(kApiVersion)}, {"kind", std::string(kKind)}, {"name", want.meta.name},
                      {"uid", want.meta.uid},                   {"controller", true},         {"blockOwnerDeletion", true}};
  return {{"name", name},
          {"namespace", want.meta.ns},
          {"labels", {{"app.kubernetes.io/name", "dm-cluster"}, {"app.kubernetes.io/instance", want.meta.name}, {kManagedBy, kUs}}},
          {"ownerReferences", Json::array({owner})}};
}

Whose WhoseIs(const Json& object, const DMCluster& want) {
  const auto meta = kube::api::ParseObjectMeta(object);
  if (!meta) return Whose::kOthers;
  const auto label = meta->labels.find(kManagedBy);
  const auto* owner = meta->Controller();
  if (label == meta->labels.end() || label->second != kUs || !owner) return Whose::kOthers;
  if (owner->uid == want.meta.uid) return Whose::kOurs;
  return owner->kind == kKind && owner->name == want.meta.name ? Whose::kOlderCluster : Whose::kOthers;
}

Result<SecretFiles> SecretFiles::Read(const kube::Client& client, const DMCluster& want, std::stop_token stop) {
  SecretFiles files;
  // Nullptr: not there, or not ours.
  const auto take = [&](const std::string& name) -> Result<std::optional<Json>> {
    auto secret = client.Get(kube::resources::kSecrets, want.meta.ns, name, stop);
    if (!secret && secret.error().code == Code::kNotFound) return std::optional<Json>();
    if (!secret) return base::Propagate(secret, "reading Secret " + name);
    if (const Whose whose = WhoseIs(*secret, want); whose != Whose::kOurs) {
      if (!files.obstacle_) files.obstacle_ = Explain(whose, name);
      return std::optional<Json>();
    }
    files.live_[name] = (*secret)["metadata"];
    return std::optional<Json>(std::move(*secret));
  };
  const auto authority = take(AuthoritySecretName(want));
  if (!authority) return base::Propagate(authority);
  if (*authority) {
    if (auto read = FromSecret(**authority)) {
      files.held_.authorities = std::move(*read);
    } else {
      base::LogError("the authority's Secret is of no use; a new authority is made",
                     {{"cluster", want.meta.Key()}, {"error", read.error().ToString()}});
    }
  }
  for (const Purpose purpose : kPurposes) {
    const auto secret = take(SecretName(want, purpose));
    if (!secret) return base::Propagate(secret);
    if (*secret) files.held_.leaves[purpose] = {{Decode(**secret, "tls.crt"), Decode(**secret, "tls.key")}, Decode(**secret, "ca.crt")};
  }
  return files;
}

Result<void> SecretFiles::Put(const kube::Client& client, const DMCluster& want, const std::string& name, const std::string& type,
                              const Json& data, const Json& notes, std::stop_token stop) const {
  const auto live = live_.find(name);
  base::LogInfo("writing a Secret", {{"cluster", want.meta.Key()}, {"secret", name}});
  if (live == live_.end()) {
    Json object = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"type", type}, {"metadata", OwnMeta(want, name)}, {"data", Json::object()}};
    if (!notes.empty()) object["metadata"]["annotations"] = notes;
    for (const auto& [key, value] : data.items()) {
      if (!value.is_null()) object["data"][key] = value;
    }
    const auto created = client.Create(kube::resources::kSecrets, object, false, std::move(stop));
    if (!created) return base::Propagate(created, "creating Secret " + name);
    return {};
  }
  // Bound to what was read: a Secret that somebody made or changed in between is not ours to overwrite.
  Json patch = {{"metadata", {{"uid", base::GetStringOr(live->second, "uid")}, {"resourceVersion", base::GetStringOr(live->second, "resourceVersion")}}},
                {"data", data}};
  if (!notes.empty()) patch["metadata"]["annotations"] = notes;
  const auto patched = client.MergePatch(kube::resources::kSecrets, want.meta.ns, name, patch, {}, std::move(stop));
  if (!patched) return base::Propagate(patched, "patching Secret " + name);
  return {};
}

Result<void> SecretFiles::Write(const kube::Client& client, const DMCluster& want, const Issued& issued, std::stop_token stop) const {
  if (issued.write_authorities) {
    Json notes = Json::object();
    if (!issued.held.authorities->asked_for.empty()) notes[kRotateAuthorityAt] = issued.held.authorities->asked_for;
    const auto put = Put(client, want, AuthoritySecretName(want), "Opaque", ToData(*issued.held.authorities), notes, stop);
    if (!put) return put;
  }
  for (const Purpose purpose : issued.write_leaves) {
    const Leaf& leaf = issued.held.leaves.at(purpose);
    const Json data = {{"ca.crt", base::Base64Encode(leaf.bundle)},
                       {"tls.crt", base::Base64Encode(leaf.pair.certificate_pem)},
                       {"tls.key", base::Base64Encode(leaf.pair.key_pem)}};
    if (auto put = Put(client, want, SecretName(want, purpose), "kubernetes.io/tls", data, Json::object(), stop); !put) return put;
  }
  return {};
}

}  // namespace dm::op::certificates
