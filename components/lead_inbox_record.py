"""One lead as people who have to judge it want to see it: how it came in, who it is, what happened, what the rule says."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from actions.lead_inbox import LeadView
from actions.settings import local_time
from alignment import instants
from alignment.lead_decisions import Decision, Verdict
from alignment.lifecycle import RejectionReason
from alignment.rules.explaining import value_text
from components.session import actor
from components.text import plain

CAME_IN = ("source", "campaign", "content", "created_at")
WHO = ("company", "company_size", "employees", "industry", "country", "job_title", "job_level")
DEAL = ("value", "currency", "owner")
MOST_SHOWN = 10
EVENTS = {
    "assigned": "Assigned",
    "contact_attempted": "Tried to reach",
    "contacted": "Spoken to",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "decision_withdrawn": "Decision taken back",
}
STAGES = {
    "lead": "Came in",
    "mql": "Became an MQL",
    "sal": "Entered SAL",
    "sql": "Became an SQL",
    "opportunity": "Became an opportunity",
    "won": "Won",
    "lost": "Lost",
}
OUTCOMES: dict[bool | None, tuple[str, str]] = {
    True: (":material/check_circle:", "meets"),
    False: (":material/cancel:", "does not meet"),
    None: (":material/help:", "may or may not meet"),
}
COLOURS: dict[bool | None, Literal["green", "red", "gray"]] = {True: "green", False: "red", None: "gray"}


def lead_title(view_id: str, company: object) -> str:
    """What a lead is called: its company and its id, or the id alone. Not escaped."""
    return f"{company} · {view_id}" if company else view_id


def reason_label(code: str | None) -> str:
    """A rejection's reason in words; codes of other systems as they come."""
    if not code:
        return "no reason given"
    return (
        RejectionReason(code).label if code in list(RejectionReason) else code.replace("_", " ").capitalize()
    )


def when(at: datetime | str | None, day_only: bool = False) -> str:
    """An instant (naive UTC, or in the store's form) as the company's clocks show it; '' for none."""
    if at is None:
        return ""
    text = at if isinstance(at, str) else instants.to_text(at.replace(tzinfo=UTC))
    local = local_time(actor(), text)
    return f"{local:%-d %b %Y}" if day_only else f"{local:%-d %b %Y, %H:%M}"


def show_record(view: LeadView) -> None:
    """Everything that is known of the lead, side by side where there is room."""
    with st.grid(3, min_column_width=220, gap="medium"):
        with st.container(gap="small"):
            _show_fields(view, "How it came in", CAME_IN)
            _show_fields(view, "Who it is", (*WHO, *DEAL))
        _show_custom(view)
        _show_events(view)
    _show_explanation(view)


def show_badges(view: LeadView) -> None:
    """What matters at a glance: the definition's word, and what is missing."""
    with st.container(horizontal=True, gap="small"):
        if view.definition is not None and view.explanation is not None:
            icon, words = OUTCOMES[view.explanation.outcome]
            st.badge(
                plain(f"{words[0].upper()}{words[1:]} {view.definition.label}"),
                icon=icon,
                color=COLOURS[view.explanation.outcome],
            )
        if view.missing:
            st.badge(plain(f"Missing: {', '.join(view.missing)}"), icon=":material/rule:", color="orange")


def show_decisions(decisions: Sequence[Decision]) -> None:
    """What people decided on the lead here, the latest first."""
    for one in decisions:
        words = (
            "accepted" if one.verdict is Verdict.ACCEPTED else f"rejected, {reason_label(one.reason).lower()}"
        )
        undone = f", taken back on {when(one.undone_at)}" if one.undone_at else ""
        st.markdown(plain(f"{one.person_name} {words}, {when(one.decided_at)}{undone}"))
        if one.note:
            st.caption(plain(one.note))


def _show_fields(view: LeadView, heading: str, names: Iterable[str]) -> None:
    shown = [
        (view.labels.get(name, name), value_text(view.record.fields.get(name)))
        for name in names
        if name in view.record.fields
    ]
    _show_rows(heading, [(label, text) for label, text in shown if text], "Nothing is recorded.")


def _show_custom(view: LeadView) -> None:
    known = [
        (view.labels[name], value_text(view.record.fields.get(name)))
        for name in sorted(view.custom)
        if value_text(view.record.fields.get(name))
    ]
    # what somebody did says more than what they did not
    known.sort(key=lambda row: row[1] in ("no", "0"))
    with st.container(gap="xsmall"):
        _show_rows("What they did", known[:MOST_SHOWN], "Nothing is recorded beside the usual fields.")
        if len(known) > MOST_SHOWN:
            with st.popover(f"{len(known) - MOST_SHOWN} more", icon=":material/more_horiz:"):
                _show_rows("Also", known[MOST_SHOWN:], "")


def _show_events(view: LeadView) -> None:
    events = view.record.events
    lines = []
    for event in events[-MOST_SHOWN:]:
        what = STAGES.get(event["stage"] or "", "") or EVENTS.get(
            event["type"], event["type"].replace("_", " ")
        )
        if event["reason"]:
            what += f": {reason_label(event['reason']).lower()}"
        if event["owner"] and event["type"] == "assigned":
            what += f" to {event['owner']}"
        if event["automatic"]:
            what += " (automatic)"
        at = when(event["at"], bool(event["day_only"])) or "no date"
        lines.append(f"{plain(what)} :small[:gray[{plain(at)}]]")
    with st.container(gap="xsmall"):
        st.markdown("**What happened**")
        if lines:
            st.markdown("  \n".join(lines))
        else:
            st.caption("No event is recorded.")
        if len(events) > MOST_SHOWN:
            st.caption(f"The last {MOST_SHOWN} of {len(events)} events.")


def _show_explanation(view: LeadView) -> None:
    if view.definition is None:
        st.caption("No definition of an MQL was in force when this lead was handed over.")
        return
    if view.explanation is None:
        with st.container(gap="xsmall"):
            st.markdown(f"**What {plain(view.definition.label)} says**")
            st.markdown(plain(view.definition.text))
            st.caption("It is text only, so that the portal cannot judge by it.")
        return
    _, words = OUTCOMES[view.explanation.outcome]
    with st.container(gap="xsmall"):
        st.markdown(
            f"**Why it {words} {plain(view.definition.label)}**  \n:small[:gray[It asks for {plain(view.explanation.needs)}.]]"
        )
        for finding in view.explanation.findings:
            icon, _ = OUTCOMES[finding.outcome]
            found = "; ".join(f"{label}: {text or 'not known'}" for label, text in finding.found)
            found = found[:1].upper() + found[1:]
            points = f" ({finding.points:+g})" if finding.points is not None else ""
            sentence = finding.sentence[0].upper() + finding.sentence[1:]
            st.markdown(f"{icon} {plain(sentence + points)}  \n:small[:gray[{plain(found)}]]")


def _show_rows(heading: str, rows: Sequence[tuple[str, str]], otherwise: str) -> None:
    with st.container(gap="xsmall"):
        st.markdown(f"**{heading}**")
        if rows:
            st.markdown(
                "  \n".join(
                    f":gray[{plain(label[:1].upper() + label[1:])}]  {plain(text)}" for label, text in rows
                )
            )
        elif otherwise:
            st.caption(otherwise)
