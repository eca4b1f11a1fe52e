// The policy's file: what it may say, and what each mistake answers.
#include "dm/requirements/policy.h"

#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

TEST(Policy, AnEmptyTextIsTheDefault) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "{}"}) {
    const auto policy = ParsePolicy(text);
    ASSERT_TRUE(policy) << text;
    EXPECT_EQ(policy->rule_set, RuleSet::k2020_09);
    EXPECT_EQ(policy->default_environment, Environment::kProduction);
    EXPECT_TRUE(policy->object_may_choose);
    EXPECT_TRUE(policy->rules.empty());
  }
}

TEST(Policy, EverythingAtOnce) {
  const auto policy = ParsePolicy(R"(
ruleSet: current
defaultEnvironment: development
objectMayChoose: false
namespaces:
- selector: {matchLabels: {stage: dev}}
  environment: development
  enforcement: warn
- selector: {matchExpressions: [{key: team, operator: In, values: [a, b]}]}
  enforcement: audit
  monitor: external
rules: {WorkerDiskClass: warn, CannotExpand: off, NoEffect: deny, StrayNodes: info}
operatingSystems:
- {name: Rocky Linux, minVersion: "8.10"}
- {name: Debian GNU/Linux, minVersion: 12}
osPreset: common
diskClasses: {fast-local: nvme, slow: sas}
diskClassUnknown: deny
dataFits: sum
capacity: {measure: free, onShortage: deny}
minimums: {production.worker.cpu: 24, development.master.memory: 16Gi, production.master.replicas: 5}
)");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->rule_set, RuleSet::kCurrent);
  EXPECT_EQ(policy->default_environment, Environment::kDevelopment);
  EXPECT_FALSE(policy->object_may_choose);
  ASSERT_EQ(policy->namespaces.size(), 2u);
  EXPECT_EQ(policy->namespaces[0].environment, Environment::kDevelopment);
  EXPECT_EQ(policy->namespaces[0].enforcement, Enforcement::kWarn);
  EXPECT_TRUE(policy->namespaces[1].selector.Matches({{"team", "b"}}));
  EXPECT_TRUE(policy->namespaces[1].monitor_external);
  EXPECT_EQ(policy->rules.at("WorkerDiskClass"), Severity::kWarn);
  EXPECT_EQ(policy->rules.at("CannotExpand"), Severity::kOff);       // a plain off is false in YAML 1.1
  EXPECT_EQ(policy->rules.at("NoEffect"), Severity::kDeny);
  EXPECT_EQ(policy->rules.at("StrayNodes"), Severity::kInfo);
  EXPECT_EQ(policy->operating_systems[0].min_version, "8.10");
  EXPECT_EQ(policy->operating_systems[1].min_version, "12");
  EXPECT_TRUE(policy->os_preset_common);
  EXPECT_EQ(policy->disk_classes.at("slow"), DiskGrade::kHdd);
  EXPECT_EQ(policy->disk_class_unknown, Severity::kDeny);
  EXPECT_TRUE(policy->data_fits_sum);
  EXPECT_TRUE(policy->capacity_free);
  EXPECT_TRUE(policy->capacity_deny);
  EXPECT_EQ(policy->minimums.at("production.worker.cpu"), *kube::api::Quantity::Parse("24"));
  EXPECT_EQ(policy->minimums.at("development.master.memory"), *kube::api::Quantity::Parse("16Gi"));
}

