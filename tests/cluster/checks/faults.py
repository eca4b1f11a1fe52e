"""The levers of fault tests: the API server frozen and killed, history gone, kubelets, cables and nodes dead."""

from lab.api import Api, ApiError

from .base import delete, expect, needs_nodes, node_ready, pod, run_pods


def a_frozen_api_server_hangs_and_recovers(cluster):
    """stop and cont."""
    cluster.apiserver.stop()
    expect(cluster.apiserver.ready(), False, "ready while frozen")
    cluster.apiserver.cont()
    cluster.apiserver.wait_ready()


def a_killed_api_server_comes_back(cluster):
    """kill and start; objects are still there."""
    cluster.apiserver.kill()
    expect(cluster.apiserver.alive(), False, "alive after kill")
    cluster.apiserver.start()
    cluster.apiserver.wait_ready()
    cluster.wait(lambda: cluster.get("namespace", "default"), 20, "the namespace")


def old_history_is_gone_after_a_restart(cluster):
    """A watch from before a compaction and a restart gets 410."""
    cluster.etcd.compact()
    cluster.apiserver.restart()
    watch = "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion=5"

    def answer():
        try:
            event = Api(cluster.kubeconfig).get(watch)
            return event["object"]["code"] if event["type"] == "ERROR" else None
        except ApiError as error:
            return error.status if error.status == 410 else None
    expect(cluster.wait(answer, 20, "an answer to the old watch"), 410, "answer to a watch of revision 5")


@needs_nodes
def a_frozen_kubelet_makes_its_node_not_ready(cluster):
    """stop_kubelet and cont_kubelet."""
    _lose_and_regain(cluster, "debian-1", cluster.node("debian-1").stop_kubelet, cluster.node("debian-1").cont_kubelet)


@needs_nodes
def a_cut_cable_makes_the_node_not_ready(cluster):
    """partition and heal."""
    _lose_and_regain(cluster, "debian-1", cluster.node("debian-1").partition, cluster.node("debian-1").heal)


@needs_nodes
def a_killed_node_boots_again_with_its_pods(cluster):
    """kill and start: the same pod, restarted."""
    before, = run_pods(cluster, pod("survivor", "debian-1"))
    node = cluster.node("debian-1")
    _lose_and_regain(cluster, "debian-1", node.kill, node.start)

    def restarted():
        item = cluster.get("pod", "survivor", namespace="default")
        return item["status"]["containerStatuses"][0]["restartCount"] >= 1 and item
    after = cluster.wait(restarted, 60, "the container to be started again")
    expect(after["metadata"]["uid"], before["metadata"]["uid"], "pod uid")
    delete(cluster, "pod/survivor")


def _lose_and_regain(cluster, name, lose, regain):
    lose()
    cluster.wait(lambda: node_ready(cluster, name) != "True", 40, f"{name} to be not ready")
    regain()
    cluster.wait(lambda: node_ready(cluster, name) == "True", 60, f"{name} to be ready again")


CHECKS = [a_frozen_api_server_hangs_and_recovers, a_killed_api_server_comes_back, old_history_is_gone_after_a_restart,
          a_frozen_kubelet_makes_its_node_not_ready, a_cut_cable_makes_the_node_not_ready,
          a_killed_node_boots_again_with_its_pods]
