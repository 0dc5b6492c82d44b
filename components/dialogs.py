"""Whether somebody has a dialog open: a live page must not be drawn anew meanwhile, since that would close it."""

import streamlit as st


def opening(key: str) -> None:
    """To be called by the callback that opens a dialog of the page `key`."""
    st.session_state[_of(key)] = "opening"


def note_run(key: str) -> None:
    """To be called once at the beginning of each run of the page: it closes a dialog that was not opened for this run."""
    st.session_state[_of(key)] = "open" if st.session_state.get(_of(key)) == "opening" else ""


def closed(key: str) -> None:
    """To be called when a dialog was dismissed."""
    st.session_state[_of(key)] = ""


def is_open(key: str) -> bool:
    """Whether a dialog of the page is open."""
    return bool(st.session_state.get(_of(key)) == "open")


def _of(key: str) -> str:
    return f"{key}_dialog"
