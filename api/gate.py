"""What every request passes before it reaches the screens. Plain ASGI: nothing is read from a body, nothing buffered.

- Security headers on every response.
- Streamlit's own metrics are closed, unless a token is set and given.
- Uploads need a sign-in cookie of someone who may import; otherwise they are refused before the body is read.
- A websocket that asks for an earlier session needs a sign-in cookie of the same person; otherwise it gets a new one.
- The sign-in cookie that a script has set is replaced by one that scripts cannot read.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions import sign_in

_METRICS = "/_stcore/metrics"
_UPLOADS = "/_stcore/upload_file"
_NO_PAGES = ("/_stcore/", "/static/", "/component/", "/media/", "/api/", "/sign-in/", "/agreement")
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_SELF, _NONE = "'self'", "'none'"
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")


class Gate:
    """The checks around an ASGI application. `pages` are HTML files whose inline scripts are allowed to run."""

    def __init__(self, app: ASGIApp, pages: Iterable[Path] = ()) -> None:
        """Wrap `app`."""
        self._app = app
        scripts = [f"'{digest}'" for page in pages for digest in _inline_scripts(page)]
        self._scripts = " ".join(["'self'", *dict.fromkeys(scripts)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, change it, or answer it here."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(_own_session_only(scope), receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                self._secure(answer, scope, headers)
                if scope["method"] in ("GET", "HEAD") and _is_page(path, answer):
                    for cookie in _cookies_to_set(headers, scope):
                        answer.append("set-cookie", cookie)
            await send(message)

        refusal = _refusal(scope["method"], path, headers)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _secure(self, answer: MutableHeaders, scope: Scope, request: Headers) -> None:
        host = request.get("host", "")
        sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        framed = scope["path"].startswith("/component/")
        answer["Content-Security-Policy"] = "; ".join(
            (
                "default-src 'self'",
                f"script-src {self._scripts}",
                "style-src 'self' 'unsafe-inline'",  # the screens' styles are made in the browser
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                "media-src 'self' data: blob:",
                f"connect-src 'self'{sockets}",
                "worker-src 'self' blob:",
                "frame-src 'self'",
                "object-src 'none'",
                "base-uri 'self'",
                "form-action 'self'",
                f"frame-ancestors {_SELF if framed else _NONE}",
            )
        )
        answer["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Referrer-Policy"] = "no-referrer"
        answer["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        answer["Cross-Origin-Opener-Policy"] = "same-origin"
        answer["Cross-Origin-Resource-Policy"] = "same-origin"
        if scope.get("scheme") == "https":
            answer["Strict-Transport-Security"] = "max-age=31536000"


def cookies_of(headers: Headers) -> dict[str, str]:
    """A request's cookies by name; {} when they cannot be read."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _refusal(method: str, path: str, headers: Headers) -> PlainTextResponse | None:
    """The answer to a request that goes no further, or None."""
    if path.rstrip("/") == _METRICS and not _may_read_metrics(headers):
        return PlainTextResponse("Not found.\n", status_code=404)
    sends = path.startswith(_UPLOADS) and method not in ("OPTIONS", "HEAD", "GET")
    if sends and not sign_in.may_upload(cookies_of(headers)):
        return PlainTextResponse(
            "Sign in as someone who may import before uploading.\n",
            status_code=403,
            headers={"Connection": "close"},
        )
    return None


def _may_read_metrics(headers: Headers) -> bool:
    token = os.environ.get("CONCORD_METRICS_TOKEN", "")
    return bool(token) and hmac.compare_digest(
        headers.get("authorization", "").encode(), f"Bearer {token}".encode()
    )


def _own_session_only(scope: Scope) -> Scope:
    """The websocket's scope, without the earlier session it asks for unless its cookie is of the same person.

    The browser sends `Sec-WebSocket-Protocol: streamlit, <xsrf token>, <session id>`. Streamlit would hand the session
    and the messages waiting for it to whoever knows its id.
    """
    headers = Headers(scope=scope)
    asked = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    if len(asked) < 3 or not asked[2] or sign_in.may_resume(asked[2], cookies_of(headers)):
        return scope
    kept = [pair for pair in scope["headers"] if pair[0].lower() != b"sec-websocket-protocol"]
    return {**scope, "headers": [*kept, (b"sec-websocket-protocol", ", ".join(asked[:2]).encode())]}


def _is_page(path: str, answer: MutableHeaders) -> bool:
    return answer.get("content-type", "").startswith("text/html") and not path.startswith(_NO_PAGES)


def _cookies_to_set(headers: Headers, scope: Scope) -> list[str]:
    """Set-Cookie headers that move a valid sign-in out of the reach of scripts, and clear away void ones."""
    cookies = cookies_of(headers)
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    gone = f"; Path=/; Max-Age=0; SameSite=Strict{secure}"
    by_script, kept = cookies.get(sign_in.SCRIPT_COOKIE), cookies.get(sign_in.KEPT_COOKIE)
    changes = []
    if by_script is not None:
        seconds = sign_in.seconds_left(by_script)
        if seconds > 0:
            changes.append(
                f"{sign_in.KEPT_COOKIE}={by_script}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
            )
            kept = None
        changes.append(f"{sign_in.SCRIPT_COOKIE}={gone}")
    if kept is not None and sign_in.read_token(kept) is None:
        changes.append(f"{sign_in.KEPT_COOKIE}={gone}; HttpOnly")
    return changes


def _inline_scripts(page: Path) -> list[str]:
    """The CSP digests of a page's inline scripts."""
    return [
        "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
    ]
