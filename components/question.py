"""One question on the screen: its wording, the widget of its type, and 'can't say' beside it."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import streamlit as st

from alignment.answers import bounds_text
from alignment.people import Team
from alignment.questionnaires import LONGEST_ANSWER, Question, QuestionType
from components.text import plain

CANNOT_SAY = "Can't say"
Change = Callable[[], None]


class Unanswered(Enum):
    """What a question holds that was not answered; None is 'can't say', which is an answer."""

    UNANSWERED = "unanswered"


UNANSWERED: Literal[Unanswered.UNANSWERED] = Unanswered.UNANSWERED


class Cannot(Enum):
    """Stands for 'can't say' among the options of a widget; no questionnaire can offer this object."""

    SAY = "cannot_say"


def _beside(question: Question) -> bool:
    """Whether the widget has no place for 'can't say' among its options, so that it stands beside."""
    return question.type in (QuestionType.CHOICES, QuestionType.NUMBER) or (
        question.type is QuestionType.TEXT and question.required
    )


def _cannot_key(key: str) -> str:
    return f"{key}_cannot_say"


def draw_question(
    question: Question, team: Team, *, key: str, value: Any = UNANSWERED, on_change: Change | None = None
) -> None:
    """Draw the question in `team`'s wording. `value` is what the widgets show at first; afterwards they keep their own.

    `on_change` runs after each change, with `read_answer(question, key)` giving what was answered.
    """
    _begin(question, key, value)
    st.markdown(f"**{plain(question.wording[team])}**")
    if question.help:
        st.caption(plain(question.help))
    label = plain(question.wording[team])
    match question.type:
        case QuestionType.CHOICE:
            _draw_choice(question, label, key, on_change)
        case QuestionType.YES_NO:
            _draw_yes_no(label, key, on_change)
        case QuestionType.SCALE:
            _draw_scale(question, label, key, on_change)
        case QuestionType.CHOICES:
            st.pills(
                label,
                question.options,
                selection_mode="multi",
                format_func=plain,
                key=key,
                on_change=_answered,
                args=(key, on_change),
                label_visibility="collapsed",
            )
            _draw_cannot(key, on_change)
        case QuestionType.NUMBER:
            _draw_number(question, label, key, on_change)
            _draw_cannot(key, on_change)
        case QuestionType.TEXT:
            st.text_area(
                label,
                key=key,
                max_chars=LONGEST_ANSWER,
                height=100,
                on_change=_answered,
                args=(key, on_change),
                placeholder="Kept as soon as you leave the field",
                label_visibility="collapsed",
            )
            if _beside(question):
                _draw_cannot(key, on_change)


def read_answer(question: Question, key: str) -> Any:
    """What the widgets of the question hold: a value as the domain knows it, None for 'can't say', or UNANSWERED."""
    value = st.session_state.get(key)
    if value is Cannot.SAY or (_beside(question) and st.session_state.get(_cannot_key(key))):
        return None
    if value is None or value == [] or value == "":
        return UNANSWERED
    if question.type is QuestionType.TEXT:
        return value if value.strip() else UNANSWERED
    return list(value) if question.type is QuestionType.CHOICES else value


def _begin(question: Question, key: str, value: Any) -> None:
    if key in st.session_state:
        return
    if _beside(question):
        st.session_state[_cannot_key(key)] = value is None
    known = value is not UNANSWERED and value is not None
    match question.type:
        case QuestionType.CHOICES:
            st.session_state[key] = list(value) if known else []
        case QuestionType.TEXT:
            st.session_state[key] = value if known else ""
        case QuestionType.NUMBER:
            st.session_state[key] = value if known else None
        case _:
            st.session_state[key] = Cannot.SAY if value is None else value if known else None


def _draw_choice(question: Question, label: str, key: str, on_change: Change | None) -> None:
    st.radio(
        label,
        [*question.options, Cannot.SAY],
        index=None,
        format_func=lambda option: CANNOT_SAY if option is Cannot.SAY else plain(option),
        key=key,
        on_change=on_change,
        label_visibility="collapsed",
    )


def _draw_yes_no(label: str, key: str, on_change: Change | None) -> None:
    words = {True: "Yes", False: "No", Cannot.SAY: CANNOT_SAY}
    st.segmented_control(
        label,
        list(words),
        format_func=lambda option: words[option],
        key=key,
        on_change=on_change,
        label_visibility="collapsed",
    )


def _draw_scale(question: Question, label: str, key: str, on_change: Change | None) -> None:
    st.caption(f"1 = {plain(question.ends[0])} · {question.points} = {plain(question.ends[1])}")
    st.segmented_control(
        label,
        [*range(1, question.points + 1), Cannot.SAY],
        format_func=lambda option: CANNOT_SAY if option is Cannot.SAY else str(option),
        key=key,
        on_change=on_change,
        label_visibility="collapsed",
    )


def _draw_number(question: Question, label: str, key: str, on_change: Change | None) -> None:
    hint = ", ".join(part for part in (question.unit, bounds_text(question)) if part)
    if hint:
        st.caption(plain(hint[0].upper() + hint[1:]))
    st.number_input(
        label,
        min_value=question.minimum,
        max_value=question.maximum,
        value=None,
        step=1.0,
        format="%g",
        key=key,
        on_change=_answered,
        args=(key, on_change),
        placeholder="Your number",
        label_visibility="collapsed",
        width=240,
    )


def _draw_cannot(key: str, on_change: Change | None) -> None:
    st.checkbox(CANNOT_SAY, key=_cannot_key(key), on_change=_cannot_say, args=(key, on_change))


def _answered(key: str, on_change: Change | None) -> None:
    """Someone who gives an answer can say."""
    if _cannot_key(key) in st.session_state:
        st.session_state[_cannot_key(key)] = False
    if on_change is not None:
        on_change()


def _cannot_say(key: str, on_change: Change | None) -> None:
    """'Can't say' takes the place of what was answered."""
    if st.session_state.get(_cannot_key(key)):
        held = st.session_state.get(key)
        st.session_state[key] = [] if isinstance(held, list) else "" if isinstance(held, str) else None
    if on_change is not None:
        on_change()
