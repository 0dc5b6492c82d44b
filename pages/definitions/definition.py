"""One term: what is agreed, who signed it, what is being prepared, what changed, and leads that show what it means."""

import streamlit as st

from actions import definitions, glossary_terms
from actions.definitions import GlossaryEntry
from actions.permissions import may
from alignment.agreements import AgreementState
from alignment.definitions import DefinitionVersion
from alignment.glossary import TermDetails
from components.agreement_steps import awaited, show_reading
from components.definition_about import show_about
from components.definition_leads import show_examples
from components.definition_open import edit_version, show_open
from components.definition_text import DEFINITION_PAGE, day_of, link_to
from components.definition_versions import in_words, show_version, show_versions
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain

WIDTH = 860
GLOSSARY_PAGE = "pages/definitions/glossary.py"

me = person()
asked, asked_version = (st.query_params.get(name, "") for name in ("term", "version"))


def stop_lost(what: str) -> None:
    """The screen of a link that leads nowhere: what is wrong with it, and where to go."""
    open_page("Definition", "What did we agree that a word means?")
    st.info(what, icon=":material/link_off:")
    st.page_link(GLOSSARY_PAGE, label="Go to the glossary", icon=":material/menu_book:")
    st.stop()


def sentence(entry: GlossaryEntry) -> str:
    """Where the term stands, in one sentence."""
    name = plain(entry.term.name)
    if entry.in_force:
        told = (
            f"{plain(entry.in_force.label)} is agreed, in force since {day_of(entry.in_force.in_force_from)}."
        )
        if entry.upcoming:
            told += f" v{entry.upcoming.version} follows on {day_of(entry.upcoming.in_force_from)}."
    elif entry.upcoming:
        told = f"{plain(entry.upcoming.label)} is agreed, from {day_of(entry.upcoming.in_force_from)} on."
    else:
        told = f"Sales and marketing have not agreed yet what {name} means."
    if entry.open and entry.open.state is AgreementState.PROPOSED:
        told += f" {plain(entry.open.label)} waits for {awaited(entry.open, me)}."
    elif entry.open:
        told += f" {plain(entry.open.label)} is being drafted."
    return told


def show_earlier(entry: GlossaryEntry, version: DefinitionVersion) -> None:
    """A version that a permanent link leads to and that is not the one in force."""
    when = "will be" if version == entry.upcoming else "was"
    st.subheader(f"{plain(version.label)} {when} in force {in_words(version)}.", anchor=False)
    if entry.in_force:
        st.info(f"In force now is {plain(entry.in_force.label)}.", icon=":material/history:")
    st.page_link(
        DEFINITION_PAGE,
        label="See what is in force",
        icon=":material/arrow_forward:",
        query_params=link_to(entry.term.key),
    )
    show_version(entry, version)
    show_versions(entry)


def is_ones_turn(version: DefinitionVersion) -> bool:
    """Whether an open version waits for this person: for their signature, or as their own draft."""
    if version.state is AgreementState.PROPOSED:
        return may(me, "agreement:sign") and me.team is not None and version.signed_by(me.team) is None
    return version.author_id == me.id


def show_prepared(entry: GlossaryEntry) -> None:
    """The version that is being prepared."""
    st.subheader("Being prepared", anchor=False)
    show_open(entry, me, "definition", edits=True)


def show_term(entry: GlossaryEntry, details: TermDetails, names: dict[str, str]) -> None:
    """The term as it stands now."""
    drafts = may(me, "agreement:draft")
    st.subheader(sentence(entry), anchor=False)
    first = entry.open is not None and is_ones_turn(entry.open)
    if first:
        show_prepared(entry)
    if entry.in_force:
        if first:
            st.subheader("In force", anchor=False)
        show_version(entry, entry.in_force)
        show_reading(entry.in_force, me, "definition")
    elif not first:
        st.markdown(plain(entry.term.meaning))
    if entry.open and not first:
        show_prepared(entry)
    elif drafts and not entry.open:
        panel = st.expander(
            "Prepare the next version" if entry.versions else "Draft its definition",
            icon=":material/edit_note:",
            expanded=not entry.versions,
            on_change="rerun",
            key=f"definition_prepare_{entry.term.key}",
        )
        if panel.open:
            with panel:
                starting = "" if entry.in_force else glossary_terms.starting_text(actor(), entry.term.key)
                if starting:
                    st.caption(
                        "A text to begin from. Fill in what stands in brackets, and change whatever is different with you."
                    )
                edit_version(entry, None, starting)
    st.subheader("Leads that show it", anchor=False)
    shown = entry.in_force or entry.open
    show_examples(entry.term.key, me, shown.rule if shown else None)
    st.subheader("On both sides", anchor=False)
    show_about(details, me, dict(entry.names), names)
    show_versions(entry)


with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
    if not asked:
        stop_lost("This link names no term. Choose one in the glossary.")
    with stop_on_refusal():
        entries = {entry.term.key: entry for entry in definitions.read_glossary(actor())}
    if asked not in entries:
        stop_lost("The glossary has no such term. Choose one there.")
    entry = entries[asked]
    st.page_link(GLOSSARY_PAGE, label="All terms", icon=":material/arrow_back:")
    open_page(plain(entry.term.name), "What did we agree that it means?")
    show_outcome()
    if asked_version:
        found = next((one for one in entry.versions if str(one.version) == asked_version), None)
        if found is None:
            st.info(
                "This version is not agreed, or there is none of this number. This is where the term stands.",
                icon=":material/link_off:",
            )
        elif found != entry.in_force:
            show_earlier(entry, found)
            st.stop()
    with stop_on_refusal():
        details = glossary_terms.read_details(actor())[asked]
    show_term(entry, details, {key: one.term.name for key, one in entries.items()})
