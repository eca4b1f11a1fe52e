"""Generated clusters and DMClusters for the comparison with the scheduler. A case depends on its seed and number only."""

import random
from dataclasses import dataclass, field

CASE = "dm-test/case"          # each case's nodes carry it and its spec selects it: the cases share one cluster
HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"

# osImage, kernel, whether production and development take it: from the requirements page, not from the engine.
SYSTEMS = [
    ("Ubuntu 22.04.4 LTS", "5.15.0-105-generic", True, True),
    ("Ubuntu 16.04 LTS", "4.4.0-21-generic", True, True),
    ("CentOS Linux 7 (Core)", "3.10.0-1160.el7.x86_64", True, True),
    ("Red Hat Enterprise Linux 9.2 (Plow)", "5.14.0-284.11.1.el9_2.x86_64", True, True),
    ("Oracle Linux Server 7.9", "5.4.17-2102.201.3.el7uek.x86_64", True, True),
    ("Debian GNU/Linux 12 (bookworm)", "6.1.0-25-amd64", False, True),
    ("CentOS Linux 7 (Core)", "3.10.0-327.el7.x86_64", False, False),
    ("Ubuntu 14.04.6 LTS", "4.4.0-148-generic", False, False),
]
GOOD = SYSTEMS[:5]
TAINTS = [{"key": "dedicated", "value": "dm", "effect": "NoSchedule"},
          {"key": "dedicated", "value": "other", "effect": "NoSchedule"},
          {"key": "draining", "effect": "NoExecute"},
          {"key": "slow", "value": "yes", "effect": "PreferNoSchedule"}]
TOLERATIONS = [{"key": "dedicated", "operator": "Equal", "value": "dm", "effect": "NoSchedule"},
               {"key": "dedicated", "operator": "Exists"},
               {"key": "dedicated", "value": "other"},
               {"key": "draining", "operator": "Exists", "effect": "NoExecute"},
               {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"},
               {"operator": "Exists"}]


@dataclass
class Case:
    """Nodes and a DMCluster; `fit[role]`: names of the nodes whose kind the requirements page takes for that role."""

    number: int
    nodes: list
    cluster: dict
    fit: dict = field(default_factory=dict)

    @property
    def name(self):
        return f"case-{self.number}"


def make(seed, number):
    """The case of that number."""
    dice = random.Random(f"{seed}/{number}")
    production = dice.random() < 0.6
    key = f"dm-test/zone-{number}" if dice.random() < 0.3 else ZONE
    nodes, fit = _nodes(dice, number, key, production)
    return Case(number, nodes, _cluster(dice, number, key, production, [n["metadata"]["name"] for n in nodes]), fit)


def _nodes(dice, number, zone, production):
    strange = dice.choice([0, 0, 0.2, 0.5])          # how often a node's kind does not qualify
    sizes = dice.choice([[64], [32, 64], [32, 40], [8, 16, 20, 40], [4, 8, 16, 24, 40], [17, 21, 25, 33]])
    alike, few_pods = dice.random() < 0.25, dice.random() < 0.1
    nodes, fit = [], {"dm-master": set(), "dm-worker": set(), "dm-monitor": set()}
    for index in range(dice.choice([1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 9])):
        name = f"n{number}-{index}"
        odd = dice.random() < strange
        image, kernel, in_production, in_development = dice.choice(SYSTEMS if odd else GOOD)
        arch, system = ("arm64" if odd and dice.random() < 0.3 else "amd64"), "linux"
        labels = {CASE: str(number), "kubernetes.io/arch": arch, "kubernetes.io/os": system,
                  "generation": str(dice.randint(1, 9)), "disk": dice.choice(["ssd", "ssd", "hdd"])}
        speed = dice.choice([None, 25, 10, 1, 0.1] if odd else [None, 10, 25])
        if speed is not None:
            labels["dm.pingcap.com/network-gbps"] = f"{speed:g}"
        host = dice.random()
        if not (alike and host < 0.3):
            labels[HOST] = f"n{number}-{index // 2}" if alike and host < 0.8 else name
        if dice.random() < 0.85:
            labels[zone] = f"z{dice.randint(1, 3)}"
        if dice.random() < 0.2:
            labels["gpu"] = dice.choice(["", "a100"])
        cpu = dice.choice(sizes)
        amounts = {"cpu": dice.choice([str(cpu), f"{cpu * 1000 - 70}m"]), "memory": f"{cpu * dice.choice([1, 2, 2, 4])}Gi",
                   "pods": str(dice.randint(1, 2)) if few_pods else "110"}
        spec = {"taints": [dice.choice(TAINTS)] if dice.random() < 0.2 else []}
        if dice.random() < 0.08:
            spec["unschedulable"] = True
            spec["taints"].append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})   # as a controller adds it
        nodes.append({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
            "status": {"capacity": amounts, "allocatable": amounts, "conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {
                "osImage": image, "kernelVersion": kernel, "architecture": arch, "operatingSystem": system,
                "kubeletVersion": "v1.37.2", "containerRuntimeVersion": "containerd://2.4.2", "bootID": "", "machineID": "",
                "systemUUID": "", "kubeProxyVersion": ""}}})
        for role, names in fit.items():
            least = 10 if production and role == "dm-worker" else 1
            if (in_production if production else in_development) and arch == "amd64" and (speed is None or speed >= least):
                names.add(name)
    return nodes, fit


