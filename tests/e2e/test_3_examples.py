"""examples/: what is compliant passes without a word; each file of refused/ breaks one rule, which is named, and passes
once the marked line is changed as the file itself says. A rule that refuses and has no example fails here."""

import json
import re

import pytest

import dmlab
from test_1_admission import bullets

EXAMPLES = dmlab.ROOT / "examples"
REFUSED = sorted((EXAMPLES / "refused").glob("*.yaml"))
ROW = re.compile(r'^\| <a id="\w+"></a>(\w+) \| ([^|]+) \| ([^|]+) \|', re.M)
HEAD = re.compile(r"^# Refused by (\w+)(?: \(said by (\w+)\))?: ")
MARK = re.compile(r"^( *)(\S.*?) +# <-- (?:write: (.+)|remove: .+)$")

# What NodesForRole says of the nodes, so that the example is refused for its own reason.
REASONS = {"NodeLinux": "windows", "NodeArchitecture": "is arm64, not amd64", "NodeOS": "runs CentOS 7.2, 7.3 or later is needed",
           "NodeNetwork": "has a network of 1 Gb/s"}


def denying_rules():
    """The rules that refuse somewhere; the page is held equal to the registry by a unit test."""
    rows = ROW.findall((dmlab.ROOT / "docs/requirements.md").read_text())
    assert len(rows) > 40
    return {name for name, development, production in rows if "deny" in (development + production)}


def corrected(text):
    """The manifest after the change that its own marked line asks for, and the marked line itself."""
    lines = text.splitlines()
    marked = [(number, MARK.match(line)) for number, line in enumerate(lines) if "# <-- " in line]
    assert len(marked) == 1 and marked[0][1], "exactly one line is marked with '# <-- write: …' or '# <-- remove: …'"
    number, match = marked[0]
    if match[3]:
        lines[number] = match[1] + match[3]
    else:
        end = number + 1
        while end < len(lines) and lines[end].startswith(match[1] + " "):   # what belongs to it
            end += 1
        del lines[number:end]
    return "\n".join(lines) + "\n", match[2]


def test_every_rule_that_refuses_has_an_example():
    assert {path.stem for path in REFUSED} == denying_rules()


@pytest.mark.parametrize("name", ["production", "development"])
def test_compliant_examples_pass_without_a_word(judged, name):
    done = judged.apply((EXAMPLES / f"{name}.yaml").read_text(), "--dry-run=server")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.fixture(scope="module")
def running(judged):
    """A DMCluster `orders` whose claims exist, for the rules on changes."""
    lab = judged.cluster
    lab.kubectl("create", "namespace", "running")
    text = (EXAMPLES / "refused/StorageShrink.yaml").read_text()
    lab.kubectl("apply", "-n", "running", "-f", "-", input=corrected(text)[0])
    for role in ("master", "worker"):
        name = f"dm-{role}-orders-dm-{role}-0"
        labels = {"app.kubernetes.io/name": "dm-cluster", "app.kubernetes.io/instance": "orders",
                  "app.kubernetes.io/managed-by": "tidb-operator", "app.kubernetes.io/component": f"dm-{role}"}
        common = {"accessModes": ["ReadWriteOnce"], "storageClassName": "ssd"}
        lab.apply([
            {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
             "spec": {**common, "capacity": {"storage": "250Gi"}, "hostPath": {"path": "/nowhere"},
                      "claimRef": {"namespace": "running", "name": name}}},
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "running", "labels": labels},
             "spec": {**common, "volumeName": name, "resources": {"requests": {"storage": "250Gi"}}}}])
    # Its members have formed, as its status tells.
    lab.kubectl("patch", "dc", "orders", "-n", "running", "--subresource=status", "--type=merge", "-p",
                json.dumps({"status": {"bootstrap": {"clusterID": "11585790633637162895"}}}))
    lab.wait(lambda: all(claim["status"].get("capacity") for claim in lab.get("pvc", namespace="running")["items"]), 20,
             "the claims to be bound")
    return "running"


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_refused_by_the_rule_that_it_is_named_after(judged, path, request):
    text = path.read_text()
    rule, said_by = HEAD.match(text).groups()
    assert rule == path.stem
    change = rule in ("StorageShrink", "StorageClassChange", "TLSSwitch", "DataDirSwitch")
    where = ("-n", request.getfixturevalue("running") if change else "default")
    printed = judged.refusal(text, "--dry-run=server", *where)
    causes = bullets(printed) or [printed.split(" is invalid: ", 1)[1]]
    assert len(causes) == 1 and f"({said_by or rule})" in causes[0], printed

    assert REASONS.get(rule, "") in causes[0], printed

    mended, marked = corrected(text)
    if not said_by and rule not in ("NodesForRole", "ConfigParses", "ConfigKnownKey", "ReservedConfig", "MonitorReplicas"):
        field = causes[0].split(":")[0].rsplit(".", 1)[-1]
        assert field in marked, f"{field} is refused, and marked is {marked!r}"
    done = judged.apply(mended, "--dry-run=server", *where)
    assert done.returncode == 0, f"as corrected:\n{mended}\n{done.stderr}"
