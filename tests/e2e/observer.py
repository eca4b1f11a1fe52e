"""Watches the members of one DMCluster from outside, five times a second, and says afterwards what a user would have felt.

    with Observer(lab, "namespace", "orders", folder) as seen:
        ...change something...
    seen.expect(lost_raft_leader=False, removed={"orders-dm-master-4"})

Three sources: the members' own HTTP answers (/health, the leader they name), the stand-in's journal (it is replicated, so it
outlives every pod, and sees what no poll can), and the API server (pods, claims; the audit log for who deleted what). The log
of one run is a file with a line a look; it is kept when an expectation fails.
"""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dmlab
from lab.api import Api

PERIOD = 0.2
STALE = 3.0          # an answer older than this counts as none. A member that is away says so within a second (refused, or no
#                      answer in time); older answers come of an observer that gets no CPU, which must not look like a fault
BLUR = 2.0           # what a look can be off by


def ask(address, path, timeout=1.0, tls=None):
    """(status, text) of a GET to a member, by TLS with that SSLContext; (0, why) when there is no answer."""
    connection = (http.client.HTTPSConnection(address, 8261, timeout=timeout, context=tls) if tls
                  else http.client.HTTPConnection(address, 8261, timeout=timeout))
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)
    finally:
        connection.close()


def leader_named(text):
    """The leader's name in an answer of /apis/v1alpha1/members?leader=true; "" when it names none."""
    try:
        return json.loads(text)["members"][0]["leader"]["name"]
    except (ValueError, LookupError, TypeError):
        return ""


