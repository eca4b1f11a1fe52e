"""Nodes look as wished and run pods that reach each other."""

import ipaddress
import urllib.request

from lab import nodespec

from .base import delete, expect, needs_nodes, node_ready, pod, run_pods

WEB = ("httpd", "-f", "-p", "8080", "-h", "/etc")


def nodes_look_as_wished(cluster):
    """Name, osImage, kernel, architecture, CPU, memory and labels of all nodes of the preset."""
    found = {node["metadata"]["name"]: node for node in cluster.get("nodes")["items"]}
    specs = nodespec.load("default")
    expect(sorted(found), sorted(spec.name for spec in specs), "nodes")
    for spec in specs:
        node = found[spec.name]
        info, capacity = node["status"]["nodeInfo"], node["status"]["capacity"]
        expect((info["osImage"], info["kernelVersion"], info["architecture"]), (spec.os, spec.kernel, spec.arch), spec.name)
        expect((capacity["cpu"], capacity["memory"]), (str(spec.cpu), spec.memory), f"capacity of {spec.name}")
        expect(node["metadata"]["labels"]["kubernetes.io/arch"], spec.arch, f"arch label of {spec.name}")
        for key, value in spec.labels.items():
            expect(node["metadata"]["labels"].get(key), value, f"label {key} of {spec.name}")
        expect(node_ready(cluster, spec.name), "True", f"Ready of {spec.name}")


@needs_nodes
def production_sized_pods_run_one_a_host(cluster):
    """Three anti-affine pods of 16 CPU and 32 GiB run, with addresses of their nodes' subnets."""
    term = {"labelSelector": {"matchLabels": {"app": "big"}}, "topologyKey": "kubernetes.io/hostname"}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    resources = {"resources": {"requests": {"cpu": "16", "memory": "32Gi"}}}
    pods = run_pods(cluster, *[pod(f"big-{i}", labels={"app": "big"}, affinity=affinity, container=resources)
                               for i in range(3)])
    expect(len({item["spec"]["nodeName"] for item in pods}), 3, "different nodes")
    for item in pods:
        number = list(cluster.nodes).index(item["spec"]["nodeName"]) + 1
        subnet = ipaddress.ip_network(cluster.plan.pod_subnet(number))
        expect(ipaddress.ip_address(item["status"]["podIP"]) in subnet, True, f"{item['status']['podIP']} in {subnet}")
    delete(cluster, *[f"pod/big-{i}" for i in range(3)])


@needs_nodes
def pods_reach_services_on_other_nodes(cluster):
    """By DNS name and ClusterIP from a pod on another node, and by ClusterIP and pod IP from the host."""
    web, _ = run_pods(cluster, pod("web", "ubuntu-1", WEB, {"app": "web"}), pod("client", "ubuntu-2"))
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
                   "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})
    service_ip = cluster.get("service", "web", namespace="default")["spec"]["clusterIP"]

    def fetch(host):
        return cluster.kubectl("exec", "client", "--", "wget", "-q", "-O", "-", f"http://{host}/passwd").stdout

    def fetch_from_host(host):
        with urllib.request.urlopen(f"http://{host}/passwd", timeout=3) as answer:
            return answer.read().decode()

    for host in ("web.default.svc.cluster.local", service_ip):
        cluster.wait(lambda host=host: "root" in fetch(host), 15, f"an answer of {host}")
    for host in (service_ip, f"{web['status']['podIP']}:8080"):
        cluster.wait(lambda host=host: "root" in fetch_from_host(host), 15, f"an answer of {host} to the host")
    delete(cluster, "pod/web", "pod/client", "service/web")


@needs_nodes
def unready_members_have_names(cluster):
    """A headless Service with publishNotReadyAddresses names a pod that is not ready."""
    probe = {"readinessProbe": {"exec": {"command": ["false"]}}}
    cluster.apply([
        pod("member-0", labels={"app": "member"}, hostname="member-0", subdomain="peer", container=probe),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "peer", "namespace": "default"},
         "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {"app": "member"},
                  "ports": [{"port": 80}]}}])
    run_pods(cluster, pod("asker", "ubuntu-2"))
    address = cluster.wait(lambda: cluster.get("pod/member-0", namespace="default")["status"].get("podIP"), 30, "a pod IP")
    name = "member-0.peer.default.svc.cluster.local"
    cluster.wait(lambda: address in cluster.kubectl("exec", "asker", "--", "nslookup", name).stdout, 15, f"{name}")
    delete(cluster, "pod/member-0", "pod/asker", "service/peer")


@needs_nodes
def logs_and_exec_work(cluster):
    """kubectl reaches the kubelets."""
    run_pods(cluster, pod("talker", command=("sh", "-c", "echo hello from $HOSTNAME; sleep 1000")))
    cluster.wait(lambda: "hello from talker" in cluster.kubectl("logs", "talker").stdout, 10, "the log")
    expect(cluster.kubectl("exec", "talker", "--", "hostname").stdout.strip(), "talker", "hostname")
    delete(cluster, "pod/talker")


def kwok_nodes_seem_to_run_pods(cluster):
    """A pod that tolerates the taint gets Running on a node that is an object only."""
    item, = run_pods(cluster, pod("seeming", "rhel-arm", tolerations=[{"operator": "Exists"}]))
    expect(item["status"]["phase"], "Running", "phase")
    delete(cluster, "pod/seeming")


CHECKS = [nodes_look_as_wished, production_sized_pods_run_one_a_host, pods_reach_services_on_other_nodes,
          unready_members_have_names, logs_and_exec_work, kwok_nodes_seem_to_run_pods]
