"""What the CRD itself refuses, with no webhook to ask; and what was stored before it refused that goes on."""

import copy
import json

import pytest

import dmlab
import hostlab

PERIOD = "spec.updatePolicy.failoverPeriod"
EXTERNAL = "nothing else has a meaning beside external: true"


@pytest.fixture(scope="module")
def schema():
    """A control plane with the chart's CRD and without the webhook."""
    with hostlab.HostLab(nodes=[], webhook=False) as lab:
        yield lab


def cluster(**spec):
    return json.dumps({"apiVersion": "pingcap.com/v1alpha1", "kind": "DMCluster", "metadata": {"name": "orders", "namespace": "default"},
                       "spec": {"master": {"replicas": 1}, **spec}})


def period(text):
    return cluster(updatePolicy={"failoverPeriod": text})


@pytest.mark.parametrize("text", ["30s", "90s", "5m", "1h30m", "24h", "23h59m60s"])
def test_a_failover_period_between_its_bounds_is_taken(schema, text):
    done = schema.apply(period(text), "--dry-run=server")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text, why", [
    ("", "should be at least 2 chars long"), ("5", "should be at least 2 chars long"), ("soon", "should match"), ("1d", "should match"),
    ("9999999s", "should match"), ("5s", "between 30s and 24h"), ("29s", "between 30s and 24h"), ("24h1s", "between 30s and 24h"),
    ("999h", "between 30s and 24h"), ("999999h", "between 30s and 24h")])
def test_a_failover_period_beyond_its_bounds_is_refused_by_the_schema(schema, text, why):
    said = schema.refusal(period(text), "--dry-run=server")
    assert PERIOD in said and why in said


def test_an_absent_failover_period_is_five_minutes(schema):
    done = schema.apply(cluster(updatePolicy={}), "--dry-run=server", "-o", "json")
    assert json.loads(done.stdout)["spec"]["updatePolicy"]["failoverPeriod"] == "5m"


@pytest.mark.parametrize("field, value", [
    ("nodeSelector", {"pool": "slow"}), ("tolerations", [{"operator": "Exists"}]), ("retention", "15d"), ("grafana", {"enabled": True})])
def test_a_monitor_that_stands_elsewhere_has_nothing_else(schema, field, value):
    assert EXTERNAL in schema.refusal(cluster(monitor={"external": True, field: value}), "--dry-run=server")
    for monitor in ({"external": True}, {"external": False, "replicas": 1, field: value}):
        done = schema.apply(cluster(monitor=monitor), "--dry-run=server")
        assert done.returncode == 0, done.stderr


def test_what_was_stored_before_the_bounds_can_be_changed_elsewhere(schema):
    """An older CRD took both; the API server asks only about what an update changes."""
    lab, name = schema.cluster, "dmclusters.pingcap.com"
    crd = lab.get("crd", name)
    older = copy.deepcopy(crd)
    spec = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    for key in ("x-kubernetes-validations", "minLength"):
        del spec["updatePolicy"]["properties"]["failoverPeriod"][key]
    del spec["monitor"]["x-kubernetes-validations"]
    bad = {"updatePolicy": {"failoverPeriod": "5s"}, "monitor": {"external": True, "nodeSelector": {"pool": "slow"}}}

    def put(definition):
        body = {"spec": {"versions": definition["spec"]["versions"]}}
        lab.kubectl("patch", "crd", name, "--type=merge", "-p", json.dumps(body))

    put(older)
    try:
        lab.wait(lambda: schema.apply(cluster(**bad)).returncode == 0, 20, "the older CRD to be in force")
    finally:
        put(crd)
    lab.wait(lambda: schema.apply(period("5s").replace('"orders"', '"late"'), "--dry-run=server").returncode == 1, 20, "the CRD to be in force again")
    done = schema.apply(cluster(**bad, paused=True))
    assert done.returncode == 0, done.stderr
    status = json.dumps({"status": {"observedGeneration": 2}})
    done = lab.kubectl("patch", "dc", "orders", "--subresource=status", "--type=merge", "-p", status, check=False)
    assert done.returncode == 0, done.stderr
    assert PERIOD in schema.refusal(cluster(**{**bad, "updatePolicy": {"failoverPeriod": "6s"}}))
    lab.kubectl("delete", "dc", "orders")
