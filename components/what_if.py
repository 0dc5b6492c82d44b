"""What a trial of a rule is about: the leads it is tried on, how many sales can work, and the rule to begin from."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from actions import capacity
from actions.rule_starts import RuleStart
from actions.settings import local_time
from alignment.people import Team
from alignment.texts import number_text
from alignment.what_if import LEAST_WINS, Outcomes, Window, pick_window
from components.charts.lettering import percent
from components.charts.what_if import OutcomeRow, outcome_rows, outcomes_figure, outcomes_in_words
from components.outcome import perform
from components.page import stop_on_refusal
from components.rule_editor import edit_rule
from components.session import actor, person
from components.text import ink, plain

OWN = {"own": "A rule of your own"}
OWN_SCORE = {"own": "A score of your own"}
NOTHING = {"nothing": "No other rule"}
CHART = {"displayModeBar": False, "staticPlot": True}
TEAM_COLOURS = {Team.SALES: "orange", Team.MARKETING: "green"}
_SHORT = ("Last quarter", "12 months")
_SOON = 0.5

Windows = Sequence[tuple[Window, Outcomes]]
"""The windows that are offered, with what became of their leads."""


def waiting_line(place: DeltaGenerator) -> Callable[[], None]:
    """What is called while leads are read: says how long that takes, and lets the screen end when its viewer has left."""
    began = perf_counter()

    def waiting() -> None:
        taken = perf_counter() - began
        if taken < _SOON:
            place.empty()
        else:
            place.caption(
                f":material/hourglass_top: Looking at all leads and what became of them, {taken:.0f} s … This is done once for "
                "everything that is tried on them."
            )

    return waiting


def looking() -> AbstractContextManager[None]:
    """Around what may take a moment where there are millions of leads."""
    return st.spinner("Looking at past leads …", show_time=True)


def choose_leads(counted: Windows) -> tuple[Window, int | None]:
    """Draw which leads something is tried on and how many sales can work a week; return the choice, None where nobody says."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return _choose_window(counted), _choose_capacity()


def _choose_window(counted: Windows) -> Window:
    labels = [
        "All leads" if window.first_day is None else _SHORT[0 if window.weeks < 14 else 1]
        for window, _ in counted
    ]
    usual = pick_window(counted)
    place = st.segmented_control(
        "Leads that came in the",
        range(len(counted)),
        default=usual,
        required=True,
        format_func=lambda window: ink(labels[window]),
        key="what_if_window",
        help="Only leads of a time that is over are looked at, so that most have had the time to be won or lost.",
    )
    return counted[usual if place is None else place][0]


def _choose_capacity() -> int | None:
    """What sales has said is filled in; another number is tried by whoever types it, until somebody keeps it for all."""
    with stop_on_refusal():
        kept = capacity.read_capacity(actor())
        told = _said(kept)
    said = None if kept is None else kept.a_week
    if "what_if_capacity" not in st.session_state:
        st.session_state["what_if_capacity"] = said
    a_week = st.number_input(
        "Leads sales can work a week",
        min_value=1,
        max_value=capacity.MOST_A_WEEK,
        step=1,
        placeholder="not set",
        key="what_if_capacity",
        width=230,
        help=told,
    )
    if a_week != said and capacity.may_change(person()):
        st.button(
            "Keep for everybody" if a_week else "Take it back",
            icon=":material/save:",
            key="what_if_capacity_keep",
            on_click=perform,
            args=("Kept." if a_week else "Taken back.", capacity.change_capacity, a_week),
        )
    return a_week


def _said(kept: capacity.Capacity | None) -> str:
    if kept is None:
        return "Nobody has said yet how many leads sales can work. Try any number; sales' team lead can keep it for everybody."
    day = local_time(actor(), kept.at)
    by = plain(kept.said_by or "the administrator of the machine")
    return f"{kept.a_week:,} a week, as {by} said on {day:%-d %B %Y}. Another number is tried by you alone."


def choose_start(
    label: str, key: str, starts: Sequence[RuleStart], first: str | None, besides: Mapping[str, str]
) -> str:
    """Draw the rules to begin from, and what else can be chosen `besides`; return the chosen one's key."""
    labels = {**{start.key: start.label for start in starts}, **besides}
    options = list(labels)
    chosen = st.selectbox(
        label,
        options,
        index=options.index(first) if first in options else 0,
        format_func=labels.__getitem__,
        key=key,
    )
    return options[0] if chosen is None else chosen


def edit_chosen(
    chosen: str, starts: Sequence[RuleStart], key: str, what: str = "rule"
) -> Mapping[str, Any] | None:
    """Draw the editor for the rule that was chosen, and return what it holds; None while it cannot be tried."""
    document = next((start.document for start in starts if start.key == chosen), None)
    with st.expander(
        f"Change the {what}",
        icon=":material/edit:",
        expanded=document is None,
        key=f"{key}_part_{chosen}",
    ):
        if what == "score":
            draft = edit_rule(f"{key}_{chosen}", document, only="points")
        else:
            draft = edit_rule(f"{key}_{chosen}", document, only="" if document else "conditions")
    return None if draft.fault is not None else draft.document


def rate_in_words(outcomes: Outcomes) -> str:
    """`22% (18–27%)`, without an interval that is narrower than what is told, or that nothing has ended."""
    rate, interval = outcomes.win_rate, outcomes.interval
    if rate is None or interval is None:
        return "none that ended"
    low, high = percent(interval.low), percent(interval.high)
    return percent(rate) if low == high else f"{percent(rate)} ({low[:-1]}–{high})"


def a_week_in_words(a_week: float) -> str:
    """How many leads a week, in whole ones from ten on."""
    return number_text(rounded_a_week(a_week))


def rounded_a_week(a_week: float) -> float:
    """The same as a number."""
    return round(a_week, 1) if a_week < 10 else round(a_week)


def caution_of(outcomes: Outcomes) -> str:
    """What keeps from concluding anything about win rates, '' where nothing does."""
    if not outcomes.ended:
        return (
            "No lead of this window was won or lost yet, so nothing tells which rule finds the better ones."
        )
    if not outcomes.lost:
        return "No lead is recorded as lost, so win rates say nothing: compare how many wins each side holds."
    if outcomes.won < LEAST_WINS:
        return f"{outcomes.won:,} wins are too few to conclude from: below {LEAST_WINS}, chance decides."
    return ""


def show_outcomes(title: str, rows: Sequence[OutcomeRow], key: str, line: Any = None) -> None:
    """A figure of leads by what became of them, with the table behind it."""
    with st.container(border=True):
        st.plotly_chart(
            outcomes_figure(title, rows, st.context.theme.type, line),
            key=key,
            alt=outcomes_in_words(title, rows, line),
            config=CHART,
        )
        with st.popover("Numbers", icon=":material/table:", key=f"{key}_numbers"):
            st.dataframe(
                outcome_rows(rows),
                hide_index=True,
                column_config={
                    name: st.column_config.NumberColumn(format="%.0f%%")
                    for name in ("Win rate", "From", "To")
                },
                alt=plain(title),
            )
