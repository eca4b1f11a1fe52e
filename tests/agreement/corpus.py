"""The corpus: specs that are mutated through the fields of every rule, and the oracle's rows. From a seed alone."""

import copy
import json
import random
from dataclasses import dataclass
from pathlib import Path

import yaml

ORACLE = Path(__file__).resolve().parents[1] / "testdata/oracle/requirements.yaml"
POOL = "dm-test/pool"

# namespace → labels; the policy says what they mean.
NAMESPACES = {"plain": {}, "warned": {"dm-test/enforcement": "warn"}, "audited": {"dm-test/enforcement": "audit"},
              "pinned-dev": {"dm-test/environment": "development"}, "pinned-prod": {"dm-test/environment": "production"},
              "watched": {"dm-test/monitor": "external"}}
POLICY = """\
namespaces:
- selector: {matchLabels: {dm-test/enforcement: warn}}
  enforcement: warn
- selector: {matchLabels: {dm-test/enforcement: audit}}
  enforcement: audit
- selector: {matchLabels: {dm-test/environment: development}}
  environment: development
- selector: {matchLabels: {dm-test/environment: production}}
  environment: production
- selector: {matchExpressions: [{key: dm-test/monitor, operator: In, values: [external]}]}
  monitor: external
rules: {CannotExpand: deny, MasterReplicasOdd: "off"}
capacity: {onShortage: deny}
"""
# name: provisioner, parameters, grows.
CLASSES = {
    "gp3": ("ebs.csi.aws.com", {"type": "gp3"}, True), "io2": ("ebs.csi.aws.com", {"type": "io2"}, True),
    "st1": ("ebs.csi.aws.com", {"type": "st1"}, True), "sc1": ("ebs.csi.aws.com", {"type": "sc1"}, True),
    "pd-ssd": ("pd.csi.storage.gke.io", {"type": "pd-ssd"}, True), "nfs": ("nfs.csi.k8s.io", {"server": "s", "share": "/"}, True),
    "bucket": ("s3.csi.aws.com", {}, True), "unheard-of": ("disks.example.com", {}, True),
    "local": ("rancher.io/local-path", {}, False), "fixed": ("ebs.csi.aws.com", {"type": "gp3"}, False),
}
GOOD = {"os": "Ubuntu 22.04.4 LTS", "kernel": "5.15.0-105-generic", "arch": "amd64", "system": "linux", "gbps": "10"}


@dataclass
class Spec:
    """One question. `expected`: the denying rules by the oracle, if it says; `old`: the spec that is stored."""

    object: dict
    source: str
    expected: set = None
    old: dict = None

    @property
    def key(self):
        meta = self.object["metadata"]
        return f"{meta['namespace']}/{meta['name']}"


class Pools:
    """Nodes by kind: each kind is a pool that specs select."""

    def __init__(self):
        self.kinds = {}

    def of(self, kind):
        full = {**GOOD, **(kind or {})}
        return self.kinds.setdefault(json.dumps(full, sort_keys=True), f"pool-{len(self.kinds)}")

    def nodes(self):
        """(name, kind with pool) of all nodes: five good ones, three of each other kind."""
        for text, pool in self.kinds.items():
            for number in range(5 if json.loads(text) == GOOD else 3):
                yield f"{pool}-{number}", {**json.loads(text), "pool": pool}


def merge(target, patch):
    """A JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def cluster(name, namespace, spec):
    return {"apiVersion": "pingcap.com/v1alpha1", "kind": "DMCluster", "metadata": {"name": name, "namespace": namespace},
            "spec": spec}


def oracle(pools):
    """The oracle's rows; their policy is the built-in one, so that they stand where ours says nothing else."""
    table = yaml.safe_load(ORACLE.read_text(encoding="utf-8"))
    for number, row in enumerate(table["rows"]):
        spec = merge(copy.deepcopy(table["bases"][row["env"]]), row.get("set", {}))
        for role in ("master", "worker", "monitor"):
            if isinstance(spec.get(role), dict) and "storageClassName" in spec[role]:
                spec[role]["storageClassName"] = row.get("disks", {}).get(role, "gp3")
        spec["nodeSelector"] = {POOL: pools.of(row.get("nodes"))}
        yield Spec(cluster(f"row-{number}", "plain", spec), f"oracle row {number}", set(row["deny"]))


def generated(seed, count, pools):
    """`count` specs with one to four mutations each; every third one as a change of a stored one."""
    bases = yaml.safe_load(ORACLE.read_text(encoding="utf-8"))["bases"]
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        spec = copy.deepcopy(bases[dice.choice(["production", "production", "development"])])
        for role in ("master", "worker", "monitor"):
            if role in spec:
                spec[role]["storageClassName"] = "gp3"
        spec["nodeSelector"] = {POOL: pools.of(None)}
        namespace = dice.choice(["plain", "plain", "plain", *NAMESPACES])
        spec, notes = mutated(dice, spec, pools, f"spec-{number}")
        name = f"spec-{number}" if "long name" not in notes else f"spec-{number}-" + "x" * dice.choice([20, 30, 40, 44])
        old = None
        if number % 3 == 0:
            old = spec
            spec, more = mutated(dice, spec, pools, name)
            notes = [*notes, "then", *more]
        yield Spec(cluster(name, namespace, spec), ", ".join(notes), None, old and cluster(name, namespace, old))


def mutated(dice, spec, pools, name):
    notes = []
    for _ in range(dice.choice([1, 1, 2, 2, 3, 4])):
        what = dice.choice(list(MUTATIONS))
        patch = MUTATIONS[what](dice, spec, pools, name)
        spec = merge(spec, patch)
        notes.append(what)
    return spec, notes


def _choice(*patches):
    return lambda dice, *_: copy.deepcopy(dice.choice(patches))


