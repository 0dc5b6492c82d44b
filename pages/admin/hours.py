"""Business hours: when do people work here, and since when?"""

from datetime import date, timedelta
from zoneinfo import available_timezones

import streamlit as st

from actions import calendars, settings
from actions.calendars import CalendarView
from alignment.business_hours import open_days
from alignment.calendars import DAYS, hours_on, minutes_a_week, versions_of
from alignment.company import BusinessHours, ClosedDays
from alignment.errors import Refusal, StaleVersion
from alignment.opening_hours import read_shifts, write_shifts
from components.dates import DATE_FORMAT
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.session import actor
from components.text import ink, plain

NEW = "new"
BEGINNING = "beginning"


@st.cache_data(show_spinner=False)
def zones() -> list[str]:
    """Time zones that name a place, and UTC."""
    return [
        "UTC",
        *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
    ]


def start_over() -> None:
    """Forget what was typed, so that the fields show what is in the store."""
    for key in [key for key in st.session_state if str(key).startswith("hours_")]:
        del st.session_state[key]


def spoken(day: date) -> str:
    """A day in words."""
    return f"{day.day} {day:%B %Y}"


def summary(found: CalendarView) -> str:
    """The hours that hold today in one sentence, and what is coming."""
    today = found.today
    week = minutes_a_week(today) / 60
    year_end = date(found.day.year, 12, 31)
    left = len(open_days(today, found.day, year_end))
    text = f"People work {week:g} hours a week in the zone {plain(today.timezone)}; {left} business days are left this year."
    coming = [v.from_day for v in found.versions if v.from_day is not None and v.from_day > found.day]
    return text + (f" Other hours hold from {spoken(coming[0])}." if coming else "")


@st.dialog("Remove these hours")
def remove(from_day: date, seen: str) -> None:
    st.write(f"From {spoken(from_day)} on the hours before go on. Figures of leads since then change.")
    if st.button("Remove", type="primary", key="hours_remove_sure"):
        perform("Removed.", calendars.remove_hours, from_day, seen)
        if not was_refused():
            start_over()
            st.rerun()
        show_outcome()


open_page("Business hours", "When do people work here, and since when?")
show_outcome()
with stop_on_refusal():
    found = calendars.read_calendar(actor())
    countries = {"": "None", **settings.holiday_countries()}
if st.session_state.get("hours_saved"):
    start_over()
    st.toast("Saved. Figures and due times go by these hours now.", icon=":material/check:")
st.subheader(summary(found), anchor=False)

by_choice = {BEGINNING if v.from_day is None else v.from_day.isoformat(): v for v in found.versions}
current = [choice for choice, v in by_choice.items() if v.from_day is None or v.from_day <= found.day]
choices = list(by_choice) or [BEGINNING]
labels = {
    choice: ("Since the beginning" if choice == BEGINNING else f"From {spoken(date.fromisoformat(choice))}")
    + (" (now)" if len(choices) > 1 and current and choice == current[-1] else "")
    for choice in choices
}
labels[NEW] = "New hours from a day on"
chosen = (
    st.segmented_control(
        "Which hours",
        [*choices, NEW],
        format_func=lambda one: ink(labels[one]),
        default=current[-1] if current else BEGINNING,
        required=True,
        key="hours_version",
        help="A change from a day on leaves the figures of the days before as they are.",
    )
    or BEGINNING
)
if f"hours_{chosen}_zone" not in st.session_state:
    st.session_state[f"hours_{chosen}_seen"] = found.seen  # what the fields are filled from
shown: BusinessHours = (
    by_choice[chosen].hours if chosen in by_choice else hours_on(versions_of(found.today), found.day)
)
all_zones = zones() if shown.timezone in zones() else [shown.timezone, *zones()]
country, _, region = shown.country.partition("-")

with st.container(border=True):
    if chosen == NEW:
        begins = st.date_input(
            "They hold from",
            found.day + timedelta(days=1),
            min_value=date(2000, 1, 1),
            max_value=found.day + calendars.LATEST_START,
            key=f"hours_{chosen}_from",
            format=DATE_FORMAT,
            help="Leads and promises before this day are judged by the hours of their time.",
        )
    else:
        begins = None if chosen == BEGINNING else date.fromisoformat(chosen)
        if len(choices) > 1 or current:
            st.caption("A correction here holds for the past as well: figures of these days change.")
    left, right = st.columns(2, gap="large")
    with left:
        timezone = st.selectbox(
            "Time zone", all_zones, all_zones.index(shown.timezone), key=f"hours_{chosen}_zone"
        )
        nation = st.selectbox(
            "Public holidays of",
            list(countries),
            list(countries).index(country) if country in countries else 0,
            format_func=lambda code: f"{countries[code]} ({code})" if code else countries[code],
            key=f"hours_{chosen}_country",
            help="On these days no working time passes.",
        )
        regions = ("", *settings.holiday_regions().get(nation or "", ()))
        if len(regions) > 1:
            part = st.selectbox(
                "Region",
                regions,
                regions.index(region) if region in regions and nation == country else 0,
                format_func=lambda code: code or "Those of the whole country",
                key=f"hours_{chosen}_region_{nation}",
            )
        else:
            part = ""
        st.markdown("**Closed days of our own**")
        closed = st.data_editor(
            [{"First day": c.first, "Last day": c.last, "Name": c.name} for c in shown.closed_days]
            or [{"First day": None, "Last day": None, "Name": None}],
            num_rows="dynamic",
            hide_index=True,
            placeholder="",
            column_config={
                "First day": st.column_config.DateColumn(format="DD MMM YYYY"),
                "Last day": st.column_config.DateColumn(format="DD MMM YYYY"),
                "Name": st.column_config.TextColumn(max_chars=60),
            },
            key=f"hours_{chosen}_closed",
        )
        st.caption("Such as the days between the years. One day: leave the last day empty.")
    with right:
        st.markdown("**Open**")
        st.caption("Like 09:00-12:30, 13:30-17:00. Empty for a closed day.")
        texts = [
            st.text_input(
                day, write_shifts(shown.shifts[number]), max_chars=80, key=f"hours_{chosen}_day_{number}"
            )
            for number, day in enumerate(DAYS)
        ]
    with st.container(horizontal=True):
        saved = st.button("Save", type="primary", icon=":material/save:", key="hours_save")
        if chosen not in (NEW, BEGINNING):
            st.button(
                "Remove these hours",
                type="tertiary",
                icon=":material/delete:",
                on_click=remove,
                args=(date.fromisoformat(chosen), found.seen),
                key="hours_remove",
            )

if saved:
    try:
        shifts = tuple(read_shifts(text, day) for text, day in zip(texts, DAYS, strict=True))
        days = tuple(
            ClosedDays(row["First day"], row["Last day"] or row["First day"], row["Name"] or "Closed")
            for row in closed
            if any(row.get(name) for name in ("First day", "Last day", "Name"))
        )
        of = f"{nation}-{part}" if nation and part else nation or ""
        hours = BusinessHours(timezone or shown.timezone, shifts, of, days)
        calendars.change_hours(actor(), hours, begins, st.session_state[f"hours_{chosen}_seen"])
    except StaleVersion as stale:
        st.error(plain(stale), icon=":material/error:")
        st.button(
            "Show what they are now", icon=":material/refresh:", key="hours_start_over", on_click=start_over
        )
    except Refusal as refusal:
        st.error(plain(refusal), icon=":material/error:")
    else:
        st.session_state["hours_saved"] = True
        st.rerun()
