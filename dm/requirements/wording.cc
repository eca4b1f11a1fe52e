#include "dm/requirements/wording.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"

namespace dm::requirements {

using kube::api::Quantity;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;

}  // namespace

std::string PathOf(Role role) { return "spec." + std::string(RoleName(role)); }

std::string Kind(Role role, Environment environment) {
  const std::string name(EnvironmentName(environment));
  if (role == Role::kMonitor) return "the " + name + " monitor";
  return "a " + name + " " + std::string(RoleTitle(role));
}

std::string Plural(std::int64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string List(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + base::Printable(names[i], 80);
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

std::string Quoted(std::string_view text) { return "\"" + base::Printable(text, 120) + "\""; }

std::string Gigabytes(Quantity bytes) {
  const Quantity gigabyte = Quantity::FromUnits(kGB);
  if (bytes.nano() % gigabyte.nano() == 0) return std::to_string(bytes.Value() / kGB) + " GB";
  return bytes.ToString();
}

std::string Suggest(Quantity floor, Resource resource) {
  if (resource == Resource::kCpu || resource == Resource::kInstances) return floor.ToString();
  const Quantity gigabyte = Quantity::FromUnits(kGB);
  if (floor.nano() % gigabyte.nano() == 0) return std::to_string(floor.Value() / kGB) + "Gi";
  return floor.ToString();
}

std::string Written(const base::Json& object, std::initializer_list<std::string_view> path, Quantity value) {
  const base::Json* found = base::FindPath(object, path);
  if (found != nullptr && found->is_string()) return base::Printable(base::Trim(found->get_ref<const std::string&>()), 60);
  return value.ToString();
}

std::string OrDevelopment(const Context& context, bool enough_for_development) {
  if (!context.production() || !enough_for_development) return {};
  if (context.now.effective.stricter) return ", or take spec.environment away: this namespace is one for development";
  if (context.now.effective.pinned || !context.policy.object_may_choose) {
    return ", or use a namespace whose environment is development";
  }
  return ", or set spec.environment to development";
}

}  // namespace dm::requirements
