"""The glossary: every term with what was agreed, what waits for signatures, and a search over all that it was ever called."""

from functools import partial

import streamlit as st

from actions import agreement_documents, definitions, glossary_terms
from actions.definitions import GlossaryEntry
from actions.permissions import may
from alignment.agreements import AgreementState
from alignment.disagreement.words import join_words
from alignment.glossary import TermDetails
from alignment.people import Actor, Team
from components.agreement_steps import show_signatures
from components.definition_open import show_open
from components.definition_text import DEFINITION_PAGE, day_of, link_to, show_rule
from components.links import portal_address
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain
from reports import agreement as reports

FORMS = {
    "html": ("Page to print", ":material/print:", "text/html"),
    "md": ("Text as Markdown", ":material/markdown:", "text/markdown"),
    "json": ("Everything as JSON", ":material/data_object:", "application/json"),
}

me = person()
drafts = may(me, "agreement:draft")
signs = may(me, "agreement:sign") and me.team is not None

open_page("Glossary", "What do our words mean, and who signed that?")
show_outcome()

with stop_on_refusal():
    entries = definitions.read_glossary(actor())
    details = glossary_terms.read_details(actor())


def summary() -> str:
    """How many terms are agreed, and what waits for whom."""
    agreed = sum(entry.in_force is not None for entry in entries)
    told = f"{agreed} of {len(entries)} terms {'is' if agreed == 1 else 'are'} agreed and in force."
    if asked := [plain(entry.open.label) for entry in mine or waiting if entry.open]:
        told += f" {join_words(asked)} {'waits' if len(asked) == 1 else 'wait'} for {'your signature' if mine else 'signatures'}."
    elif unread:
        told += f" You have not read {join_words([plain(e.term.name) for e in unread])} yet."
    return told


@st.dialog("Add a term")
def add_term() -> None:
    """A term of the company's own."""
    name = st.text_input("Term", max_chars=60, key="glossary_new_name")
    meaning = st.text_area("What does it stand for, in general?", max_chars=400, key="glossary_new_meaning")
    if st.button("Add", type="primary", key="glossary_new_add"):
        perform("The term is in the glossary.", definitions.add_term, name, meaning)
        if not was_refused():
            st.rerun()
        show_outcome()


def show_head(entry: GlossaryEntry, why: str) -> None:
    """The name of a term with where it stands, and why a search has found it."""
    # badges within the heading's own line: beside it they would stand higher than its letters
    stands = ":gray-badge[Not agreed yet]"
    if entry.in_force:
        since = day_of(entry.in_force.in_force_from)
        stands = f":green-badge[:material/verified: v{entry.in_force.version} in force since {since}]"
    if entry.upcoming:
        begins = day_of(entry.upcoming.in_force_from)
        stands += f" :blue-badge[:material/event: v{entry.upcoming.version} from {begins}]"
    st.markdown(f"#### {plain(entry.term.name)} &ensp;{stands}")
    if why:
        st.caption(f":material/search: {plain(why)}")


def show_agreed(entry: GlossaryEntry) -> None:
    """The version in force with its signatures and who has read it; else what the word stands for in general."""
    if entry.in_force is None:
        st.markdown(plain(entry.term.meaning))
        return
    st.markdown(plain(entry.in_force.text))
    show_rule(entry.in_force)
    show_signatures(entry.in_force, entry.names)
    st.caption(f"Read and acknowledged by {entry.acknowledged_count} of {entry.members} people.")
    if me.team and not entry.acknowledged:
        st.button(
            "I have read it",
            key=f"glossary_read_{entry.in_force.id}",
            icon=":material/done_all:",
            on_click=perform,
            args=("Noted, thank you.", definitions.acknowledge, entry.in_force.id),
        )


