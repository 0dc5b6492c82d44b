"""The public page with what is agreed, where the administrator allows it: to read only, without sign-in, cookie or script."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from actions import agreement_documents
from actions.agreement_documents import Agreement
from alignment.errors import Refusal

ADDRESS = "/agreement"
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def public_page(render: Callable[[Agreement], str]) -> Route:
    """The route of the page. `render` makes HTML that loads nothing of what is agreed; where the page is closed, or the store
    cannot be read, nobody learns more than that there is nothing."""

    def read(_: Request) -> Response:  # not async, so that Starlette runs it on a thread
        try:
            found = agreement_documents.public_agreement()
        except Refusal:
            found = None
        if found is None:
            return PlainTextResponse("Not found.\n", status_code=404, headers=_HEADERS)
        return HTMLResponse(render(found), headers=_HEADERS)

    return Route(ADDRESS, read, methods=["GET"])
