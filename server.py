"""The running portal: the screens, the HTTP API beside them, the gate in front of both, and the work on a timer.

`python server.py` serves on PORT (8501) until it is told to stop; then it finishes the writes that wait.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
import structlog
import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit import config as streamlit_config
from streamlit.runtime.pages_manager import PagesManager

from actions import dashboard, health, logs, setup, sign_in
from actions.agreement_documents import Agreement
from alignment.errors import Refusal
from api import agreement_pages, portal
from api.gate import Gate
from components import links
from components.answering import script
from components.faults import show_fault
from jobs.clockwork import Clockwork
from jobs.feeding import Feeding
from jobs.pulling import Pulling

ROOT = Path(__file__).resolve().parent
# found without importing it: a component may only be imported where a screen is drawn
_COMPONENT = Path(getattr(find_spec("extra_streamlit_components"), "origin", None) or "").parent
_PAGES = (
    Path(st.__file__).parent / "static" / "index.html",
    _COMPONENT / "CookieManager" / "frontend" / "build" / "index.html",
)

# Seconds that a thread may keep the others waiting while it computes. With the usual 5 ms, what needs several short turns, such
# as acknowledging an event, waits a tenth of a second for each screen that is being drawn.
_TURN = 0.0001

logs.configure()
log = structlog.get_logger("concord")


def address() -> str:
    """Where people reach the portal: CONCORD_URL, or this machine on PORT."""
    return os.environ.get("CONCORD_URL", "").rstrip("/") or f"http://localhost:{port()}"


def port() -> int:
    """The port to serve on. Raises Refusal when PORT is none."""
    text = os.environ.get("PORT", "8501")
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise Refusal(f"PORT is '{text}'. It has to be a number from 1 to 65535.")
    return int(text)


@contextlib.asynccontextmanager
async def living(_: st.App) -> AsyncIterator[None]:
    """From start to stop: refuse to start unsafely, say how to set up, wind the clock; stop it and close the store at the end."""
    start()
    there_are_leads = await asyncio.to_thread(dashboard.start_engine)
    clockwork = Clockwork()
    clockwork.start()
    feeding = Feeding()
    feeding.start()
    pulling = Pulling()
    pulling.start()
    threading.Thread(target=load_ahead, args=(there_are_leads,), name="loading", daemon=True).start()
    yield
    await asyncio.to_thread(pulling.stop)
    await asyncio.to_thread(feeding.stop)
    await asyncio.to_thread(clockwork.stop)
    await asyncio.to_thread(dashboard.stop_engine)
    health.close()
    log.info("stopped")


def load_ahead(there_are_leads: bool) -> None:
    """Load what leads are looked at and tables and charts are made with, while nobody waits for it, where there are leads.

    What is loaded by then is not looked through for garbage any more: that held everybody up for a tenth of a second.
    """
    if there_are_leads:
        dashboard.load_engine()
        for library in ("pandas", "plotly.graph_objects"):
            import_module(library)
    gc.collect()
    gc.freeze()


def start() -> None:
    """Open the store and look at the cookie's key; raises Refusal when either cannot be trusted."""
    logs.configure()
    # Streamlit's older router takes a folder named pages/ for its own until st.navigation has run once in the process:
    # it would run a script from there without app.py, and greet the first deep link with 'page not found'.
    PagesManager.uses_pages_directory = False
    links.sign_in_route = True
    sign_in.cookie_key()
    setup.announce(address())
    log.info("ready", url=address())


async def welcome(request: Request) -> RedirectResponse:
    """A personal link leads to the page that greets its owner. Following it changes nothing."""
    where = "&go=account" if request.query_params.get("go") == "account" else ""
    address = f"/welcome?token={request.path_params['token']}{where}"
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def public_agreement(found: Agreement) -> str:
    """What is agreed as the page that everybody may read, where the administrator allows it."""
    from reports.agreement import agreement_html

    return agreement_html(found, public=True)


app = st.App(
    ROOT / "app.py",
    lifespan=living,
    routes=[
        Mount("/api", app=portal.application()),
        Route("/sign-in/{token}", welcome, methods=["GET"]),
        agreement_pages.public_page(public_agreement),
        Mount(script.ADDRESS, app=StaticFiles(directory=script.SCRIPTS)),
    ],
    middleware=[Middleware(Gate, pages=_PAGES)],
    on_script_error=show_fault,
)


def main() -> int:
    """Serve until told to stop. 0 when stopped in order, 1 when it could not start."""
    try:
        sign_in.cookie_key()
        setup.is_needed()
        listen = port()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201
        return 1
    streamlit_config.set_option("server.port", listen)
    config = uvicorn.Config(
        app,
        host=os.environ.get("CONCORD_ADDRESS", "0.0.0.0"),
        port=listen,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=8 * 2**20,
        timeout_graceful_shutdown=5,
    )
    logs.configure()
    sys.setswitchinterval(_TURN)
    server = uvicorn.Server(config)
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again once it has stopped in order
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
