"""How both teams keep their promises in a period, on the dashboard: one line a promise, and what is due soon."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from actions import promises
from alignment import instants
from alignment.promises import PromiseKind, Verdict
from components.navigation import page_path, screens
from components.page import show_refusal
from components.passport import interval_in_words, percent, show_passport
from components.session import actor
from components.text import plain

if TYPE_CHECKING:
    from actions.promises import Compliance

_MARKS = {
    True: ":green[:material/check_circle:]",
    False: ":orange[:material/error:]",
    None: ":gray[:material/help:]",
}


def show_promises(first_day: date | None, last_day: date, at: Callable[[str], str]) -> None:
    """Each promise that was in force in the period: kept how often, of how many, with its passport; and what is due."""
    with show_refusal():
        found = promises.read_compliance(actor(), first_day=first_day, last_day=last_day)
        due = promises.read_due(actor(), most=0)
        with st.container(border=True, height="stretch"):
            st.markdown("**Promises to each other**")
            if not found:
                st.caption("No promise was in force in this period.")
            for one in found:
                _show(one, first_day, last_day, at)
            for soon in due:
                if soon.count:
                    leads = "lead is" if soon.count == 1 else "leads are"
                    name = plain(soon.promise.name)
                    st.caption(f":material/schedule: {soon.count:,} {leads} still in time for “{name}”.")
            if any(screen.address == "promises" for screen in screens()):
                st.page_link(
                    page_path("promises"), label="Promises and breaches", icon=":material/handshake:"
                )


def _show(found: "Compliance", first_day: date | None, last_day: date, at: Callable[[str], str]) -> None:
    promise = found.promise
    mark = _MARKS[found.kept_enough]
    who = f":{'orange' if promise.side == 'sales' else 'green'}[{promise.side.label.capitalize()}]"
    if promise.kind is PromiseKind.RESPONSE and found.figures:
        figure = found.figures[0]
        said = (
            "cannot be told yet"
            if figure.value is None
            else f"{percent(figure.value)} of {figure.denominator:,} leads in time"
        )
        span = interval_in_words(figure)
        st.markdown(f"{mark} {who}: **{plain(promise.name)}**, {said}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"95% interval {span}" if span else plain(figure.notes[0]) if figure.notes else "")
            with st.popover(
                "Passport", icon=":material/badge:", type="tertiary", key=f"metrics_promise_{promise.key}"
            ):
                show_passport(figure, plain(promise.name), at)
                for version in found.versions:
                    st.caption(f"{plain(version.label)}: {plain(version.sentence)}")
            _show_broken(promise.key, figure.denominator - figure.numerator, first_day, last_day, at)
    for delivery in found.deliveries:
        words = f"{delivery.delivered.numerator:,} of {delivery.wanted:,.0f} leads by now"
        if delivery.verdict is Verdict.CANNOT_TELL:
            words += ", which cannot be judged yet"
        st.markdown(f"{mark} {who}: **{plain(promise.name)}**, {words}")
        accepted = delivery.acceptance.value
        st.caption(
            f"{delivery.first_day:%-d %B} to {delivery.last_day:%-d %B}"
            + (f"; sales accepted {percent(accepted)} of those it decided on" if accepted is not None else "")
        )


def _show_broken(
    key: str, count: int, first_day: date | None, last_day: date, at: Callable[[str], str]
) -> None:
    """The leads for which a promise was broken, the latest due first: looked up when asked for."""
    if count < 1:
        return
    box = st.popover(
        f"Broken for {count:,}",
        icon=":material/list:",
        type="tertiary",
        key=f"metrics_broken_{key}",
        on_change="rerun",
    )
    if not box.open:
        return
    with box, show_refusal():
        with st.spinner("Looking up the leads …", show_time=False):
            leads, total = promises.list_breaches(actor(), key, first_day=first_day, last_day=last_day)
        rows = [
            {
                "Was due": at(instants.to_text(lead.due_at)) if lead.due_at else "",
                "Lead": lead.lead_id,
                "Company": lead.company,
                "Owner": lead.owner or "(nobody)",
                "Answered": at(instants.to_text(lead.answered_at)) if lead.answered_at else "not yet",
            }
            for lead in leads
        ]
        st.dataframe(rows, hide_index=True, alt="Leads for which the promise was broken")
        if total > len(rows):
            st.caption(f"The {len(rows)} that were due last, of {total:,}; all are under Promises.")
