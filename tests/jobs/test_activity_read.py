"""What is known of the reports of workers, and what is not said once it is old."""

from __future__ import annotations

import time

import pytest

from sweeper.jobs.ray_simple import activity
from sweeper.jobs.ray_simple.activity import Activities, Reports
from sweeper.messages.doing import Doing, Phase


def predicting(made: int, **more: object) -> Doing:
    return Doing(**{"phase": Phase.PREDICTING, "made": made, "total": 100, **more})


def test_a_job_has_been_going_on_since_it_was_first_reported_whatever_clocks_say():
    reports = Reports()
    reports.read({"a": Doing(seconds=3.0)}, 10.0)
    assert reports.now(12.0)["a"].seconds == 5.0
    reports.read({"a": Doing(Phase.LOADING, "svm", seconds=99.0)}, 13.0)
    assert reports.now(13.0)["a"] == Doing(Phase.LOADING, "svm", seconds=6.0)
    reports.read({}, 14.0)
    assert reports.now(14.0) == {}


def test_what_helpers_made_counts_with_the_inference_unless_they_were_lost():
    reports = Reports()
    reports.read({"p": predicting(10), "h": predicting(20, helps="p"), "k": predicting(5, helps="p")}, 0.0)
    assert reports.now(0.0)["p"].made == 35
    reports.read({"p": predicting(12), "k": predicting(6, helps="p")}, 1.0)  # the other has ended
    assert reports.now(1.0)["p"].made == 38
    reports.lost("k")
    assert reports.now(1.0)["p"].made == 32
    reports.read({"p": predicting(95)}, 2.0)
    assert reports.now(2.0)["p"].made == 100
    reports.read({}, 3.0)
    reports.read({"p": predicting(1)}, 4.0)
    assert reports.now(4.0)["p"].made == 1


class Silent:
    """A control process that answers no more."""

    def __init__(self, address: str) -> None: ...

    def internal_kv_keys(self, *_: object, timeout: float) -> list[bytes]:
        time.sleep(timeout)
        raise TimeoutError


@pytest.mark.parametrize("client", [None, Silent])
def test_where_nobody_answers_nothing_is_known_and_nobody_waits(
    ray_session: None, client: type | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(activity, "_client_class", lambda: client)
    monkeypatch.setattr(activity, "ANSWER_S", 0.2)
    activities = Activities("127.0.0.1:1")
    assert activities.is_there is (client is not None)
    began = time.monotonic()
    assert [activities.now() for _ in range(100)] == [None] * 100
    activities.leave()
    assert time.monotonic() - began < 5.0


def test_what_was_read_long_ago_is_not_said(ray_session: None, monkeypatch: pytest.MonkeyPatch):
    activities = Activities("127.0.0.1:1")
    monkeypatch.setattr(activity, "_client_class", lambda: None)
    activities._read_at = time.monotonic()
    assert activities.now() is not None
    activities._read_at -= activity.OLD_S
    assert activities.now() is None
