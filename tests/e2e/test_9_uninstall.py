"""Last: our programs go, the DM clusters stay; Helm 3 installs again over what was kept."""

import dmlab


def test_uninstall_keeps_clusters_and_helm_3_installs_again(lab):
    before = dmlab.children(lab, "quiet")
    lab.helm("uninstall", dmlab.RELEASE, "--namespace", dmlab.SYSTEM, "--wait")
    assert lab.get("dc", "orders", namespace="quiet") and dmlab.children(lab, "quiet") == before
    dmlab.install(lab, version=3)
    dmlab.wait_ready(lab, "orders", "quiet", 60)
    assert dmlab.children(lab, "quiet") == before
    lab.helm("upgrade", dmlab.RELEASE, dmlab.CHART, "--namespace", dmlab.SYSTEM, "--wait", "--reuse-values", version=3)
