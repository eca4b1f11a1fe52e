// `kubectl dm render`: the objects that a DMCluster stands for, as YAML.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace dm::cli {

struct RenderOptions {
  std::vector<std::string> files;
  std::string policy;              // decides the environment where the object does not
  std::string ns;                  // of objects that name none
  std::string cluster_domain;      // empty: short names
};

int RunRender(const RenderOptions& options, std::ostream& out, std::ostream& err);

}  // namespace dm::cli
