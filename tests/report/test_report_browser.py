"""The HTML report in a real browser, from a file, with everything that it logs and asks for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import BROWSER, DRIVER, resize, started
from report_parts import SCRIPT, fill

from sweeper.comparison.differences import Difference
from sweeper.comparison.measured import Measured
from sweeper.report.changes import Against
from sweeper.report.page.rendering import render
from sweeper.report.reading import read_report_data
from sweeper.report.report_data import ReportData
from sweeper.statistics.bounds import Interval

pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install '.[dev]'")
ui: Any = pytest.importorskip("selenium.webdriver.support.ui")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no chromium and chromedriver on the PATH (Debian: chromium, chromium-driver)"
)


def with_baseline(contents: ReportData) -> ReportData:
    """The same with what got worse, better and cannot be told apart from a baseline, so that all of it is looked at."""

    def change(model: str, dataset: str, low: float, high: float) -> Difference:
        was, now = (Measured("evaluate", dataset, model, "hits", "hits", value, True) for value in (0.5, 0.75))
        return Difference(was, now, Interval(10, 0.1, low, high, "made"))

    found = (change("parity", "ten", 0.1, 0.4), change("same", "ten", -0.4, -0.1), change("same", "four", -0.1, 0.4))
    return replace(contents, against=Against("sweep before", 0.95, found))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("browser")
    path = folder / "report.html"
    path.write_text(render(with_baseline(read_report_data(fill(folder)))), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with started(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    resize(browser, 1280)
    browser.get_log("performance")  # what was before
    browser.get(address)
    return browser


def find(page: Any, selector: str) -> list[Any]:
    return page.find_elements("css selector", selector)


def requested(page: Any) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def test_it_asks_for_nothing_and_complains_of_nothing(page: Any, address: str):
    for details in find(page, "details > summary"):
        details.click()
    assert {url for url in requested(page) if not url.startswith("data:")} == {address}
    assert page.get_log("browser") == []


def test_a_name_is_text_whatever_is_in_it(page: Any):
    assert SCRIPT in page.find_element("tag name", "body").text
    assert len(find(page, "script")) == 1
    with pytest.raises(Exception, match="no such alert"):
        page.switch_to.alert.dismiss()


def rows(table: Any) -> list[str]:
    return [cell.text for cell in table.find_elements("css selector", "tbody th")]


def test_a_click_on_a_head_sorts_and_a_second_turns_it_round(page: Any):
    table = find(page, "#leaderboards table.sortable")[0]
    name, first, *_ = table.find_elements("css selector", "thead th")
    assert rows(table) == ["broken", "parity", "same"]
    first.find_element("tag name", "button").click()
    assert (rows(table), first.get_attribute("aria-sort")) == (["parity", "same", "broken"], "descending")
    first.find_element("tag name", "button").click()
    assert (rows(table), first.get_attribute("aria-sort")) == (["same", "parity", "broken"], "ascending")
    name.find_element("tag name", "button").send_keys("\n")  # by the keyboard
    assert (rows(table), first.get_attribute("aria-sort")) == (["broken", "parity", "same"], None)


# The filter


def choose(page: Any, **fields: str) -> None:
    """Type into the filter, and wait until it has been taken over."""
    for name, text in fields.items():
        field = page.find_element("css selector", f"#filter [name={name}]")
        if field.tag_name == "select":
            ui.Select(field).select_by_value(text)
        else:
            field.clear()
            field.send_keys(text)
    held = "return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))"
    ui.WebDriverWait(page, 20).until(lambda _: fields.items() <= page.execute_script(held).items())


def visible(page: Any, selector: str) -> list[str]:
    return [one.text for one in find(page, selector) if one.is_displayed()]


def test_a_filter_narrows_tables_plots_failures_and_reports(page: Any):
    choose(page, model="par*")
    assert set(visible(page, "#leaderboards tbody th")) == {"parity"}
    assert [text.split()[-1] for text in visible(page, "#plots .legend li")][:1] == ["parity"]
    drawn = "return [...document.querySelectorAll('#plots [data-series]:not(li)')].map((one) => one.style.display)"
    assert set(page.execute_script(drawn)) == {"", "none"}
    assert not visible(page, "#incomplete section")
    assert page.find_element("id", "incomplete").get_attribute("class") == "nothing"
    assert [text.split(" · ")[-1] for text in visible(page, "#reports summary")] == ["parity", "parity"]
    assert "1 of 4 models, 2 of 3 datasets" in page.find_element("css selector", "#filter output").text


def test_a_filter_narrows_columns_and_is_cleared(page: Any):
    before = visible(page, "#leaderboards thead th, #incomplete h3")
    choose(page, dataset="four", capability="evaluate")
    assert visible(page, "#leaderboards h3") == ["evaluate"]
    assert visible(page, "#leaderboards thead th") == ["model", "four"]
    page.find_element("css selector", "#filter button").click()
    assert visible(page, "#leaderboards thead th, #incomplete h3") == before
    assert "#" not in page.current_url


def test_words_are_found_in_rows_tracebacks_and_titles(page: Any):
    choose(page, text="weights are gone")
    assert not visible(page, "#leaderboards tbody th")
    assert len(visible(page, "#incomplete h3")) == 1
    choose(page, text="weights are gone, or not")
    assert not visible(page, "#incomplete h3")
    choose(page, text="area")
    assert visible(page, "#leaderboards figcaption") == ["hits area higher is better"]


def test_values_of_other_sweeps_leave_their_place(page: Any):
    choose(page, sweep="small")
    assert SCRIPT not in visible(page, "#leaderboards tbody th")
    choose(page, sweep=SCRIPT)
    assert set(visible(page, "#leaderboards tbody th")) == {SCRIPT}


def test_the_address_holds_the_filter_beside_the_place(page: Any, address: str):
    page.get("about:blank")
    page.get(f"{address}#plots&model=same&metric=hit")
    assert set(visible(page, "#leaderboards tbody th")) == {"same"}
    assert page.find_element("css selector", "#filter [name=metric]").get_attribute("value") == "hit"
    assert page.execute_script("return scrollY") > 100
    page.find_element("css selector", "nav a[href='#leaderboards']").click()
    ui.WebDriverWait(page, 20).until(lambda _: page.current_url.endswith("#leaderboards&model=same&metric=hit"))
    page.execute_script("location.hash = 'model=parity'")
    ui.WebDriverWait(page, 20).until(lambda _: set(visible(page, "#leaderboards tbody th")) == {"parity"})
    page.execute_script("location.hash = ''")
    ui.WebDriverWait(page, 20).until(lambda _: "same" in visible(page, "#leaderboards tbody th"))


# Files


def saved(page: Any, folder: Path, button: Any) -> str:
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    page.execute_script("arguments[0].click()", button)
    ui.WebDriverWait(page, 20).until(lambda _: list(folder.glob("*.csv")))
    (path,) = folder.glob("*.csv")
    return path.read_bytes().decode("utf-8-sig")


def test_a_table_is_saved_with_exact_values_of_what_is_shown(page: Any, tmp_path: Path):
    choose(page, model="parity,broken", dataset="ten")
    text = saved(page, tmp_path, find(page, "#table-1 button.tool")[0])
    head, *lines = list(csv.reader(text.splitlines()))
    change = ["difference", "difference_low", "difference_high", "verdict"]
    assert head == ["capability", "measure", "model", "dataset", "value", "low", "high", "mark", "note", *change]
    assert [line[:4] for line in lines] == [["evaluate", "hits", name, "ten"] for name in ("broken", "parity")]
    assert lines[0][4:] == ["", "", "", "", "failed", "", "", "", ""]
    assert lines[1][9:] == ["0.25", "0.1", "0.4", "better"]
    value = page.find_element("css selector", "#table-1 td[data-value]:not([data-value=''])")
    assert lines[1][4] == value.get_attribute("data-value")


def test_what_a_spreadsheet_would_run_is_text(page: Any):
    written = "return csvOf([['=1+1', '+x', '-y', '@z', '\\tq', '-0.5', '-inf', '1e-05', 'a,b', 'c\"d', '<i>']])"
    line = next(csv.reader([page.execute_script(written)]))
    assert line == ["'=1+1", "'+x", "'-y", "'@z", "'\tq", "-0.5", "-inf", "1e-05", "a,b", 'c"d', "<i>"]


# For everybody

LOOKS: dict[str, tuple[int, dict[str, Any]]] = {
    "wide": (1400, {}),
    "narrow": (390, {}),
    "dark": (1400, {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}),
    "printed": (1000, {"media": "print"}),
}
FAULTS = """
    const done = arguments[arguments.length - 1];
    const told = (one) => one.id + ": " + one.nodes.map((node) => node.html + " " + node.failureSummary).join("; ");
    const looked = axe.run(document, { resultTypes: ["violations"] });
    looked.then((found) => done(found.violations.map(told)), (error) => done([`${error}`]));
