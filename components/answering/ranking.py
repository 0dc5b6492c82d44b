"""Ranking by taps and keys: take what comes first, then next; move what is placed up or down, or take it out."""

import streamlit as st

from alignment.questionnaires import Question
from components.answering.held import Change, answered
from components.text import plain


def draw_ranking(question: Question, key: str, on_change: Change | None) -> None:
    """Draw what is placed so far and what is left. `st.session_state[key]` is the list of options in order."""
    placed: list[str] = [option for option in st.session_state[key] if option in question.options]
    most = question.top or len(question.options)
    left = [option for option in question.options if option not in placed]

    def place(option: str) -> None:
        order: list[str] = st.session_state[key]  # as it is now: a quick second tap comes before the drawing
        if option not in order and len(order) < most:
            keep([*order, option])

    def move(option: str, by: int) -> None:
        order: list[str] = list(st.session_state[key])
        if option in order:
            number = order.index(option)
            order.insert(max(0, number + by), order.pop(number))
            keep(order)

    def take_out(option: str) -> None:
        keep([other for other in st.session_state[key] if other != option])

    def keep(order: list[str]) -> None:
        st.session_state[key] = order
        answered(key, on_change)

    for number, option in enumerate(placed):
        with st.container(
            horizontal=True,
            wrap=False,
            vertical_alignment="center",
            gap="xsmall",
            border=True,
            key=f"{key}-place-{number}",
        ):
            st.markdown(f"**{number + 1}.**&ensp;{plain(question.label_of(option))}", width="stretch")
            number_of = question.options.index(option)
            st.button(
                ":material/arrow_upward:",
                key=f"{key}-up-{number_of}",
                disabled=number == 0,
                on_click=move,
                args=(option, -1),
            )
            st.button(
                ":material/arrow_downward:",
                key=f"{key}-down-{number_of}",
                disabled=number == len(placed) - 1,
                on_click=move,
                args=(option, 1),
            )
            st.button(
                ":material/close:",
                key=f"{key}-out-{number_of}",
                on_click=take_out,
                args=(option,),
            )
    if not left or len(placed) >= most:
        return
    st.caption(_prompt(placed, most, len(question.options)))
    for option in left:
        st.button(
            plain(question.label_of(option)),
            key=f"{key}-next-{question.options.index(option)}",
            icon=":material/add:",
            width="stretch",
            on_click=place,
            args=(option,),
        )


def _prompt(placed: list[str], most: int, options: int) -> str:
    """What to choose now."""
    if not placed:
        first = "Choose what comes first."
        return first if most == options else f"{first} {most} places can be given."
    left = most - len(placed)
    return f"Choose what comes next. {left} more can be placed; what you leave out shares the places behind."
