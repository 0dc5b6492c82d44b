"""The cycle: which phase we are in, what it asks, and what is missing before the next."""

import streamlit as st

from actions import cycles, people
from actions.permissions import may
from actions.settings import local_time
from alignment.cycles import GUIDING_QUESTIONS, Phase
from alignment.people import Team
from components.navigation import page_path, page_title
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain

WHAT_NEXT = {
    Phase.IDENTIFY: "Freeze the baseline and start planning",
    Phase.PLAN: "Put the plan into practice",
    Phase.EXECUTE: "Look back",
    Phase.RECAP: "Close this cycle",
}

me = person()
runs = may(me, "cycle:run")
open_page("Cycle", "Where are we, and what is missing before the next step?")
show_outcome()

with stop_on_refusal():
    view = cycles.read_current(actor())
    earlier = [cycle for cycle in cycles.list_cycles(actor()) if cycle.phase is Phase.CLOSED]


def day(instant: str | None) -> str:
    return local_time(actor(), instant).strftime("%-d %B %Y") if instant else ""


@st.dialog("Start a cycle")
def start() -> None:
    st.write(
        "A cycle begins with Identify: both teams answer, and the baseline is taken before anything changes."
    )
    name = st.text_input("What shall it be called?", max_chars=80, key="cycle_new_name")
    if st.button("Start", type="primary", key="cycle_new_start"):
        perform("The cycle has started. Open a questionnaire for both teams.", cycles.start_cycle, name)
        if not was_refused():
            st.rerun()
        show_outcome()


@st.dialog("Go on to the next phase?")
def go_on(cycle_id: str, revision: int, phase: Phase) -> None:
    if phase is Phase.IDENTIFY:
        st.write(
            "The figures as they are now become the baseline. They are frozen: the recap will compare with them, "
            "and nobody can change them afterwards."
        )
    elif phase is Phase.RECAP:
        st.write("A closed cycle is history and cannot be opened again. The next one can then start.")
    else:
        st.write(f"The cycle moves from {phase.label} to {phase.next.label}. There is no way back.")
    if st.button(WHAT_NEXT[phase], type="primary", key="cycle_advance_sure"):
        perform(f"The cycle is now in {phase.next.label}.", cycles.advance, cycle_id, revision)
        st.rerun()


def show_steps(current: Phase) -> None:
    phases = [phase for phase in Phase if phase is not Phase.CLOSED]
    with st.container(horizontal=True):
        for phase in phases:
            if phases.index(phase) < phases.index(current):
                st.badge(phase.label, icon=":material/check:", color="green")
            elif phase is current:
                st.badge(f"{phase.label} (now)", icon=":material/arrow_right:", color="violet")
            else:
                st.badge(phase.label, color="gray")


if view is None:
    st.subheader("No cycle is running.", anchor=False)
    if runs:
        st.write("Start one: Identify, Plan, Execute, Recap. Everything else in the portal hangs on it.")
        st.button("Start a cycle", type="primary", icon=":material/play_arrow:", on_click=start)
    else:
        st.write(
            "A facilitator starts the next one. Until then you can read what was agreed in the glossary."
        )
        st.page_link("pages/definitions/glossary.py", label="See the glossary", icon=":material/menu_book:")
else:
    cycle = view.cycle
    missing = [item for item in view.gate if not item.met]
    state = (
        "everything for the next step is there"
        if not missing
        else (
            "one thing is missing before the next step"
            if len(missing) == 1
            else f"{len(missing)} things are missing before the next step"
        )
    )
    st.subheader(f"“{plain(cycle.name)}” is in {cycle.phase.label}: {state}.", anchor=False)
    show_steps(cycle.phase)
    questions, to_do = st.columns([2, 3])
    with questions, st.container(border=True, height="stretch"):
        st.markdown("**Questions of this phase**")
        for question in GUIDING_QUESTIONS[cycle.phase]:
            st.markdown(f"- {question}")
        st.caption(
            f"In {cycle.phase.label} since {day(cycle.entered(cycle.phase))}; the cycle began {day(cycle.started_at)}."
        )
    with to_do, st.container(border=True, height="stretch"):
        st.markdown("**Before the next phase**")
        for item in view.gate:
            mark = (
                ":green[:material/check_circle:]"
                if item.met
                else ":orange[:material/radio_button_unchecked:]"
            )
            st.markdown(f"{mark} {item.text}")
        target = next((item for item in missing if item.page != "cycle"), None)
        if runs and not missing:
            st.button(
                WHAT_NEXT[cycle.phase],
                type="primary",
                icon=":material/arrow_forward:",
                key="cycle_advance",
                on_click=go_on,
                args=(cycle.id, cycle.revision, cycle.phase),
            )
        elif target and runs:
            st.page_link(
                page_path(target.page),
                label=f"Go to {page_title(target.page)}",
                icon=":material/arrow_forward:",
            )
    if cycle.phase in (Phase.PLAN, Phase.EXECUTE):
        with st.container(border=True):
            st.markdown("**Point people**")
            if runs:
                with stop_on_refusal():
                    everyone = [found.person for found in people.list_people(actor()) if found.person.active]
                chosen: dict[Team, str | None] = {}
                for team, column in zip(Team, st.columns(2), strict=True):
                    options = {someone.id: someone.name for someone in everyone if someone.team is team}
                    now = cycle.sales_point_id if team is Team.SALES else cycle.marketing_point_id
                    chosen[team] = column.selectbox(
                        f"For {team.label}",
                        list(options),
                        index=list(options).index(now) if now in options else None,
                        format_func=options.__getitem__,
                        placeholder="Choose a person",
                        key=f"cycle_point_{team.value}_{cycle.id}",
                    )
                st.button(
                    "Save",
                    key="cycle_points_save",
                    disabled=(chosen[Team.SALES], chosen[Team.MARKETING])
                    == (cycle.sales_point_id, cycle.marketing_point_id),
                    on_click=perform,
                    args=(
                        "Saved.",
                        cycles.name_point_people,
                        cycle.id,
                        cycle.revision,
                        chosen[Team.SALES],
                        chosen[Team.MARKETING],
                    ),
                )
            else:
                for team, someone in ((Team.SALES, view.sales_point), (Team.MARKETING, view.marketing_point)):
                    st.markdown(
                        f"{team.label.capitalize()}: {plain(someone.name) if someone else 'not named yet'}"
                    )
    if cycle.phase in (Phase.EXECUTE, Phase.RECAP):
        st.page_link("pages/cycle/recap.py", label="Before against after", icon=":material/fact_check:")

if earlier:
    st.subheader("Earlier cycles", anchor=False)
    for cycle in earlier:
        with st.container(border=True):
            st.markdown(f"**{plain(cycle.name)}**, {day(cycle.started_at)} to {day(cycle.closed_at)}")
            for sentence in (cycle.recap or {}).get("sentences", ()):
                st.markdown(f"- {plain(sentence)}")
            if cycle.growth:
                st.caption(f"Growth areas: {plain(cycle.growth)}")