def _cluster(dice, number, zone, production, names):
    name = f"case-{number}"
    spec = {
        "environment": "production" if production else "development", "version": "v8.5.7",
        "upstreams": [{"name": "one", "dataSize": "100G"}], "nodeSelector": {CASE: str(number)},
        "master": {"replicas": dice.choice([1, 3, 3, 3, 5]), "storageClassName": "fast", "storageSize": "200G",
                   "requests": {"cpu": dice.choice(["4", "4", "3500m"]), "memory": dice.choice(["8G", "8Gi", "12Gi"])}},
        "worker": {"replicas": dice.choice([1, 2, 2, 3, 4]), "storageClassName": "fast", "storageSize": "200G",
                   "requests": {"cpu": "16" if production else dice.choice(["8", "7500m"]),
                                "memory": "32G" if production else "16G"}},
    }
    if dice.random() < 0.4:
        spec["monitor"] = {"replicas": 1, "storageClassName": "fast", "storageSize": "200G",
                           "requests": {"cpu": "8", "memory": "16G"}}
    for role, component in (("dm-master", "master"), ("dm-worker", "worker")):
        _place(dice, spec[component], name, role, zone, names)
    if dice.random() < 0.2:
        spec["tolerations"] = [dice.choice(TOLERATIONS)]
    if dice.random() < 0.1:
        spec["affinity"] = {"podAntiAffinity": _required([_apart(dice, name, None, zone)])}
    _take_ports(dice, spec)
    return {"apiVersion": "pingcap.com/v1alpha1", "kind": "DMCluster", "metadata": {"name": name, "namespace": name},
            "spec": spec}


def _take_ports(dice, spec):
    """Ports of the node: of all pods, of a role's, or the same one for sidecars of both roles."""
    what = dice.random()
    if what < 0.05:
        spec["hostNetwork"] = True
    elif what < 0.12:
        spec[dice.choice(["master", "worker"])]["hostNetwork"] = True
    elif what < 0.17:
        for component in ("master", "worker"):
            spec[component]["additionalContainers"] = [{"name": "agent", "image": "agent", "ports": [
                {"containerPort": 9999, "hostPort": 9999}]}]


def _required(value):
    return {"requiredDuringSchedulingIgnoredDuringExecution": value}


