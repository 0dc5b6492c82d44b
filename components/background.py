"""Work that goes on to its end even when the person who started it leaves or reloads the page."""

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

import streamlit as st

from alignment.errors import Refusal
from components.text import plain

T = TypeVar("T")
Progress = Callable[[float, str], None]


def finish(work: Callable[[Progress], T]) -> T:
    """Run `work(progress)` in a thread of its own, show its progress here, and return its result.

    Why a thread: Streamlit ends a script at its next call when its viewer leaves, which must not cut work in half.
    What `work` raises is raised here.
    """
    share, text = [0.0], [""]
    outcome: list[Any] = []
    fault: list[BaseException] = []

    def progress(done: float, what: str) -> None:
        share[0], text[0] = min(1.0, max(0.0, done)), what

    def run() -> None:
        try:
            outcome.append(work(progress))
        except BaseException as error:
            fault.append(error)

    thread = threading.Thread(target=run, name="work", daemon=False)
    thread.start()
    bar = st.progress(0.0)
    while thread.is_alive():
        bar.progress(share[0], plain(text[0]) if text[0] else None)
        thread.join(0.2)
    bar.empty()
    if fault:
        raise fault[0]
    return outcome[0]


def wait_for(work: Callable[[], T]) -> T | None:
    """Run quick work beside the script and return its result; whoever clicks meanwhile does not wait for its end.

    Nothing shows on the screen. None when it failed: what only completes a screen must not take it away.
    """
    outcome: list[T] = []

    def run() -> None:
        with suppress(Refusal):
            outcome.append(work())

    context = copy_context()  # a replayed clock holds in there, too
    thread = threading.Thread(target=context.run, args=(run,), name="beside", daemon=True)
    thread.start()
    place = st.empty()
    while thread.is_alive():
        thread.join(0.05)
        place.empty()  # here Streamlit may end the script
    return outcome[0] if outcome else None
