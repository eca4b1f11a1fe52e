// The authorities of one DM cluster, as they lie in one Secret: the newest, and the one before it while pods may still trust or
// show what it signed. Pure.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "net/tls.h"

namespace dm::op::certificates {

// DM reads its authority file only when it starts, so another authority costs a rolling restart: a long life. Leaves are read
// anew at each connection: a short one.
inline constexpr auto kAuthorityLife = std::chrono::hours(24 * 365 * 5);
inline constexpr auto kLeafLife = std::chrono::hours(24 * 90);

struct Authorities {
  net::KeyPair newest;
  net::KeyPair previous;          // empty: none; without a key when that was lost: trusted, but signs nothing
  std::string asked_for;          // the user's word (kRotateAuthorityAt) for which the newest was made
};

// Set by the user on a DMCluster to a new value (a time, by custom): the authority is replaced once.
inline constexpr const char* kRotateAuthorityAt = "dm.pingcap.com/rotateAuthorityAt";

// Keys ca.crt, ca.key, previous.crt, previous.key. kInvalid when there is no usable pair.
base::Result<Authorities> FromSecret(const base::Json& secret);
base::Json ToData(const Authorities& authorities);      // null for what must not be there

base::Result<net::KeyPair> NewAuthority(const std::string& cluster, base::WallTime now);
// Goes on the pod templates: pods that carry it trust `authority`. Empty for text that is no certificate.
std::string MarkOf(const net::KeyPair& authority);

// Times of the first certificate of a PEM text; the epoch when it is none, which makes it long dead.
struct Life {
  base::WallTime from{}, until{};
  bool Holds(base::WallTime now) const { return from <= now && now < until; }   // not made by a clock that was ahead
  base::WallTime MadeAt() const { return from + net::kClockSkew; }
  base::WallTime RenewAt() const { return net::RenewAt(from, until); }
};
Life LifeOf(const std::string& certificate_pem);

}  // namespace dm::op::certificates
