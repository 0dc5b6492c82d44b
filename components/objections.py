"""Objections with the claim that decides them: the list, recording one, taking one back."""

from datetime import date, timedelta
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from actions import metrics, objections
from actions.permissions import FACILITATORS
from alignment.objections import (
    MEASURES,
    ClaimUnit,
    Comparison,
    Objection,
    ObjectionState,
    caution_of,
    claim_in_words,
    evidence_in_words,
    outcome_in_words,
)
from alignment.people import Person
from components.dates import DATE_FORMAT
from components.kind_of_leads import choose_kind
from components.outcome import perform, show_outcome, was_refused
from components.page import show_refusal
from components.session import actor
from components.text import ink, plain

_COLOURS: dict[ObjectionState, tuple[Literal["blue", "red", "green", "gray"], str]] = {
    ObjectionState.WAITING: ("blue", ":material/hourglass_top:"),
    ObjectionState.CONFIRMED: ("red", ":material/notification_important:"),
    ObjectionState.NOT_CONFIRMED: ("green", ":material/check:"),
    ObjectionState.UNDECIDED: ("gray", ":material/help:"),
    ObjectionState.WITHDRAWN: ("gray", ":material/undo:"),
}
_USUAL_WAIT = timedelta(days=90)


def show_objection(found: Objection, me: Person, authors: dict[str, str]) -> None:
    """One objection: what is claimed, where it stands, and what can be done with it."""
    colour, icon = _COLOURS[found.state]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(found.version)}**")
            st.badge(found.state.label, color=colour, icon=icon)
        st.markdown(f"{plain(claim_in_words(found.claim))}.")
        author = plain(authors.get(found.author_id, "someone who has left"))
        st.caption(f"{author}: {plain(found.reason)}")
        if found.evidence is not None:
            st.markdown(plain(outcome_in_words(found.claim, found.evidence, found.state)))
            known = date.fromisoformat(found.evidence.as_of[:10])
            st.caption(
                f"Leads as known on {known.day} {known:%B %Y}; "
                f"{plain(found.evidence.definition) or 'no definition'} applied. {plain(found.evidence.formula)}"
            )
        if found.withdrawn_because:
            st.caption(f"Taken back: {plain(found.withdrawn_because)}")
        if found.state is ObjectionState.CONFIRMED:
            st.page_link("pages/workshop/workshop.py", label="To the workshop", icon=":material/groups:")
        if found.state is ObjectionState.WAITING:
            _show_waiting(found, me)


def _show_waiting(found: Objection, me: Person) -> None:
    if objections.is_behind(actor(), found):
        st.caption("Its days are over. It is decided as soon as the lead data reach that far.")
    else:
        day = found.claim.decided_on
        st.caption(
            f"It is looked at once, on {day.day} {day:%B %Y}; what the figure says before decides nothing."
        )
    with st.container(horizontal=True):
        so_far = st.popover("How it stands so far", key=f"reality_so_far_{found.id}", on_change="rerun")
        if so_far.open:
            with so_far, show_refusal():
                standing = objections.read_standing(actor(), found.id)
                if standing is None:
                    st.write(
                        "Nothing is known yet: the days of the claim have not begun, or there are no leads."
                    )
                else:
                    st.markdown(f"So far {plain(evidence_in_words(found.claim, standing))}.")
        if me.id == found.author_id or me.role in FACILITATORS:
            back = st.popover("Take it back", key=f"reality_withdraw_{found.id}", on_change="rerun")
            if back.open:
                with back:
                    _withdraw(found.id)


def _withdraw(objection_id: str) -> None:
    st.write("It stays in the list with the reason, and is not looked at any more.")
    key = f"reality_because_{objection_id}"
    st.text_area("Why?", max_chars=500, key=key)

    def withdraw() -> None:
        perform(
            "The objection was taken back.", objections.withdraw, objection_id, st.session_state.get(key, "")
        )

    st.button("Take it back", type="primary", key=f"reality_withdraw_sure_{objection_id}", on_click=withdraw)


def record_objection(terms: dict[str, str], chosen: str | None, day: date) -> None:
    """The form for an objection: `terms` are key → name of what can be objected to, `chosen` the one asked for."""
    st.write(
        "Say what will go wrong, and the figure that will prove it. When its days are over the portal looks at the figure; if it "
        "proves you right, the topic comes back on the table and both team leads are told."
    )
    keys = list(terms)
    term = st.selectbox(
        "Against",
        keys,
        index=keys.index(chosen) if chosen in keys else 0,
        format_func=lambda key: terms[key],
        key="reality_term",
    )
    reason = st.text_area(
        "What is wrong with it?",
        max_chars=1000,
        placeholder="Small companies never buy from us.",
        key="reality_reason",
    )
    measure = st.selectbox(
        "Which figure will show it?",
        list(MEASURES),
        format_func=lambda key: MEASURES[key].label[:1].upper() + MEASURES[key].label[1:],
        key="reality_measure",
    )
    share = MEASURES[measure].unit is ClaimUnit.SHARE
    with st.container(horizontal=True, vertical_alignment="bottom"):
        comparison = st.segmented_control(
            "It will be",
            list(Comparison),
            default=Comparison.BELOW,
            required=True,
            format_func=lambda one: ink(one.value),
            key="reality_comparison",
        )
        value = st.number_input(
            "Per cent" if share else "Leads",
            min_value=0.0,
            max_value=100.0 if share else None,
            value=None,
            step=1.0,
            format="%g",
            key=f"reality_value_{MEASURES[measure].unit}",
        )
    now = st.container()
    with st.container(horizontal=True):
        first_day = st.date_input("Of leads from", day, key="reality_first", format=DATE_FORMAT)
        last_day = st.date_input(
            "To", day + _USUAL_WAIT, min_value=day, key="reality_last", format=DATE_FORMAT
        )
    caution = st.container()
    with show_refusal():
        field, field_value = choose_kind("reality", metrics.list_slices(actor())) or ("", "")
    with show_refusal():
        current = objections.read_current(actor(), measure, *((field, field_value) if field_value else ()))
        if current is not None:
            _show_current(current, first_day, last_day, now, caution)
    if st.button("Record it", type="primary", key="reality_record"):
        perform(
            "Recorded. It is looked at when its days are over.",
            objections.raise_objection,
            term,
            reason,
            measure,
            comparison,
            value / 100 if share and value is not None else value,
            first_day,
            last_day,
            field=field,
            field_value=field_value,
        )
        if not was_refused():
            for key in ("reality_reason", "reality_recording"):
                st.session_state.pop(key, None)
            st.rerun()
        show_outcome()


def _show_current(
    current: objections.Current, first_day: date, last_day: date, now: DeltaGenerator, beneath: DeltaGenerator
) -> None:
    """What the figure is now, so that a claim is set against it, and beneath its days what they cannot decide."""
    now.caption(f"Now: {plain(current.in_words)}, over the last {objections.CURRENT_DAYS} days.")
    caution = caution_of(first_day, last_day, current.window_days)
    if caution:
        beneath.caption(f":orange[:material/hourglass_bottom:] {plain(caution)}")
