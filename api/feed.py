"""Leads and events over HTTP: taken durably before they are acknowledged, each item with a word on what became of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from actions import api_tokens, hubspot_webhooks, lead_feed
from actions.lead_feed import Outcome, Taken, TakenItem
from alignment.errors import InvalidInput, NotPermitted
from api.answers import NO_STORE, Refused, described
from api.bodies import FewStrangers, read_body, read_items
from api.descriptions import EVENT, LEAD, REPORT, body_of

router = APIRouter(prefix="/v1")
SECURITY: list[dict[str, list[str]]] = [{"token": []}]
_LARGEST_NOTIFICATION = 2**20
_strangers = FewStrangers(most=20, seconds=15.0)
_STATUS = {Outcome.TAKEN: 201, Outcome.KNOWN: 200, Outcome.CONFLICT: 409, Outcome.REFUSED: 422}
_UNKNOWN = described("No token, or one that is unknown or revoked.")
_BUSY = described("Nothing was taken: the store cannot be written now. Send it again later.")
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: described("Every item was taken now or before. It is on disk.", REPORT),
    207: described("Some items were taken and are on disk, some were not: see each item.", REPORT),
    400: described("The body cannot be read; nothing was taken."),
    401: _UNKNOWN,
    403: described("The token is not for this."),
    409: described("No item was taken, since none goes with what has come before.", REPORT),
    413: described("Too much at once; nothing was taken."),
    415: described("The body is of another kind; nothing was taken."),
    422: described(
        "No item can be used, or the body is no list, or one of too many items.",
        {"anyOf": [REPORT, described("")["content"]["application/json"]["schema"]]},
    ),
    503: _BUSY,
}


@router.post(
    "/leads",
    summary="Send leads",
    responses=_ANSWERS,
    openapi_extra={"requestBody": body_of(LEAD), "security": SECURITY},
)
async def post_leads(request: Request) -> JSONResponse:
    """Add leads or change their fields. In the figures about a second after the answer."""
    return await _take(request, "leads")


@router.post(
    "/lead-events",
    summary="Send what happened to leads",
    responses=_ANSWERS,
    openapi_extra={"requestBody": body_of(EVENT), "security": SECURITY},
)
async def post_lead_events(request: Request) -> JSONResponse:
    """Add events. One that is sent again under its id does nothing, so after a lost answer send it again."""
    return await _take(request, "events")


@router.post(
    "/hubspot/notifications",
    summary="HubSpot's webhooks",
    status_code=204,
    responses={
        204: {"description": "Taken; what is not used was passed over."},
        400: described("The body is no list of notifications."),
        401: described("Not signed by HubSpot (signature version 3), or more than five minutes ago."),
        408: described("The body took too long to arrive; nothing was taken."),
        413: described("Too much at once; nothing was taken."),
        415: described("The body is of another kind; nothing was taken."),
        503: _BUSY,
    },
    openapi_extra={
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in ("X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp")
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
        },
    },
)
async def post_hubspot_notifications(request: Request) -> Response:
    """For the target URL of an app in HubSpot; the app's secret is entered by an administrator."""
    signature = request.headers.get("x-hubspot-signature-v3", "")
    if not signature:
        raise Refused(401, "The delivery is not signed.")
    stamp = request.headers.get("x-hubspot-request-timestamp", "")
    try:
        await run_in_threadpool(hubspot_webhooks.expect_delivery, stamp)
        async with _strangers.body(request, _LARGEST_NOTIFICATION) as body:
            delivery = hubspot_webhooks.Delivery(request.method, _addresses(request), body, signature, stamp)
            await run_in_threadpool(hubspot_webhooks.take_delivery, delivery)
    except hubspot_webhooks.NotFromHubSpot as refusal:
        raise Refused(401, str(refusal), Connection="close") from refusal
    except InvalidInput as refusal:
        raise Refused(400, str(refusal)) from refusal
    return Response(status_code=204, headers=NO_STORE)


async def holding_token(request: Request, work: Callable[[str], Awaitable[JSONResponse]]) -> JSONResponse:
    """Do `work` with the token that the request shows. Raises Refused when it shows none that is good."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    asks = {"WWW_Authenticate": "Bearer"}
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refused(401, "Show your token in the header Authorization: Bearer …", **asks)
    try:
        api_tokens.holder_of(secret.strip())  # one look into an index: less than going to another thread
        return await work(secret.strip())
    except api_tokens.UnknownToken as refusal:
        raise Refused(401, str(refusal), **asks) from refusal
    except NotPermitted as refusal:
        raise Refused(403, str(refusal)) from refusal


async def _take(request: Request, kind: str) -> JSONResponse:
    async def work(secret: str) -> JSONResponse:
        items = read_items(request.headers.get("content-type", ""), await read_body(request))
        if len(items) > lead_feed.MOST_RECEIVED:
            raise Refused(
                422, f"{len(items):,} items at once are too many. Send at most {lead_feed.MOST_RECEIVED:,}."
            )
        taken = await _received(secret, kind, items)
        return JSONResponse(_report(taken), status_code=_overall(taken), headers=NO_STORE)

    return await holding_token(request, work)


async def _received(secret: str, kind: str, items: list[Any]) -> Taken:
    """What became of the items once they are on disk. No thread waits meanwhile: each change of thread is a wait for all that
    the process has to do besides.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Taken] = loop.create_future()

    def tell(taken: Taken | None, error: BaseException | None) -> None:
        loop.call_soon_threadsafe(settle, taken, error)

    def settle(taken: Taken | None, error: BaseException | None) -> None:
        if outcome.done():  # the client has gone
            return
        if error is not None:
            outcome.set_exception(error)
        elif taken is not None:
            outcome.set_result(taken)

    lead_feed.receive_soon(secret, kind, items, tell)
    return await outcome


def _report(taken: Taken) -> dict[str, Any]:
    return {
        **{outcome.value: taken.count(outcome) for outcome in Outcome},
        "items": [_line(index, item) for index, item in enumerate((*taken.leads, *taken.events))],
    }


def _line(index: int, item: TakenItem) -> dict[str, Any]:
    line: dict[str, Any] = {"index": index, "status": _STATUS[item.outcome], "outcome": item.outcome.value}
    return line | {"reason": item.reason} if item.reason else line


def _overall(taken: Taken) -> int:
    good = taken.count(Outcome.TAKEN) + taken.count(Outcome.KNOWN)
    conflicts, refused = taken.count(Outcome.CONFLICT), taken.count(Outcome.REFUSED)
    if not conflicts and not refused:
        return 200
    if good:
        return 207
    return 422 if refused else 409


def _addresses(request: Request) -> list[str]:
    """Where the sender may have thought it was sending to: the portal's public address, or what the request says."""
    rest = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    public = os.environ.get("CONCORD_URL", "").rstrip("/")
    host = f"{request.url.scheme}://{request.url.netloc}"
    return [
        base + rest for base in dict.fromkeys((public, host, host.replace("http://", "https://", 1))) if base
    ]
