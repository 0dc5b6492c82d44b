"""The log: one JSON object per line on standard error, with nothing in it that people typed as an answer or a password."""

import logging
import sys
from typing import Any

import structlog

_LIBRARIES = ("streamlit", "uvicorn", "websockets", "asyncio")
_SILENT = ("uvicorn.access",)  # addresses can hold one-time links
_SECRETS = ("password", "token", "answer", "answers", "cookie")


def configure() -> None:
    """Send the program's own log and the libraries' through one JSON formatter.

    Safe and cheap to call again; needed again where a library has made loggers with handlers of their own since.
    """
    if not structlog.is_configured():
        _configure()
    # a copy: other sessions may be reading modules, which make loggers
    for name, library in list(logging.root.manager.loggerDict.items()):
        if name in _SILENT:
            continue
        if name.split(".")[0] in _LIBRARIES and isinstance(library, logging.Logger) and not library.propagate:
            library.handlers.clear()
            library.propagate = True


def _configure() -> None:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    for former in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def _without_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop what must never be logged, should a caller pass it."""
    for name in _SECRETS:
        if name in event:
            event[name] = "…"
    return event
