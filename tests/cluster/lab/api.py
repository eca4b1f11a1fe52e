"""A few lines of REST for programs that ask often: kubectl would cost a tenth of a second of CPU each time."""

import base64
import http.client
import json
import re
import ssl
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from .errors import LabError


class ApiError(LabError):
    """An answer other than 2xx."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text[:500]}")
        self.status = status
        self.text = text


class Api:
    """A client made from a kubeconfig that certs.write_kubeconfig wrote (certificate user)."""

    def __init__(self, kubeconfig, timeout=10):
        text = Path(kubeconfig).read_text(encoding="utf-8")
        self._address = urlsplit(re.search(r"server: (\S+)", text).group(1))
        self._timeout = timeout
        self._connection = None
        self._context = ssl.create_default_context(cadata=_data(text, "certificate-authority-data").decode())
        with tempfile.NamedTemporaryFile() as pem:  # the ssl module takes files only
            pem.write(_data(text, "client-certificate-data") + _data(text, "client-key-data"))
            pem.flush()
            self._context.load_cert_chain(pem.name)

    def get(self, path):
        """GET, decoded."""
        return self.request("GET", path)

    def text(self, path, accept):
        """GET, as it is."""
        return self._exchange("GET", path, None, {"Accept": accept})

    def create(self, path, body):
        """POST to a collection."""
        return self.request("POST", path, body)

    def merge(self, path, body):
        """A JSON merge patch."""
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path):
        """DELETE."""
        return self.request("DELETE", path)

    def request(self, method, path, body=None, content_type="application/json"):
        """One request on a kept connection; a broken connection is opened again by the next request, or at once for a GET."""
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        return json.loads(self._exchange(method, path, None if body is None else json.dumps(body), headers))

    def _exchange(self, method, path, body, headers):
        kept = self._connection is not None
        try:
            status, text = self._once(method, path, body, headers)
        except (ConnectionError, ssl.SSLEOFError) as error:
            if not kept or method != "GET":
                raise LabError(f"{method} {path}: {error!r}") from error
            return self._exchange(method, path, body, headers)   # the server was restarted since the last request
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"{method} {path}: {error!r}") from error
        if not 200 <= status < 300:
            raise ApiError(status, text)
        return text

    def _once(self, method, path, body, headers):
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                self._address.hostname, self._address.port, timeout=self._timeout, context=self._context)
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise


def _data(text, key):
    return base64.b64decode(re.search(rf"{key}: (\S+)", text).group(1))
