// Reconciler: one pass over one cluster. Stores and readings → Observed → plan → execution → status, if it differs. The order of
// things and nothing else; what is decided is decided in lifecycle/, what is said in status.h.
//
// Thread-safe for different clusters (the work queue hands a cluster to one worker at a time).
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "app/view_assembly.h"
#include "base/guarded.h"
#include "kube/client.h"
#include "kube/controller.h"
#include "kube/events.h"
#include "operator/certificates/keeper.h"
#include "operator/credentials.h"
#include "operator/execute.h"
#include "operator/expectations.h"
#include "operator/findings_gauge.h"
#include "operator/members/poller.h"
#include "operator/stores.h"

namespace dm::op {

struct ReconcilerOptions {
  base::Duration members_settled = std::chrono::seconds(30);    // how often members are asked while nothing is under way
  base::Duration members_busy = std::chrono::seconds(3);        // … and while something is
  base::Duration resync = std::chrono::minutes(10);             // a look without any event, in case one was lost
};

struct ReconcilerParts {
  const kube::Client& client;
  const Stores& stores;
  std::function<app::Surroundings()> surroundings;
  std::function<std::string()> policy_error;       // why the newest policy was refused; empty: it is in force
  members::Poller& poller;
  const Executor& executor;
  CredentialSource& credentials;
  certificates::Keeper& certificates;
  FindingsGauge& findings;
  std::function<void(const kube::ObjectReference&, bool warning, const std::string& reason, const std::string& message)> emit;
  base::Clock& clock;
};

class Reconciler {
 public:
  Reconciler(ReconcilerParts parts, ReconcilerOptions options) : parts_(std::move(parts)), options_(options), expectations_(parts_.clock) {}

  base::Result<kube::Requeue> Reconcile(const std::string& key, std::stop_token stop);
  // Objects that were created, changed or deleted so far; status writes.
  struct Writes {
    std::uint64_t objects = 0, statuses = 0;
  };
  Writes writes() const { return writes_.Copy(); }

 private:
  struct Pass;
  void Forget(const std::string& key);
  std::shared_ptr<const requirements::Policy> Unsoftened(const std::shared_ptr<const requirements::Policy>& policy);
  void KeepCertificates(Pass& pass, const DMCluster& want, std::stop_token stop);
  void Expect(const std::string& key, const std::string& ns, const Written& written);
  base::Result<void> WriteStatus(Pass& pass, std::stop_token stop);

  ReconcilerParts parts_;
  ReconcilerOptions options_;
  Expectations expectations_;
  base::Guarded<std::set<std::string>> subtasks_;       // clusters whose next step has to know what each worker does
  base::Guarded<Writes> writes_;
  struct PolicyPair {
    std::shared_ptr<const requirements::Policy> given, unsoftened;
  };
  base::Guarded<PolicyPair> policy_;
};

}  // namespace dm::op
