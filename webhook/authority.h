// The authority that signs serving certificates: two key pairs at most, as they lie in one Secret. Pure.
//
// Rotation never leaves a moment in which somebody distrusts us: a new authority first appears in the published bundle, next
// to the old one; only kSettle later do replicas sign with it; the old one leaves the bundle when it expires.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "net/tls.h"

namespace dm::webhook {

inline constexpr auto kAuthorityLife = std::chrono::hours(24 * 365);
inline constexpr auto kLeafLife = std::chrono::hours(24 * 7);
inline constexpr auto kSettle = std::chrono::minutes(10);       // a changed configuration takes seconds to be in force everywhere

struct Authorities {
  net::KeyPair current;
  std::optional<net::KeyPair> previous;
};

// Keys ca.crt, ca.key, previous.crt, previous.key of a Secret's data. kInvalid when there is no usable pair.
base::Result<Authorities> FromSecret(const base::Json& secret);
base::Json ToSecretData(const Authorities& authorities);

base::Result<Authorities> NewAuthorities(const std::string& common_name, base::WallTime now);
// At two thirds of its life, or when it has expired.
bool WantsRotation(const Authorities& authorities, base::WallTime now);
// The current one becomes the previous one, if it still lives.
base::Result<Authorities> Rotate(const Authorities& authorities, const std::string& common_name, base::WallTime now);

// What the API server is to trust: all that live, newest first.
std::string BundleOf(const Authorities& authorities, base::WallTime now);
// Who signs now.
const net::KeyPair& SignerOf(const Authorities& authorities, base::WallTime now);

}  // namespace dm::webhook
