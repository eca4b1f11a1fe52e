"""What clients did, from the API server's audit log: so that a test can count an operator's writes."""

import datetime
import json

WRITES = ("create", "update", "patch", "delete", "deletecollection")


class Audit:
    """Reader of the audit log (level Metadata: who, what, which object and answer; no bodies)."""

    def __init__(self, folder):
        self._folder = folder

    def events(self, user=None, verbs=None, since=None, resource=None, namespace=None, code=None):
        """Finished requests, oldest first, that match all given conditions.

        `user`: full name ("system:serviceaccount:ns:name"). `since`: seconds as of time.time(). `resource`: plural name,
        with "/status" for a subresource. A request is in the log a moment before its client has the answer.
        """
        found = []
        for path in sorted(self._folder.glob("audit*.log"), key=lambda path: (path.name == "audit.log", path.name)):
            if since is not None and path.stat().st_mtime < since:
                continue
            with open(path, encoding="utf-8") as lines:
                # Most lines are other users': looking for the name costs a tenth of decoding them.
                ours = lines if user is None else (line for line in lines if user in line)
                found += [event for event in map(_parse, ours) if event and _matches(
                    event, user, verbs, since, resource, namespace, code)]
        return found

    def count(self, **conditions):
        """How many requests match; conditions as for events()."""
        return len(self.events(**conditions))

    def writes(self, user, since=None):
        """The writing requests of a user."""
        return self.events(user=user, verbs=WRITES, since=since)


def _parse(line):
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None  # the last line, half written


def _matches(event, user, verbs, since, resource, namespace, code):
    ref = event.get("objectRef", {})
    full = ref.get("resource", "") + (f"/{ref['subresource']}" if ref.get("subresource") else "")
    return (event["stage"] == "ResponseComplete"
            and (user is None or event["user"].get("username") == user)
            and (verbs is None or event["verb"] in verbs)
            and (since is None or _seconds(event["requestReceivedTimestamp"]) >= since)
            and (resource is None or full == resource)
            and (namespace is None or ref.get("namespace") == namespace)
            and (code is None or event.get("responseStatus", {}).get("code") == code))


def _seconds(timestamp):
    return datetime.datetime.fromisoformat(timestamp).timestamp()
