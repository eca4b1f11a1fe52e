"""What the real scheduler does with a case's pods."""

import http.client
import json
import re
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

from lab.api import Api


# All pods as they are, a bookmark, then what changes.
PODS = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
TOLD = "k8s.io/initial-events-end"        # annotation of that bookmark
WATCHES = 10                              # the API server closes a watch that does not keep up; more often, and something is wrong


class PodWatch:
    """Follows all pods of the cluster by a watch; says where each stands, or that the scheduler found no place."""

    def __init__(self, kubeconfig):
        self._changed = threading.Condition()
        self._pods = {}                       # (namespace, name) → node, or the scheduler's words as a list
        self._failed = None
        self._kubeconfig = kubeconfig
        threading.Thread(target=self._run, daemon=True).start()

    def node_of(self, pod, timeout):
        """The node, or the scheduler's words as a one-element list when it found none."""
        with self._changed:
            self._changed.wait_for(lambda: self._failed or pod in self._pods, timeout)
            if self._failed:
                raise RuntimeError(f"the watch of pods ended: {self._failed}")
            return self._pods.get(pod, [f"no word from the scheduler in {timeout} s"])

    def bound_later(self, pods, timeout):
        """Give pods without a place the chance of another attempt; whether all are bound then."""
        with self._changed:
            return self._changed.wait_for(lambda: all(isinstance(self._pods.get(pod), str) for pod in pods), timeout)

    def all_gone(self, namespace, timeout):
        """Whether no pod of the namespace is left."""
        with self._changed:
            return self._changed.wait_for(lambda: all(where != namespace for where, _ in self._pods), timeout)

    def _run(self):
        try:
            for _ in range(WATCHES):
                self._follow()
            self._failed = f"closed by the API server {WATCHES} times"
        except Exception as error:  # pylint: disable=broad-except
            self._failed = repr(error)
        with self._changed:
            self._changed.notify_all()

    def _follow(self):
        """One watch, to its end. What is not among the pods that it begins with has gone meanwhile."""
        there = set()
        for event in _stream(self._kubeconfig, PODS):
            kind, object_ = event["type"], event["object"]
            if kind == "ERROR":
                raise RuntimeError(object_.get("message", object_))
            if kind != "BOOKMARK":
                self._take(kind, object_)
                there.add((object_["metadata"]["namespace"], object_["metadata"]["name"]))
            elif TOLD in object_["metadata"].get("annotations", {}):
                with self._changed:
                    self._pods = {pod: where for pod, where in self._pods.items() if pod in there}
                    self._changed.notify_all()

    def _take(self, kind, pod):
        key = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if kind == "DELETED":
            with self._changed:
                self._pods.pop(key, None)
                self._changed.notify_all()
            return
        where = pod["spec"].get("nodeName")
        if where is None:
            for condition in pod.get("status", {}).get("conditions", []):
                if condition["type"] == "PodScheduled" and condition["status"] == "False":
                    where = [condition.get("message", condition.get("reason", "?"))]
        if where is None:
            return
        with self._changed:
            self._pods[key] = where
            self._changed.notify_all()


def _stream(kubeconfig, path):
    api = Api(kubeconfig)
    address = urlsplit(re.search(r"server: (\S+)", Path(kubeconfig).read_text(encoding="utf-8")).group(1))
    connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=600, context=api._context)
    connection.request("GET", path)
    answer = connection.getresponse()
    for line in answer:
        yield json.loads(line)


def decode_all(text):
    """The JSON values that stand one behind the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        while at < len(text) and text[at].isspace():
            at += 1


def pods_of(objects, namespace):
    """Plain pods of rendered StatefulSets in the order in which the operator makes them: (role, pod)."""
    pods = []
    for item in objects:
        if item["kind"] != "StatefulSet":
            continue
        role = item["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        for number in range(item["spec"]["replicas"]):
            template = json.loads(json.dumps(item["spec"]["template"]))
            name = f"{item['metadata']['name']}-{number}"
            spec = template["spec"]
            for container in [*spec["containers"], *spec.get("initContainers", [])]:
                container.pop("volumeMounts", None)
            spec.pop("volumes", None)
            spec.pop("serviceAccountName", None)
            labels = {**template["metadata"]["labels"], "statefulset.kubernetes.io/pod-name": name}
            pods.append((role, {"apiVersion": "v1", "kind": "Pod", "spec": spec,
                                "metadata": {"name": name, "namespace": namespace, "labels": labels}}))
    order = {"dm-master": 0, "dm-worker": 1}
    return sorted(pods, key=lambda entry: order.get(entry[0], 2))
