"""What became of a click: an action run in a callback, and its sentence on the screen that follows."""

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from alignment.errors import Refusal
from components.session import actor
from components.text import plain

_KEY, _UNTIL, _STAYS = "outcome", "outcome_until", "outcome_stays"


def perform(done: str, action: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Run `action(actor, …)` in a widget callback and keep its outcome for `show_outcome`.

    `done` is what to say when it worked ('' says nothing). Returns what the action returned, or None when it was
    refused; the refusal's sentence is then what is shown.
    """
    try:
        result = action(actor(), *arguments, **keywords)
    except Refusal as refusal:
        st.session_state[_KEY] = ("refused", str(refusal))
        return None
    st.session_state[_KEY] = ("done", done)
    return result


def was_refused() -> bool:
    """Whether the last `perform` was refused and has not been shown yet: then a dialog stays and shows it itself."""
    return bool(st.session_state.get(_KEY, ("done",))[0] == "refused")


def show_outcome(until: Hashable = None) -> None:
    """Show the outcome of the click that led to this run, once: a passing note, or an error that stays.

    A part of a screen that draws itself anew by itself says with `until` what an error belongs to: it is shown again as long
    as that stays the same and nothing else is performed. Otherwise the next drawing, a moment later, would take it away unread.
    """
    outcome = st.session_state.pop(_KEY, None)
    if outcome is None and until is not None and st.session_state.get(_UNTIL) == until:
        outcome = st.session_state[_STAYS]
    kind, sentence = outcome or ("done", "")
    if kind == "refused":
        st.error(plain(sentence), icon=":material/error:")
        st.session_state[_UNTIL], st.session_state[_STAYS] = until, outcome
        return
    st.session_state.pop(_UNTIL, None)
    if sentence:
        st.toast(plain(sentence), icon=":material/check:")
