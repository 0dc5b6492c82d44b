"""Promises: what have the teams promised each other, and do they keep it?"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from actions import promise_signing, promises, settings
from actions.permissions import may
from actions.promises import Compliance, Delivery
from alignment.agreements import AgreementState
from alignment.promises import PromiseKind, whose_in_words
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.passport import percent
from components.promise_cards import show_promise, wanted_of
from components.promise_lists import show_broken, show_due
from components.session import actor, person
from components.text import ink, plain

SPANS = ("This month", "Last month", "Last quarter", "Last 90 days")
KINDS = {
    PromiseKind.RESPONSE: "Sales answers leads within a time",
    PromiseKind.DELIVERY: "Marketing delivers so many qualified leads a month",
}
VIEWS = ("Promises", "Due soon", "Broken")

me = person()
open_page("Promises", "What have the teams promised each other, and do they keep it?")
show_outcome()
with stop_on_refusal():
    entries = promises.read_promises(actor())
    zone = ZoneInfo(settings.read_company(actor()).hours.timezone)
    now = settings.today(actor())


def at(instant: str | datetime) -> str:
    """An instant as the company's clocks show it."""
    local = (
        instant.astimezone(zone) if isinstance(instant, datetime) else settings.local_time(actor(), instant)
    )
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def day(instant: str) -> str:
    """The day of an instant for the company."""
    local = settings.local_time(actor(), instant)
    return f"{local.day} {local:%B %Y}"


def days_of(span: str) -> tuple[date, date]:
    """The first and the last day of a span."""
    first = now.replace(day=1)
    match span:
        case "This month":
            return first, now
        case "Last month":
            last = first - timedelta(days=1)
            return last.replace(day=1), last
        case "Last quarter":
            return promises.last_quarter(actor())
    return now - timedelta(days=89), now


def listed(things: list[str]) -> str:
    """Things as people list them."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"


def _with(one: Delivery) -> str:
    whose = whose_in_words(one.version.terms)
    return f" {plain(whose)}" if whose else ""


def in_words(found: list[Compliance]) -> str:
    """One sentence on how the promises stand."""
    delivered = [one.deliveries[-1] for one in found if one.deliveries]
    parts = [
        f"marketing delivered {one.delivered.numerator:,} qualified leads{_with(one)}, {one.wanted:,.0f} were promised"
        for one in delivered
    ]
    kept = [
        f"‘{plain(one.promise.name)}’ for {percent(figure.value)} of {figure.denominator:,} leads"
        f" (promised: {percent(wanted_of(one))})"
        for one in found
        for figure in one.figures[:1]
        if figure.value is not None
    ]
    if kept:
        parts.append(f"sales kept {listed(kept)}")
    if not parts:
        if any(entry.in_force for entry in entries):
            return "No promise can be judged for these days yet."
        return "Nothing has been promised yet."
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


@st.dialog("Add a promise")
def add_promise() -> None:
    st.write(
        "Another promise beside the usual ones. It can be for some leads only, such as those of one source or segment."
    )
    kind = st.radio(
        "What is promised?", list(PromiseKind), format_func=KINDS.__getitem__, key="promises_new_kind"
    )
    name = st.text_input(
        "What is it called?",
        max_chars=60,
        key="promises_new_name",
        placeholder="First conversation with enterprise leads",
    )
    if st.button("Add", type="primary", key="promises_new_add"):
        perform("Added. Draft its first version.", promise_signing.add_promise, name, kind)
        if not was_refused():
            st.rerun()
        show_outcome()


sentence = st.container()
with st.container(horizontal=True, vertical_alignment="bottom"):
    view = st.segmented_control(
        "Show",
        VIEWS,
        format_func=ink,
        default=VIEWS[0],
        required=True,
        key="promises_view",
        label_visibility="collapsed",
    )
    span = st.selectbox(
        "Days", SPANS, len(SPANS) - 1, key="promises_span", label_visibility="collapsed", width=180
    )
first_day, last_day = days_of(span)
with stop_on_refusal():
    standing = {
        found.promise.key: found
        for found in promises.read_compliance(actor(), first_day=first_day, last_day=last_day, by="week")
    }
to_sign = [
    entry.open
    for entry in entries
    if entry.open
    and entry.open.state is AgreementState.PROPOSED
    and me.team
    and may(me, "agreement:sign")
    and not entry.open.signed_by(me.team)
]
with sentence:
    st.subheader(in_words(list(standing.values())), anchor=False)
    for version in to_sign:
        st.info(f"{plain(version.label)} waits for your signature.", icon=":material/draw:")

if view == "Due soon":
    with stop_on_refusal():
        show_due(promises.read_due(actor()), at)
elif view == "Broken":
    show_broken(entries, first_day, last_day, me, at)
else:
    ordered = sorted(entries, key=lambda entry: entry.open not in to_sign if entry.open else True)
    for entry in ordered:
        with st.container(border=True):
            show_promise(entry, standing.get(entry.promise.key), me, at, day)
    if may(me, "promise:draft"):
        st.button("Add a promise", icon=":material/add:", on_click=add_promise, key="promises_add")
