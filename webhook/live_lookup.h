// The one exception to "admission does no I/O": what is asked of the API server itself, with a deadline of a second, where
// our caches would refuse something that may just have come to be (kubectl apply -f folder/), or where a `scale` request
// names an object that we do not hold. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "dm/requirements/evaluate.h"
#include "dm/requirements/view.h"
#include "kube/client.h"

namespace dm::webhook {

using ViewPtr = std::shared_ptr<const requirements::ClusterView>;

inline constexpr auto kLookupDeadline = std::chrono::seconds(1);

class LiveLookup {
 public:
  // `client` should give up after kLookupDeadline.
  explicit LiveLookup(const kube::Client& client) : client_(client) {}

  base::Result<base::Json> Cluster(const std::string& ns, const std::string& name) const;
  // The view with that namespace's labels in it; the same view when it does not exist.
  base::Result<ViewPtr> WithNamespace(const ViewPtr& view, const std::string& ns) const;
  base::Result<ViewPtr> WithClasses(const ViewPtr& view) const;
  base::Result<ViewPtr> WithNodes(const ViewPtr& view, const requirements::Policy& policy) const;
  // Claims of all roles of a cluster.
  base::Result<std::vector<requirements::LiveClaim>> Claims(const std::string& ns, const std::string& cluster) const;

 private:
  const kube::Client& client_;
};

}  // namespace dm::webhook
