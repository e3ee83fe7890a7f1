"""Read ahead: threads read the next batches of a dataset while the model works on one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeAlias, TypeVar

T = TypeVar("T")
LOOK_S = 0.1
"""Whoever waits for room looks so often whether anybody still wants more."""
_Next: TypeAlias = "Future[T] | None"
"""What is being read; `None` at the end."""


@contextmanager
def read_in_order(read: Callable[[int], T], numbers: Iterable[int], threads: int) -> Generator[Iterator[T]]:
    """What `read` gives for each number, in their order.

    Parameters
    ----------
    read
        Called in threads, with the context variables of the caller.
    numbers
        Gone through in a thread of its own, since it may have to wait for the next one.
    threads
        How many read at once. About twice as many results are in memory beside the one that is worked on. Without any,
        each is read when it is asked for, here.
    """
    if threads < 1:
        yield map(read, numbers)
        return
    following: Queue[_Next[T]] = Queue(threads)
    over, context = Event(), copy_context()
    pool = ThreadPoolExecutor(threads, "sweeper-read")

    def submit_all() -> None:
        try:
            for number in numbers:
                if not _put(following, pool.submit(context.copy().run, read, number), over):
                    return
            _put(following, None, over)
        except BaseException as error:  # noqa: BLE001 - raised where the next result is asked for
            failed: Future[T] = Future()
            failed.set_exception(error)
            _put(following, failed, over)

    Thread(target=context.copy().run, args=(submit_all,), name="sweeper-read-ahead", daemon=True).start()
    try:
        yield _results(following)
    finally:
        over.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _put(following: Queue[_Next[T]], item: _Next[T], over: Event) -> bool:
    """Wait for room; whether there was some before nobody wanted more."""
    while not over.is_set():
        try:
            following.put(item, timeout=LOOK_S)
        except Full:
            continue
        return True
    return False


def _results(following: Queue[_Next[T]]) -> Iterator[T]:
    while True:
        try:
            item = following.get(timeout=LOOK_S)
        except Empty:  # a wait without a limit would let no interrupt through on some systems
            continue
        if item is None:
            return
        yield item.result()