TEST(Policy, EachMistakeIsNamedWithItsLine) {
  struct Case {
    const char* yaml;
    const char* message;
  };
  const Case cases[] = {
      {"rules:\n  MasterCpu: warn", "line 2: rules.MasterCpu: there is no rule of that name; did you mean MasterCPU?"},
      {"namespaces:\n- selector:\n  enforcement: audit", "line 2: namespaces[0]: needs a selector; {} selects every namespace"},
      {"namespaces:\n- selector: {matchLabels: }", "line 2: namespaces[0].selector: matchLabels or matchExpressions is empty; {} alone selects every namespace"},
      {"rules:\n  mastercpu: warn", "line 2: rules.mastercpu: there is no rule of that name; did you mean MasterCPU?"},
      {"rules:\n  Everything: warn", "line 2: rules.Everything: there is no rule of that name; docs/requirements.md lists them"},
      {"rules: {NodeOS: denny}", "line 1: rules.NodeOS: must be deny, warn, info or off, not \"denny\"; did you mean deny?"},
      {"rules: {NodeOS: on}", "line 1: rules.NodeOS: must be deny, warn, info or off, not true"},
      {"rules: {NodeOS: }", "line 1: rules.NodeOS: must be deny, warn, info or off"},
      {"rules: [NodeOS]", "line 1: rules: must be a map, not a list"},
      {"ruleset: current", "line 1: ruleset: there is no such field; did you mean ruleSet?"},
      {"colour: red", "line 1: colour: there is no such field; known are ruleSet, defaultEnvironment"},
      {"ruleSet: 2021-05", "line 1: ruleSet: must be 2020-09 or current, not \"2021-05\""},
      {"defaultEnvironment: prod", "line 1: defaultEnvironment: must be production or development, not \"prod\""},
      {"objectMayChoose: perhaps", "line 1: objectMayChoose: must be true or false, not \"perhaps\""},
      {"namespaces:\n- environment: production", "line 2: namespaces[0]: needs a selector; {} selects every namespace"},
      {"namespaces:\n- selector: {}\n  enviroment: production", "line 3: namespaces[0].enviroment: there is no such field; did you mean environment?"},
      {"namespaces:\n- selector: {matchLables: {a: b}}", "namespaces[0].selector.matchLables: there is no such field; did you mean matchLabels?"},
      {"namespaces:\n- selector: {matchExpressions: [{key: a, operator: Near}]}", "line 2: namespaces[0].selector: "},
      {"namespaces: [{selector: {}, enforcement: strict}]", "namespaces[0].enforcement: must be enforce, warn or audit, not \"strict\""},
      {"namespaces: [{selector: {}, monitor: internal}]", "namespaces[0].monitor: must be external, not \"internal\""},
      {"namespaces: {a: b}", "line 1: namespaces: must be a list, not a map"},
      {"namespaces:\n-", "namespaces[0]: the entry is empty"},
      {"operatingSystems: [{name: Rocky Linux, minVersion: 8.10}]", "operatingSystems[0].minVersion: write it in quotes: as a number 8.1 loses its zeros"},
      {"operatingSystems: [{minVersion: \"8\"}]", "operatingSystems[0]: needs a name"},
      {"operatingSystems: [{name: X, minVersion: new}]", "operatingSystems[0].minVersion: must begin with a digit"},
      {"osPreset: all", "line 1: osPreset: must be seed or common, not \"all\""},
      {"diskClasses: {gold: fast}", "line 1: diskClasses.gold: must be hdd-cold, hdd, sas, ssd, nvme, network-fs or object, not \"fast\""},
      {"diskClassUnknown: refuse", "diskClassUnknown: must be deny, warn, info or off"},
      {"dataFits: all", "dataFits: must be largest or sum, not \"all\""},
      {"capacity: {onShortage: fail}", "capacity.onShortage: must be warn or deny, not \"fail\""},
      {"capacity: {measured: free}", "capacity.measured: there is no such field; did you mean measure?"},
      {"minimums: {production.worker.cpu: 8}", "8 is below the requirements' 16; a minimum may only be raised, unless allowLower is true"},
      {"minimums: {production.worker.cpus: 24}", "minimums.production.worker.cpus: there is no such minimum; did you mean production.worker.cpu?"},
      {"minimums: {worker: 24}", "minimums.worker: must be <environment>.<role>.<cpu|memory|disk|replicas>"},
      {"minimums: {production.worker.cpu: lots}", "line 1: minimums.production.worker.cpu: "},
      {"minimums: {production.master.replicas: 3500m}", "must be a whole number of instances"},
      {"minimums: {production.master.replicas: 10}", "must be a whole number of instances, at most 9"},
      {"minimums: {production.monitor.replicas: 2}", "must be a whole number of instances, at most 1"},
      {"minimums: {production.worker.cpu: \"-1\"}", "must not be negative"},
      {"allowLower: \"yes\"", "allowLower: must be true or false"},
      {"ruleSet: current\n---\nruleSet: current", "line 3: a policy is one document"},
      {"- a", "line 1: must be a map, not a list"},
      {"hello", "line 1: must be a map, not \"hello\""},
      {"ruleSet: [", "policy: line"},
      {"ruleSet: current\nruleSet: current", "line 2"},
  };
  for (const Case& c : cases) {
    const auto policy = ParsePolicy(c.yaml);
    ASSERT_FALSE(policy) << c.yaml;
    EXPECT_EQ(policy.error().code, base::Code::kInvalid);
    EXPECT_NE(policy.error().ToString().find(c.message), std::string::npos) << c.yaml << "\n" << policy.error().ToString();
  }
}

TEST(Policy, RunbooksAreAPage) {
  EXPECT_EQ(ParsePolicy("{}")->runbooks, "");
  EXPECT_EQ(ParsePolicy("runbooks: https://wiki.example.com/dm")->runbooks, "https://wiki.example.com/dm");
  for (const char* wrong : {"wiki.example.com/dm", "ftp://wiki", "\"https://wiki.example.com/dm#top\"", "\"https://a b\"", "\"https://a/{{x}}\"", "[]"}) {
    EXPECT_FALSE(ParsePolicy(std::string("runbooks: ") + wrong)) << wrong;
  }
}

