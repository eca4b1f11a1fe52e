"""The configuration files of a real node: containerd, CNI, kubelet, kube-proxy and the settings of node-init."""

import json
import shlex

from . import certs, disguise

CONTAINERD = """\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "lab.local/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true  # where root may not lower it, runc fails with "can't get final child's PID from pipe"
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "{cni}"
"""


def write(plan, binaries, spec, number, numbers):
    """Make the folder of node `number`; `numbers` are those of all real nodes, for the routes."""
    folder = plan.home / "nodes" / spec.name
    for sub in ("var/lib", "var/log", "cni"):
        (folder / sub).mkdir(parents=True)
    (folder / "var/run").symlink_to("/run")
    (plan.home / "log" / spec.name).mkdir(parents=True, exist_ok=True)
    disguise.make_files(spec, folder / "fake")

    ip = plan.node_ip(number)
    certs.make_leaf(plan.pki(""), f"kubelet-{spec.name}", f"system:node:{spec.name}", "system:nodes", [f"IP:{ip}"])
    certs.write_kubeconfig(folder / "kubelet.kubeconfig", plan.name, plan.api_url, plan.pki("ca.crt"),
                           certs.certificate_user(plan.pki(""), f"kubelet-{spec.name}"))
    (folder / "resolv.conf").write_text(f"nameserver {plan.host_ip}\n", encoding="utf-8")
    (folder / "containerd.toml").write_text(CONTAINERD.format(cni=folder / "cni"), encoding="utf-8")
    _write_json(folder / "cni" / "10-lab.conflist", _cni(plan.pod_subnet(number)))
    _write_json(folder / "kubelet.json", _kubelet(plan, folder, spec, ip))
    _write_json(folder / "kube-proxy.json", _kube_proxy(plan, spec))
    settings = {
        "NODE": spec.name, "DIR": folder, "BIN": binaries, "LOG": plan.home / "log" / spec.name,
        "IMAGES": plan.home / "images", "GROUP": f"lab-{plan.name}/{spec.name}", "IP": ip, "GATEWAY": plan.host_ip,
        "API": plan.api_url,
        "ROUTES": "\n".join(f"{plan.pod_subnet(other)} via {plan.node_ip(other)}"
                            for other in numbers if other != number),
    }
    (folder / "settings").write_text(
        "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in settings.items()), encoding="utf-8")


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _cni(subnet):
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True,
              "ipam": {"type": "host-local", "ranges": [[{"subnet": subnet}]], "routes": [{"dst": "0.0.0.0/0"}]}}
    return {"cniVersion": "1.0.0", "name": "lab", "plugins": [bridge]}


def _kubelet(plan, folder, spec, ip):
    pki = plan.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": ip, "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                           "x509": {"clientCAFile": str(pki("ca.crt"))}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki(f"kubelet-{spec.name}.crt")),
        "tlsPrivateKeyFile": str(pki(f"kubelet-{spec.name}.key")),
        "clusterDNS": [plan.host_ip], "clusterDomain": "cluster.local", "resolvConf": str(folder / "resolv.conf"),
        "registerWithTaints": spec.taints,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,  # cpusets cannot name the CPUs that we only pretend to have
        "enforceNodeAllocatable": [], "failCgroupV1": False, "failSwapOn": False,
        "localStorageCapacityIsolation": False, "evictionHard": {},
        "imageGCHighThresholdPercent": 100,  # a full disk of the host must not cost us the imported images
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",  # the default is made below the host's /usr
        "nodeStatusUpdateFrequency": "2s", "nodeLeaseDurationSeconds": 8, "maxPods": 200,
    }


def _kube_proxy(plan, spec):
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "nftables",
        "clusterCIDR": plan.pod_range, "hostnameOverride": spec.name,
        "clientConnection": {"kubeconfig": str(plan.pki("kube-proxy.kubeconfig"))},
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
