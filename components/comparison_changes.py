"""What became of the disagreement since the last time, and over the cycles."""

from typing import TYPE_CHECKING

import streamlit as st

from actions import comparison_history
from alignment.disagreement.change import Change, ChangesSince, Direction
from alignment.disagreement.results import Comparison
from components.comparison_words import change_badge
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain

if TYPE_CHECKING:
    from alignment.surveys import Survey


def changes_of(survey: "Survey", found: Comparison) -> ChangesSince | None:
    """What became of the gaps since an earlier questionnaire; None where there is none, or nothing shows."""
    if all(one.hidden for one in found.questions):
        return None
    with stop_on_refusal():
        return comparison_history.changes_since_last(actor(), survey.id)


def changes_in_words(since: ChangesSince) -> str:
    """'Since ‘Spring’, closed 3 May 2026: closer on 2, further apart on 1, no detectable change on 9. Of twenty …'"""
    parts = [
        f"{words} on {since.count(direction)}"
        for direction, words in (
            (Direction.CLOSER, "closer"),
            (Direction.FURTHER, "further apart"),
            (Direction.NONE, "no detectable change"),
            (Direction.NOT_COMPARABLE, "not comparable"),
        )
        if since.count(direction)
    ]
    when = f"Since ‘{since.title}’, closed {since.closed_on:%-d %B %Y}"
    if not parts:
        return f"{when}, no question was asked again."
    chance = ""
    if since.count(Direction.CLOSER) + since.count(Direction.FURTHER):
        chance = " Of twenty on which nothing has changed, about one is called changed by chance."
    return f"{when}: {', '.join(parts)}.{chance}"


def show_change(since: ChangesSince | None, key: str) -> None:
    """What became of the gap on one question."""
    change: Change | None = None if since is None else since.changes.get(key)
    if since is None or change is None:
        return
    st.subheader("Since the last time", anchor=False)
    st.markdown(f"{change_badge(change)} {plain(change.sentence)}".strip())
    st.caption(plain(f"Compared with ‘{since.title}’, closed {since.closed_on:%-d %B %Y}."))
    if change.figures:
        with st.popover("Numbers", icon=":material/table:", key=f"compared_change_{key}"):
            st.markdown(plain(f"{change.figures}."))
