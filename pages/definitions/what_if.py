"""What a rule, a score, or a rule between both teams would have done with past leads."""

import streamlit as st

from actions import rule_starts, what_if
from actions.permissions import may
from components.page import open_page, stop_on_refusal
from components.segments import choose_segment
from components.session import actor, person
from components.what_if import waiting_line
from components.what_if_bridge import show_bridges
from components.what_if_rule import show_rule
from components.what_if_score import show_score

_VIEWS = {
    "rule": ("A rule", show_rule),
    "score": ("A score", show_score),
    "bridge": ("Between both teams", show_bridges),
}

me = person()
open_page("What if", "What would a rule have done with leads of which we know how they ended?")
progress = st.empty()
with stop_on_refusal():
    counted = what_if.list_windows(actor(), waiting_line(progress))
progress.empty()
if not counted:
    st.subheader("There are no leads yet.", anchor=False)
    st.write(
        "Bring in past leads with what became of them; then any rule can be tried on them before anybody signs it."
    )
    if may(me, "leads:import"):
        st.page_link("pages/leads/bring_in.py", label="Bring in leads", icon=":material/upload_file:")
    st.stop()
with stop_on_refusal():
    starts = rule_starts.list_starts(actor())
names = {view: name for view, (name, _) in _VIEWS.items()}
view = choose_segment("Try", names, "rule", key="what_if_view", hidden=True)
_VIEWS[view][1](starts, counted)
