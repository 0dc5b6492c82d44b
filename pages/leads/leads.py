"""Leads: sales' inbox, what was decided, all leads, and what is wrong with their data."""

import streamlit as st

from actions import leads
from actions.lead_inbox import Whose
from components.lead_inbox import show_inbox
from components.lead_inbox_list import show_all, show_decided, show_lead, show_no_leads
from components.lead_quality import show_quality
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import ink

PARTS = {"waiting": "To decide", "decided": "Decided", "all": "All", "quality": "Data quality"}


def keep_in_link() -> None:
    """Callback: the link of the page leads to the part that is shown."""
    st.query_params["part"] = st.session_state["leads_part"]


me = person()
open_page("Leads", "Which leads wait for sales, and what is known of them?")
with stop_on_refusal():
    known = leads.read_revision(actor())
asked = st.query_params.get("lead")
if not known:
    show_no_leads(me)
elif asked:
    show_lead(asked)
else:
    if (whose := st.query_params.pop("whose", None)) in list(Whose):
        st.session_state["leads_whose"] = Whose(whose)
        st.session_state["leads_part"] = "waiting"
    wanted = st.query_params.get("part")
    if wanted in PARTS:
        st.session_state["leads_part"] = wanted
    elif "leads_part" not in st.session_state:
        st.session_state["leads_part"] = "waiting"
    part = st.segmented_control(
        "Part",
        list(PARTS),
        format_func=lambda part: ink(PARTS[part]),
        required=True,
        key="leads_part",
        on_change=keep_in_link,
        label_visibility="collapsed",
    )
    if part == "decided":
        show_decided()
    elif part == "all":
        show_all(me)
    elif part == "quality":
        show_quality(me)
    else:
        show_inbox()
