"""Goals: what both teams want to reach together, agreed before the period, and how it goes."""

from datetime import date, timedelta

import streamlit as st

from actions import dashboard, goals
from actions.goals import GoalProgress
from actions.permissions import may
from actions.settings import today
from alignment.goals import CONTRIBUTIONS, Goal, GoalMeasure, GoalState, Target, Verdict, amount_in_words
from alignment.people import Team
from components import dialogs
from components.dashboard_sections import show_pace
from components.dates import DATE_FORMAT
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain

GROUPS = (
    (GoalState.PROPOSED, "Waiting for a yes"),
    (GoalState.RUNNING, "Running"),
    (GoalState.REGISTERED, "Agreed, to come"),
    (GoalState.OVER, "Over"),
    (GoalState.LAPSED, "Lapsed: not agreed by both sides in time"),
    (GoalState.WITHDRAWN, "Taken back"),
)
OUTCOMES = (GoalMeasure.WON, GoalMeasure.REVENUE, GoalMeasure.OPPORTUNITIES, GoalMeasure.QUALIFIED)

PAGE = "goals"

me = person()
dialogs.note_run(PAGE)
proposes = may(me, "goal:propose")
agrees = may(me, "goal:agree") and me.team is not None

open_page("Goals", "What do both teams want to reach together, and how does it go?")
show_outcome()


def revision() -> str:
    return goals.read_revision(actor()) + dashboard.read_revision(actor())


with stop_on_refusal():
    seen = revision()
    listed = goals.list_goals(actor())
    this_day = today(actor())


@st.fragment(run_every="2s")
def watch(shown: str) -> None:
    """Draw the page anew when a goal or the leads have changed, unless somebody is writing."""
    with stop_on_refusal():
        if not dialogs.is_open(PAGE) and revision() != shown:
            st.rerun()


@st.dialog("Propose a goal", width="medium", on_dismiss=lambda: dialogs.closed(PAGE))
def propose() -> None:
    st.write(
        "A goal says what both teams want to reach, and what each puts in. It counts once the team leads of both sides have "
        "agreed, which has to be before the period begins. It cannot be edited afterwards."
    )
    title = st.text_input("What it is called", max_chars=120, placeholder="Spring quarter", key="goals_title")
    first, last = _next_quarter(this_day)
    left, right = st.columns(2)
    first_day = left.date_input(
        "First day", first, min_value=this_day + timedelta(days=1), key="goals_first", format=DATE_FORMAT
    )
    last_day = right.date_input(
        "Last day", last, min_value=this_day + timedelta(days=1), key="goals_last", format=DATE_FORMAT
    )
    before = _last_goal()
    if before:
        st.caption(f"The numbers are those of “{plain(before.title)}”. Change what is different this time.")
    of_marketing, of_sales = (
        before.contributions.get(team) if before else None for team in (Team.MARKETING, Team.SALES)
    )
    outcome = _target("Together we reach", OUTCOMES, "goals_outcome", 20, before.outcome if before else None)
    marketing = _target(
        "Marketing puts in", CONTRIBUTIONS[Team.MARKETING], "goals_marketing", 90, of_marketing
    )
    sales = _target("Sales puts in", CONTRIBUTIONS[Team.SALES], "goals_sales", 60, of_sales)
    if st.button("Propose", type="primary", key="goals_propose"):
        perform(
            "The goal is proposed. It counts once both team leads have agreed.",
            goals.propose,
            title,
            outcome,
            marketing,
            sales,
            first_day,
            last_day,
        )
        if not was_refused():
            st.rerun()
        show_outcome()


def _last_goal() -> Goal | None:
    """The goal that ends last, of those that were not taken back."""
    return next((found.goal for found in listed if found.goal.withdrawn_at is None), None)


def _target(
    label: str, measures: tuple[GoalMeasure, ...], key: str, usual: int, before: Target | None
) -> tuple[str, float]:
    """The fields for one number, beginning from what it was `before`."""
    first = measures.index(before.measure) if before and before.measure in measures else 0
    amount_place, measure_place = st.columns([1, 2], vertical_alignment="bottom")
    amount = amount_place.number_input(
        label,
        min_value=1,
        value=max(1, round(before.amount)) if before else usual,
        step=1,
        key=f"{key}_amount",
    )
    measure = measure_place.selectbox(
        f"{label}: what is counted",
        measures,
        index=first,
        format_func=lambda one: one.label,
        label_visibility="collapsed",
        key=f"{key}_measure",
    )
    return measure.value, amount


def _next_quarter(day: date) -> tuple[date, date]:
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    following = (first + timedelta(days=95)).replace(day=1)
    after = (following + timedelta(days=95)).replace(day=1)
    return following, after - timedelta(days=1)


