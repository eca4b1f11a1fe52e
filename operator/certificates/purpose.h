// What certificates a DM cluster needs, what they are called and whom they name. Pure.
//
// The Secrets have TiDB Operator v1's names, so that pods mount the same ones whoever fills them.
#pragma once

#include <array>
#include <string>

#include "dm/cluster.h"
#include "net/tls.h"

namespace dm::op::certificates {

enum class Purpose { kMaster, kWorker, kClient };   // kClient: ours, dmctl's and the monitor's
inline constexpr std::array<Purpose, 3> kPurposes = {Purpose::kMaster, Purpose::kWorker, Purpose::kClient};

std::string SecretName(const DMCluster& want, Purpose purpose);       // <dc>-dm-master-cluster-secret, …
std::string AuthoritySecretName(const DMCluster& want);               // <dc>-dm-authority: key and certificate of our own authority

// Members are dialled by pod, by headless service and by the client service, with and without namespace. A master also judges
// the *source address* of its peers: it must be that of an exact name in their certificate, so the headless names stand there
// besides the wildcards.
net::CertificateNames NamesOf(const DMCluster& want, Purpose purpose);
inline bool Serves(Purpose purpose) { return purpose != Purpose::kClient; }   // every one of them is a client as well

}  // namespace dm::op::certificates
