"""The lead score: which points have the teams agreed, and what would each of them give?"""

import streamlit as st

from actions import scores
from actions.permissions import may
from alignment.agreements import AgreementState
from components.agreement_steps import awaited, day_of, show_reading
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.score_card import edit_version, show_open, show_sides, show_version
from components.session import actor, person
from components.text import plain

me = person()
open_page("Lead score", "How many points does a lead get for what, and from how many on is it ready?")
show_outcome()
with stop_on_refusal():
    entry = scores.read_score(actor())

current, opened = entry.in_force, entry.open
if current:
    told = f"{plain(current.label)} is agreed, in force since {day_of(current.in_force_from or '')}."
elif entry.upcoming:
    told = f"{plain(entry.upcoming.label)} is agreed, from {day_of(entry.upcoming.in_force_from or '')} on."
else:
    told = "Sales and marketing have not agreed on a lead score yet."
if opened and opened.state is AgreementState.PROPOSED:
    told += f" {plain(opened.label)} waits for {awaited(opened, me)}."
elif opened:
    told += f" {plain(opened.label)} is being drafted."
st.subheader(told, anchor=False)

if current:
    with st.container(border=True):
        show_version(current, entry.names)
        show_reading(current, me, "score")
show_open(entry, me)

st.subheader("What each side would give", anchor=False)
show_sides(entry, me)

if may(me, "rule:test"):
    st.page_link(
        "pages/definitions/what_if.py",
        label="Try the points on past leads, side by side",
        icon=":material/experiment:",
    )
if may(me, "agreement:draft") and opened is None:
    starts = {f"As {team.label} would give": points.rule for team, points in entry.sides.items()}
    if current and current.rule is not None:
        starts = {"As it is in force": current.rule, **starts}
    panel = st.expander(
        "Prepare the next version" if entry.versions else "Draft the score of both",
        icon=":material/edit_document:",
        on_change="rerun",
        key="score_prepare",
    )
    if panel.open:
        with panel:
            chosen = (
                st.selectbox("Begin with", [*starts, "An example"], key="score_begin")
                if starts
                else "An example"
            )
            edit_version(None, starts.get(chosen), current.text if current else "")
if len(entry.versions) > 1:
    panel = st.expander(f"{len(entry.versions)} versions", on_change="rerun", key="score_versions")
    if panel.open:
        with panel:
            for version in reversed(entry.versions):
                until = f" until {day_of(version.in_force_until)}" if version.in_force_until else ""
                st.markdown(
                    f"**{plain(version.label)}**, in force from {day_of(version.in_force_from or '')}{until}"
                )
                show_version(version, entry.names)
