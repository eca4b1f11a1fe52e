"""What `kubectl get` gives, without kubectl: tests ask several times a second, and each kubectl would cost a tenth of a second of
CPU. As kubectl, it leaves managedFields out."""

import json
import threading
from urllib.parse import urlencode

from .api import Api, ApiError
from .errors import LabError

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
SELECTORS = {"-l": "labelSelector", "--field-selector": "fieldSelector"}


class Unasked(Exception):
    """More than is understood here: kubectl knows."""


class Objects:
    """Reads objects of one cluster by the names that kubectl knows them by. For any thread."""

    def __init__(self, kubeconfig):
        self._kubeconfig = kubeconfig
        self._own = threading.local()
        self._kinds = {}             # any name of it, in lower case → (path of the version, resource, apiVersion, kind, namespaced)

    def get(self, args, namespace):
        """As Cluster.get; Unasked for what only kubectl understands."""
        kind, name, selectors, everywhere = _parse(args)
        base, resource, version, title, namespaced = self._kind(kind)
        path = base
        if namespaced and not everywhere:
            path += f"/namespaces/{namespace or 'default'}"
        path += f"/{resource}"
        if name is not None:
            return self._one(f"{path}/{name}")
        found = self._api().get(path + (f"?{urlencode(selectors)}" if selectors else ""))
        for item in found["items"]:
            item.update(apiVersion=version, kind=title)
            item["metadata"].pop("managedFields", None)
        return {"kind": "List", "items": found["items"]}

    def _one(self, path):
        try:
            found = self._api().get(path)
            found["metadata"].pop("managedFields", None)
            return found
        except ApiError as error:
            if error.status == 404 and error.text.startswith("{"):   # else the kind is not served
                return None
            raise

    def _kind(self, name):
        known = self._kinds.get(name)        # another thread may put a new table there
        if known is None:
            self._discover()
            known = self._kinds.get(name)
        if known is None:
            raise Unasked
        return known

    def _discover(self):
        kinds = {}
        for root in ("/api", "/apis"):
            for group in json.loads(self._api().text(root, DISCOVERY))["items"]:
                title = group["metadata"].get("name", "")
                version = group["versions"][0]
                api_version = f"{title}/{version['version']}" if title else version["version"]
                for entry in version["resources"]:
                    kind = entry["responseKind"]["kind"]
                    value = (f"{root}/{api_version}", entry["resource"], api_version, kind, entry["scope"] == "Namespaced")
                    names = [entry["resource"], entry["singularResource"], kind.lower(), *entry.get("shortNames", [])]
                    for one in [*names, f"{entry['resource']}.{title}"]:
                        kinds.setdefault(one, value)
        self._kinds = kinds

    def _api(self):
        if not hasattr(self._own, "api"):
            self._own.api = Api(self._kubeconfig, timeout=60)
        return self._own.api


def _parse(args):
    """(kind, name or None, selectors as the API server takes them, in all namespaces)."""
    selectors, everywhere, words = {}, False, []
    rest = iter(map(str, args))
    for word in rest:
        if word in SELECTORS:
            selectors[SELECTORS[word]] = next(rest)
        elif word in ("-A", "--all-namespaces"):
            everywhere = True
        elif word.startswith("-"):
            raise Unasked
        else:
            words.append(word)
    if len(words) == 1 and "/" in words[0]:
        words = words[0].split("/")
    if not words or len(words) > 2 or "," in words[0]:
        raise Unasked
    if len(words) == 2 and selectors:
        raise LabError(f"a name and a selector: {args}")
    return words[0].lower(), words[1] if len(words) == 2 else None, selectors, everywhere
