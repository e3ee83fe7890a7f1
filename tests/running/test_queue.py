from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_bench import ONE, choice, planned

from sweeper.jobs.protocol import JobStatus
from sweeper.messages.requests import StoreLocation
from sweeper.planning.combinations import Planned
from sweeper.planning.limits import Limits
from sweeper.planning.order import order_beside, work_groups
from sweeper.running.queue import Queue, QueuedAttempt, limits
from sweeper.running.request_builder import RequestBuilder, SweepInfo
from sweeper.running.shared_inference import SharedInference
from sweeper.vocabulary import Combination, Runtime

LIMITS = Limits({"num_cpus": 1}, 0, False, None)
CAPABILITY = choice("capability", "tiny", "parts.Tiny", Runtime(arity=ONE))


def grid(model_limits: list[int | None], dataset_limits: list[int | None], metrics: int = 1) -> list[Planned]:
    def parts(axis: str, allowed: list[int | None]) -> list[Any]:
        return [choice(axis, f"{axis}{i}", "x", Runtime(max_in_flight=n), i=i) for i, n in enumerate(allowed)]

    models, datasets = parts("model", model_limits), parts("dataset", dataset_limits)
    scores = parts("metric", [None] * metrics)
    return planned(
        *(Combination(CAPABILITY, (d,), (m,), (k,)) for m, d, k in itertools.product(models, datasets, scores))
    )


def drained(queue: Queue) -> list[QueuedAttempt]:
    return list(iter(queue.take, None))


def test_without_limits_everything_goes_out_in_the_order_of_the_plan():
    items = grid([None] * 3, [None] * 2)
    assert [attempt.item for attempt in drained(Queue(items))] == items


def test_one_that_must_wait_holds_up_no_other_and_goes_out_first_when_it_may():
    items = grid([1, None], [None, None])
    queue = Queue(items)
    first = drained(queue)
    assert [attempt.item for attempt in first] == [items[0], items[2], items[3]]
    queue.ended(items[2])
    assert queue.take() is None
    queue.ended(items[0])
    assert drained(queue) == [QueuedAttempt(items[1], 1)]


def test_where_another_sweep_has_been_the_rest_comes_from_the_other_end_and_nothing_else_changes():
    items = grid([None] * 2, [None] * 5)
    elsewhere = {items[2].fingerprint, items[8].fingerprint}
    queue = Queue(items, drops=lambda item: item.fingerprint in elsewhere, met=lambda item: True)
    assert queue.take() == QueuedAttempt(items[0], 1)
    assert [attempt.item for attempt in drained(queue)] == [items[i] for i in (1, 9, 3, 4, 5, 6, 7)]
    left_out = Queue(items, drops=lambda item: item.fingerprint in elsewhere)
    assert [attempt.item for attempt in drained(left_out)] == [items[i] for i in (0, 1, 3, 4, 5, 6, 7, 9)]


def test_what_is_tried_again_comes_before_what_never_went_out():
    items = grid([None], [None] * 3)
    queue = Queue(items)
    assert queue.take() == QueuedAttempt(items[0], 1)
    queue.ended(items[0])
    queue.again(items[0], 2)
    assert drained(queue) == [QueuedAttempt(items[0], 2), QueuedAttempt(items[1], 1), QueuedAttempt(items[2], 1)]


def test_nothing_goes_out_before_one_that_there_is_no_room_for():
    items = grid([None], [None] * 4)
    full = {items[1]}
    queue = Queue(items, has_room=lambda item: item not in full)
    assert drained(queue) == [QueuedAttempt(items[0], 1)]
    full.clear()
    assert [attempt.item for attempt in drained(queue)] == items[1:]


def test_one_that_is_tried_again_does_not_wait_for_one_that_waits_for_its_room():
    """As with predictions: the room of one that ended is free only once it is not to be tried again."""
    items = grid([None], [None] * 3)
    queue = Queue(items, has_room=lambda item: item is not items[2])
    assert drained(queue) == [QueuedAttempt(items[0], 1), QueuedAttempt(items[1], 1)]
    queue.ended(items[0])
    queue.again(items[0], 2)
    assert queue.take() == QueuedAttempt(items[0], 2)
    assert queue.take() is None


