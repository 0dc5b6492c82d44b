"""The leads under promises: what is due soon, what was broken and whose it was, and letting the other side off."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import streamlit as st

from actions import promise_signing, promises
from actions.permissions import may
from actions.promises import Due, PromiseEntry
from alignment.calendars import spoken_minutes
from alignment.people import Person
from alignment.promises import LeadInTime, PromiseKind
from components.dates import DATE_FORMAT
from components.outcome import perform, show_outcome, was_refused
from components.page import show_refusal
from components.session import actor
from components.text import plain

NOBODY = "(nobody)"
Spoken = Callable[[datetime], str]


def may_let_off(person: Person, entry: PromiseEntry) -> bool:
    """Whether the person speaks for the side that this was promised to."""
    return (
        may(person, "promise:waive")
        and person.team is entry.promise.side.other
        and entry.promise.kind is PromiseKind.RESPONSE
    )


def show_due(found: Sequence[Due], at: Spoken) -> None:
    """The leads that wait and are not due yet, the most pressing first, of all promises."""
    waiting = [(due, lead) for due in found for lead in due.leads]
    total = sum(due.count for due in found)
    if not waiting:
        st.info("Nobody waits for an answer that is still in time.", icon=":material/done_all:")
        return
    waiting.sort(key=lambda pair: (pair[1].due_at is None, pair[1].due_at or pair[0].as_of))
    shown = len(waiting)
    st.caption(
        f"As of {at(found[0].as_of)}."
        + (f" The {shown:,} most pressing of {total:,}." if shown < total else "")
    )
    st.dataframe(
        [
            {
                "Due": at(lead.due_at) if lead.due_at else "in more than a year",
                "Time left": spoken_minutes(max(0, lead.limit_minutes - lead.minutes)),
                "Lead": lead.lead_id,
                "Company": lead.company,
                "Owner": lead.owner or NOBODY,
                "Promise": due.promise.name,
                "Source": lead.source,
            }
            for due, lead in waiting
        ],
        hide_index=True,
        height=min(420, 38 + 35 * shown),
        alt="Leads that wait for an answer, the most pressing first",
        key="promises_due_table",
    )


def show_broken(
    entries: Sequence[PromiseEntry], first_day: date, last_day: date, me: Person, at: Spoken
) -> None:
    """The leads for which one promise was broken, page by page, and letting them off."""
    of_leads = [entry for entry in entries if entry.promise.kind is PromiseKind.RESPONSE and entry.versions]
    if not of_leads:
        st.info("No promise to answer leads is in force.", icon=":material/info:")
        return
    names = {entry.promise.key: entry.promise.name for entry in of_leads}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox(
            "Promise", list(names), format_func=lambda one: names[one], key="promises_broken_which", width=260
        )
        still_open = st.toggle("Only those that still wait", key="promises_broken_open")
    entry = next(entry for entry in of_leads if entry.promise.key == key)
    page = int(st.session_state.get("promises_broken_page", 1))
    with show_refusal():
        leads, total = promises.list_breaches(
            actor(), key, first_day=first_day, last_day=last_day, still_open=still_open, page=page
        )
        if not leads and page > 1:
            page = 1
            leads, total = promises.list_breaches(
                actor(), key, first_day=first_day, last_day=last_day, still_open=still_open
            )
        if not leads:
            st.info("Not broken for any lead of these days.", icon=":material/done_all:")
            return
        lets_off = may_let_off(me, entry)
        chosen = _table(leads, lets_off, at)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if lets_off:
                st.button(
                    "Let the chosen leads off",
                    icon=":material/front_hand:",
                    disabled=not chosen,
                    on_click=_let_off_leads,
                    args=(entry, [lead.lead_id for lead in chosen]),
                    key="promises_let_off_leads",
                )
            if total > promises.PAGE:
                st.pagination(-(-total // promises.PAGE), key="promises_broken_page")
        st.caption(
            f"{total:,} {'lead' if total == 1 else 'leads'} whose clock started in these days. The owner is who had the lead "
            "when the answer was due."
        )


def _table(leads: Sequence[LeadInTime], choose: bool, at: Spoken) -> list[LeadInTime]:
    rows = [
        {
            "Was due": at(lead.due_at) if lead.due_at else "",
            "Answered": at(lead.answered_at) if lead.answered_at else "not yet",
            "Took": spoken_minutes(lead.minutes),
            "Promised": spoken_minutes(lead.limit_minutes),
            "Owner": lead.owner or NOBODY,
            "Lead": lead.lead_id,
            "Company": lead.company,
            "Source": lead.source,
            "Judged by": lead.version,
        }
        for lead in leads
    ]
    height, alt = min(420, 38 + 35 * len(rows)), "Leads for which the promise was broken, the latest first"
    if not choose:
        st.dataframe(rows, hide_index=True, height=height, alt=alt, key="promises_broken_table")
        return []
    shown = st.dataframe(
        rows,
        hide_index=True,
        height=height,
        alt=alt,
        on_select="rerun",
        selection_mode="multi-row",
        key="promises_broken_choice",
    )
    return [leads[number] for number in shown["selection"]["rows"] if number < len(leads)]


@st.dialog("Let them off")
def _let_off_leads(entry: PromiseEntry, lead_ids: Sequence[str]) -> None:
    count = f"{len(lead_ids)} leads" if len(lead_ids) > 1 else f"Lead {plain(lead_ids[0])}"
    st.write(
        f"{count} will count neither as kept nor as broken under {plain(entry.promise.name)}. Everybody sees the reason."
    )
    reason = st.text_area("Why?", max_chars=1000, key="promises_let_off_reason")
    if st.button("Let off", type="primary", key="promises_let_off_sure"):
        for lead_id in lead_ids:
            perform("Let off.", promise_signing.waive, entry.promise.key, reason, lead_id=lead_id)
            if was_refused():
                break
        if not was_refused():
            st.rerun()
        show_outcome()


@st.dialog("Let days off")
def let_off_days(entry: PromiseEntry) -> None:
    """Ask for the days and the reason for which a promise does not count."""
    st.write(
        "Leads whose clock starts on these days will count neither as kept nor as broken. Everybody sees the reason."
    )
    today = date.today()
    days = st.date_input(
        "From … to …", (today - timedelta(days=1), today), key="promises_let_off_days", format=DATE_FORMAT
    )
    reason = st.text_area("Why?", max_chars=1000, key="promises_let_off_days_reason")
    if st.button("Let off", type="primary", key="promises_let_off_days_sure"):
        first, last = days if isinstance(days, tuple) and len(days) == 2 else (None, None)
        perform("Let off.", promise_signing.waive, entry.promise.key, reason, first_day=first, last_day=last)
        if not was_refused():
            st.rerun()
        show_outcome()


def show_let_off(entry: PromiseEntry, me: Person, day: Callable[[str], str]) -> None:
    """What was let off of a promise and why, with a way to take it back."""
    lets_off = may_let_off(me, entry)
    for waiver in entry.waivers:
        who = plain(entry.names.get(waiver.person_id, "someone who has left"))
        what = (
            f"Lead {plain(waiver.lead_id)}"
            if waiver.lead_id
            else f"{day(waiver.first_at or '')} to before {day(waiver.until_at or '')}"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{what}**: {plain(waiver.reason)} ({who}, {day(waiver.at)})", width="stretch")
            if lets_off:
                st.button(
                    "Count it again",
                    type="tertiary",
                    key=f"promises_withdraw_{waiver.id}",
                    on_click=perform,
                    args=("It counts again.", promise_signing.withdraw_waiver, waiver.id),
                )
    if not entry.waivers:
        st.caption("Nothing has been let off.")
    if lets_off:
        st.button(
            "Let days off",
            icon=":material/event_busy:",
            key=f"promises_let_off_{entry.promise.key}",
            on_click=let_off_days,
            args=(entry,),
        )