@st.dialog("Take the goal back?", on_dismiss=lambda: dialogs.closed(PAGE))
def take_back(goal_id: str, title: str) -> None:
    st.write(f"“{plain(title)}” is then out of force for both teams. It stays in the list with the reason.")
    because = st.text_area("Why?", max_chars=500, key="goals_because")
    if st.button("Take it back", type="primary", key="goals_withdraw_sure"):
        perform("The goal was taken back.", goals.withdraw, goal_id, because)
        if not was_refused():
            st.rerun()
        show_outcome()


def open_dialog(dialog: str, *arguments: str) -> None:
    dialogs.opening(PAGE)
    {"propose": propose, "take_back": take_back}[dialog](*arguments)


def in_words(target: Target) -> str:
    return amount_in_words(target)


def show(found: GoalProgress) -> None:
    goal = found.goal
    with st.container(border=True):
        st.markdown(f"**{plain(goal.title)}**")
        if found.outcome is not None and found.state in (GoalState.RUNNING, GoalState.OVER):
            show_pace(found, f"goals_pace_{goal.id}", PAGE)
        else:
            st.caption(f"{goal.first_day:%-d %B %Y} to {goal.last_day:%-d %B %Y}")
            st.markdown(f"Together: {in_words(goal.outcome)}")
            for team in (Team.MARKETING, Team.SALES):
                st.markdown(f"{team.label.capitalize()} puts in: {in_words(goal.contributions[team])}")
        with st.container(horizontal=True):
            for team in Team:
                agreed = goal.agreed_by(team)
                if agreed:
                    st.badge(
                        f"{team.label.capitalize()}: {plain(found.names[agreed.person_id])}",
                        icon=":material/thumb_up:",
                        color="green",
                    )
                else:
                    st.badge(
                        f"{team.label.capitalize()}: not agreed", icon=":material/pending:", color="gray"
                    )
        if goal.withdrawn_because:
            st.caption(f"Taken back: {plain(goal.withdrawn_because)}")
        with st.container(horizontal=True):
            if agrees and me.team and found.state is GoalState.PROPOSED and goal.agreed_by(me.team) is None:
                st.button(
                    f"Agree for {me.team.label}",
                    type="primary",
                    icon=":material/thumb_up:",
                    key=f"goals_agree_{goal.id}",
                    on_click=perform,
                    args=("Agreed.", goals.agree, goal.id),
                )
            if proposes and found.state in (GoalState.PROPOSED, GoalState.REGISTERED):
                st.button(
                    "Take it back",
                    icon=":material/undo:",
                    key=f"goals_withdraw_{goal.id}",
                    on_click=open_dialog,
                    args=("take_back", goal.id, goal.title),
                )


def summary() -> str:
    running = [found for found in listed if found.state is GoalState.RUNNING]
    mine = [
        found
        for found in listed
        if agrees and me.team and found.state is GoalState.PROPOSED and found.goal.agreed_by(me.team) is None
    ]
    if mine:
        return f"“{plain(mine[0].goal.title)}” waits for your yes."
    if not running:
        coming = [found for found in listed if found.state is GoalState.REGISTERED]
        if coming:
            return f"“{plain(coming[-1].goal.title)}” begins on {coming[-1].goal.first_day:%-d %B %Y}."
        return "No shared goal is running."
    behind = [
        team.label
        for team in (Team.MARKETING, Team.SALES)
        if any(
            (pace := found.contributions.get(team)) and pace.verdict in (Verdict.BEHIND, Verdict.MISSED)
            for found in running
        )
    ]
    count = (
        f"{len(running)} goals are running"
        if len(running) > 1
        else f"“{plain(running[0].goal.title)}” is running"
    )
    if not behind:
        return f"{count}, and nobody is behind by more than chance explains."
    return f"{count}; {' and '.join(behind)} {'is' if len(behind) == 1 else 'are'} behind an even pace."


watch(seen)
st.subheader(summary(), anchor=False)
if proposes:
    st.button(
        "Propose a goal",
        icon=":material/flag:",
        type="primary" if not listed else "secondary",
        key="goals_new",
        on_click=open_dialog,
        args=("propose",),
    )
if not listed:
    st.write(
        "A shared goal says what both teams want to reach in a period, and what each of them puts in. Team leads and "
        "facilitators propose one; it counts once both team leads have agreed, before the period begins."
    )
for state, heading in GROUPS:
    of_state = [found for found in listed if found.state is state]
    if of_state:
        st.markdown(f"#### {heading}")
    for found in of_state:
        show(found)
