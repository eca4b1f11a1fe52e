#include "kube/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/strings.h"

namespace dm::kube {
namespace {

using base::Code;
namespace fs = std::filesystem;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    dir_ = fs::temp_directory_path() / ("config_test." + std::to_string(::getpid()));
    fs::remove_all(dir_);
    fs::create_directories(dir_ / "home/.kube");
    fs::create_directories(dir_ / "sa");
    options_.service_account_dir = (dir_ / "sa").string();
    options_.environment = [this](const std::string& name) { return environment_[name]; };
  }
  ~ConfigTest() override { fs::remove_all(dir_); }

  std::string File(const std::string& name, const std::string& text) {
    const fs::path path = dir_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  // A kubeconfig of one context, with the given cluster and user.
  std::string Simple(const std::string& cluster, const std::string& user, const std::string& name = "config") {
    return File(name,
                "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- {name: c, context: {cluster: k, user: "
                "u, namespace: team}}\n"
                "clusters:\n- name: k\n  cluster: " +
                    cluster + "\nusers:\n- name: u\n  user: " + user + "\n");
  }
  std::string Relative(const std::string& text) const { return base::ReplaceAll(text, dir_.string() + "/", ""); }

  fs::path dir_;
  std::map<std::string, std::string> environment_;
  ConfigOptions options_;
};

TEST_F(ConfigTest, EverythingOfAKubeconfig) {
  File("certs/ca.pem", "CA");
  File("certs/me.pem", "CERT");
  File("certs/me.key", "KEY");
  options_.kubeconfig = Simple(
      "{server: 'https://k:6443/', certificate-authority: certs/ca.pem, tls-server-name: api.k, disable-compression: "
      "true}",
      "{client-certificate: certs/me.pem, client-key: certs/me.key}");
  options_.user_agent = "kubectl-dm/1";
  auto config = LoadConfig(options_);
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->server, "https://k:6443");
  EXPECT_EQ(config->server_name, "api.k");
  EXPECT_EQ(config->authority_pem, "CA");
  EXPECT_EQ(config->certificate_pem, "CERT");
  EXPECT_EQ(config->key_pem, "KEY");
  EXPECT_EQ(Relative(config->certificate_file), "certs/me.pem");
  EXPECT_EQ(Relative(config->key_file), "certs/me.key");
  EXPECT_EQ(config->ns, "team");
  EXPECT_EQ(config->user_agent, "kubectl-dm/1");
  EXPECT_FALSE(config->insecure);
  EXPECT_EQ(Relative(config->source), "kubeconfig config, context c");
}

TEST_F(ConfigTest, DataWinsOverFilesAndNeedsNone) {
  options_.kubeconfig =
      Simple("{server: 'https://k', certificate-authority: missing.pem, certificate-authority-data: " +
                 base::Base64Encode("CA") + "}",
             "{client-certificate: gone, client-certificate-data: " + base::Base64Encode("CERT") +
                 ", client-key-data: " + base::Base64Encode("KEY") + "}");
  auto config = LoadConfig(options_);
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->authority_pem, "CA");
  EXPECT_EQ(config->certificate_pem, "CERT");
  EXPECT_EQ(config->key_pem, "KEY");
  EXPECT_EQ(config->certificate_file, "");
}

TEST_F(ConfigTest, TokenFileWinsOverToken) {
  File("tok", "from-file\n");
  options_.kubeconfig = Simple("{server: 'https://k'}", "{token: fixed, tokenFile: tok}");
  auto config = LoadConfig(options_);
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(Relative(config->token_file), "tok");
  EXPECT_EQ(config->token, "");
  options_.kubeconfig = Simple("{server: 'https://k'}", "{token: ' fixed '}");
  EXPECT_EQ(LoadConfig(options_)->token, "fixed");
}

