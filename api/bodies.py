"""Bodies of requests: read no further than allowed, then as a list of items."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from api.answers import Refused

LARGEST_BODY = 4 * 1024 * 1024
JSON_TYPES = ("application/json",)
LINE_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")


async def read_body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """The body. Raises Refused when it has more than `largest` bytes, or is compressed: before it has been read whole."""
    if request.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise Refused(415, "The body is compressed. Send it as it is.")
    too_large = Refused(
        413, f"The body is larger than {largest // 2**20} MB. Send it in parts.", Connection="close"
    )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:15]) > largest:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise too_large
        parts.append(part)
    return b"".join(parts)


class FewStrangers:
    """Bodies of senders who are known only by what they have sent: only so many are held at once, and none for long."""

    def __init__(self, most: int, seconds: float) -> None:
        """`most` at once, each read within `seconds`."""
        self.most, self.seconds = most, seconds
        self._held = 0

    @asynccontextmanager
    async def body(self, request: Request, largest: int) -> AsyncIterator[bytes]:
        """The body, as `read_body` gives it, to be let go by the end of the block. Raises Refused, too, when it is too slow or
        when there are too many already.
        """
        if self._held >= self.most:
            raise Refused(
                503, "Too many are sending at once. Send it again.", Retry_After="5", Connection="close"
            )
        self._held += 1
        try:
            try:
                async with asyncio.timeout(self.seconds):
                    found = await read_body(request, largest)
            except TimeoutError:
                raise Refused(
                    408, "The body took too long to arrive. Send it again.", Connection="close"
                ) from None
            yield found
        finally:
            self._held -= 1


def read_items(content_type: str, body: bytes) -> list[Any]:
    """The items of a JSON array, or of lines with one JSON value each. Raises Refused with the place that cannot be read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in LINE_TYPES:
        return [
            _read(line, f"Line {number}")
            for number, line in enumerate(body.split(b"\n"), start=1)
            if line.strip()
        ]
    if kind not in JSON_TYPES:
        raise Refused(
            415, "Send a JSON array as application/json, or one JSON object a line as application/x-ndjson."
        )
    found = _read(body, "The body")
    if not isinstance(found, list):
        raise Refused(422, "The body has to be a JSON array of items.")
    return found


def _read(text: bytes, what: str) -> Any:
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        raise Refused(400, f"{what} is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Refused(400, f"{what} is not in UTF-8.") from None
    except ValueError as error:
        told = str(error) if isinstance(error, json.JSONDecodeError) else "a number has too many digits"
        raise Refused(400, f"{what} is no JSON: {told}.") from None


def _no_constant(word: str) -> Any:
    raise json.JSONDecodeError(f"{word} is no value of JSON", word, 0)
