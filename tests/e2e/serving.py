"""What a forked server does. The process that servers are forked from imports this module, and with it the program."""

import atexit
import gc
import os
import sys
from functools import cache, partial
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from streamlit.components.v2 import manifest_scanner

import server

# what is installed does not change meanwhile
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
manifest_scanner.scan_component_manifests()
# what is due is looked at every three seconds, so that no test waits for the timer's twenty
server.Clockwork = partial(server.Clockwork, every=3.0)
# what a server loads for the first screens that somebody opens
for module in (
    "actions.comparison",
    "components.navigation",
    "pandas",
    "plotly.graph_objects",
    "plotly.io",
    "requests",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
):
    import_module(module)
gc.collect()
gc.freeze()


def serve(environment: dict[str, str], log: str) -> None:
    """Be a server, with this environment and its output at the end of a file."""
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = server.main()
    atexit._run_exitfuncs()
    sys.exit(code)