TEST(Policy, EveryMistakeIsSaidAtOnce) {
  const auto policy = ParsePolicy("ruleSet: new\nosPreset: all\ndataFits: x");
  ASSERT_FALSE(policy);
  for (const char* part : {"line 1: ruleSet", "line 2: osPreset", "line 3: dataFits"}) {
    EXPECT_NE(policy.error().message.find(part), std::string::npos) << part;
  }
}

struct Wish {
  std::optional<Environment> pin, wish;
  bool may_choose;
  Environment standard, expected;
  bool too_lax;
};

TEST(Resolve, TheTableOfEnvironments) {
  const auto kDev = Environment::kDevelopment;
  const auto kProd = Environment::kProduction;
  const Wish cases[] = {
      {std::nullopt, std::nullopt, true, kProd, kProd, false}, {std::nullopt, std::nullopt, true, kDev, kDev, false},
      {std::nullopt, kDev, true, kProd, kDev, false},          {std::nullopt, kProd, true, kDev, kProd, false},
      {std::nullopt, kDev, false, kProd, kProd, false},        {std::nullopt, kProd, false, kDev, kDev, false},
      {kDev, std::nullopt, true, kProd, kDev, false},          {kProd, std::nullopt, true, kDev, kProd, false},
      {kDev, kDev, true, kProd, kDev, false},                  {kDev, kProd, true, kProd, kProd, false},
      {kProd, kDev, true, kProd, kProd, true},                 {kProd, kProd, true, kDev, kProd, false},
      {kDev, kProd, false, kProd, kDev, false},                {kProd, kDev, false, kProd, kProd, true},
  };
  int row = 0;
  for (const Wish& c : cases) {
    Policy policy;
    policy.object_may_choose = c.may_choose;
    policy.default_environment = c.standard;
    if (c.pin) {
      NamespacePolicy entry;
      entry.selector.match_labels = {{"stage", "x"}};
      entry.environment = c.pin;
      policy.namespaces.push_back(entry);
    }
    const Effective effective = Resolve(policy, {{"stage", "x"}}, c.wish);
    EXPECT_EQ(effective.environment, c.expected) << "row " << row;
    EXPECT_EQ(effective.too_lax, c.too_lax) << "row " << row;
    EXPECT_EQ(effective.pinned, c.pin.has_value()) << "row " << row;
    EXPECT_FALSE(effective.why.empty());
    const Effective elsewhere = Resolve(policy, {{"stage", "y"}}, std::nullopt);
    EXPECT_EQ(elsewhere.environment, c.standard) << "row " << row;
    ++row;
  }
}

TEST(Resolve, OfSeveralEntriesTheFirstThatSetsAFieldDecidesIt) {
  const Policy policy = *ParsePolicy(R"(
namespaces:
- {selector: {matchLabels: {team: a}}, enforcement: warn}
- {selector: {matchLabels: {team: a}}, environment: development, monitor: external}
- {selector: {}, environment: production, enforcement: enforce}
)");
  const Effective a = Resolve(policy, {{"team", "a"}}, std::nullopt);
  EXPECT_EQ(a.environment, Environment::kDevelopment);
  EXPECT_EQ(a.enforcement, Enforcement::kWarn);
  EXPECT_TRUE(a.monitor_external);
  const Effective b = Resolve(policy, {}, std::nullopt);
  EXPECT_EQ(b.environment, Environment::kProduction);
  EXPECT_FALSE(b.monitor_external);
}

TEST(Severities, TheMilderOfEnforcementAndTheRulesOwn) {
  const base::Json object = fixtures::Patched(fixtures::Production(), "spec: {worker: {requests: {cpu: \"8\"}}}");
  struct Case {
    const char* policy;
    std::optional<Severity> expected;
  };
  const Case cases[] = {
      {"", Severity::kDeny},
      {"rules: {WorkerCPU: warn}", Severity::kWarn},
      {"rules: {WorkerCPU: off}", std::nullopt},
      {"namespaces: [{selector: {}, enforcement: warn}]", Severity::kWarn},
      {"namespaces: [{selector: {}, enforcement: audit}]", Severity::kInfo},
      {"{namespaces: [{selector: {}, enforcement: audit}], rules: {WorkerCPU: deny}}", Severity::kInfo},
      {"{namespaces: [{selector: {}, enforcement: warn}], rules: {WorkerCPU: info}}", Severity::kInfo},
  };
  for (const Case& c : cases) {
    const Report report = fixtures::Judged(object, fixtures::GoodView(), *ParsePolicy(c.policy));
    const Finding* finding = fixtures::FindRule(report, "WorkerCPU");
    ASSERT_EQ(finding != nullptr, c.expected.has_value()) << c.policy;
    if (finding == nullptr) continue;
    EXPECT_EQ(finding->severity, *c.expected) << c.policy;
  }
}

}  // namespace
}  // namespace dm::requirements
