// Decide: one review, from question to reply, in the order that never locks a user out (requirements: ratchet). No lock is
// held while judging; the API server is asked only where LiveLookup says. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "app/view_assembly.h"
#include "webhook/live_lookup.h"
#include "webhook/reply.h"
#include "webhook/review.h"

namespace dm::webhook {

// What is known of the cluster, as functions so that tests need no watches.
struct Knowledge {
  std::function<app::Surroundings()> surroundings;
  std::function<std::string()> why_cold;            // empty: warm
  std::function<base::Duration()> node_silence;     // since the node watch's last word
};

struct Decision {
  Reply reply;
  std::string not_now;        // not empty: there is no verdict; the API server should ask again, and this is why
};

class Decider {
 public:
  Decider(Knowledge knowledge, const LiveLookup& lookup) : knowledge_(std::move(knowledge)), lookup_(lookup) {}
  Decision Decide(const Review& review) const;

 private:
  Decision DecideChange(const Review& review, const base::Json& now, const base::Json* before) const;
  Decision DecideScale(const Review& review) const;

  Knowledge knowledge_;
  const LiveLookup& lookup_;
};

}  // namespace dm::webhook
