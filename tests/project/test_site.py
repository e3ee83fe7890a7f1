"""The docs site builds without a warning, asks nobody else for anything, and shows what the repository has."""

from __future__ import annotations

import importlib
import json
import os
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser import BROWSER, DRIVER, resize, started
from patience import LIMIT_S

pytest.importorskip("mkdocs", reason="needs mkdocs: pip install '.[docs]'")
pytest.importorskip("mkdocstrings", reason="needs mkdocstrings: pip install '.[docs]'")

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("docs/**/*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
)
BUILD = """
import socket, sys
def connect(*_):
    raise RuntimeError("the build asks for something elsewhere")
socket.socket.connect = socket.socket.connect_ex = connect
from mkdocs.__main__ import cli
cli(["build", "--strict", "--quiet", "--site-dir", sys.argv[1]])
"""
COUNTED = ("li", "ul", "ol", "pre", "table", "tr", "h2", "h3", "img", "em", "strong")
LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""What a browser fetches by itself, by tag."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as CONTRIBUTING.md says, in a process that reaches nobody."""
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-c", BUILD, str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


class Tags(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_page_is_in_the_site(site: Path):
    named = runpy.run_path(str(ROOT / "docs" / "_site" / "repository_pages.py"))["NAMED"]
    places = [page.relative_to(ROOT).as_posix() for page in PAGES]
    pages = [named.get(place, place.removeprefix("docs/").replace("README", "index")) for place in places]
    assert [page for page in pages if not (site / page).with_suffix(".html").is_file()] == []


def test_pages_load_only_what_is_in_the_site(site: Path):
    for page in site.rglob("*.html"):
        tags = Tags(page).found
        loaded = [attrs[LOADED[tag]] for tag, attrs in tags if attrs.get(LOADED.get(tag, ""))]
        assert len(loaded) > 3
        for address in loaded:
            assert not re.match(r"\w+:|//", address or "//"), (page, address)
            assert (site if address[0] == "/" else page.parent).joinpath(address.lstrip("/")).is_file(), (page, address)


def test_styles_load_nothing_from_elsewhere(site: Path):
    styles = [*site.rglob("*.css")]
    assert styles
    for style in styles:
        assert re.findall(r"(?:url\(['\"]?|@import ['\"]?)(?:https?:)?//[^)]*", style.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lists_tables_and_examples_are_the_ones_that_github_shows(page: Path):
    """The site reads Markdown by other rules: a nested list, say, needs four spaces there."""
    markdown_it = pytest.importorskip("markdown_it")
    from markdown import Markdown
    from mkdocs.config import load_config

    config = load_config(str(ROOT / "mkdocs.yml"), plugins=[])
    reader = Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)
    here = reader.convert(page.read_text())
    there = markdown_it.MarkdownIt("commonmark").enable("table").render(page.read_text())

    def count(html: str) -> dict[str, int]:
        return {
            tag: len(re.findall(f"<{tag}[ >]", html)) for tag in ("li", "ul", "ol", "pre", "table", "tr", "h2", "h3")
        }

    assert count(here) == count(there)


def test_the_reference_has_every_public_name(site: Path):
    packages = runpy.run_path(str(ROOT / "docs" / "_site" / "api_pages.py"))["PACKAGES"]
    for package in packages:
        ids = {attrs.get("id") for _, attrs in Tags(site / "api" / f"{package}.html").found}
        public = getattr(importlib.import_module(package), "__all__", ["SweeperError", "ConfigError", "PartError"])
        assert {name for name in public if not name.startswith("_")} - {str(i).rpartition(".")[2] for i in ids} == set()


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    """The address of the site on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(not (BROWSER and DRIVER), reason="no chromium and chromedriver on the PATH")
def test_a_browser_asks_nobody_else_and_the_search_finds_pages(served: str, tmp_path: Path):
    from selenium.webdriver.support.ui import WebDriverWait

    def found(driver: Any) -> list[str]:
        links = driver.find_elements("css selector", ".md-search-result__link, [role=search] a[href]")
        return [link.get_attribute("href") for link in links]

    with started(tmp_path) as browser:
        resize(browser, 1280)
        browser.get("about:blank")
        browser.get_log("performance")  # what was before
        for page in ("index", "architecture", "conditions", "api/sweeper.models"):
            browser.get(f"{served}/{page}.html")
        browser.get(f"{served}/index.html")
        browser.find_element("css selector", "input[name=query]").send_keys("quarantine")
        links = WebDriverWait(browser, LIMIT_S).until(found)
        messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        said = browser.get_log("browser")
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert any("glossary.html" in link for link in links)
    assert [url for url in asked if not url.startswith((served, "data:", "blob:"))] == []
    assert [entry for entry in said if entry["level"] == "SEVERE"] == []
