#include "webhook/authority_secret.h"

#include "base/log.h"

namespace dm::webhook {
namespace {

using base::Json;

constexpr int kTries = 5;
constexpr const char* kManagedBy = "app.kubernetes.io/managed-by";
constexpr const char* kUs = "dm-webhook";

Json NewSecret(const SecretPlace& place, const Authorities& authorities) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"name", place.name}, {"namespace", place.ns}, {"labels", {{kManagedBy, kUs}}}}},
          {"type", "Opaque"},
          {"data", ToSecretData(authorities)}};
}

bool MayOverwrite(const Json& secret) {
  const Json* data = base::Find(secret, "data");
  if (data == nullptr || data->empty()) return true;
  const Json* labels = base::FindPath(secret, {"metadata", "labels"});
  return labels != nullptr && base::GetStringOr(*labels, kManagedBy) == kUs;
}

// What the Secret should hold, when that differs from what it holds; nullopt: leave it.
struct Wanted {
  Authorities authorities;
  bool write = false;
};

base::Result<Wanted> Want(const Json& secret, const SecretPlace& place, base::WallTime now) {
  auto held = FromSecret(secret);
  if (held && !WantsRotation(*held, now)) return Wanted{std::move(*held), false};
  if (!MayOverwrite(secret)) {
    return base::Fail(base::Code::kInvalid,
                      "the Secret " + place.ns + "/" + place.name + " is in use for something else (" +
                          (held ? "its authority expires, but it is not labelled as ours" : held.error().ToString()) +
                          "): name another one with --ca-secret, or delete it");
  }
  if (!held && base::Find(secret, "data") != nullptr) {
    base::LogError("the authority's Secret was unusable; a new authority is made", {{"error", held.error().ToString()}});
  }
  auto next = held ? Rotate(*held, place.common_name, now) : NewAuthorities(place.common_name, now);
  if (!next) return base::Propagate(next);
  return Wanted{std::move(*next), true};
}

bool LostTheRace(const base::Error& error) { return error.code == base::Code::kConflict; }

}  // namespace

base::Result<Authorities> EnsureAuthorities(const kube::Client& client, const SecretPlace& place, base::WallTime now,
                                            std::stop_token stop) {
  const std::string doing = "keeping the Secret " + place.ns + "/" + place.name;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    auto secret = client.Get(kube::resources::kSecrets, place.ns, place.name, stop);
    if (!secret) {
      if (secret.error().code != base::Code::kNotFound) return base::Propagate(secret, doing);
      auto fresh = NewAuthorities(place.common_name, now);
      if (!fresh) return base::Propagate(fresh, doing);
      const auto created = client.Create(kube::resources::kSecrets, NewSecret(place, *fresh), false, stop);
      if (created) {
        base::LogInfo("a new authority signs for the webhook", {{"secret", place.ns + "/" + place.name}});
        return fresh;
      }
      if (!LostTheRace(created.error())) return base::Propagate(created, doing);
      continue;   // another replica was faster: take its
    }
    auto wanted = Want(*secret, place, now);
    if (!wanted) return base::Propagate(wanted);
    if (!wanted->write) return std::move(wanted->authorities);
    (*secret)["data"] = ToSecretData(wanted->authorities);
    (*secret)["metadata"]["labels"][kManagedBy] = kUs;
    const auto updated = client.Update(kube::resources::kSecrets, *secret, stop);
    if (updated) {
      base::LogInfo("the authority that signs for the webhook was renewed", {{"secret", place.ns + "/" + place.name}});
      return std::move(wanted->authorities);
    }
    if (!LostTheRace(updated.error())) return base::Propagate(updated, doing);
  }
  return base::Fail(base::Code::kUnavailable, doing + ": others write it faster than we can read it");
}

}  // namespace dm::webhook