TEST_F(ConfigTest, OverridesOfTheCommandLine) {
  const std::string file = File("config", R"(
current-context: a
contexts:
- {name: a, context: {cluster: ka, user: ua}}
- {name: b, context: {cluster: kb, user: ub, namespace: nb}}
clusters:
- {name: ka, cluster: {server: https://ka}}
- {name: kb, cluster: {server: https://kb, insecure-skip-tls-verify: true}}
users:
- {name: ua, user: {token: ta}}
- {name: ub, user: {token: tb}}
)");
  options_.kubeconfig = file;
  EXPECT_EQ(LoadConfig(options_)->ns, "default");
  options_.context = "b";
  auto config = LoadConfig(options_);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server + " " + config->token + " " + config->ns, "https://kb tb nb");
  EXPECT_TRUE(config->insecure);
  options_.user = "ua";
  options_.cluster = "ka";
  options_.ns = "mine";
  config = LoadConfig(options_);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server + " " + config->token + " " + config->ns, "https://ka ta mine");
  options_.server = "http://127.0.0.1:8001/";
  EXPECT_EQ(LoadConfig(options_)->server, "http://127.0.0.1:8001");
}

TEST_F(ConfigTest, AListOfFilesTheFirstWins) {
  File("one/config",
       "current-context: ''\nclusters:\n- {name: k, cluster: {server: https://first, certificate-authority: ca}}\n");
  File("one/ca", "CA of one");
  File("two/config", R"(
current-context: c
contexts:
- {name: c, context: {cluster: k, user: u}}
clusters:
- {name: k, cluster: {server: https://second}}
users:
- {name: u, user: {token: t, tokenFile: tok}}
)");
  File("two/tok", "x");
  File("three/config", "current-context: other\n");
  environment_["KUBECONFIG"] = (dir_ / "none").string() + "::" + (dir_ / "one/config").string() + ":" +
                               (dir_ / "two/config").string() + ":" + (dir_ / "three/config").string();
  auto config = LoadConfig(options_);
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->server, "https://first");
  EXPECT_EQ(config->authority_pem, "CA of one") << "relative to the file it stands in";
  EXPECT_EQ(Relative(config->token_file), "two/tok");
}

TEST_F(ConfigTest, Precedence) {
  const std::string flag = Simple("{server: 'https://flag'}", "{}", "flag");
  const std::string listed = Simple("{server: 'https://env'}", "{}", "env");
  Simple("{server: 'https://home'}", "{}", "home/.kube/config");
  File("sa/token", "t");
  File("sa/ca.crt", "CA");
  File("sa/namespace", "pod-ns\n");
  environment_ = {{"HOME", (dir_ / "home").string()},
                  {"KUBECONFIG", listed},
                  {"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                  {"KUBERNETES_SERVICE_PORT", "443"}};
  options_.kubeconfig = flag;
  EXPECT_EQ(LoadConfig(options_)->server, "https://flag");
  options_.kubeconfig.clear();
  EXPECT_EQ(LoadConfig(options_)->server, "https://env");
  environment_["KUBECONFIG"] = ":";
  EXPECT_EQ(LoadConfig(options_)->server, "https://10.0.0.1:443");
  environment_.erase("KUBERNETES_SERVICE_HOST");
  EXPECT_EQ(LoadConfig(options_)->server, "https://home");
}

TEST_F(ConfigTest, InCluster) {
  File("sa/token", "t\n");
  File("sa/ca.crt", "CA");
  File("sa/namespace", "pod-ns\n");
  environment_ = {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "6443"}};
  auto config = LoadConfig(options_);
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->server, "https://kubernetes.default.svc:6443") << "an IPv6 literal cannot be dialled";
  EXPECT_EQ(config->authority_pem, "CA");
  EXPECT_EQ(config->ns, "pod-ns");
  EXPECT_EQ(Relative(config->token_file), "sa/token");
  EXPECT_EQ(config->token, "") << "never read once for all";
  options_.ns = "other";
  EXPECT_EQ(LoadConfig(options_)->ns, "other");
  fs::remove(dir_ / "sa/ca.crt");
  auto broken = LoadConfig(options_);
  ASSERT_FALSE(broken);
  EXPECT_EQ(Relative(broken.error().ToString()),
            "the service account: cannot read sa/ca.crt: No such file or directory");
}

TEST_F(ConfigTest, NothingAtAll) {
  auto config = LoadConfig(options_);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::kNotFound);
  EXPECT_EQ(config.error().message,
            "no cluster is configured: there is no --kubeconfig, no KUBECONFIG, no service account, and no file "
            "~/.kube/config");
  options_.server = "http://127.0.0.1:8001";
  auto proxied = LoadConfig(options_);
  ASSERT_TRUE(proxied);
  EXPECT_EQ(proxied->server, "http://127.0.0.1:8001");
  EXPECT_EQ(proxied->ns, "default");
}

TEST_F(ConfigTest, FilesThatAreNamedMustExist) {
  options_.kubeconfig = (dir_ / "none").string();
  auto config = LoadConfig(options_);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::kInvalid);
  EXPECT_EQ(Relative(config.error().ToString()), "kubeconfig none: cannot read none: No such file or directory");
  options_.kubeconfig.clear();
  environment_["KUBECONFIG"] = (dir_ / "a").string() + ":" + (dir_ / "b").string();
  config = LoadConfig(options_);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::kInvalid);
  EXPECT_EQ(Relative(config.error().ToString()), "KUBECONFIG: none of the files exists: a, b");
}

