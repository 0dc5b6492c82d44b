"""Settings: what counts as a working hour here, and what did we promise each other?"""

from dataclasses import replace
from zoneinfo import available_timezones

import streamlit as st

from actions import settings
from alignment.company import BusinessHours
from alignment.errors import Refusal, StaleVersion
from alignment.opening_hours import read_shifts, write_shifts
from components.mail_settings import show_mail_settings
from components.page import open_page, stop_on_refusal
from components.session import actor
from components.text import plain

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@st.cache_data(show_spinner=False)
def zones() -> list[str]:
    """Time zones that name a place, and UTC."""
    return [
        "UTC",
        *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
    ]


def start_over() -> None:
    """Forget what was typed, so that the fields show what is in the store."""
    for key in [key for key in st.session_state if str(key).startswith("settings_")]:
        del st.session_state[key]


open_page("Settings", "What counts as a working hour here, and what did the teams promise each other?")
with stop_on_refusal():
    company, revision = settings.company_with_revision(actor())
if st.session_state.get("settings_saved"):
    start_over()
    st.toast(
        "Saved. Every figure is measured by these hours and promises now, past leads included.",
        icon=":material/check:",
    )
if "settings_name" not in st.session_state:
    st.session_state["settings_seen"] = (
        revision  # what the fields are filled from; a save has to be on top of it
    )
week = sum(closes - opens for day in company.hours.shifts for opens, closes in day) / 60
st.markdown(
    f"**{plain(company.name)}** works {week:g} hours a week in the zone {plain(company.hours.timezone)}. Leads are followed up "
    f"within {company.follow_up_minutes} working minutes, and feedback is given within {company.feedback_hours} working hours."
)

countries = {"": "None", **settings.holiday_countries()}
all_zones = zones() if company.hours.timezone in zones() else [company.hours.timezone, *zones()]
with st.form("settings_form"):
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Company", anchor=False)
        name = st.text_input("Name", company.name, max_chars=100, key="settings_name")
        timezone = st.selectbox(
            "Time zone", all_zones, all_zones.index(company.hours.timezone), key="settings_zone"
        )
        country = st.selectbox(
            "Public holidays of",
            list(countries),
            list(countries).index(company.hours.country) if company.hours.country in countries else 0,
            format_func=lambda code: f"{countries[code]} ({code})" if code else countries[code],
            key="settings_country",
            help="On these days no working time passes.",
        )
        st.subheader("Promises", anchor=False)
        follow_up = st.number_input(
            "First follow-up within … working minutes",
            1,
            10_000,
            company.follow_up_minutes,
            key="settings_follow_up",
        )
        feedback = st.number_input(
            "Feedback on a lead within … working hours",
            1,
            1_000,
            company.feedback_hours,
            key="settings_feedback",
        )
    with right:
        st.subheader("Business hours", anchor=False)
        st.caption("Like 09:00-12:30, 13:30-17:00. Empty for a closed day.")
        texts = [
            st.text_input(
                day, write_shifts(company.hours.shifts[number]), max_chars=80, key=f"settings_hours_{number}"
            )
            for number, day in enumerate(DAYS)
        ]
    saved = st.form_submit_button("Save", type="primary", icon=":material/save:")

if saved:
    try:
        shifts = tuple(read_shifts(text, day) for text, day in zip(texts, DAYS, strict=True))
        changed = replace(
            company,
            name=name,
            hours=BusinessHours(timezone, shifts, country),
            follow_up_minutes=int(follow_up),
            feedback_hours=int(feedback),
        )
        settings.change_company(actor(), changed, st.session_state["settings_seen"])
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
