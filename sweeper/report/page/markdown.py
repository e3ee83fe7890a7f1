"""The Markdown of runs as HTML: nothing in it runs, and nothing in it reaches out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BELOW = 3
"""The headings of a report stand so many levels below where its author saw them: the page has its own."""
_IMAGE = re.compile(r"(?<=base64,)[A-Za-z0-9+/]{256,}={0,2}")
_PLACEHOLDER = re.compile(r"(?<=base64,)~(\d+)~")


def to_html(markdown: str) -> str:
    """HTML of a report. Raw HTML in it is shown as text; links and images go where markdown-it's `validateLink` admits.

    Of images only those that the report carries itself (`data:`) are shown, others become links, since the page is to
    load nothing.
    """
    # Megabytes of an image cost the parser, which goes letter by letter, seconds: it is handed a number instead.
    images: list[str] = []

    def take(found: re.Match[str]) -> str:
        images.append(found[0])
        return f"~{len(images) - 1}~"

    def give(found: re.Match[str]) -> str:
        number = int(found[1])
        return images[number] if number < len(images) else found[0]

    return _PLACEHOLDER.sub(give, _parser().render(_IMAGE.sub(take, markdown)))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _image(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    source = str(token.attrs["src"])
    if source.startswith("data:"):
        return self.image(tokens, index, options, env)
    from html import escape

    name = self.renderInlineAsText(token.children, options, env) or source
    return f'<a href="{escape(source)}" rel="noopener noreferrer">{escape(name)}</a>'


def _link(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    return self.renderToken(tokens, index, options, env)


def _heading(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].tag = f"h{min(6, int(tokens[index].tag[1]) + BELOW)}"
    return self.renderToken(tokens, index, options, env)


def _table_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    scroll = '<div class="scroll" tabindex="0" role="group" aria-label="table">'
    return scroll + self.renderToken(tokens, index, options, env)


def _table_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f"{self.renderToken(tokens, index, options, env)}</div>\n"
