"""A system on this machine that answers over HTTP as a customer system does, with its limits and its moods."""

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Call:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: str


@dataclass
class Reply:
    """What is answered: a JSON document, or `raw` bytes."""

    document: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


class System:
    """Base of the systems. `calls` are those that came; `moods` are answered first, one call each; None lets it through."""

    longest_address = 8_000

    def __init__(self) -> None:
        """A system in a good mood."""
        self.calls: list[Call] = []
        self.moods: list[Reply | None] = []
        self.address = ""
        self.before: Callable[[Call], None] = lambda call: None

    def answer(self, call: Call) -> Reply:
        """What a call gets."""
        raise NotImplementedError

    def count(self, part: str) -> int:
        """How many calls had this in their path."""
        return sum(part in call.path for call in self.calls)

    def take(self, call: Call) -> Reply:
        """Answer by mood, then by the system."""
        self.calls.append(call)
        self.before(call)
        if len(call.raw) > self.longest_address:
            return Reply({"message": "URI Too Long"}, 414)
        if self.moods:
            mood = self.moods.pop(0)
            if mood is not None:
                return mood
        return self.answer(call)


@contextmanager
def running(system: System):
    """The system listening on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

        def _take(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(length)
            parts = urlsplit(self.path)
            if "json" in (self.headers.get("content-type") or ""):
                body = json.loads(content) if content else None
            else:
                body = {name: values[0] for name, values in parse_qs(content.decode()).items()}
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = system.take(Call(self.command, parts.path, query, headers, body, self.path))
            out = reply.raw if reply.raw is not None else json.dumps(reply.document).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_GET = do_POST = _take  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    system.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