def show_foot(entry: GlossaryEntry, of: TermDetails) -> None:
    """Who answers for it, what it used to be called, and the way to everything else."""
    told = []
    owners = [
        f"{plain(entry.names.get(of.owners[team], 'someone who has left'))} ({team.label})"
        for team in Team
        if team in of.owners
    ]
    if owners:
        told.append(f"Answered for by {' and '.join(owners)}")
    called = [f"“{plain(name)}” ({team.label})" for team in Team for name in of.said_by(team).called]
    if called:
        told.append(f"Used to be called {', '.join(called)}")
    counted = {
        "versions": len(entry.versions),
        "examples": sum(one.qualifies for one in of.examples),
        "counter-examples": sum(not one.qualifies for one in of.examples),
    }
    counts = [
        f"{count} {name if count > 1 else name.removesuffix('s')}" for name, count in counted.items() if count
    ]
    if counts:
        told.append(", ".join(counts))
    if told:
        st.caption("  \n".join(told))
    fresh = drafts and not entry.versions and not entry.open
    st.page_link(
        DEFINITION_PAGE,
        label="Draft its definition" if fresh else "Everything about it",
        icon=":material/arrow_forward:",
        query_params=link_to(entry.term.key),
    )


def make_file(acting: Actor, form: str) -> bytes:
    """The agreement in one form."""
    return reports.MAKE[form](acting)[1]


def show_document() -> None:
    """The agreement to take away, and, for the administrator, the page that everybody may read."""
    acting = actor()  # a file is made outside of this run, which then has no session
    with stop_on_refusal():
        names = reports.file_names(acting)
        published = agreement_documents.is_published(acting)
    with st.popover("Take it away", icon=":material/download:", key="glossary_take_away"):
        st.caption(
            "Everything that is in force: definitions, promises and the lead score, with who signed them."
        )
        for form, (label, icon, kind) in FORMS.items():
            st.download_button(
                label,
                partial(make_file, acting, form),
                file_name=names[form],
                mime=kind,
                icon=icon,
                key=f"glossary_download_{form}",
                on_click="ignore",
                type="tertiary",
            )
        if may(me, "agreement:publish"):
            st.toggle(
                "A page that everybody may read",
                value=published,
                key="glossary_published",
                on_change=publish,
                help="What is in force, without sign-in, for whoever knows the address. Texts and rules appear as they are written; "
                "who signed, owners of leads and the leads themselves are left out.",
            )
        if published:
            st.caption("Everybody may read it here, without signing in:")
            st.code(f"{portal_address()}/agreement", language=None, wrap_lines=True)


def publish() -> None:
    """Open the public page, or close it, as the switch says."""
    opened = st.session_state["glossary_published"]
    perform(
        "Everybody may read it now." if opened else "The page is closed.", agreement_documents.publish, opened
    )


waiting = [entry for entry in entries if entry.open and entry.open.state is AgreementState.PROPOSED]
mine = [entry for entry in waiting if signs and me.team and entry.open and not entry.open.signed_by(me.team)]
unread = [entry for entry in entries if entry.in_force and me.team and not entry.acknowledged]
st.subheader(summary(), anchor=False)

open_ones = [*mine, *(entry for entry in waiting if entry not in mine)]
open_ones += [entry for entry in entries if entry.open and entry not in open_ones]
for entry in open_ones:
    show_open(entry, me, "glossary", edits=False)

query = st.text_input(
    "Find a term",
    max_chars=100,
    placeholder="Its name, what a team used to call it, or a word of its text",
    icon=":material/search:",
    key="glossary_search",
)
with st.container(horizontal=True):
    if drafts:
        st.button("Add a term of our own", icon=":material/add:", key="glossary_add", on_click=add_term)
    show_document()
with stop_on_refusal():
    hits = glossary_terms.search_terms(actor(), query)
by_key = {entry.term.key: entry for entry in entries}
if not query.strip():  # what is agreed first; a search has its own order
    hits = sorted(hits, key=lambda hit: by_key[hit.key].in_force is None)
if not hits:
    st.info(
        "Nothing in the glossary is called so, and no text says it. Try another word"
        + (", or add it as a term of your own." if drafts else "."),
        icon=":material/search_off:",
    )
for hit in hits:
    entry = by_key[hit.key]
    with st.container(border=True):
        show_head(entry, hit.why)
        show_agreed(entry)
        show_foot(entry, details[hit.key])
