#include "kube/kubeconfig.h"

#include <filesystem>
#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "base/yaml.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;

constexpr std::size_t kMaxFile = 4u << 20;
constexpr std::size_t kMaxMaterial = 1u << 20;  // certificates, keys, tokens

tl::unexpected<base::Error> Wrong(const KubeconfigEntry& entry, const std::string& field, const std::string& what) {
  return base::Fail(Code::kInvalid, "kubeconfig " + entry.file + ": " + entry.path + "." + field + ": " + what);
}

// A text field; "" when absent.
base::Result<std::string> Text(const KubeconfigEntry& entry, const std::string& field) {
  const Json* value = base::Find(entry.value, field);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string())
    return Wrong(entry, field, "must be a string, is " + base::Printable(base::DumpJson(*value), 60));
  return value->get<std::string>();
}

std::string Beside(const KubeconfigEntry& entry, const std::string& path) {
  return (std::filesystem::path(entry.file).parent_path() / path).lexically_normal().string();
}

// What stands in `field`-data (base64) or in the file that `field` names; -data wins. `file` is set to that file.
base::Result<std::string> Material(const KubeconfigEntry& entry, const std::string& field,
                                   std::string* file = nullptr) {
  auto data = Text(entry, field + "-data");
  if (!data) return base::Propagate(data);
  if (!data->empty()) {
    auto decoded = base::Base64Decode(*data);
    if (!decoded) return Wrong(entry, field + "-data", "is not base64");
    return std::move(*decoded);
  }
  auto path = Text(entry, field);
  if (!path) return base::Propagate(path);
  if (path->empty()) return std::string();
  const std::string full = Beside(entry, *path);
  auto content = base::ReadFile(full, kMaxMaterial);
  if (!content) return Wrong(entry, field, content.error().ToString());
  if (file != nullptr) *file = full;
  return content;
}

struct Unsupported {
  const char* field;
  const char* instead;
};
constexpr Unsupported kUserFields[] = {
    {"exec", "credential plugins are not run; use a token (kubectl create token) or a client certificate"},
    {"auth-provider", "it was removed from Kubernetes 1.26; use a token or a client certificate"},
    {"username", "the API server no longer takes passwords; use a token or a client certificate"},
    {"password", "the API server no longer takes passwords; use a token or a client certificate"},
    {"as", "impersonation is not supported; use the credentials of that user"},
    {"as-uid", "impersonation is not supported; use the credentials of that user"},
    {"as-groups", "impersonation is not supported; use the credentials of that user"},
    {"as-user-extra", "impersonation is not supported; use the credentials of that user"},
};
constexpr Unsupported kClusterFields[] = {
    {"proxy-url", "proxies are not supported; use an address that is reached directly"},
};

template <std::size_t N>
base::Result<void> RefuseUnsupported(const KubeconfigEntry& entry, const Unsupported (&fields)[N]) {
  for (const auto& [field, instead] : fields) {
    const Json* value = base::Find(entry.value, field);
    if (value == nullptr || value->is_null()) continue;
    if (value->is_string() && value->get_ref<const std::string&>().empty()) continue;
    return Wrong(entry, field, std::string("is not supported: ") + instead);
  }
  return {};
}

base::Result<void> TakeEntries(const Json& document, const std::string& file, const char* list, const char* inner,
                               std::map<std::string, KubeconfigEntry>& into) {
  const Json* entries = base::Find(document, list);
  if (entries == nullptr || entries->is_null()) return {};
  if (!entries->is_array()) return base::Fail(Code::kInvalid, "kubeconfig " + file + ": " + list + ": must be a list");
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const Json& entry = (*entries)[i];
    const std::string name = base::GetStringOr(entry, "name");
    if (name.empty()) {
      return base::Fail(Code::kInvalid, "kubeconfig " + file + ": " + list + "[" + std::to_string(i) +
                                            "].name: must be a non-empty string");
    }
    const Json* value = base::Find(entry, inner);
    if (value != nullptr && !value->is_null() && !value->is_object()) {
      return base::Fail(Code::kInvalid,
                        "kubeconfig " + file + ": " + list + "[" + name + "]." + inner + ": must be an object");
    }
    const bool given = value != nullptr && value->is_object();
    into.try_emplace(
        name, KubeconfigEntry{given ? *value : Json::object(), file, std::string(list) + "[" + name + "]." + inner});
  }
  return {};
}

