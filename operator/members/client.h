// MemberClient: DM's own API, spoken to one member. Blocking; each call is bounded by a timeout, because a master without a
// quorum does not answer at all. GET /api/v1/tasks is not here on purpose: it returns target passwords in clear.
//
// Thread-safe when its Transport is. Errors: see parse.h; kTimeout and kUnavailable come from the transport too.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "dm/words.h"
#include "net/transport.h"
#include "operator/members/parse.h"
#include "operator/members/types.h"

namespace dm::op::members {

// Where a member is: dialled by its pod's IP, verified and named by its DNS name.
struct Address {
  std::string pod;
  std::string ip;
  std::uint16_t port = 0;
  std::string host_name;                 // <pod>.<peer service>.<namespace>.svc
  std::string incarnation;               // pod UID and restarts: another value is another process
  bool ready = false;                    // as Kubernetes sees it: a change is a reason to ask
  bool operator==(const Address&) const = default;
};

// Client certificate and trust of one cluster's members; all empty: plain HTTP.
struct Credentials {
  bool tls = false;
  std::string authority_pem, certificate_pem, key_pem;
  bool operator==(const Credentials&) const = default;
};

// The seam: production dials with net::NewMemberTransport, tests answer from a script.
using Dialer = std::function<std::unique_ptr<net::Transport>(const Address&, const Credentials&)>;
Dialer DefaultDialer();

class MemberClient {
 public:
  explicit MemberClient(std::unique_ptr<net::Transport> transport, base::Duration timeout = std::chrono::seconds(2));

  // `timeout` instead of the client's, when longer: the master asks each of the others in turn, and waits a second for one that is gone.
  base::Result<Roster> List(std::stop_token stop, base::Duration timeout = {}) const;
  base::Result<bool> Health(std::stop_token stop) const;
  base::Result<std::string> ClusterId(std::stop_token stop) const;
  base::Result<std::vector<Source>> Sources(std::stop_token stop) const;
  base::Result<std::vector<Subtask>> Subtasks(const std::string& task, std::stop_token stop) const;

  // Acts on the addressed master only: send it to the leader's own pod.
  base::Result<void> EvictLeader(std::stop_token stop) const;
  base::Result<void> CancelEvict(std::stop_token stop) const;
  // Forgets a member. "Not known" is success. Of the leader itself DM answers an error although it is removed: look at
  // the list afterwards, whatever came back.
  base::Result<void> Delete(Role role, const std::string& name, std::stop_token stop) const;
  // Binds a source to a free worker. DM answers when it has moved: at once without a running task, else after it has paused
  // them (10 s), and starts them again then. `timeout` instead of the client's: a connection that is cut does not undo it.
  base::Result<void> TransferSource(const std::string& source, const std::string& worker, base::Duration timeout, std::stop_token stop) const;
  // Starts a task on one source. It is no error that it runs already.
  base::Result<void> StartTask(const std::string& task, const std::string& source, std::stop_token stop) const;

 private:
  base::Result<net::Response> Send(const std::string& method, const std::string& target, std::stop_token stop, base::Duration timeout = {}) const;
  base::Result<void> Post(const std::string& target, const base::Json& body, base::Duration timeout, std::stop_token stop) const;

  std::unique_ptr<net::Transport> transport_;
  base::Duration timeout_;
};

}  // namespace dm::op::members
