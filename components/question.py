"""One question on the screen: its wording, the widgets of its type, and 'can't say' beside them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from alignment.answers import bounds_text
from alignment.lead_cards import LeadCard
from alignment.people import Team
from alignment.questionnaires import GUESS, IMPORTANCE, LONGEST_ANSWER, Question, QuestionType
from components.answering.cards import draw_cards
from components.answering.held import (
    CANNOT_SAY,
    UNANSWERED,
    UNFINISHED,
    Change,
    answered,
    say_cannot,
    says_cannot,
)
from components.answering.options import draw_list, draw_points, draw_row
from components.answering.ranking import draw_ranking
from components.rule_editor import edit_rule, read_rule
from components.text import plain

__all__ = [
    "CANNOT_SAY",
    "UNANSWERED",
    "UNFINISHED",
    "draw_question",
    "hold_answer",
    "hold_next",
    "is_follow_up",
    "read_answer",
]

_NUMBER_WIDTH = 180


def is_follow_up(question: Question) -> bool:
    """Whether the question belongs to another one or to a topic: a guess, or how much a topic matters."""
    return question.key.startswith((GUESS, IMPORTANCE))


def draw_question(
    question: Question,
    team: Team,
    *,
    key: str,
    value: Any = UNANSWERED,
    on_change: Change | None = None,
    cards: Sequence[LeadCard] = (),
    draw_fault: Change | None = None,
) -> None:
    """Draw the question in `team`'s wording. `value` is what the widgets show at first; afterwards they keep their own.

    `on_change` runs after each change, with `read_answer(question, key)` giving what was answered. `cards` are the leads
    to judge, in this person's order, for a question of lead cards. `draw_fault` draws what is wrong with the answer, right
    beneath it.
    """
    if _next_key(key) in st.session_state:
        (value,) = st.session_state.pop(_next_key(key))
        hold_answer(question, key, value)
    elif key not in st.session_state or st.session_state.get(_type_key(key)) is not question.type:
        hold_answer(question, key, value)
    label = plain(" ".join(question.wording[team].split()))
    st.subheader(f":small[{label}]" if is_follow_up(question) else label, anchor=False)
    if question.help:
        st.caption(plain(question.help))
    match question.type:
        case QuestionType.CHOICE | QuestionType.CHOICES:
            _draw_options(question, key, on_change)
        case QuestionType.YES_NO:
            _draw_yes_no(key, on_change)
        case QuestionType.SCALE:
            _draw_scale(question, key, on_change)
        case QuestionType.NUMBER:
            _draw_number(question, label, key, on_change)
        case QuestionType.RANKING:
            draw_ranking(question, key, on_change)
        case QuestionType.TEXT:
            _draw_text(label, key, on_change)
        case QuestionType.RULE:
            with st.container(gap="small", key=f"{key}-rule"):
                edit_rule(
                    _rule_key(key),
                    st.session_state[key],
                    on_change=lambda: answered(key, on_change),
                    only="conditions",
                )
        case QuestionType.LEAD_CARDS:
            draw_cards(cards, key, on_change)
    if draw_fault is not None:
        draw_fault()
    if _has_cannot(question):
        _draw_cannot(key, on_change)


def read_answer(question: Question, key: str) -> Any:
    """What the widgets of the question hold: a value as the domain knows it, None for 'can't say', or UNANSWERED.

    UNFINISHED, where something was begun that is no answer yet.
    """
    if _has_cannot(question) and says_cannot(key):
        return None
    value = st.session_state.get(key)
    if question.type is QuestionType.RULE:
        draft = read_rule(_rule_key(key), value)
        if draft.document is None:
            return UNFINISHED if draft.fault else UNANSWERED
        return draft.document
    if value is None or value == [] or value == {} or value == "":
        return UNANSWERED
    if question.type is QuestionType.TEXT:
        return value if value.strip() else UNANSWERED
    return list(value) if isinstance(value, (list, tuple)) else value


def hold_next(key: str, value: Any) -> None:
    """In a callback: let the widgets of the question show `value` when they are drawn next."""
    st.session_state[_next_key(key)] = (value,)


def hold_answer(question: Question, key: str, value: Any) -> None:
    """Before the question is drawn in this run: let its widgets show `value`."""
    for held in [name for name in st.session_state if str(name).startswith(f"{key}-reason-")]:
        del st.session_state[held]
    for held in [name for name in st.session_state if str(name).startswith(_rule_key(key))]:
        del st.session_state[held]
    if _has_cannot(question):
        say_cannot(key, value is None)
    st.session_state[_type_key(key)] = question.type  # a preview may draw another kind under the same key
    known = value is not UNANSWERED and value is not None
    match question.type:
        case QuestionType.CHOICES | QuestionType.RANKING:
            st.session_state[key] = list(value) if known else []
        case QuestionType.TEXT:
            st.session_state[key] = value if known else ""
        case QuestionType.LEAD_CARDS:
            st.session_state[key] = dict(value) if known else {}
        case _:
            st.session_state[key] = value if known else None


def _next_key(key: str) -> str:
    return f"{key}-shown-next"


def _type_key(key: str) -> str:
    return f"{key}-type"


def _rule_key(key: str) -> str:
    return f"{key}-conditions"


def _has_cannot(question: Question) -> bool:
    """Whether 'can't say' is offered: everywhere but where one need not write anything."""
    return question.type is not QuestionType.TEXT or question.required


