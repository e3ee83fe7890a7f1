"""A real S3 API on loopback, which counts its requests and can be told to fail or to ignore headers."""

from __future__ import annotations

import logging
import threading
import urllib.request
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEYS = {"key": "testing", "secret": "testing-secret"}
BUCKET = "results"


@dataclass
class S3Server:
    """What a test asks of the server, and what it saw."""

    endpoint: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request since the test cleared them."""
    before: Callable[[int], bool] | None = None
    """Called with the number of each request; where it is false, the request fails and does nothing."""
    refuses: Callable[[str, str], bool] | None = None
    """Called with method and path of each request; where it is true, the request is denied."""
    ignored_headers: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def options(self) -> dict[str, Any]:
        """`storage_options` for it."""
        return {**KEYS, "endpoint_url": self.endpoint, "client_kwargs": {"region_name": "us-east-1"}}

    @property
    def overrides(self) -> list[str]:
        """The same for a command line."""
        where = "+analytics_store.storage_options"
        return [f"{where}.endpoint_url='{self.endpoint}'", *(f"{where}.{key}={value}" for key, value in KEYS.items())]

    def answer(self, app: Any, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        with self._lock:
            self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
            number = len(self.requests)
        refused = self.refuses is not None and self.refuses(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if refused or (self.before is not None and not self.before(number)):
            start("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        for name in self.ignored_headers:
            environ.pop(f"HTTP_{name.upper().replace('-', '_')}", None)
        return app(environ, start)


@contextmanager
def s3_server() -> Generator[S3Server]:
    """A server whose one bucket is empty; one at a time, since all of them in a process share what they hold."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app, server = DomainDispatcherApplication(create_backend_app), S3Server()
    http = make_server("127.0.0.1", 0, lambda environ, start: server.answer(app, environ, start), threaded=True)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    server.endpoint = f"http://127.0.0.1:{http.server_port}"
    urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/moto-api/reset", method="POST")).close()
    keys = {"aws_access_key_id": KEYS["key"], "aws_secret_access_key": KEYS["secret"], "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=server.endpoint, **keys).create_bucket(Bucket=BUCKET)
    server.requests.clear()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
