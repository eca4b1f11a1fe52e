// kubeconfig files: reading a list of them, merging as kubectl does, and resolving one context.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"
#include "kube/config.h"

namespace dm::kube {

// One named entry, and the file it stands in: relative paths inside are relative to that file.
struct KubeconfigEntry {
  base::Json value;  // the cluster, user or context object itself
  std::string file;
  std::string path;  // "users[admin].user", for messages
};

struct Kubeconfig {
  std::map<std::string, KubeconfigEntry> clusters, users, contexts;
  std::string current_context;
  std::vector<std::string> files;  // that were read
};

// The first file wins for each name and for current-context. Missing files are skipped when `skip_missing`.
base::Result<Kubeconfig> ReadKubeconfig(const std::vector<std::string>& files, bool skip_missing);

// The configuration of the chosen (options.context) or current context, with the overrides of `options`.
base::Result<Config> ResolveKubeconfig(const Kubeconfig& kubeconfig, const ConfigOptions& options);

// kInvalid unless `url` is https://host[:port][/path] (or http://); `where` begins the message.
base::Result<void> CheckServerUrl(const std::string& url, const std::string& where);

}  // namespace dm::kube
