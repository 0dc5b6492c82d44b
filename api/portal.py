"""The HTTP API beside the screens, mounted at /api."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse


def application() -> FastAPI:
    """The API as an ASGI application. It publishes no description of itself to people who are not signed in."""
    api = FastAPI(title="Concord", docs_url=None, redoc_url=None, openapi_url=None)

    @api.get("/v1/health")
    def health() -> JSONResponse:
        """200 when the store and the lead engine answer, else 503, with a word on each."""
        from actions import health

        found = health.check()
        return JSONResponse(
            {"status": "ok" if found.sound else "failing", "store": found.store, "leads": found.leads},
            status_code=200 if found.sound else 503,
            headers={"Cache-Control": "no-store"},
        )

    return api