def test_with_nothing_in_flight_there_is_always_room():
    items = grid([None], [None] * 3)
    queue = Queue(items, has_room=lambda item: False)
    for item in items:
        assert drained(queue) == [QueuedAttempt(item, 1)]
        queue.ended(item)
    assert queue.take() is None


allowed = st.lists(st.none() | st.integers(1, 3), min_size=1, max_size=4)


@given(allowed, allowed, st.randoms())
def test_every_combination_goes_out_once_and_no_limit_is_passed(
    models: list[int | None], datasets: list[int | None], random: Any
):
    items = grid(models, datasets)
    queue, running, seen = Queue(items), [], []
    while True:
        while (attempt := queue.take()) is not None:
            running.append(attempt.item)
            seen.append(attempt.item)
        busy = Counter(key for item in running for key in limits(item))
        assert all(busy[key] <= limit for item in items for key, limit in limits(item).items())
        if not running:
            break
        queue.ended(running.pop(random.randrange(len(running))))
    assert sorted(item.fingerprint for item in seen) == sorted(item.fingerprint for item in items)


def test_those_that_wait_for_their_turn_and_then_for_room_keep_their_order():
    items = grid([1], [None] * 5)
    room = True
    queue = Queue(items, has_room=lambda item: room)
    (first,) = drained(queue)
    other = grid([None], [None])[0]
    queue.again(other, 2)
    assert drained(queue) == [QueuedAttempt(other, 2)]
    queue.ended(first.item)
    room = False
    assert [queue.take() for _ in range(4)] == [None] * 4
    room = True
    out = [first.item]
    while (attempt := queue.take()) is not None:
        out.append(attempt.item)
        queue.ended(attempt.item)
    assert out == items


def test_one_that_is_tried_again_passes_those_that_waited_for_their_turn_and_lack_room():
    items = grid([1], [None] * 3)
    lacks = {items[1]}
    queue = Queue(items, has_room=lambda item: item not in lacks)
    drained(queue)
    beside = grid([None], [None])[0]
    queue.again(beside, 2)
    queue.take()
    queue.ended(items[0])
    assert queue.take() is None
    queue.again(beside, 3)
    assert queue.take() == QueuedAttempt(beside, 3)


class Predicting:
    """A backend whose predictions all have one size, in an object store of 1,000 bytes."""

    shares_predictions = True
    outlives_driver = False

    def __init__(self, nbytes: int) -> None:
        self.nbytes, self.failed = nbytes, False
        self.passes = self.cancelled = 0
        self.reports_start = False
        self.note, self.status = "", JobStatus.RUNNING

    def cluster_resources(self) -> dict[str, float]:
        return {"object_store_memory": 1000.0}

    def predict(self, *, report_start: bool, **_: Any) -> Any:
        self.passes += 1
        self.reports_start = report_start
        return self

    def cancel(self) -> bool:
        self.cancelled += 1
        return False


def pairs_of(backend: Any, items: list[Planned]) -> SharedInference:
    pairs = SharedInference(backend, RequestBuilder(SweepInfo("s", "s", StoreLocation("x"))))
    pairs.expect(items)
    return pairs


def reading(items: list[Planned]) -> list[Planned]:
    reads = choice("capability", "reads", "x", Runtime(arity=ONE, reads_predictions=True))
    return planned(*(item.combination._replace(capability=reads) for item in items))


def test_an_inference_that_waits_is_taken_back_with_the_last_of_its_readers():
    items = reading(grid([None], [None], metrics=2))
    backend = Predicting(nbytes=200)
    pairs = pairs_of(backend, items)
    for item in items:
        pairs.take(QueuedAttempt(item, 1), LIMITS)
    pairs.give_back(items[0])
    assert backend.cancelled == 0
    pairs.give_back(items[1])
    assert (backend.passes, backend.cancelled) == (1, 1)


