"""What past leads say of a definition: who changes side, what was known when it was signed, and leads that show what it means."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from actions import agreements, glossary_terms, what_if
from actions.glossary_terms import Judged, ShownExample, Suggestion
from actions.permissions import may
from alignment.agreements import Evidence
from alignment.definitions import DefinitionVersion
from alignment.errors import Refusal
from alignment.glossary import LONGEST_NOTE, evidence_sentences
from alignment.people import Person
from components.definition_text import day_of
from components.outcome import perform, show_outcome, was_refused
from components.session import actor
from components.text import plain


def show_change_in_leads(before: DefinitionVersion | None, after: DefinitionVersion) -> None:
    """How many past leads change side between two versions, and how many of those were won; nothing where leads cannot tell."""
    if before is None or before.rule is None or after.rule is None or before.sentence == after.sentence:
        return
    try:
        with st.spinner("Looking at past leads …", show_time=True):
            found = what_if.what_if_change(actor(), before.rule, after.rule)
    except Refusal as refusal:
        st.caption(f"Past leads cannot tell: {plain(refusal)}")
        return
    if found is None:
        st.caption("There are no leads yet to show who would change side.")
        return
    st.markdown(f":material/swap_horiz: **{plain(found.sentence)}**")
    if found.changed:
        gained, given_up = found.gained, found.given_up
        st.caption(
            f"{gained.leads:,} come in ({gained.won:,} won, {gained.lost:,} lost), "
            f"{given_up.leads:,} drop out ({given_up.won:,} won, {given_up.lost:,} lost)."
            + (f" {found.unknown.leads:,} cannot be judged by both." if found.unknown.leads else "")
        )


def kept_evidence(version: DefinitionVersion) -> list[Evidence]:
    """What past leads said of the content as it is now when it was proposed and signed: frozen with the version."""
    return [
        one
        for one in agreements.read_evidence(actor(), version.id)
        if one.content_hash == version.content_hash and evidence_sentences(one.document)
    ]


def show_evidence(kept: Sequence[Evidence]) -> None:
    """Frozen evidence in words; nothing where there is none."""
    if not kept:
        return
    with st.container(border=True):
        for one in kept:
            st.caption(
                f"**What past leads said when it was {plain(one.moment)}, {day_of(one.at)}**",
                help=f"Kept as it was then, of the lead data {plain(one.facts)}." if one.facts else None,
            )
            st.markdown("  \n".join(plain(sentence) for sentence in evidence_sentences(one.document)))


def show_what_leads_say(version: DefinitionVersion) -> None:
    """What past leads say of the rule of an open version now, for those who are about to propose or sign it."""
    if version.rule is None:
        st.caption("Without a rule, past leads cannot show what this means for them.")
        return
    try:
        with st.spinner("Looking at past leads …", show_time=True):
            found = what_if.find_evidence(actor(), version.rule)
    except Refusal as refusal:
        st.caption(f"Past leads cannot tell: {plain(refusal)}")
        return
    if found is None:
        st.caption("There are no leads yet on which to try the rule.")
        return
    with st.container(border=True):
        st.caption("**What past leads say now**")
        st.markdown("  \n".join(plain(sentence) for sentence in evidence_sentences(found)))


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_examples(term_key: str, me: Person, rule: Mapping[str, Any] | None) -> None:
    """The examples and counter-examples of a term, with what the rule says of each, and the way to more of them."""
    try:
        shown = glossary_terms.read_examples(actor(), term_key, rule)
    except Refusal as refusal:
        st.caption(f"Past leads cannot tell: {plain(refusal)}")
        return
    describes = may(me, "term:describe")
    if not shown:
        st.caption(
            "No lead has been picked yet to show what this means."
            + ("" if describes else " Your team lead can pick some.")
        )
    wrong = sum(one.contradicts for one in shown)
    if wrong:
        st.warning(
            f"The rule says otherwise of {wrong} of these {len(shown)} leads. Change the rule, or take them out.",
            icon=":material/error:",
        )
    for place in range(0, len(shown), 2):
        for column, one in zip(st.columns(2), shown[place : place + 2], strict=False):
            with column:
                _show_example(one, describes)
    if describes and rule is not None:
        _show_picking(term_key, rule)
    elif describes:
        st.caption(
            "Leads are picked by the rule: once a version has one, this shows some that meet it and some that do not."
        )


def _show_example(one: ShownExample, describes: bool) -> None:
    example = one.example
    with st.container(border=True, height="stretch"):
        st.badge(
            "Counts" if example.qualifies else "Does not count",
            icon=":material/check:" if example.qualifies else ":material/close:",
            color="green" if example.qualifies else "orange",
        )
        if example.note:
            st.markdown(f"**{plain(example.note)}**")
        _show_facts(example.facts)
        if one.judged is not None:
            st.caption(_judged_in_words(one.judged))
        if describes:
            st.button(
                "Take out",
                type="tertiary",
                icon=":material/delete:",
                key=f"definition_example_out_{example.id}",
                on_click=perform,
                args=("Taken out.", glossary_terms.take_out_example, example.id),
            )


def _show_facts(facts: Sequence[tuple[str, str]]) -> None:
    st.markdown("  \n".join(f"{plain(label)}: **{plain(text)}**" for label, text in facts))


def _judged_in_words(judged: Judged) -> str:
    if judged.outcome is True:
        return "The rule says: counts."
    if judged.outcome is None:
        return f"The rule cannot tell: it is not known whether {plain('; '.join(judged.open))}."
    return f"The rule says: does not count. Not met: {plain('; '.join(judged.missed))}."


@st.fragment
def _show_picking(term_key: str, rule: Mapping[str, Any] | None) -> None:
    """Real leads put forward, three that meet the rule and three that do not; in a fragment, as one looks through them."""
    key = f"definition_pick_{term_key}"
    panel = st.expander(
        "Pick leads that show it", icon=":material/person_search:", on_change="rerun", key=key
    )
    if not panel.open:
        return
    with panel:
        seed = st.session_state.setdefault(f"{key}_seed", 1)
        try:
            with st.spinner("Looking for leads that differ …"):
                found = glossary_terms.suggest_examples(actor(), term_key, rule=rule, seed=seed)
        except Refusal as refusal:
            st.caption(plain(refusal))
            return
        show_outcome()
        if not found:
            st.caption("No other lead has enough known facts.")
            return
        st.caption("Nothing shown tells whose lead it is. Those that miss the least of the rule come first.")
        for place in range(0, len(found), 2):
            for column, one in zip(st.columns(2), found[place : place + 2], strict=False):
                with column:
                    _show_suggestion(term_key, one)
        st.button(
            "Others", icon=":material/casino:", key=f"{key}_others", on_click=_others, args=(f"{key}_seed",)
        )


def _show_suggestion(term_key: str, one: Suggestion) -> None:
    key = f"definition_pick_{term_key}_{one.lead_id}"
    counts = one.judged.outcome is True
    with st.container(border=True, height="stretch"):
        _show_facts(one.facts)
        st.caption(_judged_in_words(one.judged))
        note = st.text_input(
            "What does it show?",
            max_chars=LONGEST_NOTE,
            key=f"{key}_note",
            placeholder="Optional, one sentence",
        )
        if st.button(
            "Use as an example" if counts else "Use as a counter-example",
            icon=":material/add:",
            key=f"{key}_add",
        ):
            perform("Added.", glossary_terms.add_example, term_key, one.lead_id, counts, note)
            if not was_refused():
                st.rerun()
            show_outcome()


def _others(key: str) -> None:
    st.session_state[key] += 1
