"""The HTTP API beside the screens, mounted at /api."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from alignment.errors import Refusal
from api import feed
from api.answers import Refused, described, refusal

log = structlog.get_logger("concord")


def application() -> FastAPI:
    """The API as an ASGI application. It publishes no description of itself to those who hold no token."""
    api = FastAPI(title="Concord", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    api.include_router(feed.router)

    @api.get(
        "/v1/health",
        summary="Whether the portal works",
        responses={
            200: described("Store and lead engine answer.", _HEALTH),
            503: described("One of them does not.", _HEALTH),
        },
    )
    def health() -> JSONResponse:
        """200 when the store and the lead engine answer, else 503, with a word on each."""
        from actions import health

        found = health.check()
        return JSONResponse(
            {"status": "ok" if found.sound else "failing", "store": found.store, "leads": found.leads},
            status_code=200 if found.sound else 503,
            headers={"Cache-Control": "no-store"},
        )

    @api.get(
        "/v1/openapi.json",
        summary="This description",
        responses={
            200: described("An OpenAPI document.", {"type": "object"}),
            401: described("No token, or one that is unknown or revoked."),
        },
        openapi_extra={"security": feed.SECURITY},
    )
    async def description(request: Request) -> JSONResponse:
        """The API's description, for those who hold a token."""

        async def work(_: str) -> JSONResponse:
            return JSONResponse(describe(api))

        return await feed.holding_token(request, work)

    @api.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return refusal(error.status, str(error), error.headers)

    @api.exception_handler(HTTPException)
    async def unknown(_: Request, error: HTTPException) -> JSONResponse:
        return refusal(error.status_code, str(error.detail), dict(error.headers or {}))

    @api.exception_handler(Refusal)
    async def unavailable(_: Request, error: Refusal) -> JSONResponse:
        return refusal(503, str(error), {"Retry-After": "5"})

    @api.exception_handler(Exception)
    async def fault(_: Request, error: Exception) -> JSONResponse:
        log.error("the API failed", kind=type(error).__name__, exc_info=error)
        return refusal(500, "Something went wrong here; nothing is known to have been taken. Send it again.")

    return api


_HEALTH = {
    "type": "object",
    "required": ["status", "store", "leads"],
    "properties": {
        "status": {"enum": ["ok", "failing"]},
        "store": {"type": "string"},
        "leads": {"type": "string"},
    },
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The API's OpenAPI document."""
    document = get_openapi(
        title="Concord",
        version="1",
        description="Send leads and what happens to them. Everything acknowledged is on disk, and in the figures about a second "
        "later. Make a token in the portal under Manage, API access.",
        routes=api.routes,
        servers=[{"url": "/api"}],
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path in document["paths"].values():
        for operation in path.values():  # the bodies are read here and not by the framework
            for status in ("200", "422"):
                answer = operation.get("responses", {}).get(status)
                if answer and "ValidationError" in str(answer):
                    del operation["responses"][status]
    return document
