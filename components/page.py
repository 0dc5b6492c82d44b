"""What every screen starts with, and how it says that something cannot be done."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from alignment.errors import Refusal
from components.text import plain


def open_page(title: str, question: str = "", icon: str | None = None) -> None:
    """The heading of a screen and, beneath it, the question that the screen answers. Both are our own words."""
    st.title(title if icon is None else f"{icon} {title}", anchor=False)
    if question:
        st.caption(question)


@contextmanager
def show_refusal() -> Iterator[None]:
    """Within the block, a Refusal becomes its sentence on the screen, and the screen goes on after the block.

    For a screen that has nothing to show without the result, follow with `st.stop()`, or use `stop_on_refusal`.
    """
    try:
        yield
    except Refusal as refusal:
        st.error(plain(refusal), icon=":material/error:")


@contextmanager
def stop_on_refusal() -> Iterator[None]:
    """Like `show_refusal`, but the screen ends with the sentence."""
    try:
        yield
    except Refusal as refusal:
        st.error(plain(refusal), icon=":material/error:")
        st.stop()
