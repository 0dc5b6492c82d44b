"""The version of a definition that is being prepared: what it changes, what leads say of it, and what can be done with it."""

import streamlit as st

from actions import definitions, glossary_terms
from actions.definitions import GlossaryEntry
from actions.permissions import may
from alignment.agreements import AgreementState
from alignment.definitions import DefinitionVersion
from alignment.errors import Refusal
from alignment.glossary import still_to_fill_in
from alignment.people import Person
from components.agreement_steps import (
    ask_start,
    begin_form,
    edit_panel,
    save_form,
    show_begin,
    show_heading,
    show_signatures,
    show_steps,
)
from components.definition_leads import (
    kept_evidence,
    show_change_in_leads,
    show_evidence,
    show_what_leads_say,
)
from components.definition_text import DEFINITION_PAGE, link_to, show_change
from components.rule_editor import describe_rule, edit_rule
from components.session import actor
from components.text import plain


def show_open(entry: GlossaryEntry, me: Person, page: str, *, edits: bool) -> None:
    """The open version of a term as a card; nothing where there is none. `page` keeps the keys of two pages apart, and with
    `edits` it can be edited here, else there is a link to where it can."""
    version = entry.open
    if version is None:
        return
    proposed = version.state is AgreementState.PROPOSED
    drafts = may(me, "agreement:draft")
    with st.container(border=True):
        show_heading(version)
        show_change(entry.in_force, version)
        left = still_to_fill_in(entry.term.key, version.text)
        if left:
            st.warning(
                f"Still to be filled in: {plain(' and '.join(left))}. Edit the text before both sides sign it.",
                icon=":material/edit_note:",
            )
        # what was frozen when it was proposed is what is signed; before that, what leads say now
        kept = kept_evidence(version) if proposed else []
        if not kept:
            show_change_in_leads(entry.in_force, version)
        show_begin(version, entry.names)
        if proposed or version.voided:
            show_signatures(version, entry.names)
        show_evidence(kept)
        if not kept and (drafts or may(me, "agreement:sign")):
            show_what_leads_say(version)
        _show_contradictions(entry, version)
        before = entry.in_force
        if (
            not proposed
            and before
            and version.rule
            and version.rule == before.rule
            and version.text != before.text
        ):
            st.caption(
                f"The rule is unchanged: {describe_rule(version.rule)} Does the text still say the same?",
            )
        show_steps(version, me, page)
        if not edits:
            st.page_link(
                DEFINITION_PAGE,
                label="Edit it, or see it in full" if drafts else "See it in full",
                icon=":material/arrow_forward:",
                query_params=link_to(entry.term.key),
            )
            return
        panel = edit_panel(version, me, page)
        if panel is not None:
            with panel:
                edit_version(entry, version)


def _show_contradictions(entry: GlossaryEntry, version: DefinitionVersion) -> None:
    """Which examples of the glossary this version would turn round."""
    if version.rule is None:
        return
    try:
        shown = glossary_terms.read_examples(actor(), entry.term.key, version.rule)
    except Refusal:
        return
    turned = [one for one in shown if one.contradicts]
    if turned:
        which = (
            "the one lead that shows"
            if len(shown) == 1
            else f"{len(turned)} of the {len(shown)} leads that show"
        )
        st.warning(
            f"By this rule, {which} what {plain(entry.term.name)} means would be on the other side.",
            icon=":material/error:",
        )


def edit_version(entry: GlossaryEntry, version: DefinitionVersion | None, starting_text: str = "") -> None:
    """The form for a new version of a term (`version` None) or for the open one."""
    shown = version or entry.in_force
    key = f"definition_{entry.term.key}_{version.id if version else 'new'}"
    if f"{key}_text" not in st.session_state:  # the rule that the person begins from, not that of each run
        st.session_state[f"{key}_began"] = shown.rule if shown else None
    begin_form(key, version, "text")
    text = st.text_area(
        "Definition",
        value=shown.text if shown else starting_text,
        max_chars=definitions.LONGEST_TEXT,
        height=150,
        key=f"{key}_text",
        help="Words that both teams understand without explanation.",
    )
    start = ask_start(key, version)
    rule = edit_rule(key, st.session_state.get(f"{key}_began"))
    save_form(
        key,
        version,
        lambda acting: definitions.draft(acting, entry.term.key, text, rule.finished(), start),
        lambda acting, version_id, seen: definitions.edit(
            acting, version_id, seen, text, rule.finished(), start
        ),
    )
