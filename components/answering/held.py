"""What the widgets of a question hold, besides a value as the domain knows it."""

from collections.abc import Callable
from enum import Enum
from typing import Literal

import streamlit as st

Change = Callable[[], None]


class Unanswered(Enum):
    """What a question holds that was not answered; None is 'can't say', which is an answer.

    `UNFINISHED`: something was begun that is no answer yet, such as a condition without a value.
    """

    UNANSWERED = "unanswered"
    UNFINISHED = "unfinished"


UNANSWERED: Literal[Unanswered.UNANSWERED] = Unanswered.UNANSWERED
UNFINISHED: Literal[Unanswered.UNFINISHED] = Unanswered.UNFINISHED

CANNOT_SAY = "Can't say"


def cannot_key(key: str) -> str:
    """The key of the 'can't say' that belongs to the widget `key`."""
    return f"{key}-cannot-say"


def says_cannot(key: str) -> bool:
    """Whether 'can't say' is chosen."""
    return bool(st.session_state.get(cannot_key(key))) and not st.session_state.get(_can_key(key))


def answered(key: str, on_change: Change | None) -> None:
    """Someone who gives an answer can say."""
    if says_cannot(key):
        st.session_state[_can_key(key)] = True
    if on_change is not None:
        on_change()


def take_cannot_back(key: str) -> None:
    """Before the widgets are drawn: 'can't say' is no longer chosen, if an answer has been given since.

    A value that a callback gives to a widget does not reach the browser when the callback asks for certain fragments to
    be drawn again; so it is given here.
    """
    if st.session_state.pop(_can_key(key), False):
        st.session_state[cannot_key(key)] = []


def _can_key(key: str) -> str:
    return f"{key}-can"
