"""Reality check: does what was agreed hold up on real leads, and which objections wait for their day?"""

import streamlit as st

from actions import definitions, drift, objections
from actions.permissions import may
from actions.settings import today
from alignment.definitions import DefinitionState
from alignment.objections import ObjectionState
from components.drift import is_over, sentence_of, show_drift
from components.objections import record_objection, show_objection
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.session import actor, person

me = person()
open_page("Reality check", "Does what we agreed hold up on real leads?")
show_outcome()

with stop_on_refusal():
    found = drift.read_drift(actor())
    seen = objections.read_revision(actor())
    listed = objections.list_objections(actor())
    authors = objections.name_authors(actor())
    this_day = today(actor())
    terms = {
        entry.term.key: entry.term.name
        for entry in definitions.read_glossary(actor())
        if entry.versions or (entry.open and entry.open.state is DefinitionState.PROPOSED)
    }


@st.fragment(run_every="5s")
def watch(shown: str) -> None:
    """Draw the page anew when an objection has moved: what is being typed stays."""
    with stop_on_refusal():
        if objections.read_revision(actor()) != shown:
            st.rerun()


def of_objections() -> str:
    confirmed = [one for one in listed if one.state is ObjectionState.CONFIRMED]
    waiting = sorted(one.claim.decided_on for one in listed if one.state is ObjectionState.WAITING)
    parts = []
    if confirmed:
        parts.append(
            "One objection came true." if len(confirmed) == 1 else f"{len(confirmed)} objections came true."
        )
    if waiting:
        day = waiting[0]
        count = (
            "One objection waits; it" if len(waiting) == 1 else f"{len(waiting)} objections wait; the next"
        )
        parts.append(f"{count} is looked at on {day.day} {day:%B %Y}.")
    return " ".join(parts)


watch(seen)
st.subheader(" ".join(part for part in (sentence_of(found), of_objections()) if part), anchor=False)
if is_over(found) and may(me, "definition:draft"):
    with st.container(horizontal=True):
        st.page_link(
            "pages/definitions/definition.py",
            label="Draft the next version",
            icon=":material/edit_document:",
            query_params={"term": "mql"},
        )
        if may(me, "rule:test"):
            st.page_link(
                "pages/definitions/what_if.py", label="Try a rule in What if", icon=":material/experiment:"
            )
show_drift(found, may(me, "drift:limit"), st.context.theme.type)

st.markdown("#### Objections")
if terms:
    form = st.expander(
        "Record an objection", icon=":material/back_hand:", key="reality_recording", on_change="rerun"
    )
    if form.open:
        with form:
            record_objection(terms, st.query_params.get("term"), this_day)
if not listed:
    st.write(
        "Who doubts an agreement need not win the argument today: an objection is kept as a claim with a figure and a date. "
        "If the figures prove it right, the topic comes back on the table."
        + ("" if terms else " There is nothing agreed yet that one could object to.")
    )
order = list(ObjectionState)
for objection in sorted(
    listed, key=lambda one: (one.state is not ObjectionState.CONFIRMED, order.index(one.state))
):
    show_objection(objection, me, authors)
