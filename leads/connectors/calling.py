"""Calling a system over HTTP: waits when it is busy, tries again when it stumbles, renews what has expired."""

import email.utils
import ipaddress
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from alignment.errors import InvalidInput
from leads.connectors.source import SourceRefused, SourceUnavailable, shorten

if TYPE_CHECKING:
    import httpx

TRIES = 6
LONGEST_WAIT = 120.0  # seconds; who asks for more is asked again another time
LARGEST_ANSWER = 64 * 2**20
_SECONDS = 60.0  # for an answer to begin, and between two parts of it
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

# it would write every address it calls, with the questions in it, into the log
logging.getLogger("httpx").setLevel(logging.WARNING)

Wait = Callable[[float], None]
"""Lets so many seconds pass. Raises PullStopped when nobody waits for the pages any more."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers (small letters), and the JSON document, None where it was none."""

    status: int
    headers: Mapping[str, str]
    document: Any


class Authorisation(Protocol):
    """What makes a call ours."""

    def headers(self, caller: "Caller", *, anew: bool) -> dict[str, str]:
        """Headers for the next call; `anew` when those given before were refused."""
        ...

    @property
    def renewable(self) -> bool:
        """Whether asking `anew` can help."""
        ...


class Key:
    """A key that stays as it is."""

    renewable = False

    def __init__(self, key: str) -> None:
        """The key goes into the bearer header."""
        self._key = key

    def headers(self, caller: "Caller", *, anew: bool) -> dict[str, str]:
        """The bearer header."""
        return {"Authorization": f"Bearer {self._key}"}


class ExpiringToken:
    """An access token that is fetched with a secret, and again when it has run out."""

    renewable = True

    def __init__(self, path: str, form: Mapping[str, str]) -> None:
        """`form` is posted to `path` for a token (OAuth 2.0)."""
        self._path = path
        self._form = dict(form)
        self._token = ""
        self._until = 0.0

    def headers(self, caller: "Caller", *, anew: bool) -> dict[str, str]:
        """The bearer header, with a fresh token when there is none or it is about to run out."""
        if anew or not self._token or time.monotonic() > self._until:
            answer = caller.fetch_token(self._path, self._form)
            token = answer.get("access_token") if isinstance(answer, dict) else None
            if not isinstance(token, str) or not token:
                raise SourceRefused("The system gave no access token. Check the client's id and secret.")
            lasts = answer.get("expires_in")
            seconds = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else 3600.0
            self._token, self._until = token, time.monotonic() + max(30.0, seconds * 0.9)
        return {"Authorization": f"Bearer {self._token}"}


