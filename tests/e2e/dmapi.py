"""DM's own API as a user of a DM cluster calls it (OpenAPI on any master), for tests: sources, tasks, who does what."""

import http.client
import json

import dmlab


class DmApi:
    """The DM of one DMCluster, reached by the addresses of its masters' pods."""

    def __init__(self, lab, namespace, name):
        self._lab, self._namespace, self._name = lab, namespace, name

    def masters(self):
        """Addresses of the pods that are Ready, by name."""
        pods = dmlab.items(self._lab, "pods", "-l", f"app.kubernetes.io/component=dm-master,app.kubernetes.io/instance={self._name}",
                           namespace=self._namespace)
        return {p["metadata"]["name"]: p["status"]["podIP"] for p in pods
                if any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", []))}

    def call(self, method, path, body=None, timeout=30):
        """The decoded answer of the first master that gives one below 400; "" for an empty one."""
        why = "no master is Ready"
        for address in self.masters().values():
            connection = http.client.HTTPConnection(address, 8261, timeout=timeout)
            try:
                connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                why = repr(error)
                continue
            finally:
                connection.close()
            if answer.status < 400:
                return json.loads(text) if text.startswith(("{", "[")) else text
            why = f"{answer.status} {text}"
            if answer.status == 400 and text:
                break        # DM's word, which another master would only repeat
        raise AssertionError(f"{method} {path}: {why}")

    def add_source(self, name, worker=None):
        """A source, bound to `worker` or to a free one, with a task in Sync called t-<source>."""
        source = {"source_name": name, "host": "upstream", "port": 3306, "user": "dm", "enable": True, "enable_gtid": False}
        self.call("POST", "/api/v1/sources", {"source": source, **({"worker_name": worker} if worker else {})})
        task = f"t-{name}"
        self.call("POST", "/api/v1/tasks", {"task": {
            "name": task, "task_mode": "incremental", "on_duplicate": "replace", "enhance_online_schema_change": True,
            "target_config": {"host": "downstream", "port": 4000, "user": "dm", "password": "never-shown"},
            "table_migrate_rule": [], "source_config": {"source_conf": [{"source_name": name}]}}})
        self.call("POST", f"/api/v1/tasks/{task}/start", {})

    def remove_source(self, name):
        """With its task."""
        self.call("DELETE", f"/api/v1/sources/{name}?force=true")

    def set_unit(self, source, unit):
        """Put the source's task into Dump, Load or Sync (the stand-in moves no data, it is told)."""
        self.call("POST", "/standin/subtask", {"task": f"t-{source}", "source": source, "unit": unit})

    def worker_of(self, source):
        """The worker that has the source; "" for none."""
        rows = self.call("GET", f"/api/v1/sources/{source}/status")["data"]
        return rows[0]["worker_name"]

    def task_of(self, source):
        """(stage, unit, worker) of the source's task."""
        row = self.call("GET", f"/api/v1/tasks/t-{source}/status")["data"][0]
        return row["stage"], row["unit"], row["worker_name"]

    def workers(self):
        """Stage by name of the workers that DM knows."""
        return {w["name"]: w["bound_stage"] for w in self.call("GET", "/api/v1/cluster/workers")["data"]}
