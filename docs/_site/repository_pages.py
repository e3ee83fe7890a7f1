"""Pages of the site whose text is elsewhere in the repository: mkdocs calls the functions `on_*` while it builds.

README.md becomes the first page, CONTRIBUTING.md and CHANGELOG.md pages of their own. A file or folder outside of
`docs/` to which a page links, such as an example, becomes a page that shows it. Links are written as they are right in
the repository, and are changed here to those that are right in the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
NAMED = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the site by the files of the repository that hold their text."""
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that have no file in `docs/`."""
    texts = [(f"docs/{file.src_uri}", file.content_string) for file in files.documentation_pages()]
    waiting = [*NAMED, *_linked(texts)]
    made: set[str] = set()
    while waiting:
        place = waiting.pop()
        if place in made:
            continue
        made.add(place)
        text = _text(ROOT / place)
        files.append(File.generated(config, _page_of(place), content=text))
        waiting += _linked([(place, text)])
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Change links between files of the repository to links between pages."""
    here = _place_of(page.file.src_uri)

    def changed(match: re.Match[str]) -> str:
        place = _target(here, match[1])
        if place is None:
            return match[0]
        path = posixpath.relpath(_page_of(place), posixpath.dirname(page.file.src_uri) or ".")
        return path + (match[2] or "")

    parts = CODE.split(markdown)
    parts[::2] = [LINK.sub(changed, part) for part in parts[::2]]
    return "".join(parts)


def _linked(texts: list[tuple[str, str]]) -> list[str]:
    """What is outside of `docs/` and linked from texts, which are given with their places in the repository."""
    found = [_target(here, match[1]) for here, text in texts for match in LINK.finditer(CODE.sub("", text))]
    return [place for place in found if place and not place.startswith("docs/")]


def _target(here: str, link: str) -> str | None:
    """The place in the repository that a link in the file `here` leads to; none where there is nothing."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
    path = ROOT / place
    if path.is_dir():
        return f"{place}/README.md" if (path / "README.md").is_file() else place
    return place if path.is_file() else None


def _page_of(place: str) -> str:
    """The page of the site that shows a file of the repository."""
    if place in NAMED:
        return NAMED[place]
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    return f"repository/{place}" if place.endswith(".md") else f"repository/{place}.md"


def _place_of(page: str) -> str:
    """The file of the repository that a page shows."""
    for place, named in NAMED.items():
        if page == named:
            return place
    if not page.startswith("repository/"):
        return f"docs/{page}"
    place = page.removeprefix("repository/")
    return place if (ROOT / place).is_file() else place.removesuffix(".md")


def _text(path: Path) -> str:
    """What a page shows of a file or folder."""
    place = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        return f"# `{place}`\n\n" + "".join(_lines(path))
    if path.suffix == ".md":
        return path.read_text()
    return f"# `{place}`\n\n````{LANGUAGES.get(path.suffix, 'text')}\n{path.read_text()}````\n"


def _lines(folder: Path) -> list[str]:
    """A line for each file of a folder, with a link to it."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [f"- [`{path}`]({folder.name}/{path})\n" for path in paths if "__pycache__" not in path]
