// The replicated state of the stand-in's cluster and what DM's scheduler does to it: pure functions on a JSON value.
//
// {"clusterID": "…", "members": [{"id","name","peerURLs","clientURLs"}], "leader": {"id","name","addr"} | null,
//  "workers": {name: {"addr","stage","source","relay"}}, "sources": {name: {config, "worker", "relayWorkers", "lastWorker"}},
//  "tasks": tasks.h, "journal": journal.h}
// Errors carry DM's own texts and codes, as recorded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "tests/dmserver/consensus.h"

namespace dm::standin {

struct DmError {
  int code = 0;             // 0: an error of etcd, without a code
  std::string message;      // as DM prints it, code included
};
using Outcome = std::optional<DmError>;      // nullopt: done

// etcd's way: sha1 over the peer URLs and the token, and the second for a member that was added later. Initial members'
// ids therefore repeat wherever the same URLs are used.
MemberId MemberIdFor(std::vector<std::string> peer_urls, std::optional<std::int64_t> added_at_unix);

struct InitialMember {
  std::string name, peer_url;
};
base::Json InitialState(const std::vector<InitialMember>& members);

base::Json* FindMember(base::Json& state, const std::string& name);
const base::Json* FindMember(const base::Json& state, const std::string& name);
const base::Json* FindMemberById(const base::Json& state, MemberId id);

// Workers.
Outcome RegisterWorker(base::Json& state, const std::string& name, const std::string& addr);
Outcome DeleteWorker(base::Json& state, const std::string& name);
bool WorkerAlive(base::Json& state, const std::string& name);     // offline → free; true when it changed something
bool WorkerGone(base::Json& state, const std::string& name);      // → offline, its source unbound
bool BindSources(base::Json& state);                              // every unbound source to a worker by DM's order of choice

// Sources.
Outcome AddSource(base::Json& state, const base::Json& source, const std::string& worker);
Outcome DeleteSource(base::Json& state, const std::string& name, bool force = false);
Outcome TransferSource(base::Json& state, const std::string& source, const std::string& worker);
Outcome SetRelay(base::Json& state, const std::string& source, bool on, std::vector<std::string> workers);

DmError NoSuchMaster(const std::string& name);
DmError NoSuchSource(const std::string& name);

}  // namespace dm::standin
