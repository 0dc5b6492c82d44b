"""What the dashboard is about: the period, the split, the leads it keeps to, and the definition they are judged by.

All of it stands in the address, so that a link shows another person the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from actions import metrics
from actions.dashboard import USUAL_DAYS
from components.dashboard_words import SO_FAR
from components.dates import DATE_FORMAT
from components.segments import choose_segment
from components.session import actor
from components.text import plain

PERIODS = {
    "30": "30 days",
    str(USUAL_DAYS): f"{USUAL_DAYS} days",
    "365": "12 months",
    "quarter": "This quarter",
    "all": "All",
    "dates": "Dates",
}
_USUAL = str(USUAL_DAYS)
_PERIOD = "period"
_DEFINITION = "definition"
_NAMES = {_DEFINITION: "Definition version", "owner": "Owner (first)"}


@dataclass(frozen=True)
class Choice:
    """The choices as the actions take them.

    `period` names the span of days in a sentence (“in the last 90 days”), `split` what figures are split by, as a heading.
    """

    first_day: date | None
    last_day: date | None
    by: str
    restate: str | None
    only: tuple[str, str] | None
    period: str
    split: str


def choose(today: date, versions: Sequence[str]) -> Choice:
    """Draw the controls and return what is chosen. `versions` are the definitions that all leads can be judged by."""
    fields = {**metrics.list_slices(actor()), _DEFINITION: _NAMES[_DEFINITION]}
    # in a row with others it would not wrap where the screen is narrow, but hide its end
    period = choose_segment("MQLs of", PERIODS, _USUAL, key=_PERIOD)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = _dates(today) if period == "dates" else None
        by = st.selectbox(
            "Split by",
            list(fields),
            format_func=lambda name: _NAMES.get(name, fields[name]),
            key="split",
            bind="query-params",
            width=190,
        )
        restate = ""
        if versions:
            restate = st.selectbox(
                "Judge all leads by",
                ["", *versions],
                format_func=lambda label: label or "the version in force then",
                key="restate",
                bind="query-params",
                help="Restating under one version keeps a new definition from looking like an improvement.",
                width=230,
            )
        only = _only(fields)
    first, last, words = _span(period, days, today)
    by = by or next(iter(fields))
    return Choice(first, last, by, restate or None, only, words, _NAMES.get(by, fields[by]))


def _dates(today: date) -> tuple[date, date] | None:
    first = st.date_input(
        "From",
        today - timedelta(days=89),
        max_value=today,
        key="from",
        bind="query-params",
        width=130,
        format=DATE_FORMAT,
    )
    last = st.date_input(
        "To", today, max_value=today, key="to", bind="query-params", width=130, format=DATE_FORMAT
    )
    if not isinstance(first, date) or not isinstance(last, date) or first > last:
        st.error("The first day has to be before the last.", icon=":material/error:")
        st.stop()
    return first, last


def _only(fields: dict[str, str]) -> tuple[str, str] | None:
    """The one value of a field that leads are kept to; it stands in the address as `only=source:webinar`."""
    asked = str(st.query_params.get("only", ""))
    field, _, value = asked.partition(":")
    chosen = (field, value) if field in fields and field != _DEFINITION and value else None
    label = f"Only {fields[chosen[0]].lower()} “{_shown(chosen[1])}”" if chosen else "All leads"
    popover = st.popover(
        plain(label), icon=":material/filter_alt:", key="metrics_only", on_change="rerun", width="content"
    )
    if popover.open:
        with popover:
            names = [name for name in fields if name not in (_DEFINITION, "owner")]
            about = st.selectbox("Field", names, format_func=fields.__getitem__, key="metrics_only_field")
            values = metrics.list_values(actor(), about)
            kept = st.selectbox(
                "Value",
                values,
                index=None,
                format_func=_shown,
                placeholder="Choose a value",
                key=f"metrics_only_value_{about}",
            )
            st.button(
                "Keep to these leads",
                type="primary",
                disabled=kept is None,
                key="metrics_only_set",
                on_click=_keep_to,
                args=(f"{about}:{kept}",),
            )
            if chosen:
                st.button("Show all leads", key="metrics_only_clear", on_click=_keep_to, args=("",))
    return chosen


def _keep_to(text: str) -> None:
    if text:
        st.query_params["only"] = text
    else:
        st.query_params.pop("only", None)


def _shown(value: str) -> str:
    return "none given" if value == "(blank)" else value


def _span(period: str, days: tuple[date, date] | None, today: date) -> tuple[date | None, date | None, str]:
    if days is not None:
        return *days, f"from {days[0]:%-d %B %Y} to {days[1]:%-d %B %Y}"
    if period == "all":
        return None, None, SO_FAR
    if period == "quarter":
        return date(today.year, today.month - (today.month - 1) % 3, 1), None, "this quarter"
    count = int(period) if period.isdigit() else int(_USUAL)
    return today - timedelta(days=count - 1), None, f"in the last {PERIODS[str(count)]}"
