"""The chart's NodeFeatureRule, as Helm renders it: which label a node gets for the speeds that its cards tell."""

import re

import pytest

import dmlab

LABEL = "dm.pingcap.com/network-gbps"
RULE = re.compile(r'labels: \{' + re.escape(LABEL) + r': "([0-9.]+)"\}.*?speed: \{op: Gt, value: \["(\d+)"\]\}', re.S)


def render(judged, *settings):
    sets = [word for setting in settings for word in ("--set", setting)]
    return judged.cluster.helm("template", "dm-operator", dmlab.CHART, "-n", dmlab.SYSTEM, *sets).stdout


@pytest.mark.parametrize("cards, label", [
    ([1000], "1"), ([10000], "10"), ([1000, 25000], "25"), ([100], "0.1"), ([-1], None), ([], None), ([9999], "5"), ([100000], "100"),
    ([999], "0.1")])
def test_the_fastest_card_counts(judged, cards, label):
    rules = RULE.findall(render(judged, "nodeFeatureRule.enabled=true"))
    assert len(rules) > 5
    written = [gbps for gbps, above in rules if any(speed > int(above) for speed in cards)]   # the last that matches counts
    assert (written[-1] if written else None) == label


def test_it_is_the_label_that_the_rules_read():
    assert f'"{LABEL}"' in (dmlab.ROOT / "dm/words.h").read_text()


def test_it_is_off_unless_asked_for_and_can_be_narrowed(judged):
    assert "NodeFeatureRule" not in render(judged)
    text = render(judged, "nodeFeatureRule.enabled=true", "nodeFeatureRule.device=^ens")
    assert text.count('name: {op: InRegexp, value: ["^ens"]}') == len(RULE.findall(text)) > 5
    assert text.count("operstate: {op: In, value: [up]}") == len(RULE.findall(text))


def test_the_api_server_takes_it(judged):
    lab = judged.cluster
    group = "nfd.k8s-sigs.io"
    lab.apply({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"nodefeaturerules.{group}",
               "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in"}},
               "spec": {"group": group, "scope": "Cluster",
                        "names": {"plural": "nodefeaturerules", "singular": "nodefeaturerule", "kind": "NodeFeatureRule"},
                        "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                            "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}})
    rule = next(text for text in re.split(r"^---$", render(judged, "nodeFeatureRule.enabled=true"), flags=re.M) if "kind: NodeFeatureRule" in text)
    lab.wait(lambda: judged.apply(rule).returncode == 0, 20, "the CRD to be served")
    stored = lab.get("nodefeaturerules")["items"][0]["spec"]["rules"]
    assert stored[-1]["matchFeatures"][0]["matchExpressions"]["speed"]["op"] == "Gt"
    assert stored[0]["labels"] == {LABEL: "0.1"}