"""


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_no_barrier(page: Any, look: str):
    package = Path(pytest.importorskip("selenium_axe_python", reason="needs the extra dev").__file__).parent
    width, media = LOOKS[look]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        resize(page, width)
        page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
        page.execute_script((package / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        assert page.execute_async_script(FAULTS) == []
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_everything_is_reached_by_the_keyboard_and_seen_to_be(page: Any):
    wanted = """
        const can = document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']");
        return [...can].filter((one) => one.checkVisibility()).length
    """
    here = """
        const one = document.activeElement;
        window.seen ??= new Set();
        if (one === document.body || window.seen.has(one)) return null;
        window.seen.add(one);
        return getComputedStyle(one).outlineStyle;
    """
    outlines: list[str] = []
    for _ in range(300):
        page.switch_to.active_element.send_keys("\ue004")  # tab
        if (outline := page.execute_script(here)) is None:
            break
        outlines.append(outline)
    assert len(outlines) == page.execute_script(wanted)
    assert "none" not in outlines


def test_what_changed_has_a_colour_only_where_its_interval_excludes_zero(page: Any):
    shown = {one.text: one.value_of_css_property("color") for one in find(page, "#leaderboards .change")}
    assert set(shown) == {"+0.25 better", "+0.25 worse", "+0.25 undecided"}
    muted = page.find_element("css selector", "#leaderboards .note").value_of_css_property("color")
    assert [text for text, colour in shown.items() if colour == muted] == ["+0.25 undecided"]


# The rest


def test_the_report_of_a_run_opens_with_its_table_and_its_image(page: Any):
    details = find(page, "#reports details")[0]
    image = details.find_element("tag name", "img")
    assert not image.is_displayed()
    details.find_element("tag name", "summary").click()
    assert image.is_displayed()
    assert page.execute_script("return arguments[0].naturalWidth", image) == 1
    assert details.find_element("css selector", "td").text == "doubles"
    assert details.find_element("tag name", "summary").text == "findings · four · broken"


def test_a_traceback_opens(page: Any):
    details = find(page, "#incomplete details:not(.which)")[0]
    details.find_element("tag name", "summary").click()
    assert "weights are gone" in details.find_element("tag name", "pre").text


@pytest.mark.parametrize("width", [1280, 390])
def test_only_tables_scroll_sideways(page: Any, width: int):
    resize(page, width)
    for details in find(page, "details > summary"):
        details.click()
    widths = "const root = document.documentElement; return [root.scrollWidth, root.clientWidth]"
    whole, seen = page.execute_script(widths)
    assert whole == seen
    beyond = """
        return [...document.querySelectorAll("body *")].filter((one) =>
            one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 &&
            !one.closest(".scroll, pre, .skip")).map((one) => one.outerHTML)
    """
    assert page.execute_script(beyond) == []


def test_plots_have_their_words_and_colours(page: Any):
    drawing = find(page, '.panel [role="img"]')[0]
    assert drawing.get_attribute("aria-label") == "hits of 2 models over 2 datasets, higher is better"
    assert {"four", "ten"} <= {text.text for text in drawing.find_elements("css selector", "svg text")}
    colours = "return [...document.querySelectorAll('.panel svg path')].map((one) => getComputedStyle(one).stroke)"
    assert {"rgb(213, 94, 0)", "rgb(0, 143, 104)"} <= set(page.execute_script(colours))


def test_dark_is_dark(page: Any):
    ground = "return getComputedStyle(document.body).backgroundColor"
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    light = page.execute_script(ground)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        assert (light, page.execute_script(ground)) == ("rgb(255, 255, 255)", "rgb(20, 23, 27)")
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_lives_in_one_file(address: str):
    folder = Path(address.removeprefix("file://")).parent
    assert sorted(path.name for path in folder.iterdir()) == ["conf", "report.html", "store"]
