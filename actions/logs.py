"""The log: one JSON object per line on standard error, with nothing in it that people typed as an answer or a password."""

import logging
import sys
from typing import Any

import structlog

_configured = False


def configure() -> None:
    """Send the program's own log and the libraries' through one JSON formatter. Safe to call again."""
    global _configured
    if _configured:
        return
    _configured = True
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for former in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def _without_values(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop what must never be logged, should a caller pass it."""
    for name in ("password", "token", "answer", "answers", "cookie"):
        if name in event:
            event[name] = "…"
    return event
