"""Namespace, StorageClass and DMCluster in one `kubectl apply -f folder/`: never refused for our caches' lag.

Ten runs; DM_FOLDER_RUNS=100 in the environment for the long form.
"""

import json
import os

import pytest

import dmlab
import hostlab
from lab.api import Api, ApiError

RUNS = int(os.environ.get("DM_FOLDER_RUNS", "10"))
DEVELOPMENT = {"dm-test/environment": "development"}
NAMESPACES, CLASSES = "/api/v1/namespaces", "/apis/storage.k8s.io/v1/storageclasses"
CLUSTERS = "/apis/pingcap.com/v1alpha1/namespaces/folder-{}/dmclusters"


def objects(number, labels, class_type):
    """Namespace, class and cluster. The cluster is small: only its namespace's label lets it pass."""
    name = f"folder-{number}"
    cluster = json.loads(dmlab.manifest("fresh", name, masters=1, workers=1, upstreams=1, master_storageClassName=name,
                                        worker_storageClassName=name))
    del cluster["spec"]["environment"]
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
            hostlab.storage_class(name, parameters={"type": class_type}), cluster]


def clear(api, number):
    api.delete(f"{CLASSES}/folder-{number}")
    api.delete(f"{NAMESPACES}/folder-{number}")


@pytest.fixture(scope="module")
def api(judged):
    """A client that asks at once, as kubectl and its start-up time never would."""
    return Api(judged.cluster.kubeconfig)


def test_a_folder_with_all_that_the_cluster_needs(judged, api, tmp_path):
    for number in range(RUNS):
        for place, object_ in enumerate(objects(number, DEVELOPMENT, "gp3"), 1):   # kubectl reads them in this order
            (tmp_path / f"{place}.json").write_text(json.dumps(object_))
        done = judged.cluster.kubectl("apply", "-f", tmp_path, check=False)
        assert done.returncode == 0 and "fresh created" in done.stdout, (number, done.stderr)
        clear(api, number)
    print(f"{RUNS} runs, none refused")


def test_the_same_without_a_pause(api):
    for number in range(1000, 1000 + RUNS):
        for path, object_ in zip((NAMESPACES, CLASSES, CLUSTERS.format(number)), objects(number, DEVELOPMENT, "gp3"), strict=True):
            api.create(path, object_)
        clear(api, number)


def test_what_was_there_and_has_just_become_better(judged, api):
    """The namespace without its label and the class on cold disks are in the caches already."""
    for number in range(2000, 2000 + RUNS):
        namespace, cold, cluster = objects(number, {}, "sc1")
        api.create(NAMESPACES, namespace)
        api.create(CLASSES, cold)
        judged.cluster.wait(lambda path=CLUSTERS.format(number), body=cluster: refused_for(api, path, body), 20,
                            "the namespace and the class to be in the caches")
        api.merge(f"{CLASSES}/folder-{number}", {"metadata": {"annotations": {"dm.pingcap.com/disk-class": "ssd"}}})
        api.merge(f"{NAMESPACES}/folder-{number}", {"metadata": {"labels": DEVELOPMENT}})
        api.create(CLUSTERS.format(number), cluster)
        clear(api, number)


def refused_for(api, path, body):
    try:
        api.create(path + "?dryRun=All", body)
    except ApiError as error:
        return "MasterReplicas" in str(error)
    return False
