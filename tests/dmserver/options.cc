#include "tests/dmserver/options.h"

#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "dm/toml.h"

namespace dm::standin {
namespace {

using base::Code;
using Setter = std::function<bool(const std::string&)>;

Setter Text(std::string& target) {
  return [&target](const std::string& value) {
    target = value;
    return true;
  };
}
Setter Flag(bool& target) {
  return [&target](const std::string& value) {
    target = value != "false";
    return value == "true" || value == "false";
  };
}
Setter Number(int& target) {
  return [&target](const std::string& value) {
    const auto number = base::ParseInt(value);
    if (number) target = static_cast<int>(*number);
    return number.has_value();
  };
}
Setter Ignored() {
  return [](const std::string&) { return true; };
}

struct Grammar {
  std::string kind;                          // "master config contained" | "worker config contains"
  std::map<std::string, Setter> options;     // flag and TOML key
  std::map<std::string, Setter> toml_only;
  std::vector<std::string> switches;         // flags that need no value
};

base::Result<void> ReadToml(const Grammar& grammar, const std::string& path) {
  const auto text = base::ReadFile(path);
  const auto toml = text ? ParseToml(*text) : base::Result<base::Json>(base::Fail(Code::kInvalid, "unreadable"));
  if (!toml) return base::Fail(Code::kInvalid, "parse cmd flags err: config toml transform");
  std::vector<std::string> unknown;
  for (const auto& [key, value] : toml->items()) {
    const auto by_flag = grammar.options.find(key);
    const auto by_key = grammar.toml_only.find(key);
    if (by_flag == grammar.options.end() && by_key == grammar.toml_only.end()) {
      unknown.push_back(key);
      continue;
    }
    // The older [experimental] openapi is a table.
    const auto plain = value.is_string()    ? value.get<std::string>()
                       : value.is_boolean() ? std::string(value.get<bool>() ? "true" : "false")
                       : key == "experimental"
                           ? (base::GetBoolOr(value, "openapi", false) ? "true" : "false")
                           : base::DumpJson(value);
    (by_flag != grammar.options.end() ? by_flag : by_key)->second(plain);
  }
  if (!unknown.empty()) {
    return base::Fail(Code::kInvalid, "parse cmd flags err: " + grammar.kind + " unknown configuration options: " +
                                          base::Join(unknown, ","));
  }
  return {};
}

// Flags override the file, wherever they stand.
base::Result<void> Parse(const Grammar& grammar, const std::vector<std::string>& arguments, bool& print_version) {
  std::vector<std::pair<std::string, std::string>> given;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto word = arguments[i];
    if (!base::StartsWith(word, "-")) {
      return base::Fail(Code::kInvalid, "parse cmd flags err: '" + word + "' is an invalid flag");
    }
    word.erase(0, base::StartsWith(word, "--") ? 2 : 1);
    if (word == "V") {
      print_version = true;
      return {};
    }
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    if (grammar.options.find(name) == grammar.options.end()) {
      return base::Fail(Code::kInvalid, "flag provided but not defined: -" + name);
    }
    const bool is_switch =
        std::find(grammar.switches.begin(), grammar.switches.end(), name) != grammar.switches.end();
    if (equals != std::string::npos) {
      given.emplace_back(name, word.substr(equals + 1));
    } else if (is_switch) {
      given.emplace_back(name, "true");
    } else if (i + 1 < arguments.size()) {
      given.emplace_back(name, arguments[++i]);
    } else {
      return base::Fail(Code::kInvalid, "flag needs an argument: -" + name);
    }
  }
  for (const auto& [name, value] : given) {
    if (name != "config") continue;
    if (auto read = ReadToml(grammar, value); !read) return read;
  }
  for (const auto& [name, value] : given) {
    if (!grammar.options.at(name)(value)) {
      return base::Fail(Code::kInvalid, "invalid value \"" + value + "\" for flag -" + name);
    }
  }
  return {};
}

base::Result<void> NeedHost(const char* flag, const std::string& listen, std::string& advertise) {
  if (!advertise.empty()) return {};
  const auto host = ParseHostPort(listen).host;
  if (host.empty() || host == "0.0.0.0") {
    return base::Fail(Code::kInvalid, std::string("parse cmd flags err: ") + flag + " (" + listen +
                                          ") must include the 'host' part (should not be '0.0.0.0') when "
                                          "advertise-addr is not set");
  }
  advertise = listen;
  return {};
}

const std::vector<std::string> kLogFlags = {"L", "log-file", "log-format", "cert-allowed-cn"};

}  // namespace

