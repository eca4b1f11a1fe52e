// `kubectl dm init`: a first manifest that meets the requirements, with a word on every figure.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"
#include "dm/words.h"
#include "kube/api/quantity.h"

namespace dm::cli {

struct InitUpstream {
  std::string name;
  kube::api::Quantity size;
};

struct InitOptions {
  std::string name = "dm";
  std::string ns;
  std::string storage_class;
  std::string version = "v8.5.7";
  Environment environment = Environment::kProduction;
  std::vector<InitUpstream> upstreams;
};

// "orders=300Gi,users=50Gi"; kInvalid names the part.
base::Result<std::vector<InitUpstream>> ParseUpstreams(const std::vector<std::string>& parts);
// A name or version with which no DMCluster would be accepted: kInvalid, naming the flag.
base::Result<void> CheckInit(const InitOptions& options);
std::string Manifest(const InitOptions& options);

}  // namespace dm::cli
