"""The fields of the editor: each keeps what is typed in it at once, or says beneath why it cannot be kept."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from alignment.errors import InvalidInput
from components.answering.languages import name_of
from components.questionnaire_editor_state import Edit, Editing, Refused, apply
from components.text import plain

BAR, BODY, HEADING = "editor_bar", "editor_body", "editor_heading"
"""The parts of the screen that are drawn anew by themselves.

The question that is open is none of its own: it changes its place, and somebody who opens the next one while a change of
this one is under way would have it drawn where it no longer stands.
"""

Making = Callable[[Any], Edit]
"""From what a field holds to the edit that it means. May raise InvalidInput."""


def changed(state: Editing, place: str, make: Making, parts: Sequence[str]) -> None:
    """Callback of a field: do what it means, and draw what shows it."""
    typed = st.session_state.get(state.widget(place))
    try:
        edit = make(typed)
    except InvalidInput as refusal:
        state.refused[place] = Refused(typed, str(refusal))
    else:
        apply(state, edit, place, typed)
    st.rerun([*parts, BAR])


def shown(state: Editing, place: str, value: Any) -> Any:
    """What a field is to hold at first: what was typed and could not be used, else what is kept."""
    refused = state.refused.get(place)
    return value if refused is None else refused.typed


def show_refused(state: Editing, place: str) -> None:
    """Beneath a field: why what it holds is not kept; beneath a button: why what it does was not done."""
    if state.reason[0] == place:
        st.error(plain(state.reason[1]), icon=":material/error:")
    if place in state.refused:
        st.error(plain(f"Not saved. {state.refused[place].sentence}"), icon=":material/error:")


def text_field(
    state: Editing,
    place: str,
    label: str,
    value: str,
    make: Making,
    *,
    longest: int,
    lines: int = 1,
    placeholder: str = "",
    original: str = "",
    explanation: str | None = None,
    parts: Sequence[str] = (BODY,),
) -> None:
    """A text that is kept as it is typed; with `lines` over 1 a field of so many lines. `original` is what it translates,
    which stands above it.
    """
    if original:
        own = plain(name_of(state.questionnaire.language))
        st.caption(f"{plain(label.split(',')[0])}, in {own}:  \n{plain(original)}")
    more: dict[str, Any] = {
        "value": shown(state, place, value),
        "max_chars": longest,
        "key": state.widget(place),
        "placeholder": placeholder,
        "on_change": changed,
        "args": (state, place, make, parts),
    }
    if lines > 1:
        st.text_area(label, height=24 * lines + 20, **more)
    else:
        st.text_input(label, **more)
    if explanation:
        st.caption(explanation)
    show_refused(state, place)


def number_field(
    state: Editing,
    place: str,
    label: str,
    value: float | None,
    make: Making,
    *,
    least: float | None = None,
    most: float | None = None,
    whole: bool = False,
    placeholder: str = "",
    parts: Sequence[str] = (BODY,),
) -> None:
    """A number that is kept as it is typed; None where there may be none."""
    kind: Callable[[Any], Any] = int if whole else float
    held = shown(state, place, value)
    st.number_input(
        label,
        value=None if held is None else kind(held),
        min_value=None if least is None else kind(least),
        max_value=None if most is None else kind(most),
        step=kind(1),
        format="%d" if whole else "%g",
        key=state.widget(place),
        placeholder=placeholder,
        on_change=changed,
        args=(state, place, make, parts),
        width=200,
    )
    show_refused(state, place)


def tick(
    state: Editing,
    place: str,
    label: str,
    value: bool,
    make: Making,
    *,
    parts: Sequence[str] = (BODY,),
) -> None:
    """Yes or no, kept at once."""
    st.checkbox(
        label,
        value=bool(shown(state, place, value)),
        key=state.widget(place),
        on_change=changed,
        args=(state, place, make, parts),
    )
    show_refused(state, place)
