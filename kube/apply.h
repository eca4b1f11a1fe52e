// Compare before write: an object is applied only when what lives differs from what is desired.
//
// Two questions, both must say "same" for nothing to be written: does the live object carry the hash of this desired
// object (so what *we* want has not changed, removals included), and does it still cover every desired field (so nobody
// changed it)? Pure but for ApplyIfNeeded.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "kube/client.h"

namespace dm::kube {

// Every field of `desired` is in `live` with an equal value; what only `live` has does not count. As the API server
// sees it:
//   quantities (requests, limits, capacity, sizeLimit, …) compare by value: "8Gi" equals "8589934592";
//   lists with a key (containers by name, ports by number and protocol, ownerReferences by uid, …) are matched by it,
//   in order, and may have more elements in `live` (another manager's, which an apply would leave alone); all others
//   must be as long; null, [] and the zero values that the server leaves out (hostNetwork: false, value: "") equal
//   "absent".
bool LiveCovers(const base::Json& desired, const base::Json& live);

// The first field where it does not, for logs: 'spec.replicas: wants 3, is 2'. Empty when live covers desired. What
// stands in `data` of a Secret or ConfigMap is never shown, only which key differs.
std::string FirstDifference(const base::Json& desired, const base::Json& live);

// `desired` with metadata.annotations[key] = hash of `desired` without that annotation.
base::Json WithHash(base::Json desired, const std::string& key);

struct ApplyIfNeededOptions {
  ApplyOptions apply;
  std::string hash_annotation;  // as "dm.pingcap.com/applied-hash"; required
  // Binds the write to the live object's uid: one that was recreated in the meantime is a conflict, not overwritten.
  bool pin_uid = true;
};

struct Applied {
  bool written = false;
  std::string why;    // "it does not exist", "what is desired has changed", or the first difference
  base::Json object;  // what the server answered, with its resourceVersion; null when not written
};

// The whole step. `live` null: it does not exist.
base::Result<Applied> ApplyDesired(const Client& client, const Resource& resource, const base::Json& desired,
                                   const base::Json* live, const ApplyIfNeededOptions& options,
                                   std::stop_token stop = {});

// The same, when only "was it written?" matters.
base::Result<bool> ApplyIfNeeded(const Client& client, const Resource& resource, const base::Json& desired,
                                 const base::Json* live, const ApplyIfNeededOptions& options,
                                 std::stop_token stop = {});

}  // namespace dm::kube