class Observer:
    """Context manager; all of its figures are seconds. `since` and `until` are as of time.time()."""

    def __init__(self, lab, namespace, name, folder):
        self._lab, self._namespace, self._name = lab, namespace, name
        self.path = Path(folder) / f"observer-{namespace}-{time.time():.0f}.jsonl"
        self._api = Api(lab.kubeconfig, timeout=2)
        self._stop = threading.Event()
        self._enough = threading.Event()     # looks for a verdict
        self._pods = {}                      # pod → address
        self._claims, self.lost_claims = {}, []
        self._answers = {}                   # pod → (when, healthy, leader, member ids that its state lists)
        self._busy = set()
        self._members = {}                   # name → id, as the stand-in's state says
        self._journal = {}
        self.looks = []                      # (when, healthy members, members, leaders named)
        self.split = []                      # looks at which members belonged to different clusters
        self._threads = []
        self.since = self.until = 0.0

    def __enter__(self):
        self._read_api()
        self.since = time.time()
        self._threads = [threading.Thread(target=run, args=(period, what), daemon=True)
                         for run, period, what in ((self._loop, 0.5, self._read_api), (self._loop, PERIOD, self._look),
                                                   (self._loop, 1.0, self._read_journal))]
        self._pool = ThreadPoolExecutor(12)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        if kind is None:     # what is over in no time is still looked at
            self._enough.wait(10)
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._pool.shutdown(wait=True)
        self._read_api()
        self._read_journal()
        self.until = time.time()
        self._write()
        if kind is not None:
            print(f"observer: {self.summary()}; log in {self.path}")

    def _loop(self, period, what):
        due = time.monotonic()
        while not self._stop.is_set():
            what()
            due = max(due + period, time.monotonic())
            self._stop.wait(max(0.0, due - time.monotonic()))

    def _read_api(self):
        """Addresses of the masters' pods and the claims; the last known ones while the API server is away."""
        where = f"/api/v1/namespaces/{self._namespace}"
        try:
            pods = self._api.get(f"{where}/pods?labelSelector=app.kubernetes.io/component=dm-master")["items"]
            claims = self._api.get(f"{where}/persistentvolumeclaims")["items"]
        except Exception:  # pylint: disable=broad-except
            return           # the API server is away, as some tests want it
        self._pods = {p["metadata"]["name"]: p["status"]["podIP"] for p in pods if p["status"].get("podIP")}
        now = {c["metadata"]["name"]: c["metadata"]["uid"] for c in claims}
        self.lost_claims += [(name, uid) for name, uid in self._claims.items() if now.get(name) != uid]
        self._claims = now

    def _look(self):
        now = time.time()
        for pod, address in list(self._pods.items()):
            if pod not in self._busy:
                self._busy.add(pod)
                self._pool.submit(self._probe, pod, address)
        fresh = {pod: a for pod, a in list(self._answers.items()) if now - a[0] <= STALE and pod in self._pods}
        healthy = sum(1 for pod in self._members if pod in fresh and fresh[pod][1])
        leaders = sorted({a[2] for a in fresh.values() if a[2]})
        if self._members:
            self.looks.append((now, healthy, len(self._members), leaders))
            if len(self.looks) >= 5:
                self._enough.set()

    def _probe(self, pod, address):
        try:
            began = time.time()
            status, _ = ask(address, "/health")
            leader = leader_named(ask(address, "/apis/v1alpha1/members?leader=true")[1]) if status == 200 else ""
            self._answers[pod] = (began, status == 200, leader)
        finally:
            self._busy.discard(pod)

    def _read_journal(self):
        """From every healthy master: the members that it knows, the journal, the cluster that it belongs to."""
        clusters = {}
        for pod, address in list(self._pods.items()):
            if not self._answers.get(pod, (0, False))[1]:
                continue
            try:
                state = json.loads(ask(address, "/standin/members", 2.0)[1])
            except ValueError:
                continue
            if not isinstance(state, dict) or "members" not in state:
                continue
            clusters[pod] = state["clusterID"]
            self._members = {m["name"]: m["id"] for m in state["members"] if m["name"]}
            for entry in state.get("journal", []):
                self._journal[json.dumps(entry, sort_keys=True)] = entry
        if len(set(clusters.values())) > 1:
            self.split.append((time.time(), clusters))

    # What was seen.

    def journal(self, what=None):
        """Entries of the journal in this observer's time, oldest first."""
        entries = sorted(self._journal.values(), key=lambda e: e["at"])
        return [e for e in entries if e["at"] >= self.since * 1000 and what in (None, e["what"])]

    def _gaps(self, good):
        """(begin, duration) of every stretch of looks at which `good` was false."""
        gaps, begin = [], None
        for look in self.looks:
            if good(look):
                if begin is not None:
                    gaps.append((begin, look[0] - begin))
                begin = None
            elif begin is None:
                begin = look[0]
        if begin is not None:
            gaps.append((begin, self.looks[-1][0] - begin))
        return gaps

    def health_gaps(self):
        """Stretches in which no majority of the members answered /health with 200."""
        return self._gaps(lambda look: look[1] * 2 > look[2])

    def leader_gaps(self):
        """Stretches in which no master named a leader."""
        return self._gaps(lambda look: look[3])

    def leader_changes(self):
        """Seconds from one leader's end to the next one's beginning, as DM itself knows it (journal)."""
        gaps, ended = [], None
        for entry in self.journal("leader"):
            if not entry["value"]:
                ended = entry["at"]
            else:
                gaps.append((entry["at"] - ended) / 1000 if ended else 0.0)
                ended = None
        return gaps

    def removed(self):
        """Names of the masters that left the cluster's membership."""
        return {e["name"] for e in self.journal("member") if not e["value"]}

    def moves(self, source):
        """[(worker that lost it, seconds until another or the same one had it)] of a source; None: it has none yet."""
        found, left = [], None
        for entry in self.journal("source"):
            if entry["name"] != source:
                continue
            if entry["was"]:
                left = (entry["was"], entry["at"])
            if entry["value"] and left:
                found.append((left[0], (entry["at"] - left[1]) / 1000))
                left = None
        return found + ([(left[0], None)] if left else [])

    def pauses(self, task, source):
        """Seconds of each pause of a task on a source; None: it has not ended."""
        found, since = [], None
        for entry in self.journal("subtask"):
            if entry["name"] != f"{task}/{source}":
                continue
            if entry["value"] == "Paused":
                since = entry["at"]
            elif since and entry["value"] == "Running":
                found.append((entry["at"] - since) / 1000)
                since = None
        return found + ([None] if since else [])

    def claims_deleted_by(self, users):
        """Claims that one of the users deleted, from the audit log."""
        events = [e for user in users for e in self._lab.audit.events(
            user=user, verbs=("delete", "deletecollection"), since=self.since, resource="persistentvolumeclaims",
            namespace=self._namespace)]
        return [e["objectRef"].get("name") for e in events]

    def summary(self):
        """One line of figures."""
        def worst(gaps):
            return max((gap[1] for gap in gaps), default=0.0)
        return (f"{len(self.looks)} looks in {self.until - self.since:.0f} s, no healthy majority {worst(self.health_gaps()):.1f} s "
                f"at most, no leader {worst(self.leader_gaps()):.1f} s at most, leader changes {self.leader_changes()}, "
                f"masters removed {sorted(self.removed())}")

    def expect(self, removed=frozenset(), no_majority=5.0, no_leader=2.0, lost=frozenset(), replaced=frozenset()):
        """What must hold whatever is changed. `removed`: masters whose removal was asked for. `lost`: claims that the test
        took away itself. `replaced`: claims that the operator was to make anew. `no_majority`, `no_leader`: seconds; 2 for an eviction or a clean stop, 65 for a kill."""
        print(f"observer: {self.summary()}")
        faults = []
        if len(self.looks) < (self.until - self.since) / PERIOD / 4:
            faults.append(f"only {len(self.looks)} looks: the observer was starved, its figures say nothing")
        faults += [f"no healthy majority for {gap:.1f} s at {at:.1f}" for at, gap in self.health_gaps() if gap > no_majority]
        # The journal is exact; a look can miss a short change, and a starved observer sees one that was not there.
        faults += [f"no leader for {gap:.1f} s" for gap in self.leader_changes() if gap > no_leader]
        faults += [f"nobody named a leader for {gap:.1f} s at {at:.1f}" for at, gap in self.leader_gaps()
                   if gap > no_leader + BLUR]
        together = self._gaps(lambda look: len(look[3]) < 2)
        faults += [f"two leaders were named for {gap:.1f} s at {at:.1f}" for at, gap in together if gap > BLUR]
        faults += [f"two clusters at {at:.1f}: {clusters}" for at, clusters in self.split]
        faults += [f"{name} was removed, which nobody asked for" for name in sorted(self.removed() - set(removed))]
        faults += [f"claim {name} ({uid}) is gone" for name, uid in self.lost_claims if name not in {*lost, *replaced}]
        faults += [f"the operator deleted claim {name}" for name in self.claims_deleted_by([dmlab.OPERATOR_USER]) if name not in replaced]
        assert not faults, "\n".join([*faults, f"log: {self.path}"])
        self.path.unlink(missing_ok=True)

    def _write(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as out:
            for at, healthy, members, leaders in self.looks:
                out.write(json.dumps({"at": round(at, 2), "healthy": healthy, "members": members, "leaders": leaders}) + "\n")
            for entry in self.journal():
                out.write(json.dumps(entry) + "\n")
