// Observe: from the stores to Observed, for one cluster. No request is made here.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "dm/cluster.h"
#include "dm/requirements/evaluate.h"
#include "dm/requirements/view.h"
#include "operator/lifecycle/observed.h"
#include "operator/members/reader.h"
#include "operator/stores.h"

namespace dm::op {

// Children, pods and claims of the cluster. `reads` may be null: nothing has been read yet.
lifecycle::Observed Observe(const Stores& stores, const DMCluster& want, const std::shared_ptr<const members::Reads>& reads,
                            const requirements::ClusterView& view);

// The masters that can be asked, by their pods' addresses; ready ones first.
members::Target TargetOf(const DMCluster& want, const std::map<int, kube::api::Pod>& masters, const members::Credentials& credentials,
                         bool subtasks);

// An administrator has said that the node is down and stays down (node.kubernetes.io/out-of-service).
bool OutOfService(const kube::api::Node& node);

// What the rules want to know of the running cluster.
requirements::LiveFacts LiveFactsOf(const DMCluster& want, const lifecycle::Observed& seen);

}  // namespace dm::op
