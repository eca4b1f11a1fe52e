"""A cluster as a test sees it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from . import binaries as build
from . import bringup, certs, network, nodespec, registry
from .audit import Audit
from .controlplane import ApiServer, Etcd
from .errors import LabError
from .node import Node
from .objects import Objects, Unasked
from .plan import Plan
from .process import Process
from .waiting import wait


class Cluster:
    """A running cluster. Make one with create(), or find one that runs with attach()."""

    def __init__(self, name):
        state = registry.load(name)
        self.plan = Plan(name, state["index"], state["full"])
        self.name = name
        self.binaries = Path(state["binaries"])
        self.kubeconfig = self.plan.kubeconfig
        self.objects = Objects(self.kubeconfig)
        self.host_ip = self.plan.host_ip
        self.full = state["full"]
        self.apiserver = ApiServer(self.plan)
        self.etcd = Etcd(self.plan)
        self.audit = Audit(self.plan.home / "audit")
        self._specs = [nodespec.NodeSpec(**entry) for entry in state["nodes"]]
        real = [spec for spec in self._specs if self.full and spec.kind == "real"]
        self.nodes = {spec.name: Node(self.plan, self.binaries, spec, number) for number, spec in enumerate(real, 1)}

    @classmethod
    def create(cls, name=None, nodes="default", kwok_only=False, owned=True, apiserver_flags=(), log=sys.stderr):
        """Bring a cluster up. `nodes`: a preset, a file or a list of dicts ([]: none).

        An owned cluster is removed by the next sweep when this process ends without down(). Where nodes cannot run, or
        with `kwok_only`, there is the control plane on loopback with kwok nodes instead; `full` is then False.
        """
        specs = nodespec.load(nodes)
        folder = build.ensure(log)
        plan = bringup.bring_up(name, specs, folder, kwok_only, owned, apiserver_flags, log)
        return cls(plan.name)

    @classmethod
    def attach(cls, name):
        """A cluster that another process brought up."""
        return cls(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def down(self):
        """Remove the cluster and all that belongs to it."""
        registry.take_down(self.name)

    def kubectl(self, *args, input=None, check=True, timeout=60, kubeconfig=None):
        """Run kubectl; returns the CompletedProcess (text). `input` goes to its standard input."""
        return self.tool("kubectl", *args, input=input, check=check, timeout=timeout, kubeconfig=kubeconfig)

    def helm(self, *args, version=4, input=None, check=True, timeout=300, kubeconfig=None):
        """Run Helm 4 or 3."""
        return self.tool(f"helm{version}", *args, input=input, check=check, timeout=timeout, kubeconfig=kubeconfig)

    def tool(self, program, *args, input=None, check=True, timeout=60, kubeconfig=None):
        """Run one of the binaries with this cluster's kubeconfig."""
        done = subprocess.run([self.binaries / program, *map(str, args)], input=input, capture_output=True, text=True,
                              timeout=timeout, check=False, env=self.environment(kubeconfig))
        if check and done.returncode:
            raise LabError(f"{program} {' '.join(map(str, args))}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def environment(self, kubeconfig=None):
        """Variables for a program that talks to this cluster; kubectl and Helm keep their caches in its folder."""
        home = self.plan.home / "tools"
        return {**os.environ, "KUBECONFIG": str(kubeconfig or self.kubeconfig), "KUBECACHEDIR": str(home / "kube"),
                "HELM_CACHE_HOME": str(home / "helm-cache"), "HELM_CONFIG_HOME": str(home / "helm-config"),
                "HELM_DATA_HOME": str(home / "helm-data"), "PATH": f"{self.binaries}:{os.environ.get('PATH', '')}"}

    def apply(self, manifest, *args):
        """kubectl apply of a text, or of an object or list of objects."""
        if isinstance(manifest, list):
            manifest = {"apiVersion": "v1", "kind": "List", "items": manifest}
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        return self.kubectl("apply", "-f", "-", *args, input=text)

    def get(self, *args, namespace=None):
        """What `kubectl get` gives for `args`, as decoded JSON; None for an object that does not exist.

        One argument without a slash is a kind, and gives a list: get("pods", namespace="x")["items"].
        """
        try:
            return self.objects.get(args, namespace)
        except Unasked:
            pass
        where = ["-n", namespace] if namespace else []
        done = self.kubectl("get", *args, *where, "-o", "json", "--ignore-not-found")
        if done.stdout:
            return json.loads(done.stdout)
        names_an_object = "/" in args[0] or len(args) > 1 and not args[1].startswith("-")
        return None if names_an_object else {"kind": "List", "items": []}

    def wait(self, predicate, timeout, what):
        """Wait until `predicate()` is true and return its value; WaitTimeout names `what`."""
        return wait(predicate, timeout, what, every=0.2)

    def node(self, name):
        """A real node."""
        if name not in self.nodes:
            raise LabError(f"no real node {name!r} here (there are: {', '.join(self.nodes) or 'none'})")
        return self.nodes[name]

    def import_image(self, archive, nodes=None):
        """Import a docker-archive into all real nodes; one that is off gets it when it starts. `nodes`: into these alone now, and
        into the others when they next start.
        """
        images = self.plan.home / "images"
        target = images / f"{time.time_ns()}-{Path(archive).name.removesuffix('.tar')}.tar"
        target.with_suffix(".new").write_bytes(Path(archive).read_bytes())
        target.with_suffix(".new").rename(target)
        for name, node in self.nodes.items():
            if node.alive() and (nodes is None or name in nodes):
                node.import_images()

    def route_services(self):
        """Let the host reach ClusterIPs by the first node that is on (after the one before was killed)."""
        for number, node in enumerate(self.nodes.values(), 1):
            if node.alive():
                network.route_services(self.plan, number)
                return

    def service_account_kubeconfig(self, namespace, name, duration="1h"):
        """A kubeconfig for a ServiceAccount, which is made when missing; returns its path."""
        if self.get("serviceaccount", name, namespace=namespace) is None:
            self.kubectl("create", "serviceaccount", name, "-n", namespace)
        token = self.kubectl("create", "token", name, "-n", namespace, f"--duration={duration}").stdout.strip()
        path = self.plan.home / "kubeconfigs" / f"{namespace}-{name}"
        certs.write_kubeconfig(path, self.name, self.plan.api_url, self.plan.pki("ca.crt"), f"    token: {token}")
        return path

    def host_service(self, namespace, name, port, target_port=None):
        """A Service that leads to a process on the host, which must listen on `host_ip` (or on all addresses)."""
        if not self.full:
            raise LabError("without a bridge a Service cannot lead to the host: use a URL on 127.0.0.1")
        meta = {"name": name, "namespace": namespace}
        target = target_port or port
        self.apply([
            {"apiVersion": "v1", "kind": "Service", "metadata": meta,
             "spec": {"ports": [{"name": "main", "port": port, "targetPort": target}]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
             "metadata": {**meta, "labels": {"kubernetes.io/service-name": name}},
             "ports": [{"name": "main", "port": target}],
             "endpoints": [{"addresses": [self.host_ip], "conditions": {"ready": True}}]},
        ])

    def run_host(self, name, argv, env=None):
        """Start a program on the host that ends with the cluster at the latest; returns its Process."""
        process = Process(self.plan.home, f"host-{name}")
        process.launch(argv, env)
        return process

    def process(self, name):
        """A program of the control plane: etcd, kube-controller-manager, kube-scheduler, coredns, kwok, provisioner."""
        return Process(self.plan.home, name)
