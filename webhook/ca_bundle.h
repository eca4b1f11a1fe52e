// The caBundle of our entries in the ValidatingWebhookConfiguration: patched when it has drifted, and nothing but it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/client.h"

namespace dm::webhook {

// Which entries are ours: those of our Service, or those whose URL names one of our hosts.
struct EntryMatch {
  std::string service, ns;
  std::vector<std::string> hosts;
};

// The JSON patch (application/json-patch+json) that puts `bundle` into our entries; nullopt when all hold it already.
// Certificates of our own authority that another replica published and that still live are kept. kNotFound when no entry
// is ours. Pure.
base::Result<std::optional<base::Json>> BundlePatch(const base::Json& configuration, const EntryMatch& match,
                                                    const std::string& bundle_pem, base::WallTime now);

// True when something was written.
base::Result<bool> EnsureBundle(const kube::Client& client, const std::string& configuration, const EntryMatch& match,
                                const std::string& bundle_pem, base::WallTime now, std::stop_token stop = {});

}  // namespace dm::webhook
