// Certificates that cert-manager issues: we say what is needed, as Certificate objects of ours; the keys never pass through us.
// Blocking.
#pragma once

#include <stop_token>

#include "kube/client.h"
#include "operator/certificates/secrets.h"

namespace dm::op::certificates {

extern const kube::Resource kCertificates;

// The object for one Secret, with the same names as our own leaves. Pure.
base::Json CertificateObject(const DMCluster& want, Purpose purpose);

struct Requested {
  bool written = false;
  std::optional<Obstacle> obstacle;      // absent: every Certificate is Ready
};
base::Result<Requested> Request(const kube::Client& client, const DMCluster& want, std::stop_token stop);

}  // namespace dm::op::certificates
