"""How a node looks like another machine.

osImage, CPU count and memory come from files, which `lab/node-init` mounts over the real ones. The kernel version and the
architecture do not: a MutatingAdmissionPolicy writes them into the node's status whenever the kubelet sends it.
"""

KERNEL = "lab.local/kernel"
ARCH = "lab.local/arch"


def make_files(spec, folder):
    """Write os-release, meminfo and the CPU trees of `spec` into `folder`."""
    folder.mkdir(parents=True)
    (folder / "os-release").write_text(f'PRETTY_NAME="{spec.os}"\nNAME="{spec.os.split()[0]}"\n', encoding="utf-8")
    (folder / "meminfo").write_text(_meminfo(spec.memory_kib), encoding="utf-8")
    _cpu_trees(folder, spec)
    # The kubelet sets these for the whole machine; it gets files of its own to write to.
    for name in ("overcommit_memory", "panic_on_oom", "panic", "panic_on_oops", "root_maxkeys", "root_maxbytes"):
        (folder / name).write_text("0\n", encoding="utf-8")


def annotations(spec):
    """What the policies below look for."""
    return {KERNEL: spec.kernel, ARCH: spec.arch}


def policies():
    """The admission policies that make annotated nodes report the wished kernel and architecture."""
    kernel = _node_info("kernelVersion", KERNEL)
    arch = _node_info("architecture", ARCH)
    label = f"Object{{metadata: Object.metadata{{labels: {{'kubernetes.io/arch': {_annotation(ARCH)}}}}}}}"
    return [*_policy("lab-kernel", KERNEL, [kernel]), *_policy("lab-arch", ARCH, [arch, label])]


def _annotation(key):
    return f"object.metadata.annotations['{key}']"


def _node_info(field, key):
    return (f"Object{{status: Object.status{{nodeInfo: Object.status.nodeInfo{{"
            f"{field}: {_annotation(key)}}}}}}}")


def _policy(name, key, expressions):
    api = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
            "resources": ["nodes", "nodes/status"]}
    condition = f"has(object.metadata.annotations) && '{key}' in object.metadata.annotations"
    mutations = [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}
                 for expression in expressions]
    return [
        {"apiVersion": api, "kind": "MutatingAdmissionPolicy", "metadata": {"name": name},
         "spec": {"failurePolicy": "Ignore", "reinvocationPolicy": "Never",
                  "matchConstraints": {"resourceRules": [rule]},
                  "matchConditions": [{"name": "annotated", "expression": condition}], "mutations": mutations}},
        {"apiVersion": api, "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": name},
         "spec": {"policyName": name}},
    ]


def _meminfo(kib):
    """The real /proc/meminfo with another MemTotal."""
    with open("/proc/meminfo", encoding="utf-8") as file:
        lines = file.read().splitlines()
    return "\n".join(f"MemTotal: {kib} kB" if line.startswith("MemTotal:") else line for line in lines) + "\n"


def _cpu_trees(folder, spec):
    """What cadvisor reads below /sys/devices/system/{node,cpu}: one NUMA node, one socket, `cpu` cores."""
    cpus = f"0-{spec.cpu - 1}\n" if spec.cpu > 1 else "0\n"
    cpu_root, numa_root = folder / "sys-cpu", folder / "sys-node"
    for number in range(spec.cpu):
        for tree in (cpu_root, numa_root / "node0"):
            topology = tree / f"cpu{number}" / "topology"
            topology.mkdir(parents=True)
            (topology / "core_id").write_text(f"{number}\n", encoding="utf-8")
            (topology / "physical_package_id").write_text("0\n", encoding="utf-8")
            (topology.parent / "online").write_text("1\n", encoding="utf-8")
    for file in ("online", "possible", "present"):
        (cpu_root / file).write_text(cpus, encoding="utf-8")
    (numa_root / "online").write_text("0\n", encoding="utf-8")
    (numa_root / "node0" / "meminfo").write_text(f"Node 0 MemTotal: {spec.memory_kib} kB\n", encoding="utf-8")
    (numa_root / "node0" / "distance").write_text("10\n", encoding="utf-8")
