// What a kernel's release string (uname -r) tells about the system around it. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "dm/requirements/os_name.h"

namespace dm::requirements {

struct Kernel {
  OsFamily family = OsFamily::kOther;     // kOther: it does not say
  int el = 0;                             // the N of .elN; 0: no such kernel
  int el_minor = -1;                      // of .el8_4
  bool wsl = false;                       // Windows' own
};
Kernel ParseKernel(std::string_view release);

// The minor of RHEL or CentOS 7, 8, 9 or 10 that a stock kernel belongs to: 3.10.0-514.21.1.el7.x86_64 → 3.
// nullopt for any other kernel (elrepo, UEK, custom): it says nothing about the userspace.
std::optional<int> MinorFromKernel(int major, std::string_view release);

}  // namespace dm::requirements
