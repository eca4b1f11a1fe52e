// What each provisioner's parameters say about the medium: one row a provisioner. Constant data, for disk.cc only.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "dm/requirements/policy.h"

namespace dm::requirements {

struct Medium {
  std::string_view value;        // lower case
  DiskGrade grade;
};

struct Provisioner {
  std::string_view name;                         // whole; a leading "*." or "*-" matches any prefix
  std::span<const std::string_view> parameters;  // lower case; the first that is set counts
  std::string_view otherwise;                    // value when none is set; empty: unknown
  std::span<const Medium> media;                 // empty: `fixed` is the answer
  DiskGrade fixed;
  bool size_enforced;
  bool list;                                     // a comma list is an order of fallback: the weakest counts
  std::string_view word;                         // what `fixed` rests on
};

std::span<const Provisioner> Provisioners();
const Provisioner* FindProvisioner(std::string_view name);

}  // namespace dm::requirements
