"""The page as `sweeper view` serves it: to whom, when it is made again, and what of it a browser keeps."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from damage_parts import asked
from store_parts import attempt, record

from sweeper.errors import ConfigError
from sweeper.report.page.rendering import render
from sweeper.report.reading import read_report_data
from sweeper.report.view.app import app_of
from sweeper.report.view.fresh_page import FreshPage
from sweeper.report.view.server import serving
from sweeper.store import AttemptRow, Store, endings, open_store
from sweeper.store.change_mark import change_mark

BOUND_S = 60
TOKEN = "a-token-of-a-test"
PATH = f"/{TOKEN}/"


def some(folder: Path) -> Store:
    store = open_store(folder / "store")
    for number, model in enumerate(("low", "high", "middle")):
        record(store, model, (0.1, 0.9, 0.5)[number], capability="score", model=model)
    failed = replace(attempt("gone", model="gone"), sweep_name="test")
    store.write_attempts(
        [
            AttemptRow.of(
                failed, status="failed", error_type="ValueError", error_message="no data", traceback="at a line"
            )
        ]
    )
    return store


def page_of(store: Store, warned: list[str] | None = None) -> FreshPage:
    def make(mark: str) -> str:
        return render(read_report_data(store), served=mark)

    return FreshPage(lambda: change_mark(store.files), make, (warned if warned is not None else []).append)


@contextmanager
def server(page: FreshPage) -> Generator[Callable[..., Any]]:
    """Yields what asks the server; the answer has its body read."""
    with serving(app_of(page, TOKEN), 0) as port:

        def ask(path: str = PATH, method: str = "GET", **headers: str) -> Any:
            connection = HTTPConnection("127.0.0.1", port, timeout=BOUND_S)
            connection.request(method, path, headers={"Host": f"127.0.0.1:{port}", **headers})
            answer = connection.getresponse()
            answer.body = answer.read()  # type: ignore[attr-defined]
            connection.close()
            return answer

        yield ask


# Whom it answers


def test_the_page_is_given_to_whom_the_address_was_given(tmp_path: Path):
    with server(page_of(some(tmp_path))) as ask:
        whole = ask()
        assert (whole.status, whole.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert b"<h1>Sweep report</h1>" in whole.body
        assert whole.headers["Referrer-Policy"] == "no-referrer"
        assert whole.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in whole.headers
        assert ask(Host="localhost:1").status == 200
        head = ask(method="HEAD")
        assert (head.status, head.body, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "192.0.2.1", ""])
def test_a_page_from_elsewhere_whose_name_leads_here_is_refused(tmp_path: Path, host: str):
    with server(page_of(some(tmp_path))) as ask:
        refused = ask(Host=host)
        assert refused.status == 403
        assert b"score" not in refused.body


@pytest.mark.parametrize(
    "path",
    ["/", f"/{TOKEN}", f"{PATH}x", "/another-token/", f"{PATH}../../etc/passwd", f"{PATH}%2e%2e/", "//etc/passwd"],
)
def test_nothing_else_is_given(tmp_path: Path, path: str):
    with server(page_of(some(tmp_path))) as ask:
        assert ask(path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_can_only_be_looked_at(tmp_path: Path, method: str):
    with server(page_of(some(tmp_path))) as ask:
        refused = ask(method=method)
        assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_it_listens_on_this_machine_alone(tmp_path: Path):
    with serving(app_of(page_of(some(tmp_path)), TOKEN), 0) as port:
        with pytest.raises((ConnectionError, TimeoutError)), socket.create_connection(("127.0.0.2", port), timeout=5):
            pass
        with pytest.raises(ConfigError, match=f"--port {port} cannot be used"), serving(lambda *_: (), port):
            pass


# When it is made again


def test_the_page_is_made_again_when_the_store_has_changed_and_only_then(tmp_path: Path):
    store = some(tmp_path)
    with server(page_of(store)) as ask:
        mark = ask().headers["ETag"]
        unchanged = ask(**{"If-None-Match": mark})
        assert (unchanged.status, unchanged.body) == (304, b"")
        record(store, "newer", 0.7, capability="score", model="newer")
        changed = ask(**{"If-None-Match": mark})
        assert changed.status == 200
        assert b"newer" in changed.body
        assert changed.headers["ETag"] != mark


def test_whatever_is_written_changes_the_mark(tmp_path: Path):
    store = some(tmp_path)
    marks = [change_mark(store.files)]

    def write_down(step: Callable[[], object]) -> None:
        step()
        marks.append(change_mark(store.files))

    def waiting(name: str) -> None:
        record(store, name, 0.2, capability="score", model=name, may_wait=True)

    for name in ("one", "two", "three"):  # the first of a process is a file, the others wait in a journal
        write_down(lambda name=name: waiting(name))
    write_down(store.flush_journals)
    write_down(lambda: store.compact(grace_s=0))
    write_down(lambda: store.write_asked(asked()))
    write_down(lambda: endings.write(store.files, asked().header.sweep_id))
    assert len(set(marks)) == len(marks)
    assert change_mark(store.files) == marks[-1]


def test_a_page_that_cannot_be_made_leaves_the_one_before_and_says_why_once():
    marks, warned = iter(["a", "b", "b", "c"]), list[str]()

    def make(mark: str) -> str:
        if mark == "b":
            raise ConfigError("no such sweep")
        return f"page {mark}"

    page = FreshPage(lambda: next(marks), make, warned.append)
    assert [page.newest().data for _ in range(4)] == [b"page a", b"page a", b"page a", b"page c"]
    assert warned == ["no such sweep"]


def test_a_first_page_that_cannot_be_made_is_an_answer_that_says_why(tmp_path: Path):
    with server(page_of(open_store(tmp_path))) as ask:
        answer = ask()
        assert answer.status == 503
        assert b"holds no attempts" in answer.body


# What it says


def running(store: Store) -> str:
    """Write down that a sweep has begun that asks for two combinations; returns its id."""
    now = datetime.now(UTC)
    header = replace(asked().header, sweep_id=f"{now:%Y%m%dT%H%M%S}-abcdef", name="nightly", began=now)
    store.write_asked(replace(asked(), header=header))
    return header.sweep_id


def test_only_a_page_that_is_served_may_ask_its_server(tmp_path: Path):
    contents = read_report_data(some(tmp_path))
    assert "connect-src" not in render(contents)
    assert "fetch(" not in render(contents)
    served = render(contents, served="a-mark")
    assert "connect-src 'self'; base-uri 'none'" in served
    assert '<html lang="en" data-mark="a-mark">' in served


def test_sweeps_that_run_are_at_the_top_of_every_page(tmp_path: Path):
    store = some(tmp_path)
    assert read_report_data(store).running == ()
    sweep_id = running(store)
    page = render(read_report_data(store))
    assert re.search(rf"<strong>nightly</strong> .*{sweep_id}.* runs: .* 0 of 2 completed", page)
    assert read_report_data(store, "test").running == ()
    endings.write(store.files, sweep_id)
    assert read_report_data(store).running == ()


# The command


def test_the_command_prints_the_address_and_ends_by_an_interrupt(tmp_path: Path):
    some(tmp_path)
    command = [
        sys.executable,
        "-m",
        "sweeper",
        "view",
        "--no-browser",
        "--port",
        "0",
        "--store",
        str(tmp_path / "store"),
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            found = re.fullmatch(r"view: http://127\.0\.0\.1:(\d+)(/[\w-]{32}/)\n", process.stdout.readline())
            assert found
            connection = HTTPConnection("127.0.0.1", int(found[1]), timeout=BOUND_S)
            connection.request("GET", found[2])
            assert connection.getresponse().status == 200
            connection.close()
            process.send_signal(signal.SIGINT)
            assert process.wait(BOUND_S) == 0
            assert process.communicate()[1] == ""
        finally:
            process.kill()


# In a browser

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install '.[dev]'")
    if not (BROWSER and DRIVER):
        pytest.skip("no chromium and chromedriver on the PATH (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(BOUND_S)
    yield driver
    driver.quit()


def test_a_browser_follows_a_sweep_to_its_end_and_keeps_what_was_done_in_the_page(browser: Any, tmp_path: Path):
    from selenium.webdriver.support.ui import WebDriverWait

    store = some(tmp_path)
    sweep_id = running(store)

    def until(script: str) -> Any:
        return WebDriverWait(browser, BOUND_S).until(lambda page: page.execute_script(f"return {script}"))

    first_names = "[...document.querySelectorAll('table.sortable tbody th')].map((one) => one.textContent.trim())"
    with serving(app_of(page_of(store), TOKEN), 0) as port:
        browser.set_window_size(900, 500)
        browser.get(f"http://127.0.0.1:{port}{PATH}")
        assert "nightly" in browser.find_element("css selector", ".running").text
        browser.find_elements("css selector", "table.sortable thead th + th button")[0].click()
        browser.execute_script("for (const one of document.querySelectorAll('#incomplete details')) one.open = true")
        browser.execute_script("document.getElementById('incomplete').scrollIntoView()")
        before = browser.execute_script("return document.getElementById('incomplete').getBoundingClientRect().top")
        mark = browser.execute_script("return document.documentElement.dataset.mark")
        record(store, "best", 0.95, capability="score", model="best")
        endings.write(store.files, sweep_id)
        until("document.querySelector('.running') === null && document.readyState === 'complete'")
        assert browser.execute_script("return document.documentElement.dataset.mark") != mark
        until("document.querySelector('table.sortable [aria-sort]') !== null")
        assert browser.execute_script(f"return {first_names}")[:4] == ["best", "high", "middle", "low"]
        assert browser.execute_script("return document.querySelector('#incomplete details').open")
        after = browser.execute_script("return document.getElementById('incomplete').getBoundingClientRect().top")
        assert abs(after - before) < 2
        assert browser.get_log("browser") == []
    until("/has ended/.test(document.querySelector('.lost')?.textContent)")