HostPort ParseHostPort(const std::string& address) {
  auto text = address.substr(address.find("://") == std::string::npos ? 0 : address.find("://") + 3);
  text = text.substr(0, text.find('/'));
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return {text, 0};
  const auto port = base::ParseInt(text.substr(colon + 1));
  return {text.substr(0, colon), static_cast<std::uint16_t>(port.value_or(0))};
}

base::Result<MasterOptions> ParseMasterOptions(const std::vector<std::string>& arguments, bool& print_version) {
  MasterOptions o;
  Grammar g;
  g.kind = "master config contained";
  g.options = {{"config", Text(o.config)}, {"name", Text(o.name)}, {"data-dir", Text(o.data_dir)},
               {"master-addr", Text(o.master_addr)}, {"advertise-addr", Text(o.advertise_addr)},
               {"initial-cluster", Text(o.initial_cluster)}, {"join", Text(o.join)}, {"peer-urls", Text(o.peer_urls)},
               {"advertise-peer-urls", Text(o.advertise_peer_urls)}, {"openapi", Flag(o.openapi)},
               {"ssl-ca", Text(o.ssl_ca)}, {"ssl-cert", Text(o.ssl_cert)}, {"ssl-key", Text(o.ssl_key)}};
  for (const auto* key : {"max-txn-ops", "max-request-bytes", "auto-compaction-mode", "auto-compaction-retention",
                          "quota-backend-bytes", "secret-key-path", "v1-sources-path"}) {
    g.options[key] = Ignored();
  }
  for (const auto& key : kLogFlags) g.options[key] = Ignored();
  for (const auto* key : {"log-level", "rpc-timeout", "rpc-rate-limit", "rpc-rate-burst", "initial-cluster-state",
                          "log-rotate"}) {
    g.toml_only[key] = Ignored();
  }
  g.toml_only["experimental"] = Flag(o.openapi);
  g.switches = {"openapi"};
  if (auto parsed = Parse(g, arguments, print_version); !parsed) return base::Propagate(parsed);
  if (print_version) return o;
  if (auto checked = NeedHost("master-addr", o.master_addr, o.advertise_addr); !checked) return base::Propagate(checked);
  if (o.name.empty()) o.name = "dm-master-" + ParseHostPort(o.advertise_addr).host;
  if (o.data_dir.empty()) o.data_dir = "default." + o.name;
  if (o.advertise_peer_urls.empty()) o.advertise_peer_urls = o.peer_urls;
  if (o.initial_cluster.empty()) o.initial_cluster = o.name + "=" + o.advertise_peer_urls;
  return o;
}

base::Result<WorkerOptions> ParseWorkerOptions(const std::vector<std::string>& arguments, bool& print_version) {
  WorkerOptions o;
  Grammar g;
  g.kind = "worker config contains";
  g.options = {{"config", Text(o.config)}, {"name", Text(o.name)}, {"worker-addr", Text(o.worker_addr)},
               {"advertise-addr", Text(o.advertise_addr)}, {"join", Text(o.join)},
               {"keepalive-ttl", Number(o.keepalive_ttl)}, {"relay-keepalive-ttl", Number(o.relay_keepalive_ttl)},
               {"ssl-ca", Text(o.ssl_ca)}, {"ssl-cert", Text(o.ssl_cert)}, {"ssl-key", Text(o.ssl_key)}};
  for (const auto& key : kLogFlags) g.options[key] = Ignored();
  g.toml_only = {{"log-level", Ignored()}, {"log-rotate", Ignored()}, {"relay-dir", Text(o.relay_dir)}};
  if (auto parsed = Parse(g, arguments, print_version); !parsed) return base::Propagate(parsed);
  if (print_version) return o;
  if (auto checked = NeedHost("worker-addr", o.worker_addr, o.advertise_addr); !checked) return base::Propagate(checked);
  if (o.name.empty()) o.name = o.advertise_addr;
  return o;
}

}  // namespace dm::standin