def _requests(dice, spec, _pools, _name):
    role = dice.choice([role for role in ("master", "worker", "monitor") if isinstance(spec.get(role), dict)])
    amounts = {"cpu": dice.choice([None, "3", "3999m", "4", "7", "8", "15999m", "16", 16, "24"]),
               "memory": dice.choice([None, "7Gi", "7999M", "8G", "8Gi", "15G", "16G", "31999M", "32G", "32Gi", "4e10"])}
    return {role: {dice.choice(["requests", "requests", "limits"]): dice.choice([amounts, None, {"cpu": amounts["cpu"]}])}}


def _class(dice, spec, *_):
    role = dice.choice([role for role in ("master", "worker", "monitor") if isinstance(spec.get(role), dict)])
    return {role: {"storageClassName": dice.choice([*CLASSES, None, "", "nope"])}}


def _size(dice, spec, *_):
    role = dice.choice([role for role in ("master", "worker", "monitor") if isinstance(spec.get(role), dict)])
    return {role: {"storageSize": dice.choice([None, "100G", "199G", "186Gi", "187Gi", "200G", "200Gi", "2e11", "0.2T", "2Ti"])}}


def _affinity(dice, _spec, _pools, name):
    host, zone = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
    term = {"topologyKey": dice.choice([host, host, zone]),
            "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": name}}}
    anti = dice.choice([{"requiredDuringSchedulingIgnoredDuringExecution": [term]},
                        {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}])
    return {dice.choice(["master", "worker"]): {"affinity": {"podAntiAffinity": anti}}}


def _kind(dice, spec, pools, _name):
    kind = dice.choice([{"os": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.1.0-25-amd64"}, {"arch": "arm64"}, {"gbps": "1"},
                        {"gbps": "0.1"}, {"gbps": ""}, {"system": "windows", "os": "Windows Server 2022 Datacenter"},
                        {"os": "CentOS Linux 7 (Core)", "kernel": "3.10.0-327.el7.x86_64"}, {"os": "Linux"}])
    where = dice.choice([None, "master", "worker"])
    if where is None or not isinstance(spec.get(where), dict):
        return {"nodeSelector": {POOL: dice.choice([pools.of(kind), pools.of(kind), "no-such-pool"])}}
    return {where: {"nodeSelector": {POOL: pools.of(kind)}}}


MUTATIONS = {
    "environment": _choice({"environment": "production"}, {"environment": "development"}, {"environment": None}),
    "purpose": _choice({"purpose": "performance"}),
    "version": _choice({"version": "v6.0.0"}, {"version": "v5.4.0"}, {"version": "v6.1.0"}, {"version": "nightly"},
                       {"version": "v99.0.0"}, {"version": None}, {"worker": {"version": "v6.0.0"}}),
    "upstreams": _choice({"upstreams": None}, {"upstreams": []}, {"upstreams": [{"name": "a"}]},
                         {"upstreams": [{"name": "a", "dataSize": "1G"}, {"name": "b", "dataSize": "1G"}]},
                         {"upstreams": [{"name": "a", "dataSize": "200G"}]},
                         {"upstreams": [{"name": "a", "dataSize": "199999999999"}]},
                         {"upstreams": [{"name": "a", "dataSize": "150G", "relay": {"enabled": True}}]},
                         {"upstreams": [{"name": "a", "dataSize": "150G", "relay": {"enabled": True, "space": "50G"}}]},
                         {"upstreams": [{"name": f"u{i}", "dataSize": "90G"} for i in range(3)]}),
    "master replicas": lambda dice, *_: {"master": {"replicas": dice.randint(0, 6)}},
    "worker replicas": lambda dice, *_: {"worker": {"replicas": dice.randint(0, 6)}},
    "no worker": _choice({"worker": None}),
    "requests": _requests, "requests again": _requests, "disk size": _size, "storage class": _class, "class again": _class,
    "monitor": _choice({"monitor": None}, {"monitor": {"external": True}}, {"monitor": {"replicas": 0}}),
    "config": _choice(*({role: {"config": text}} for role in ("master", "worker") for text in (
        'log-level = "info"\n', "log-level = \n", "no-such-key = 1\n", 'name = "x"\n', "openapi = false\n", 'master-addr = ":1"\n',
        "[experimental]\nopenapi = true\n", 'keepalive-ttl = 10\n', 'relay-dir = "/somewhere"\n', {"log-level": "warn"}, {"a": {"b": 1}}))),
    "affinity": _affinity,
    "spread": lambda dice, *_: {dice.choice(["master", "worker"]): {"topologySpreadConstraints": [
        {"topologyKey": dice.choice(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]), "maxSkew": dice.choice([1, 2])}]}},
    "nodes": _kind, "nodes again": _kind,
    "long name": lambda *_: {},
    "no effect": _choice({"podManagementPolicy": "OrderedReady"}, {"discovery": {"address": "x:1"}}, {"enablePVReclaim": True},
                         {"pvReclaimPolicy": "Delete"}, {"hostNetwork": True}),
    "sidecar": _choice(*({role: {"additionalContainers": [{"name": "s", "image": "s", "resources": {"requests": {"cpu": cpu}}}]}}
                         for role in ("master", "worker") for cpu in ("1", "60"))),
    "unreadable": _choice({"worker": {"requests": {"cpu": "16 cores"}}}, {"master": {"storageSize": "lots"}},
                          {"upstreams": [{"name": "a", "dataSize": "many"}]}, {"master": {"replicas": -1}},
                          {"worker": {"replicas": "three"}}, {"environment": "staging"}, {"master": {"requests": {"memory": "-8G"}}},
                          {"worker": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                              "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Is"}]}]}}}}},
                          {"master": {"tolerations": [{"operator": "Maybe"}]}}),
}
