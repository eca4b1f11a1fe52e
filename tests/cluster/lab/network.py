"""The host's bridge and the cables of the nodes. All of it vanishes with the bridge and the nodes' namespaces."""

import subprocess

from .errors import LabError


def ip(*args, check=True):
    """Run ip(8)."""
    done = subprocess.run(["ip", *args], capture_output=True, text=True, timeout=30, check=False)
    if check and done.returncode:
        raise LabError(f"ip {' '.join(args)}: {done.stderr.strip()}")
    return done


def make_bridge(plan):
    """The bridge with the host's address.

    Its MAC is fixed: else it takes the lowest of its ports', changes as nodes are plugged in, and every node that had
    already asked for it hangs until its ARP entry is old (40 s).
    """
    ip("link", "add", plan.bridge, "address", f"02:00:0a:{88 + plan.index:02x}:00:01", "type", "bridge")
    ip("addr", "add", f"{plan.host_ip}/24", "dev", plan.bridge)
    ip("link", "set", plan.bridge, "up")


def plug(plan, number, pid):
    """A cable from the bridge to `eth0` in the network namespace of `pid`, and the host's route to the node's pods."""
    veth = plan.veth(number)
    ip("link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    ip("link", "set", veth, "master", plan.bridge, "up")
    ip("route", "replace", plan.pod_subnet(number), "via", plan.node_ip(number))


def unplug(plan, number):
    """Remove a node's cable and route, if they are there."""
    ip("route", "del", plan.pod_subnet(number), check=False)
    ip("link", "del", plan.veth(number), check=False)


def route_services(plan, number):
    """Let the host reach ClusterIPs through the kube-proxy of one node."""
    ip("route", "replace", plan.service_range, "via", plan.node_ip(number))


def set_cable(plan, number, up):
    """Cut a node off, or connect it again."""
    ip("link", "set", plan.veth(number), "up" if up else "down")


def remove_bridge(plan):
    """Remove the bridge; the routes through it go with it."""
    ip("link", "del", plan.bridge, check=False)


def in_use(plan):
    """Whether another thing on this machine has the cluster's names or addresses already."""
    if ip("link", "show", plan.bridge, check=False).returncode == 0:
        return True
    ours = (plan.host_ip.rsplit(".", 2)[0] + ".", plan.first_service_ip.rsplit(".", 2)[0] + ".")
    return any(line.startswith(ours) for line in ip("route", "show").stdout.splitlines())
