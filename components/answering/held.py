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


def says_cannot(key: str) -> bool:
    """Whether 'can't say' is chosen for the question whose widget is `key`."""
    return bool(st.session_state.get(_cannot_key(key)))


def say_cannot(key: str, cannot: bool) -> None:
    """Choose 'can't say', or take it back."""
    st.session_state[_cannot_key(key)] = cannot


def answered(key: str, on_change: Change | None) -> None:
    """Someone who gives an answer can say."""
    say_cannot(key, False)
    if on_change is not None:
        on_change()


def _cannot_key(key: str) -> str:
    return f"{key}-cannot"
