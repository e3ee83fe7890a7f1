"""Whether what listens at an address may be a Ray, seen before Ray itself tries for long and logs about it.

Ray's control process speaks gRPC, that is HTTP/2, in which a server begins with its settings (RFC 9113, 3.4).
"""

from __future__ import annotations

import os
import socket

from sweeper.jobs.ray_simple.watch import Door

_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
"""What a client begins with: the preface, and a frame of settings without any."""
_FRAME_HEAD = 9
"""Bytes before what a frame holds: three of its length, its type, its flags, four of its stream."""
_SETTINGS, _GOING_AWAY = 4, 7
"""Types of the frames that a server may begin with."""


def answers_otherwise(door: Door, limit_s: float) -> bool:
    """Whether somebody answers there who speaks no HTTP/2; false where nothing can be said of it, as behind TLS."""
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return False
    try:
        with socket.create_connection(door, timeout=limit_s) as connection:
            connection.sendall(_HELLO)
            head = _read(connection, _FRAME_HEAD)
    except OSError:  # slow, or gone: Ray says what comes of it
        return False
    return len(head) < _FRAME_HEAD or head[3] not in (_SETTINGS, _GOING_AWAY)


def _read(connection: socket.socket, size: int) -> bytes:
    """The first bytes of an answer, fewer where it ends before."""
    read = b""
    while len(read) < size and (more := connection.recv(size - len(read))):
        read += more
    return read
