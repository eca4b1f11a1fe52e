"""A real multi-node Kubernetes on one machine, for tests and demos.

    from lab import Cluster

    with Cluster.create(nodes="default") as cluster:
        cluster.kubectl("get", "nodes")
"""

from .cluster import Cluster
from .errors import LabError, WaitTimeout

__all__ = ["Cluster", "LabError", "WaitTimeout"]
