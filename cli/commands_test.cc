// `nodes`, `render`, `init`, `version` and the flags.
#include "cli/exit_codes.h"
#include "cli/init.h"
#include "cli/testing/fixtures.h"

namespace dm::cli {
namespace {

using base::Json;
using fixtures::Folder;
using fixtures::kGood;
using fixtures::Node;
using fixtures::Ran;
using fixtures::Call;

TEST(Nodes, JsonHasItsShape) {
  Folder folder;
  const std::string file = folder.Write(
      "nodes.yaml", Node("good") + "---\n" + Node("old", "CentOS Linux 7 (Core)", "3.10.0-327.el7.x86_64") + "---\n" +
                        Node("arm", "Ubuntu 22.04.4 LTS", "5.15.0-174-generic", "arm64") + "---\n" +
                        Node("debian", "Debian GNU/Linux 12 (bookworm)", "6.1.0-25-amd64"));
  const Ran ran = Call({"nodes", "-f", file, "-o", "json"});
  ASSERT_EQ(ran.code, kNothingDenied) << ran.err;
  const Json list = ran.json();
  ASSERT_EQ(list.size(), 4u);
  const Json& arm = list[0];
  EXPECT_EQ(arm["name"], "arm");
  EXPECT_EQ(arm["architecture"], "arm64");
  EXPECT_EQ(arm["qualifies"]["production"], (Json{{"master", false}, {"worker", false}, {"monitor", false}}));
  EXPECT_EQ(arm["reasons"], Json::array({"is arm64, not amd64"}));
  const Json& debian = list[1];
  EXPECT_EQ(debian["os"]["verdict"], "unlisted");
  EXPECT_EQ(debian["qualifies"]["production"]["master"], false);
  EXPECT_EQ(debian["qualifies"]["development"]["master"], true);
  EXPECT_EQ(debian["reasons"], Json::array({"production master, production worker, production monitor: runs Debian GNU/Linux 12, which is not in the table"}));
  const Json& good = list[2];
  EXPECT_EQ(good["os"], (Json{{"name", "Ubuntu"}, {"version", "22.04.4"}, {"verdict", "supported"},
                              {"evidence", "osImage \"Ubuntu 22.04.4 LTS\", kernel 5.15.0-174-generic"}}));
  EXPECT_EQ(good["qualifies"]["production"], (Json{{"master", true}, {"worker", true}, {"monitor", true}}));
  EXPECT_TRUE(good["reasons"].empty());
  EXPECT_EQ(list[3]["os"]["verdict"], "unsupported");
}

TEST(Nodes, SizesAreHeldAgainstThePage) {
  Folder folder;
  std::string small = Node("small");
  small.replace(small.find("cpu: \"48\""), 9, "cpu: \"10\"");
  small.replace(small.find("192Gi"), 5, "20Gi");
  const Json node = Call({"nodes", "-f", folder.Write("n.yaml", small), "-o", "json"}).json()[0];
  EXPECT_EQ(node["qualifies"]["production"], (Json{{"master", true}, {"worker", false}, {"monitor", true}}));
  EXPECT_EQ(node["qualifies"]["development"], (Json{{"master", true}, {"worker", true}, {"monitor", true}}));
  EXPECT_EQ(node["reasons"][0], "production worker: has 10 CPU, 16 are needed");
}

TEST(Nodes, TextAndPolicyAndErrors) {
  Folder folder;
  const std::string file = folder.Write("n.yaml", Node("rocky", "Rocky Linux 9.5 (Blue Onyx)", "5.14.0-503.40.1.el9_5.x86_64"));
  const Ran ran = Call({"nodes", "-f", file});
  EXPECT_NE(ran.out.find("rocky   Rocky Linux 9.5    unlisted   amd64   -            master,worker,monitor\n"), std::string::npos) << ran.out;
  const Ran admitted = Call({"nodes", "-f", file, "--policy", folder.Write("p.yaml", "osPreset: common\n")});
  EXPECT_NE(admitted.out.find("supported"), std::string::npos);
  EXPECT_EQ(Call({"nodes", "-f", folder.Write("x.yaml", kGood)}).code, kUnreadable);
  EXPECT_EQ(Call({"nodes"}).code, kUnreadable);        // no file, no cluster
  EXPECT_EQ(Call({"nodes", "-f", folder.Write("c.yaml", ",")}).code, kUnreadable);
  fixtures::TheWorld() = {};
  fixtures::TheWorld().nodes = std::vector<Json>{fixtures::Yaml(Node("live"))};
  EXPECT_NE(Call({"nodes"}, fixtures::Played).out.find("live"), std::string::npos);
}

TEST(Render, PrintsEveryObjectAsYaml) {
  Folder folder;
  const Ran ran = Call({"render", "-f", folder.Write("a.yaml", kGood)});
  ASSERT_EQ(ran.code, kNothingDenied) << ran.err;
  const auto documents = base::ParseYaml(ran.out);
  ASSERT_TRUE(documents) << documents.error().message;
  int sets = 0;
  for (const auto& document : *documents) {
    EXPECT_EQ(document.value["metadata"]["namespace"], "dm");
    sets += document.value["kind"] == "StatefulSet" ? 1 : 0;
  }
  EXPECT_EQ(sets, 2);
  EXPECT_EQ(Call({"render", "-f", folder.Write("b.yaml", "kind: ConfigMap\n")}).code, kUnreadable);
  const Ran broken = Call({"render", "-f", folder.Write("c.yaml", "apiVersion: pingcap.com/v1alpha1\nkind: DMCluster\nmetadata: {name: x}\nspec: {master: {replicas: many}}\n")});
  EXPECT_EQ(broken.code, kUnreadable);
  EXPECT_NE(broken.err.find("spec.master.replicas"), std::string::npos) << broken.err;
}

TEST(Init, WhatItWritesPasses) {
  Folder folder;
  for (const char* environment : {"production", "development"}) {
    for (const char* upstreams : {"", "orders=300Gi", "orders=300Gi,users=2Ti,tiny=1Gi"}) {
      std::vector<std::string> arguments = {"init", "--environment", environment, "--name", "mine", "-n", "team", "--storage-class", "fast"};
      if (*upstreams != '\0') arguments.insert(arguments.end(), {"--upstreams", upstreams});
      const Ran written = Call(arguments);
      ASSERT_EQ(written.code, kNothingDenied) << written.err;
      const Json element = Call({"check", "-f", folder.Write("init.yaml", written.out), "--offline", "-o", "json"}).json()[0];
      EXPECT_EQ(element["verdict"], "allowed") << written.out << element["findings"].dump(1);
      EXPECT_EQ(element["object"]["namespace"], "team");
      for (const Json& finding : element["findings"]) {
        const bool expected = finding["severity"] == "info" || finding["rule"] == "UpstreamsDeclared";
        EXPECT_TRUE(expected) << finding.dump(1);
      }
      EXPECT_NE(written.out.find(" # "), std::string::npos);      // with a word on the figures
    }
  }
}

TEST(Examples, Pass) {
  const Ran ran = Call({"check", "-f", std::string(DM_SOURCE_DIR) + "/examples", "--offline", "-o", "json"});
  ASSERT_NE(ran.code, kUnreadable) << ran.err;
  for (const Json& element : ran.json()) EXPECT_EQ(element["verdict"], "allowed") << element["object"] << element["findings"].dump(1);
}

TEST(Init, BadUpstreamsAreNamed) {
  struct Case {
    const char* list;
    const char* part;
  };
  for (const Case& c : {Case{"orders", "orders must be name=size"}, {"=3Gi", "must be name=size"}, {"a=lots", "a: "}, {"a=0", "above 0"},
                        {"a=1Gi,a=2Gi", "named twice"}, {"a=-1Gi", "above 0"}, {"a=9Ei", "more than 1Pi"}}) {
    const Ran ran = Call({"init", "--upstreams", c.list});
    EXPECT_EQ(ran.code, kUnreadable) << c.list;
    EXPECT_NE(ran.err.find(c.part), std::string::npos) << ran.err;
  }
  EXPECT_EQ(Call({"init", "--environment", "prod"}).code, kUnreadable);
  for (const auto& [flag, value] : {std::pair{"--name", "Foo"}, {"--name", "1e3"}, {"--name", "a23456789-123456789-123456789-123456789-12"}, {"--namespace", "Bad_NS"}, {"--dm-version", "v5.0.0"}, {"--dm-version", "v8.5.7#x"}}) {
    const Ran ran = Call({"init", flag, value});
    EXPECT_EQ(ran.code, kUnreadable) << value;
    EXPECT_TRUE(ran.out.empty()) << ran.out;
    EXPECT_NE(ran.err.find(std::string("error: ") + flag + ": " + value), std::string::npos) << ran.err;
  }
}

TEST(Init, NamesAreQuotedWhereYamlWouldReadThemOtherwise) {
  InitOptions options;
  options.name = "yes";
  options.upstreams = *ParseUpstreams({"no=1Gi", "\"a: b\"=1Gi"});
  const Json manifest = fixtures::Yaml(Manifest(options));
  EXPECT_EQ(manifest["metadata"]["name"], "yes");
  EXPECT_EQ(manifest["spec"]["upstreams"][0]["name"], "no");
  EXPECT_EQ(manifest["spec"]["upstreams"][1]["name"], "\"a: b\"");
}

TEST(Program, HelpAndMistakes) {
  const Ran help = Call({"--help"});
  for (const char* word : {"check", "nodes", "render", "init", "version", "kubectl dm"}) EXPECT_NE(help.out.find(word), std::string::npos) << word;
  EXPECT_NE(Call({"check", "--help"}).out.find("Exit: 0 nothing denied"), std::string::npos);
  const Ran typo = Call({"chekc"});
  EXPECT_EQ(typo.code, kUnreadable);
  EXPECT_FALSE(typo.err.empty());
  EXPECT_EQ(typo.out, "");
  const Ran flag = Call({"check", "--file", "x"});
  EXPECT_EQ(flag.code, kUnreadable);
  EXPECT_NE(flag.err.find("--file"), std::string::npos) << flag.err;
  EXPECT_EQ(Call({"version"}).out.substr(0, 11), "kubectl-dm ");
}

}  // namespace
}  // namespace dm::cli
