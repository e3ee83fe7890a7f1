"""The lock of whoever merges: one small file that is created, renewed, taken over and freed by conditional writes.

An empty file is a lock that nobody holds. A lock that was not renewed for a while was left by a process that died, and
the next one takes it over. Where that happens twice at once, the second replacement fails, because the file is not what
it was any more.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import contextmanager

from sweeper.store.files import PRIVATE, Files, UnreadableFileError

NAME = "compact.lock"
EXPIRES_S = 600.0
FREE = b""


def is_token(data: bytes) -> bool:
    """Whether this can be the content of a lock."""
    return data == FREE or (len(data) == 32 and not data.strip(b"0123456789abcdef"))


class MergeLock:
    """The lock, held by this process until it is freed or another process took it over."""

    def __init__(self, files: Files) -> None:
        self._files, self._token = files, uuid.uuid4().hex.encode()

    def take(self) -> bool:
        """Hold the lock, unless another process does."""
        if self._files.create(PRIVATE, NAME, self._token):
            return True
        try:
            held = self._files.get(PRIVATE, NAME)
        except UnreadableFileError:  # `check --repair` moves it aside
            return False
        is_left = held == FREE or self._files.age_s(PRIVATE, NAME) > EXPIRES_S
        return is_left and self._files.swap(PRIVATE, NAME, held, self._token)

    def renew(self) -> bool:
        """Say that this process is still at work; false where another one took the lock over."""
        renewed = uuid.uuid4().hex.encode()
        if not self._files.swap(PRIVATE, NAME, self._token, renewed):
            return False
        self._token = renewed
        return True

    def free(self) -> None:
        """Let others have it; nothing happens where another process took it over."""
        self._files.swap(PRIVATE, NAME, self._token, FREE)


@contextmanager
def held(files: Files) -> Generator[MergeLock | None]:
    """Yields the lock, held; `None` where another process holds it."""
    lock = MergeLock(files)
    if not lock.take():
        yield None
        return
    try:
        yield lock
    finally:
        lock.free()
