"""Metrics: the team leads' dashboard. What marketing delivered, what sales did with it, and how sure that is."""

from functools import partial
from time import perf_counter

import streamlit as st

from actions import dashboard, metrics
from actions.permissions import may
from actions.settings import local_time, read_company, today
from components import dashboard_sections as sections
from components import dialogs, figure_leads
from components.dashboard_choice import choose
from components.dashboard_promises import show_promises
from components.dashboard_words import promised_time, summary, won_in_time
from components.navigation import page_path
from components.page import open_page, stop_on_refusal
from components.passport import show_figure
from components.session import actor, person

SOON = 0.4  # seconds that a screen may take without saying that it computes

me = person()
dialogs.note_run(figure_leads.PAGE)
open_page("Metrics", "Do both teams deliver what they agreed, and what comes of it?")

with stop_on_refusal():
    shown_revision = dashboard.read_revision(actor())


@st.fragment(run_every="2s")
def watch(shown: str) -> None:
    """Draw the page anew when there is something new to show, and nobody is reading the leads behind a figure."""
    with stop_on_refusal():
        if not dialogs.is_open(figure_leads.PAGE) and dashboard.read_revision(actor()) != shown:
            st.rerun()


watch(shown_revision)
if not shown_revision:
    st.subheader("There are no leads yet.", anchor=False)
    st.write("As soon as leads come in, this page shows what was delivered, what became of it, and how fast.")
    if may(me, "leads:import"):
        st.page_link(page_path("bring_in"), label="Bring in leads", icon=":material/upload:")
    else:
        st.caption("Team leads, facilitators and administrators can bring them in.")
    st.stop()

answer = st.container()  # stands above what is chosen: on a phone that alone fills the screen
with stop_on_refusal():
    versions = metrics.list_definitions(actor())
    company = read_company(actor())
    this_day = today(actor())
    choice = choose(this_day, versions)

progress = answer.empty()
began = perf_counter()


def waiting() -> None:
    """Say that it takes a while; and end here, and the query with it, when the viewer has left or chosen something else."""
    taken = perf_counter() - began
    if taken > SOON:
        progress.caption(f":material/hourglass_top: Looking at all leads, {taken:.0f} s …")
    else:
        progress.empty()


with stop_on_refusal():
    found = dashboard.read_dashboard(
        actor(),
        first_day=choice.first_day,
        last_day=choice.last_day,
        by=choice.by,
        restate=choice.restate,
        only=choice.only,
        waiting=waiting,
        beside=partial(dashboard.count_promises, actor(), choice.first_day, choice.last_day or this_day),
    )
progress.empty()


def at(instant: str) -> str:
    """An instant as the company's clocks show it."""
    return local_time(actor(), instant).strftime("%-d %B %Y, %H:%M")


promised = promised_time(company.follow_up_minutes)
kept_to = choice.only is not None or choice.restate is not None
with answer:
    st.subheader(
        summary(found.figures, () if kept_to else found.goals, choice.period, promised), anchor=False
    )
    st.caption(f"As of {at(found.figures['volume:mql'].as_of)}.")

CARDS = {
    "volume:mql": "Qualified leads",
    "acceptance_rate:mql:sal": "Accepted by sales",
    "followed_up_in_time:mql": "Followed up in time",
    "speed_to_lead_median:mql": "Median time to a call",
    "silent_rejections:mql": "Left without a decision",
    "conversion:mql:won": won_in_time(found.figures.get("conversion:mql:won")),
    "win_rate:won": f"Win rate of what was closed {choice.period}",
    "volume:won": f"Won {choice.period}, whenever they came",
}
with st.grid(4, min_column_width=150):
    for key, title in CARDS.items():
        if key in found.figures:
            show_figure(
                found.figures[key],
                title,
                f"metrics_{key}",
                partial(figure_leads.open_leads, title=title, choice=choice, at=at),
            )

left, right = st.columns(2)
with left:
    sections.show_goals(found.goals)
promises_place = right.container()
left, right = st.columns(2)
with left:
    sections.show_standing(found, choice)
with right:
    sections.show_weeks(found, choice)
left, right = st.columns(2)
with left:
    sections.show_parts(found, choice, at)
with right:
    sections.show_reasons(found.reasons, choice, at)
sections.show_wins_and_losses(may(me, "definition:draft"))
sections.show_every_measure(choice, at)
with promises_place, st.skeleton(height=200):
    show_promises(choice.first_day, choice.last_day or this_day, at)
