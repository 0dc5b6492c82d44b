"""Today: what waits for the person, and where the cycle stands."""

import streamlit as st

from actions import lead_duties, today
from components import background
from components.navigation import page_path
from components.page import open_page, stop_on_refusal
from components.rule_editor import describe_rule
from components.session import actor, person
from components.text import plain

NUMBERS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight", 9: "Nine"}

me = person()
open_page(f"Hello, {plain(me.first_name)}")

with stop_on_refusal():
    day = today.read_today(actor())

if not day.tasks and day.results:
    st.subheader(
        "The answers are in." if len(day.results) == 1 else "The answers to your questionnaires are in.",
        anchor=False,
    )
elif not day.tasks:
    st.subheader("Nothing waits for you today.", anchor=False)
elif len(day.tasks) == 1:
    st.subheader("One thing waits for you.", anchor=False)
else:
    count = NUMBERS.get(len(day.tasks), str(len(day.tasks)))
    st.subheader(f"{count} things wait for you.", anchor=False)

for number, task in enumerate((*day.tasks, *day.results)):
    if day.tasks and number == len(day.tasks):
        st.markdown("**Results of questionnaires**")
    with st.container(border=True):
        said, way = st.columns([4, 1.2], vertical_alignment="center")
        said.markdown(plain(task.sentence))
        if way.button(
            task.label,
            key=f"today_task_{number}",
            type="primary" if number == 0 else "secondary",
            width="stretch",
        ):
            query = {**({"survey": task.survey_id} if task.survey_id else {}), **dict(task.query)}
            st.switch_page(page_path(task.page), query_params=query or None)

left, right = st.columns(2)
with left, st.container(border=True, height="stretch"):
    st.markdown("**The cycle**")
    if day.cycle is None:
        st.write("None is running at the moment.")
    else:
        met = sum(item.met for item in day.cycle.gate)
        st.markdown(f"“{plain(day.cycle.cycle.name)}” is in **{day.cycle.cycle.phase.label}**.")
        if day.cycle.gate:
            st.progress(
                met / len(day.cycle.gate),
                text=f"{met} of {len(day.cycle.gate)} conditions for the next phase are met",
            )
    st.page_link("pages/cycle/cycle.py", label="See the cycle", icon=":material/cycle:")
with right, st.container(border=True, height="stretch"):
    st.markdown("**What we call an MQL**")
    if day.definition is None:
        st.write("Nothing has been agreed yet.")
    else:
        st.markdown(plain(day.definition.text))
        if day.definition.rule is not None:
            st.caption(describe_rule(day.definition.rule))
    st.page_link("pages/definitions/glossary.py", label="See the glossary", icon=":material/menu_book:")

if not day.counted:
    acting = actor()
    if background.wait_for(lambda: lead_duties.count_duties(acting)):
        st.rerun()
