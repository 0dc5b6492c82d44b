"""Settings: what is the company called, how does mail leave the house, and is there a backup?"""

from dataclasses import replace

import streamlit as st

from actions import backups, clock, settings
from alignment import instants
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


def show_backup(made_at: str | None) -> None:
    """When everything was last written to one file, and how that is done."""
    st.subheader("Backup", anchor=False)
    if made_at is None:
        st.markdown(
            ":material/warning: **No backup has been made yet.** If this machine fails, everything is lost."
        )
    else:
        made = settings.local_time(actor(), made_at)
        days = (clock.now() - instants.from_text(made_at)).days
        since = "" if days < 2 else f", {days:,} days ago"
        st.markdown(f"The last backup was made on **{made:%-d %B %Y at %H:%M}**{since}.")
    st.markdown(
        "On the machine that runs the portal, one command writes everything to one file, while people work:"
    )
    st.code("python manage.py backup concord.backup", language=None, wrap_lines=True)
    st.markdown(
        "Let the machine run it every night and keep the file elsewhere, as safe as the portal: it holds all answers. "
        "`manage.py check FILE` says whether a backup is sound, `manage.py restore FILE` puts it back."
    )


open_page("Settings", "What is the company called, how does mail leave the house, and is there a backup?")
with stop_on_refusal():
    company, revision = settings.company_with_revision(actor())
    backed_up = backups.last_backup(actor())
if st.session_state.get("settings_saved"):
    start_over()
    st.toast("Saved.", icon=":material/check:")
if "settings_name" not in st.session_state:
    st.session_state["settings_seen"] = (
        revision  # what the fields are filled from; a save has to be on top of it
    )
st.markdown(
    f"**{plain(company.name)}** works {minutes_a_week(company.hours) / 60:g} hours a week in the zone "
    f"{plain(company.hours.timezone)}." + ("" if backed_up else " No backup of the portal has been made yet.")
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
st.divider()
show_backup(backed_up)
