// The authority's Secret: created if absent, kept otherwise, rotated in time. Several replicas may do so at once: the API
// server lets one win, the others read what it wrote. Blocking.
#pragma once

#include <string>

#include "kube/client.h"
#include "webhook/authority.h"

namespace dm::webhook {

struct SecretPlace {
  std::string ns, name;
  std::string common_name;     // of the authority's certificate
};

// kInvalid when the Secret is there but neither ours nor empty: it is never overwritten.
base::Result<Authorities> EnsureAuthorities(const kube::Client& client, const SecretPlace& place, base::WallTime now,
                                            std::stop_token stop = {});

}  // namespace dm::webhook