class Caller:
    """An open connection to one system, of which every address has to be."""

    def __init__(
        self,
        system: str,
        address: str,
        authorisation: Authorisation,
        wait: Wait,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`system` is its name in sentences, `address` where it is. Raises InvalidInput for an address that will not do."""
        import httpx

        self.system = system
        self.wait = wait
        self._authorisation = authorisation
        self._client = httpx.Client(
            base_url=check_address(address),
            timeout=httpx.Timeout(_SECONDS, connect=20.0),
            headers={"User-Agent": "Concord", "Accept": "application/json", **(headers or {})},
            follow_redirects=False,
        )

    def get(self, path: str, params: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """GET a JSON document; see `call`."""
        return self.call("GET", path, params=params, headers=headers)

    def post(self, path: str, body: Any) -> Answer:
        """POST a JSON document to a path that only reads, so that it can be tried again; see `call`."""
        return self.call("POST", path, json=body)

    def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **how: Any) -> Answer:
        """The answer, whatever its status but those for which it is worth waiting or signing in anew.

        Raises SourceUnavailable when it stays busy or out of reach, SourceRefused when it does not let us in.
        """
        renewed = False
        for attempt in range(TRIES):
            try:
                ours = self._authorisation.headers(self, anew=False) | dict(headers or {})
                answer = self._send(method, path, headers=ours, **how)
                if answer.status == 401 and self._authorisation.renewable and not renewed:
                    renewed = True
                    ours = self._authorisation.headers(self, anew=True) | dict(headers or {})
                    answer = self._send(method, path, headers=ours, **how)
            except _Stumbled as stumble:
                if attempt + 1 == TRIES:
                    raise SourceUnavailable(f"{self.system} {stumble}. It is tried again later.") from stumble
                self.wait(_pause(attempt))
                continue
            if answer.status == 401:
                raise SourceRefused(
                    f"{self.system} refused the key{_told(answer)}. It may have run out or been withdrawn: enter a new one."
                )
            if answer.status not in _AGAIN:
                return answer
            asked = _asked_to_wait(answer)
            if asked is not None and asked > LONGEST_WAIT:
                raise SourceUnavailable(
                    f"{self.system} takes no more calls for now{_told(answer)}. It is tried again later.",
                    asked,
                )
            if attempt + 1 == TRIES:
                raise SourceUnavailable(
                    f"{self.system} answered {answer.status} {TRIES} times{_told(answer)}. It is tried again later."
                )
            self.wait(asked if asked is not None else _pause(attempt))
        raise AssertionError("every attempt returns, raises or goes on")

    def fetch_token(self, path: str, form: Mapping[str, str]) -> Any:
        """Post a form for a token. Raises SourceRefused when the secret is not taken."""
        answer = self._send("POST", path, data=dict(form))
        if answer.status in _AGAIN:
            raise _Stumbled(f"answered {answer.status} when asked for access")
        if answer.status != 200:
            raise SourceRefused(
                f"{self.system} does not let us in{_told(answer)}. Check the client's id and secret."
            )
        return answer.document

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _send(self, method: str, path: str, **how: Any) -> Answer:
        import httpx

        try:
            with self._client.stream(method, path, **how) as response:
                content = bytearray()
                for part in response.iter_bytes():
                    content += part
                    if len(content) > LARGEST_ANSWER:
                        raise SourceUnavailable(
                            f"{self.system} sent an answer of more than {LARGEST_ANSWER // 2**20} MB, which is not read. "
                            "Ask for fewer fields."
                        )
                return self._answer(response, bytes(content))
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _Stumbled(
                f"cannot be reached ({type(error).__name__}: {shorten(error) or 'no details'})"
            ) from error

    def _answer(self, response: "httpx.Response", content: bytes) -> Answer:
        import json

        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            document = json.loads(content) if content else None
        except (ValueError, RecursionError):
            if response.status_code == 200:
                raise _Stumbled("sent an answer that is no JSON") from None
            document = None
        if 300 <= response.status_code < 400:
            raise SourceRefused(
                f"{self.system} sends us elsewhere (to “{shorten(headers.get('location', ''))}”). "
                "Enter the address at which it answers itself."
            )
        return Answer(response.status_code, headers, document)


class _Stumbled(Exception):
    """A call failed in a way that may pass."""


def check_address(address: object) -> str:
    """The address of a system, without a slash at its end.

    Raises InvalidInput for one without https, unless it is on this machine or in the company's own network (a private
    address, or a name without a dot), and for one that holds a password, a question or a mark.
    """
    text = address.strip().rstrip("/") if isinstance(address, str) else ""
    wrong = InvalidInput("The address has to look like https://company.example.com.")
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or 0 < parts.port < 65_536
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.username
        or parts.password
        or parts.query
        or parts.fragment
        or not port_is_fine
        or len(text) > 300
        or any(character.isspace() or ord(character) < 33 for character in text)
    ):
        raise wrong
    if parts.scheme == "http" and not _is_near(host):
        raise InvalidInput("Over http:// the key could be read on its way. Use an https:// address.")
    return text


def _is_near(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return found.is_loopback or found.is_private


def _asked_to_wait(answer: Answer) -> float | None:
    """The seconds that the system asks for: `Retry-After` in seconds or as a date."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _pause(attempt: int) -> float:
    """1, 2, 4, … seconds, each between half and whole, so that not all who wait come back at once."""
    return float(2**attempt) * random.uniform(0.5, 1.0)


def _told(answer: Answer) -> str:
    """What the system says is wrong, as part of a sentence."""
    document = answer.document
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return ""
    for name in ("message", "error_description", "error"):
        if isinstance(document.get(name), str) and document[name].strip():
            return f" (“{shorten(document[name])}”)"
    return ""


def told(answer: Answer) -> str:
    """What the system says is wrong, in brackets and quotes with a space before; '' when it says nothing."""
    return _told(answer)