struct RefusalRow {
  const char* cluster;
  const char* user;
  const char* message;  // after "kubeconfig config: "
};

TEST_F(ConfigTest, RefusalsNameTheField) {
  const char* good = "{server: 'https://k'}";
  const RefusalRow rows[] = {
      {good, "{exec: {command: aws, apiVersion: x}}",
       "users[u].user.exec: is not supported: credential plugins are not run; use a token (kubectl create token) or a "
       "client certificate"},
      {good, "{auth-provider: {name: gcp}}",
       "users[u].user.auth-provider: is not supported: it was removed from Kubernetes 1.26; use a token or a client "
       "certificate"},
      {good, "{username: me, password: x}",
       "users[u].user.username: is not supported: the API server no longer takes passwords; use a token or a client "
       "certificate"},
      {good, "{token: t, as: admin}",
       "users[u].user.as: is not supported: impersonation is not supported; use the credentials of that user"},
      {good, "{token: t, as-groups: [a]}",
       "users[u].user.as-groups: is not supported: impersonation is not supported; use the credentials of that user"},
      {"{server: 'https://k', proxy-url: 'http://p'}", "{}",
       "clusters[k].cluster.proxy-url: is not supported: proxies are not supported; use an address that is reached "
       "directly"},
      {"{}", "{}", "clusters[k].cluster.server: \"\" has no scheme that is known; expected https://host:port"},
      {"{server: k:6443}", "{}",
       "clusters[k].cluster.server: \"k:6443\" has no scheme that is known; expected https://host:port"},
      {"{server: 'https://'}", "{}",
       "clusters[k].cluster.server: \"https://\" has no host; expected https://host:port"},
      {"{server: 'https://k:0'}", "{}",
       "clusters[k].cluster.server: \"https://k:0\" has a port that is no number from 1 to 65535; expected "
       "https://host:port"},
      {"{server: 'https://k:x'}", "{}",
       "clusters[k].cluster.server: \"https://k:x\" has a port that is no number from 1 to 65535; expected "
       "https://host:port"},
      {"{server: 'https://u:p@k'}", "{}",
       "clusters[k].cluster.server: \"https://u:p@k\" has more than a host, a port and a path; expected "
       "https://host:port"},
      {"{server: 'https://[fd00::1]:6443'}", "{}",
       "clusters[k].cluster.server: \"https://[fd00::1]:6443\" has an IPv6 address, which the HTTP client cannot dial; "
       "use a name; expected https://host:port"},
      {"{server: 5}", "{}", "clusters[k].cluster.server: must be a string, is 5"},
      {"{server: 'https://k', insecure-skip-tls-verify: 'yes'}", "{}",
       "clusters[k].cluster.insecure-skip-tls-verify: must be true or false, is \"yes\""},
      {"{server: 'https://k', insecure-skip-tls-verify: true, certificate-authority-data: Q0E=}", "{}",
       "clusters[k].cluster.insecure-skip-tls-verify: must not be true together with a certificate-authority; remove "
       "one of them"},
      {"{server: 'https://k', certificate-authority: nowhere}", "{}",
       "clusters[k].cluster.certificate-authority: cannot read nowhere: No such file or directory"},
      {"{server: 'https://k', certificate-authority-data: '***'}", "{}",
       "clusters[k].cluster.certificate-authority-data: is not base64"},
      {good, "{client-certificate-data: Q0E=}",
       "users[u].user.client-key: is missing; a client certificate and its key go together"},
      {good, "{client-key-data: Q0E=}",
       "users[u].user.client-certificate: is missing; a client certificate and its key go together"},
      {good, "{tokenFile: nowhere}", "users[u].user.tokenFile: cannot read nowhere: No such file or directory"},
      {good, "{token: [1]}", "users[u].user.token: must be a string, is [1]"},
  };
  for (const RefusalRow& row : rows) {
    options_.kubeconfig = Simple(row.cluster, row.user);
    auto config = LoadConfig(options_);
    ASSERT_FALSE(config) << row.message;
    EXPECT_EQ(config.error().code, Code::kInvalid) << row.message;
    EXPECT_EQ(Relative(config.error().ToString()), std::string("kubeconfig config: ") + row.message);
  }
}