base::Result<void> TakeFile(const std::string& file, const std::string& text, Kubeconfig& into) {
  auto documents = base::ParseYaml(text);
  if (!documents) return base::Propagate(documents, "kubeconfig " + file);
  into.files.push_back(file);
  if (documents->empty()) return {};  // an empty file is an empty kubeconfig
  if (documents->size() > 1) {
    return base::Fail(Code::kInvalid, "kubeconfig " + file + ": holds " + std::to_string(documents->size()) +
                                          " documents, expected one");
  }
  const Json& document = documents->front().value;
  const std::string kind = base::GetStringOr(document, "kind", "Config");
  if (!document.is_object() || kind != "Config") {
    return base::Fail(Code::kInvalid, "kubeconfig " + file + ": is no kubeconfig (kind: " + base::Printable(kind, 60) +
                                          ", expected Config)");
  }
  if (into.current_context.empty()) into.current_context = base::GetStringOr(document, "current-context");
  if (auto taken = TakeEntries(document, file, "clusters", "cluster", into.clusters); !taken) return taken;
  if (auto taken = TakeEntries(document, file, "users", "user", into.users); !taken) return taken;
  return TakeEntries(document, file, "contexts", "context", into.contexts);
}

// The entry called `name`, or an error that says what there is.
base::Result<const KubeconfigEntry*> Pick(const std::map<std::string, KubeconfigEntry>& entries,
                                          const std::string& name, const std::string& what,
                                          const std::string& asked_by) {
  auto it = entries.find(name);
  if (it != entries.end()) return &it->second;
  std::vector<std::string> names;
  for (const auto& [known, entry] : entries) names.push_back(known);
  return base::Fail(Code::kInvalid, asked_by + ": there is no " + what + " \"" + name + "\"; there " +
                                        (names.empty() ? "are none" : "are: " + base::Join(names, ", ")));
}

base::Result<void> TakeCluster(const KubeconfigEntry& entry, Config& config) {
  if (auto supported = RefuseUnsupported(entry, kClusterFields); !supported) return supported;
  auto server = Text(entry, "server");
  if (!server) return base::Propagate(server);
  config.server = *server;
  auto name = Text(entry, "tls-server-name");
  if (!name) return base::Propagate(name);
  config.server_name = *name;
  auto authority = Material(entry, "certificate-authority", &config.authority_file);
  if (!authority) return base::Propagate(authority);
  config.authority_pem = std::move(*authority);
  if (const Json* insecure = base::Find(entry.value, "insecure-skip-tls-verify")) {
    if (!insecure->is_boolean()) {
      return Wrong(entry, "insecure-skip-tls-verify",
                   "must be true or false, is " + base::Printable(base::DumpJson(*insecure), 60));
    }
    config.insecure = insecure->get<bool>();
  }
  if (config.insecure && !config.authority_pem.empty()) {
    return Wrong(entry, "insecure-skip-tls-verify",
                 "must not be true together with a certificate-authority; remove one of them");
  }
  return {};
}

base::Result<void> TakeUser(const KubeconfigEntry& entry, Config& config) {
  if (auto supported = RefuseUnsupported(entry, kUserFields); !supported) return supported;
  auto certificate = Material(entry, "client-certificate", &config.certificate_file);
  if (!certificate) return base::Propagate(certificate);
  auto key = Material(entry, "client-key", &config.key_file);
  if (!key) return base::Propagate(key);
  if (certificate->empty() != key->empty()) {
    const std::string missing = key->empty() ? "client-key" : "client-certificate";
    return Wrong(entry, missing, "is missing; a client certificate and its key go together");
  }
  config.certificate_pem = std::move(*certificate);
  config.key_pem = std::move(*key);
  auto file = Text(entry, "tokenFile");
  if (!file) return base::Propagate(file);
  if (!file->empty()) {  // wins over a fixed token, as it is the one that is renewed
    config.token_file = Beside(entry, *file);
    if (auto readable = base::ReadFile(config.token_file, kMaxMaterial); !readable) {
      return Wrong(entry, "tokenFile", readable.error().ToString());
    }
    return {};
  }
  auto token = Text(entry, "token");
  if (!token) return base::Propagate(token);
  config.token = base::Trim(*token);
  return {};
}

}  // namespace

