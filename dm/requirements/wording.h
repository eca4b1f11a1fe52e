// Words that several rules use, so that the same thing is always called the same. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dm/requirements/context.h"
#include "dm/requirements/minimums.h"

namespace dm::requirements {

std::string PathOf(Role role);                                  // spec.worker
std::string Kind(Role role, Environment environment);           // "a production DM-worker", "the development monitor"
std::string Plural(std::int64_t count, std::string_view noun);  // "1 node", "3 nodes"
std::string List(const std::vector<std::string>& names, std::size_t most = 5);   // "a, b and 3 more"
std::string Quoted(std::string_view text);                      // "text", printable and bounded

std::string Gigabytes(kube::api::Quantity bytes);               // "200 GB" for whole decimal GB, else "186.3Gi" as written
// What to write to satisfy a floor: the binary unit of the same number, "200Gi" for 200 GB.
std::string Suggest(kube::api::Quantity floor, Resource resource);

// What NameLength leaves for a cluster's name where it has all roles.
std::size_t LongestClusterName();

// The value of a quantity as the user wrote it (`path` below the component), else its canonical text.
std::string Written(const base::Json& object, std::initializer_list<std::string_view> path, kube::api::Quantity value);

// ", or use a namespace whose environment is development": only where development's figures would do and can be had.
std::string OrDevelopment(const Context& context, bool enough_for_development);

}  // namespace dm::requirements