TEST_F(ConfigTest, WhatIsNotUsedIsNotRefused) {
  options_.kubeconfig = File("config", R"(
current-context: c
contexts:
- {name: c, context: {cluster: k, user: u}}
clusters:
- {name: k, cluster: {server: https://k, proxy-url: ''}}
users:
- {name: u, user: {token: t, exec: null}}
- {name: cloud, user: {exec: {command: aws}}}
)");
  EXPECT_TRUE(LoadConfig(options_));
  options_.user = "cloud";
  EXPECT_FALSE(LoadConfig(options_));
}

struct TextRow {
  const char* text;
  const char* context;
  const char* message;
};

TEST_F(ConfigTest, RefusalsOfTheFileAsAWhole) {
  const TextRow rows[] = {
      {"kind: Pod\n", "", "kubeconfig config: is no kubeconfig (kind: Pod, expected Config)"},
      {"- a\n", "", "kubeconfig config: is no kubeconfig (kind: Config, expected Config)"},
      {"a: 1\n---\nb: 1\n", "", "kubeconfig config: holds 2 documents, expected one"},
      {"clusters: {}\n", "", "kubeconfig config: clusters: must be a list"},
      {"users:\n- {user: {}}\n", "", "kubeconfig config: users[0].name: must be a non-empty string"},
      {"users:\n- {name: u, user: text}\n", "", "kubeconfig config: users[u].user: must be an object"},
      {"", "", "kubeconfig config: current-context is not set; choose a context with --context (the file has none)"},
      {"contexts:\n- {name: b}\n- {name: a}\n", "",
       "kubeconfig config: current-context is not set; choose a context with --context: a, b"},
      {"current-context: x\ncontexts:\n- {name: a}\n", "",
       "kubeconfig config: current-context: there is no context \"x\"; there are: a"},
      {"contexts:\n- {name: a}\n", "y", "--context: there is no context \"y\"; there are: a"},
      {"current-context: a\ncontexts:\n- {name: a}\n", "", "kubeconfig config: context \"a\": names no cluster"},
      {"current-context: a\ncontexts:\n- {name: a, context: {cluster: k}}\n", "",
       "kubeconfig config: context \"a\": there is no cluster \"k\"; there are none"},
      {"current-context: a\ncontexts:\n- {name: a, context: {cluster: k, user: u}}\nclusters:\n- {name: k, cluster: "
       "{server: https://k}}\n",
       "", "kubeconfig config: context \"a\": there is no user \"u\"; there are none"},
  };
  for (const TextRow& row : rows) {
    options_.kubeconfig = File("config", row.text);
    options_.context = row.context;
    auto config = LoadConfig(options_);
    ASSERT_FALSE(config) << row.message;
    EXPECT_EQ(config.error().code, Code::kInvalid) << row.message;
    EXPECT_EQ(Relative(config.error().ToString()), row.message);
  }
  options_.context = "";
  options_.kubeconfig = File("config", "a: [\n");
  auto config = LoadConfig(options_);
  ASSERT_FALSE(config);
  EXPECT_TRUE(base::StartsWith(Relative(config.error().ToString()), "kubeconfig config: line "))
      << config.error().ToString();
}

}  // namespace
}  // namespace dm::kube
