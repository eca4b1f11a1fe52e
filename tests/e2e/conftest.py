"""One cluster for all end-to-end tests: mixed nodes, our image, our chart installed by Helm as a user would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/cluster"), str(ROOT / "tests/e2e")]

import dmlab  # noqa: E402  (needs the path above)
import hostlab  # noqa: E402
import watchedlab  # noqa: E402
from lanes import LANES, lane_of  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--lane", choices=list(LANES), help="only the tests of this lane (lanes.py)")


def pytest_collection_modifyitems(config, items):
    lane = config.getoption("--lane")
    if lane:
        chosen = [item for item in items if lane_of(item.path.name) == lane]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(scope="session")
def images():
    """Archives of our image and of the DM that the clusters run; DM_IMAGES: made before, by a run of several lanes."""
    made = os.environ.get("DM_IMAGES")
    return made.split(os.pathsep) if made else dmlab.build_images()


@pytest.fixture(scope="session")
def bare(images):
    """A cluster with the images on its nodes and nothing of ours installed."""
    cluster = dmlab.create_cluster(images)
    yield cluster
    cluster.down()


@pytest.fixture(scope="session")
def lab(bare):
    """The cluster with the chart installed."""
    dmlab.install(bare)
    return bare


@pytest.fixture(scope="session")
def watched(lab):
    """A DM cluster of three masters and two workers, with the source s0 in Sync, that tests change and hurt in turns: each
    leaves it settled, and knows what it has by `watched.asked`."""
    found = watchedlab.Watched(lab, "observed", "watched", version="v8.5.6")
    found.settle(240)
    found.dm.add_source("s0")
    yield found
    found.remove()


@pytest.fixture(scope="session")
def judged():
    """A light cluster of node objects with dm-webhook as a process of the host: for all that needs no pods."""
    with hostlab.HostLab() as lab:
        yield lab


@pytest.fixture()
def namespace(lab, request):
    """A namespace of the test's own, removed afterwards."""
    name = request.node.name.replace("_", "-").replace("[", "-").replace("]", "").lower()[:50].strip("-")
    lab.kubectl("create", "namespace", name)
    yield name
    lab.kubectl("delete", "namespace", name, "--wait=false", check=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """On a failure: what the programs and the clusters say, before everything is torn down."""
    report = (yield).get_result()
    if report.failed and "lab" in item.fixturenames and "lab" in item.funcargs:
        try:
            report.sections.append(("state of the cluster", dmlab.diagnose(item.funcargs["lab"])))
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            report.sections.append(("state of the cluster", f"not to be had: {error}"))
