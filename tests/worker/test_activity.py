"""What a worker is at, and which of it is reported."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sweeper.messages.doing import Doing, Phase
from sweeper.worker import activity
from sweeper.worker.activity_reports import LASTS_S, PROGRESS_EVERY_S, Reporter


class Board:
    """Remembers what there is."""

    def __init__(self) -> None:
        self.there: dict[str, Doing] = {}
        self.puts = 0

    def put(self, job_id: str, doing: Doing) -> None:
        self.there[job_id] = doing
        self.puts += 1

    def remove(self, job_id: str) -> None:
        del self.there[job_id]


def at(job_id: str, began: float = 0.0, **doing: object) -> activity.Current:
    return activity.Current(job_id, replace(Doing(), **doing), began)


def test_what_is_done_for_a_job_is_known_until_it_ends():
    assert activity.current() is None
    activity.made(3)
    with activity.loading("svm"), activity.working_on("a"):
        now = activity.current()
        assert now is not None
        assert now.doing == Doing()
        with activity.loading("svm"), activity.loading("digits"):
            assert (now.doing.phase, now.doing.name) == (Phase.LOADING, "digits")
        activity.predicting(10)
        activity.made(4)
        activity.made(6)
        assert (now.told().phase, now.told().made, now.told().total) == (Phase.PREDICTING, 10, 10)
        assert now.told().seconds > 0
    assert activity.current() is None


def test_a_report_travels_whole():
    told = Doing(Phase.PREDICTING, "é", 3, 7, "p", 1.5)
    assert Doing.of_json(told.to_json()) == told


def test_a_quick_job_is_not_reported_and_one_that_lasts_is_until_it_has_ended():
    board = Board()
    reporter = Reporter(board)
    reporter.look(at("quick"), LASTS_S / 2)
    reporter.look(at("lasts"), LASTS_S)
    assert [*board.there] == ["lasts"]
    reporter.look(at("lasts"), LASTS_S + 1)
    assert board.puts == 1
    reporter.look(at("lasts", phase=Phase.LOADING, name="svm"), LASTS_S + 1.1)
    assert board.there["lasts"].name == "svm"
    reporter.look(at("next", began=LASTS_S + 2), LASTS_S + 2)
    assert board.there == {}
    reporter.look(None, LASTS_S + 3)
    assert board.puts == 2


def test_progress_is_reported_now_and_then():
    board = Board()
    reporter = Reporter(board)
    reports = 0
    for step in range(1, 101):
        reporter.look(at("p", phase=Phase.PREDICTING, made=step, total=100), LASTS_S + step / 10)
        reports = board.puts
    assert reports == 1 + int(9.9 / PROGRESS_EVERY_S)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.1, 3.0)), max_size=30))
def test_there_is_a_report_of_nothing_but_what_goes_on(jobs: list[tuple[int, float]]):
    board, time_s = Board(), 0.0
    reporter = Reporter(board)
    for number, (job, lasts_s) in enumerate(jobs):
        began, name = time_s, f"{job}-{number}"
        while time_s < began + lasts_s:
            time_s += 0.5
            reporter.look(at(name, began), time_s)
            assert set(board.there) <= {name}
            assert (name in board.there) is (time_s - began >= LASTS_S)
    reporter.look(None, time_s)
    assert board.there == {}