def _place(dice, component, name, role, zone, names):
    """What a user may write of a role's place."""
    affinity = {}
    if dice.random() < 0.15:
        component["nodeSelector"] = {"disk": dice.choice(["ssd", "ssd", "hdd"])}
    if dice.random() < 0.22:
        affinity["nodeAffinity"] = _required({"nodeSelectorTerms": [_term(dice, names) for _ in range(dice.choice([1, 1, 2]))]})
    if dice.random() < 0.25:
        affinity["podAntiAffinity"] = _required([_apart(dice, name, role, zone) for _ in range(dice.choice([1, 1, 2]))])
    if affinity:
        component["affinity"] = affinity
    if dice.random() < 0.3:
        component["topologySpreadConstraints"] = [_spread(dice, key, zone) for key in
                                                  dice.choice([[zone], [zone], [HOST], [zone, HOST]])]
    if dice.random() < 0.3:
        component["tolerations"] = dice.sample(TOLERATIONS, dice.choice([1, 1, 2]))
    if dice.random() < 0.15:
        component["additionalContainers"] = [{"name": "sidecar", "image": "sidecar", "resources": {
            "requests": {"cpu": dice.choice(["500m", "2"]), "memory": "1Gi"}}}]


def _term(dice, names):
    """One node selector term: all operators, labels and fields."""
    expressions = [
        {"key": "generation", "operator": "Gt", "values": [str(dice.randint(0, 3))]},
        {"key": "generation", "operator": "Lt", "values": [str(dice.randint(6, 11))]},
        {"key": "disk", "operator": "In", "values": dice.choice([["ssd"], ["ssd", "hdd"], ["hdd", "ssd", "nvme"]])},
        {"key": "disk", "operator": "NotIn", "values": ["hdd"]},
        {"key": "gpu", "operator": "NotIn", "values": ["a100"]},
        {"key": "gpu", "operator": "DoesNotExist"},
        {"key": "gpu", "operator": "Exists"},
        {"key": "gpu", "operator": "In", "values": [""]},
        {"key": "disk", "operator": "Gt", "values": ["1"]},
    ]
    term = {"matchExpressions": dice.sample(expressions, dice.choice([1, 1, 2]))}
    what = dice.random()
    if what < 0.3:
        term["matchFields"] = [{"key": "metadata.name", "operator": dice.choice(["NotIn", "NotIn", "In"]),
                                "values": [dice.choice(names)]}]
        if dice.random() < 0.5:
            del term["matchExpressions"]
    elif what < 0.34:
        term = {}                                     # matches nothing
    return term


def _apart(dice, name, role, zone):
    labels = {"app.kubernetes.io/instance": name}
    if role is not None and dice.random() < 0.8:
        labels["app.kubernetes.io/component"] = role
    selector = dice.choice([
        {"matchLabels": labels},
        {"matchExpressions": [{"key": key, "operator": "In", "values": [value, "else"]} for key, value in labels.items()]},
        {"matchLabels": labels, "matchExpressions": [{"key": "no-such-label", "operator": "DoesNotExist"}]}])
    term = {"topologyKey": dice.choice([HOST, HOST, HOST, zone]), "labelSelector": selector}
    where = dice.random()
    if where < 0.1:
        term["namespaces"] = [name]
    elif where < 0.15:
        term["namespaces"] = ["elsewhere"]
    elif where < 0.2:
        term["namespaceSelector"] = {}
    elif where < 0.25:
        term["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": dice.choice([name, "elsewhere"])}}
    return term


def _spread(dice, key, zone):
    spread = {"topologyKey": key}
    if dice.random() < 0.5:
        spread["maxSkew"] = dice.choice([1, 1, 2])
    if dice.random() < 0.25:
        spread["minDomains"] = dice.choice([1, 2, 3])
    # What ignores the selector counts all nodes of the cluster that have the key: only with a key of the case's own.
    if key == zone != ZONE and dice.random() < 0.4:
        spread["nodeAffinityPolicy"] = dice.choice(["Ignore", "Honor"])
    if dice.random() < 0.1:
        spread["matchLabels"] = {"no-such-label": "x"}   # counts no pod at all
    return spread
