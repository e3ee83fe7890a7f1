"""A Ray whose doors open, and which is asked how it is."""

from __future__ import annotations

import threading

import pytest
import ray
from patience import LIMIT_S, until

from sweeper.jobs.ray_simple import watch
from sweeper.jobs.ray_simple.control import question
from sweeper.jobs.ray_simple.watch import Watch


class Asked:
    """Answers as a list says, then that all is well; the event says that the list has come to its end."""

    def __init__(self, *answers: str | None) -> None:
        self._answers = list(answers)
        self.all_given = threading.Event()

    def __call__(self, timeout_s: float) -> str | None:
        if not self._answers:
            self.all_given.set()
            return None
        answer = self._answers.pop(0)
        if answer == "silence":
            raise TimeoutError("no answer")
        return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "ASK_EVERY_S", 0.01)


def test_some_lost_answers_with_others_between_are_nothing():
    asked = Asked("silence", "silence", None, "silence", "silence")
    seen = Watch({}, asked)
    assert asked.all_given.wait(LIMIT_S)
    assert seen.gone is None
    seen.stop()


def test_a_control_process_that_is_silent_for_long_hangs():
    seen = Watch({}, Asked(*["silence"] * watch.SILENCES))
    until(lambda: seen.gone is not None)
    assert seen.gone == "its control process (GCS) hangs: 3 questions, none answered within 12 s"


def test_what_is_answered_of_the_node_is_believed_at_once():
    seen = Watch({}, Asked(None, "its node process hangs"))
    until(lambda: seen.gone is not None)
    assert seen.gone == "its node process hangs"


def test_a_ray_that_this_process_has_left_is_not_asked(monkeypatch: pytest.MonkeyPatch):
    """Ray 2.40 ends a process a minute after it has asked one that is gone."""
    ask = question("127.0.0.1:1", "a node of a Ray that was left")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    assert ask(1.0) is None
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr("ray._private.worker._global_node", object())  # another one
    assert ask(1.0) is None


def test_whether_it_was_left_is_told_without_asking_ray(monkeypatch: pytest.MonkeyPatch):
    """Ray ends a process of which one thread asks it something while another one shuts it down."""
    asked: list[str] = []
    ask = question("127.0.0.1:1", "a node of a Ray that was left")
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr("ray._private.worker._global_node", object())
    monkeypatch.setattr(ray, "get_runtime_context", lambda: asked.append("the runtime context"))
    assert ask(1.0) is None
    assert asked == []
