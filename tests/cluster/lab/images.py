"""Container images without Docker: a docker-archive is a tar of a manifest, a config and one layer.

    from lab import images
    images.build("out.tar", "lab.local/tool:1", {"/bin/tool": "build/tool"}, entrypoint=["/bin/tool"])

The same input gives the same bytes: times are fixed, names sorted, owners root.
"""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}


def build(archive, tag, files, *, entrypoint=(), cmd=(), env=(), user="", workdir="/"):
    """Write a docker-archive to `archive`.

    `files` maps a path in the image to a file or folder here, to bytes, or to "-> target" for a symbolic link. A folder
    is taken with all below it ({"/": "rootfs"} is a whole image). `tag` is fully qualified: "lab.local/x:1".
    """
    layer = _layer(files)
    config = {
        "architecture": ARCHITECTURE[os.uname().machine], "os": "linux",
        "config": {"Entrypoint": list(entrypoint) or None, "Cmd": list(cmd) or None, "User": user,
                   "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", *env], "WorkingDir": workdir},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created_by": "tests/cluster/lab/images.py"}],
    }
    config_bytes = json.dumps(config, sort_keys=True).encode()
    config_name = hashlib.sha256(config_bytes).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [tag], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, "manifest.json", json.dumps(manifest).encode())
        _add(tar, config_name, config_bytes)
        _add(tar, "layer.tar", layer)
    return Path(archive)


def base_images(folder, pause):
    """The two images that every cluster has: pause (under each pod) and busybox (for tests)."""
    build(folder / "pause.tar", "lab.local/pause:1", {"/pause": pause}, entrypoint=["/pause"])
    busybox = {"/bin/busybox": "/bin/busybox", "/etc/passwd": b"root:x:0:0::/:/bin/sh\n", "/tmp/.keep": b""}
    for applet in ("sh", "sleep", "cat", "ls", "echo", "wget", "nslookup", "httpd", "nc", "id", "hostname", "uname",
                   "touch", "mkdir", "rm", "ps", "env", "true", "false", "date", "dd", "df", "grep", "test", "kill"):
        busybox[f"/bin/{applet}"] = "-> busybox"
    build(folder / "busybox.tar", "lab.local/busybox:1", busybox, cmd=["sh"])


def _layer(files):
    entries = {}
    for target, source in files.items():
        for name, content in _walk(target.strip("/"), source):
            for parent in Path(name).parents:
                if str(parent) != ".":
                    entries.setdefault(str(parent), None)
            entries[name] = content
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(entries):
            _add(tar, name, entries[name])
    return buffer.getvalue()


def _walk(name, source):
    """Pairs of name and content: bytes, a Path to a file, "-> target", or None for a folder."""
    if isinstance(source, bytes) or str(source).startswith("-> "):
        yield name, source
        return
    path = Path(source)
    if path.is_symlink():
        yield name, f"-> {os.readlink(path)}"
    elif path.is_dir():
        if name:
            yield name, None
        for child in sorted(path.iterdir()):
            yield from _walk(f"{name}/{child.name}".strip("/"), child)
    else:
        yield name, path


def _add(tar, name, content):
    info = tarfile.TarInfo(name)  # time 0, owner 0, mode 0644
    if content is None:
        info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(info)
    elif isinstance(content, str):
        info.type, info.linkname = tarfile.SYMTYPE, content.removeprefix("-> ")
        tar.addfile(info)
    else:
        if isinstance(content, Path):
            info.mode = 0o755 if os.access(content, os.X_OK) and content.stat().st_mode & 0o111 else 0o644
            content = content.read_bytes()
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
