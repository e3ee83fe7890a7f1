"""Listens on this machine alone, in a thread, for as long as the page is looked at."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Thread

from sweeper.errors import ConfigError
from sweeper.report.view.app import App

ADDRESS = "127.0.0.1"
FIRST_PORT = 8642
TRIES = 20
"""So many ports are tried, one after the other, where the user named none."""
SILENT_S = 20.0
"""A connection on which nothing is asked for so long is closed."""


@contextmanager
def serving(app: App, port: int | None) -> Generator[int]:
    """Answers requests from now on until it is left; yields the port.

    Raises
    ------
    ConfigError
        The port cannot be used, or none of those that were tried.
    """
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        """Says nothing of requests: the terminal is that of the user, and addresses have the token in them."""

        timeout = SILENT_S

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...

    with _listening(port) as own:
        number: int = own.getsockname()[1]
        server = make_server(ADDRESS, number, app, threaded=True, request_handler=Quiet, fd=own.fileno())
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield number
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _listening(port: int | None) -> socket.socket:
    if port is not None:
        try:
            return _opened(port)
        except OSError as error:
            raise ConfigError(
                f"--port {port} cannot be used: {error.strerror}. Name another one, or leave it out for the next free."
            ) from error
    for number in range(FIRST_PORT, FIRST_PORT + TRIES):
        with suppress(OSError):
            return _opened(number)
    raise ConfigError(
        f"None of the ports from {FIRST_PORT} on is free, of {TRIES} that were tried. Name a free one with --port, or "
        "let the system choose one: --port 0."
    )


def _opened(port: int) -> socket.socket:
    own = socket.socket()
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after the one before has just ended
        own.bind((ADDRESS, port))
        own.listen(128)
    except BaseException:
        own.close()
        raise
    return own