def test_no_more_pairs_are_in_flight_than_fit_once_their_size_is_known():
    items = reading(grid([None], [None] * 6))
    backend = Predicting(nbytes=200)
    pairs = pairs_of(backend, items)
    pairs.take(QueuedAttempt(items[0], 1), LIMITS)
    assert pairs.has_room(items[1])
    pairs.give_back(items[0])
    for item in items[1:3]:
        assert pairs.has_room(item)
        pairs.take(QueuedAttempt(item, 1), LIMITS)
    assert not pairs.has_room(items[3])
    assert pairs.has_room(items[2])
    pairs.give_back(items[1])
    assert pairs.has_room(items[3])


def test_a_pair_that_does_not_fit_at_all_still_goes_out_alone():
    items = reading(grid([None], [None] * 3))
    pairs = pairs_of(Predicting(nbytes=5000), items)
    pairs.take(QueuedAttempt(items[0], 1), LIMITS)
    pairs.give_back(items[0])
    assert pairs.has_room(items[1])
    pairs.take(QueuedAttempt(items[1], 1), LIMITS)
    assert not pairs.has_room(items[2])


def test_predictions_that_failed_are_made_anew_for_one_that_is_tried_again():
    items = reading(grid([None], [None], metrics=2))
    backend = Predicting(nbytes=1)
    pairs = pairs_of(backend, items)
    pairs.take(QueuedAttempt(items[0], 1), LIMITS)
    backend.failed = True
    pairs.take(QueuedAttempt(items[1], 1), LIMITS)
    assert backend.passes == 1
    pairs.take(QueuedAttempt(items[0], 2), LIMITS)
    assert backend.passes == 2


def test_predictions_that_are_gone_are_made_anew_for_whoever_reads_them_next():
    items = reading(grid([None], [None], metrics=3))
    backend = Predicting(nbytes=1)
    pairs = pairs_of(backend, items)
    pairs.take(QueuedAttempt(items[0], 1), LIMITS)
    pairs.make_anew(items[0])
    pairs.take(QueuedAttempt(items[0], 2), LIMITS)
    pairs.take(QueuedAttempt(items[1], 1), LIMITS)
    assert backend.passes == 2
    pairs.make_anew(items[1])
    pairs.give_back(items[1])
    pairs.give_back(items[0])
    pairs.take(QueuedAttempt(items[2], 1), LIMITS)
    assert backend.passes == 3


def test_a_pass_reports_its_start_where_a_timeout_counts_from_it():
    items = reading(grid([None], [None] * 2))
    backend = Predicting(nbytes=1)
    pairs = pairs_of(backend, items)
    pairs.take(QueuedAttempt(items[0], 1), LIMITS)
    assert not backend.reports_start
    pairs.take(QueuedAttempt(items[1], 1), replace(LIMITS, timeout_s=3.0))
    assert backend.reports_start


@pytest.mark.parametrize("places", [(0, 1), (0, 0), (1, 1), (0, 2), (0, 1, 2), (1, 2, 3)])
@pytest.mark.parametrize("slower", [1, 3])
def test_sweeps_that_see_what_is_completed_do_little_twice_whatever_their_places(places: tuple[int, ...], slower: int):
    """Each runs one at a time, the last of them as slow as several runs of the others, and all see all completions."""
    items = grid([None] * 12, [None] * 12)
    done = set[Planned]()
    orders = [order_beside(work_groups(items, {}), 2, place, f"sweep {i}") for i, place in enumerate(places)]
    queues = [Queue(one, drops=done.__contains__, met=done.__contains__) for one in orders]
    runs = list[Planned]()
    for turn in itertools.count():
        at_work = [queue for queue in queues if queue is not queues[-1] or turn % slower == 0]
        taken = [(queue, attempt.item) for queue in at_work if (attempt := queue.take()) is not None]
        for queue, item in taken:
            queue.ended(item)
            runs.append(item)
        done.update(runs)
        if len(done) == len(items):
            break
    assert len(runs) - len(items) <= 16
