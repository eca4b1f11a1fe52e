// What DM says of itself, as values. Everything in here came from a tenant's pod: bounded when parsed, never trusted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "operator/members/known.h"

namespace dm::op::members {

struct Master {
  std::string name;
  std::string id;                        // 64-bit member id, decimal
  bool alive = false;                    // the answering master reaches it; not yet a word on its health
  std::string peer_url, client_url;      // the first of each
  bool operator==(const Master&) const = default;
};

struct Worker {
  std::string name, addr;
  std::string stage;                     // offline | free | bound | relay
  std::string source;                    // bound source; empty: none
  bool operator==(const Worker&) const = default;
};

struct Leader {
  std::string name, addr;                // name empty: DM has no leader now
  bool operator==(const Leader&) const = default;
};

// One answer of the member list. Sorted by name.
struct Roster {
  Leader leader;
  std::vector<Master> masters;
  std::vector<Worker> workers;
  std::string answered_by;               // the pod that said so

  const Master* FindMaster(const std::string& name) const;
  const Worker* FindWorker(const std::string& name) const;
  bool operator==(const Roster&) const = default;
};

struct Source {
  std::string name;
  std::string worker;                    // empty: not bound
  bool relay = false;
  std::vector<std::string> tasks;        // names only
  std::vector<std::string> relayers{};   // workers that pull its relay log, the bound one among them
  bool operator==(const Source&) const = default;
};

// One subtask: which worker does what for which source.
struct Subtask {
  std::string task, source, worker, stage, unit;   // stage Running, Paused, …; unit Dump, Load, Sync; all empty: its worker does not answer
  bool failed = false;                   // with an error: Paused then is nobody's wish
  bool operator==(const Subtask&) const = default;
};

// All that was read of one cluster in one go.
struct Reads {
  Known<Roster> roster;
  Known<std::string> cluster_id;                   // decimal, of the pod that gave the roster
  std::map<std::string, Known<bool>> health;       // by master pod that has an address: its own /health
  Known<std::vector<Source>> sources;
  Known<std::vector<Subtask>> subtasks;            // read only when somebody asked for it
  // Not part of a comparison:
  base::TimePoint at{};                            // every answer that somebody is healthy, and the roster, came after this
  bool current = false;                            // of the pods as they are now, and nothing was changed since
  std::map<std::string, base::TimePoint> healthy_since;   // by pod: healthy in every reading since then
  std::optional<base::TimePoint> leaderless_since;        // masters are healthy and nobody leads, in every reading since then

  // The pod answered that it is healthy: unknown counts as no.
  bool Healthy(const std::string& pod) const;
  // Same facts, whenever they were read.
  bool SameAs(const Reads& other) const;
};

}  // namespace dm::op::members