def _draw_options(question: Question, key: str, on_change: Change | None) -> None:
    several = question.type is QuestionType.CHOICES
    held = st.session_state[key]
    chosen = held if several else [held]

    def pick(place: int) -> None:
        option, now = (
            question.options[place],
            st.session_state[key],
        )  # a quick second tap comes before the drawing
        if several:
            st.session_state[key] = (
                [other for other in now if other != option] if option in now else [*now, option]
            )
        else:
            st.session_state[key] = None if option == now else option
        answered(key, on_change)

    if several:
        st.caption("Choose all that apply.")
    labels = [plain(" ".join(question.label_of(option).split())) for option in question.options]
    draw_list(key, labels, [place for place, option in enumerate(question.options) if option in chosen], pick)


def _draw_yes_no(key: str, on_change: Change | None) -> None:
    answer = st.session_state[key]

    def pick(place: int) -> None:
        st.session_state[key] = None if st.session_state[key] is (place == 0) else place == 0
        answered(key, on_change)

    draw_row(key, ("Yes", "No"), None if answer is None else 0 if answer else 1, pick)


def _draw_scale(question: Question, key: str, on_change: Change | None) -> None:
    point = st.session_state[key]

    def pick(place: int) -> None:
        st.session_state[key] = None if st.session_state[key] == place + 1 else place + 1
        answered(key, on_change)

    ends = (plain(question.ends[0]), plain(question.ends[1]))
    draw_points(key, question.points, ends, None if point is None else point - 1, pick)


def _draw_number(question: Question, label: str, key: str, on_change: Change | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.number_input(  # bounds are checked when it is saved, so that what was typed stays and is told why it cannot be
            label,
            value=None,
            step=1.0,
            format="%g",
            key=key,
            on_change=answered,
            args=(key, on_change),
            placeholder="Your number",
            label_visibility="collapsed",
            width=_NUMBER_WIDTH,
        )
        if question.unit:
            st.markdown(plain(question.unit), width="content")
    bounds = bounds_text(question)
    if bounds:
        st.caption(bounds[0].upper() + bounds[1:])


def _draw_text(label: str, key: str, on_change: Change | None) -> None:
    st.text_area(
        label,
        key=key,
        max_chars=LONGEST_ANSWER,
        height=110,
        on_change=answered,
        args=(key, on_change),
        placeholder="Kept while you write",
        label_visibility="collapsed",
    )


def _draw_cannot(key: str, on_change: Change | None) -> None:
    chosen = says_cannot(key)

    def pick() -> None:
        cannot = not says_cannot(key)
        say_cannot(key, cannot)
        if cannot:  # it takes the place of what was answered
            hold_next(key, None)
        if on_change is not None:
            on_change()

    st.button(
        CANNOT_SAY,
        key=f"{key}-cannot-say",
        type="primary" if chosen else "tertiary",
        icon=":material/check:" if chosen else ":material/help:",
        on_click=pick,
    )
