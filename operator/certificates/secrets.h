// The Secrets of a cluster whose certificates we issue: read one by one, by name; written only where they are our own. Ours is
// what carries our label and belongs to this very DMCluster. Blocking.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "kube/client.h"
#include "operator/certificates/issue.h"

namespace dm::op::certificates {

// Why nothing may be done; for a person.
struct Obstacle {
  std::string reason, message;
};

class SecretFiles {
 public:
  // Reads all. An obstacle when one of them is somebody else's: then none is written.
  static base::Result<SecretFiles> Read(const kube::Client& client, const DMCluster& want, std::stop_token stop);

  const std::optional<Obstacle>& obstacle() const { return obstacle_; }
  const Held& held() const { return held_; }
  // The authority first: a key that has signed must not be lost. kConflict: somebody else was there in the meantime.
  base::Result<void> Write(const kube::Client& client, const DMCluster& want, const Issued& issued, std::stop_token stop) const;

 private:
  base::Result<void> Put(const kube::Client& client, const DMCluster& want, const std::string& name, const std::string& type,
                         const base::Json& data, const base::Json& notes, std::stop_token stop) const;

  std::map<std::string, base::Json> live_;      // metadata only, by name
  Held held_;
  std::optional<Obstacle> obstacle_;
};

// metadata of an object of ours: name, namespace, our label, the owner.
base::Json OwnMeta(const DMCluster& want, const std::string& name);
enum class Whose { kOurs, kOlderCluster, kOthers };
Whose WhoseIs(const base::Json& object, const DMCluster& want);

}  // namespace dm::op::certificates
