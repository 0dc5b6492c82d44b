"""The public page with what is agreed, where the administrator allows it: to read only, without sign-in, cookie or script."""

import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from actions import agreement_documents
from actions.agreement_documents import Agreement
from actions.kept_results import KeptResults
from alignment.errors import Refusal

ADDRESS = "/agreement"
SECONDS_KEPT = 10
"""How old the page may be. Whoever asks again and again, without signing in, then costs the people at work next to nothing."""
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def public_page(render: Callable[[Agreement], str]) -> Route:
    """The route of the page. `render` makes HTML that loads nothing of what is agreed; where the page is closed, or the store
    cannot be read, nobody learns more than that there is nothing."""

    kept: KeptResults[str | None] = KeptResults(2)

    def made() -> str | None:
        found = agreement_documents.public_agreement()
        return None if found is None else render(found)

    def read(_: Request) -> Response:  # not async, so that Starlette runs it on a thread
        try:
            # asked each time: what is closed is closed at once
            is_open = agreement_documents.page_is_open()
            page = kept.get(int(time.monotonic() / SECONDS_KEPT), made) if is_open else None
        except Refusal:
            page = None
        if page is None:
            return PlainTextResponse("Not found.\n", status_code=404, headers=_HEADERS)
        return HTMLResponse(page, headers=_HEADERS)

    return Route(ADDRESS, read, methods=["GET"])
