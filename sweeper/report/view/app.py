"""Which requests are answered: those of a browser of this machine that knows the address, to look at the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from sweeper.errors import SweeperError
from sweeper.report.view.fresh_page import FreshPage

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

HOSTS = ("127.0.0.1", "localhost")
"""What a browser of this machine calls it. A page from elsewhere whose name leads here calls it by that name."""
_HEADERS = {
    "Cache-Control": "no-store",  # nothing of it stays on the disk of the browser
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address is the key
    "X-Content-Type-Options": "nosniff",
}

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def app_of(page: FreshPage, token: str) -> App:
    """A WSGI application that gives the page under `/<token>/`, and nothing else."""
    from werkzeug.wrappers import Request

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = _answer(Request(environ), page, token)
        response.headers.update(_HEADERS)
        return response(environ, start_response)

    return app


def _answer(request: Request, page: FreshPage, token: str) -> Response:
    from werkzeug.wrappers import Response

    if not _is_local(request):
        return Response("This server answers to 127.0.0.1 and localhost alone.\n", 403)
    if not compare_digest(request.path.encode(), f"/{token}/".encode()):
        return Response("There is nothing here. Open the whole address that `sweeper view` printed.\n", 404)
    if request.method not in ("GET", "HEAD"):
        return Response("This page can only be looked at.\n", 405, {"Allow": "GET, HEAD"})
    try:
        newest = page.newest()
    except (SweeperError, OSError) as error:
        return Response(f"{error}\n", 503)
    response = Response(newest.data, mimetype="text/html")
    response.set_etag(newest.mark)
    return response.make_conditional(request)


def _is_local(request: Request) -> bool:
    from werkzeug.exceptions import SecurityError
    from werkzeug.sansio.utils import get_host

    try:
        return bool(get_host("http", request.headers.get("Host"), trusted_hosts=HOSTS))
    except SecurityError:
        return False
