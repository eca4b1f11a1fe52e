// FileCertificates: certificates that somebody else issues (cert-manager, a person) into a directory: tls.crt, tls.key and,
// if it is there, ca.crt. Looked at each ten seconds, compared by content (Secret mounts swap symlinks); a pair that does
// not fit together or has vanished leaves the last good one in use.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "app/metrics.h"
#include "webhook/certificate_source.h"

namespace dm::webhook {

class FileCertificates final : public CertificateSource {
 public:
  using Read = std::function<base::Result<std::string>(const std::string& path)>;
  FileCertificates(std::string directory, base::Clock& clock, app::Metrics& metrics, Read read = {});
  ~FileCertificates() override;
  void Start() override;
  void Stop() override;
  void Tick();

 private:
  base::Result<ServingPtr> Load() const;

  const std::string directory_;
  base::Clock& clock_;
  const Read read_;
  app::Counter reads_, failures_;
  std::jthread thread_;
};

}  // namespace dm::webhook
