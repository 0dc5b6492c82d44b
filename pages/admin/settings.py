"""Settings: what is the company called, and how does mail leave the house?"""

from dataclasses import replace

import streamlit as st

from actions import settings
from alignment.calendars import minutes_a_week
from alignment.errors import Refusal, StaleVersion
from components.mail_settings import show_mail_settings
from components.navigation import page_path
from components.page import open_page, stop_on_refusal
from components.session import actor
from components.text import plain


def start_over() -> None:
    """Forget what was typed, so that the fields show what is in the store."""
    for key in [key for key in st.session_state if str(key).startswith("settings_")]:
        del st.session_state[key]


open_page("Settings", "What is the company called, and how does mail leave the house?")
with stop_on_refusal():
    company, revision = settings.company_with_revision(actor())
if st.session_state.get("settings_saved"):
    start_over()
    st.toast("Saved.", icon=":material/check:")
if "settings_name" not in st.session_state:
    st.session_state["settings_seen"] = (
        revision  # what the fields are filled from; a save has to be on top of it
    )
st.markdown(
    f"**{plain(company.name)}** works {minutes_a_week(company.hours) / 60:g} hours a week in the zone "
    f"{plain(company.hours.timezone)}."
)
with st.container(horizontal=True):
    st.page_link(page_path("hours"), label="Business hours and holidays", icon=":material/schedule:")
    st.page_link(
        page_path("promises"), label="What the teams promised each other", icon=":material/handshake:"
    )

with st.form("settings_form"):
    st.subheader("Company", anchor=False)
    name = st.text_input("Name", company.name, max_chars=100, key="settings_name")
    saved = st.form_submit_button("Save", type="primary", icon=":material/save:")

if saved:
    try:
        settings.change_company(actor(), replace(company, name=name), st.session_state["settings_seen"])
    except StaleVersion as stale:
        st.error(plain(stale), icon=":material/error:")
        st.button(
            "Show what it is now", icon=":material/refresh:", key="settings_start_over", on_click=start_over
        )
    except Refusal as refusal:
        st.error(plain(refusal), icon=":material/error:")
    else:
        st.session_state["settings_saved"] = True
        st.rerun()

st.divider()
show_mail_settings()