base::Result<void> CheckServerUrl(const std::string& url, const std::string& where) {
  const auto wrong = [&](const std::string& what) {
    return base::Fail(Code::kInvalid,
                      where + ": \"" + base::Printable(url) + "\" " + what + "; expected https://host:port");
  };
  std::string_view rest = url;
  if (base::StartsWith(rest, "https://")) {
    rest.remove_prefix(8);
  } else if (base::StartsWith(rest, "http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong("has no scheme that is known");
  }
  if (rest.find_first_of("?#@ \t\r\n") != std::string_view::npos)
    return wrong("has more than a host, a port and a path");
  const std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view host = authority, port;
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    const auto number = base::ParseInt(port);
    if (!number || *number < 1 || *number > 65535) return wrong("has a port that is no number from 1 to 65535");
  }
  if (host.empty() || (host.front() == '[') != (host.back() == ']')) return wrong("has no host");
  if (host.front() == '[') return wrong("has an IPv6 address, which the HTTP client cannot dial; use a name");
  if (host.find(':') != std::string_view::npos) return wrong("has an IPv6 address without brackets");
  return {};
}

base::Result<Kubeconfig> ReadKubeconfig(const std::vector<std::string>& files, bool skip_missing) {
  Kubeconfig result;
  for (const std::string& file : files) {
    auto text = base::ReadFile(file, kMaxFile);
    if (!text) {
      if (text.error().code == Code::kNotFound && skip_missing) continue;
      base::Error error = text.error();
      error.code = Code::kInvalid;  // it was asked for by name
      return base::Wrap(std::move(error), "kubeconfig " + file);
    }
    if (auto taken = TakeFile(file, *text, result); !taken) return base::Propagate(taken);
  }
  return result;
}

base::Result<Config> ResolveKubeconfig(const Kubeconfig& kubeconfig, const ConfigOptions& options) {
  const std::string source = "kubeconfig " + base::Join(kubeconfig.files, ":");
  Config config;
  config.source = source;
  std::string cluster = options.cluster, user = options.user;
  const std::string context = options.context.empty() ? kubeconfig.current_context : options.context;
  if (!context.empty()) {
    auto entry = Pick(kubeconfig.contexts, context, "context",
                      options.context.empty() ? source + ": current-context" : "--context");
    if (!entry) return base::Propagate(entry);
    config.source += ", context " + context;
    for (const auto& [field, into] :
         {std::pair("cluster", &cluster), std::pair("user", &user), std::pair("namespace", &config.ns)}) {
      auto text = Text(**entry, field);
      if (!text) return base::Propagate(text);
      const bool overridden = into != &config.ns && !into->empty();
      if (!text->empty() && !overridden) *into = *text;
    }
  } else if (cluster.empty() && options.server.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, entry] : kubeconfig.contexts) names.push_back(name);
    return base::Fail(Code::kInvalid, source + ": current-context is not set; choose a context with --context" +
                                          (names.empty() ? " (the file has none)" : ": " + base::Join(names, ", ")));
  }
  const std::string of_context = "context \"" + context + "\"";
  if (!cluster.empty()) {
    auto entry = Pick(kubeconfig.clusters, cluster, "cluster",
                      options.cluster.empty() ? source + ": " + of_context : "--cluster");
    if (!entry) return base::Propagate(entry);
    if (auto taken = TakeCluster(**entry, config); !taken) return base::Propagate(taken);
    if (options.server.empty()) {
      if (auto sound =
              CheckServerUrl(config.server, "kubeconfig " + (*entry)->file + ": " + (*entry)->path + ".server");
          !sound) {
        return base::Propagate(sound);
      }
    }
  } else if (options.server.empty()) {
    return base::Fail(Code::kInvalid, source + ": " + of_context + ": names no cluster");
  }
  if (!user.empty()) {
    auto entry = Pick(kubeconfig.users, user, "user", options.user.empty() ? source + ": " + of_context : "--user");
    if (!entry) return base::Propagate(entry);
    if (auto taken = TakeUser(**entry, config); !taken) return base::Propagate(taken);
  }
  return config;
}

}  // namespace dm::kube
