"""The version of a definition that is being prepared: what it changes, what leads say of it, and what can be done with it."""

from typing import Any

import streamlit as st

from actions import definitions, glossary_terms
from actions.definitions import GlossaryEntry
from actions.permissions import may
from actions.settings import today
from alignment.agreements import AgreementState, Changed, Conflict, DraftConflict, changed_words
from alignment.definitions import DefinitionVersion
from alignment.errors import Refusal
from alignment.people import Actor, Person
from components.definition_leads import (
    kept_evidence,
    show_change_in_leads,
    show_evidence,
    show_what_leads_say,
)
from components.definition_text import (
    DEFINITION_PAGE,
    link_to,
    show_change,
    show_signatures,
    show_words,
    spoken,
)
from components.outcome import perform, show_outcome, was_refused
from components.rule_editor import edit_rule
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
    signs = may(me, "agreement:sign") and me.team is not None
    to_sign = proposed and signs and me.team is not None and not version.signed_by(me.team)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(version.label)}**")
            st.badge(
                "Waiting for signatures" if proposed else "Draft", color="violet" if proposed else "gray"
            )
        if version.returned_because:
            st.warning(f"Sent back: {plain(version.returned_because)}", icon=":material/undo:")
        show_change(entry.in_force, version)
        # what was frozen when it was proposed is what is signed; before that, what leads say now
        kept = kept_evidence(version) if proposed else []
        if not kept:
            show_change_in_leads(entry.in_force, version)
        author = plain(entry.names.get(version.author_id, "the administrator of the machine"))
        st.caption(
            f"Takes effect on {spoken(version.effective_from)}, or when both have signed if that is later. "
            f"Drafted by {author}."
        )
        if proposed:
            show_signatures(version, entry.names)
        show_evidence(kept)
        if not kept and (to_sign or drafts):
            show_what_leads_say(version)
        _show_contradictions(entry, version)
        with st.container(horizontal=True, vertical_alignment="center"):
            if to_sign and me.team:
                st.button(
                    f"Sign for {me.team.label}",
                    type="primary",
                    icon=":material/draw:",
                    key=f"{page}_sign_{version.id}",
                    on_click=_sign,
                    args=(version,),
                )
            if proposed and signs:
                st.button(
                    "Send back", key=f"{page}_sendback_{version.id}", on_click=_send_back, args=(version,)
                )
            if drafts and not proposed:
                st.button(
                    "Propose for signature",
                    type="primary",
                    key=f"{page}_propose_{version.id}",
                    on_click=perform,
                    args=(f"{version.label} waits for both team leads.", definitions.propose, version.id),
                )
            if drafts:
                st.button(
                    "Drop", type="tertiary", key=f"{page}_drop_{version.id}", on_click=_drop, args=(version,)
                )
            if not edits:
                st.page_link(
                    DEFINITION_PAGE,
                    label="Edit it, or see it in full" if drafts else "See it in full",
                    icon=":material/arrow_forward:",
                    query_params=link_to(entry.term.key),
                )
        if drafts and edits:
            panel = st.expander(
                "Edit (voids the signatures)" if version.signatures else "Edit",
                icon=":material/edit:",
                on_change="rerun",
                key=f"{page}_edit_{version.id}",
            )
            if panel.open:
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
        st.warning(
            f"By this rule, {len(turned)} of the {len(shown)} leads that show what {plain(entry.term.name)} means would be on "
            "the other side.",
            icon=":material/error:",
        )


# ── editing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def edit_version(entry: GlossaryEntry, version: DefinitionVersion | None, starting_text: str = "") -> None:
    """The form for a new version of a term (`version` None) or for the open one."""
    shown = version or entry.in_force
    key = f"definition_{entry.term.key}_{version.id if version else 'new'}"
    if f"{key}_text" not in st.session_state:
        # the revision that the person begins from, not that of each run
        st.session_state[f"{key}_seen"] = version.revision if version else 0
        st.session_state[f"{key}_began"] = shown.rule if shown else None
    text = st.text_area(
        "Definition",
        value=shown.text if shown else starting_text,
        max_chars=definitions.LONGEST_TEXT,
        height=150,
        key=f"{key}_text",
        help="Words that both teams understand without explanation.",
    )
    start = st.date_input(
        "Takes effect on",
        value=max(version.effective_from, today(actor())) if version else today(actor()),
        key=f"{key}_start",
        help="Never before both have signed. The version in force stays until then.",
    )
    rule = edit_rule(key, st.session_state.get(f"{key}_began"))

    def save(acting: Actor) -> None:
        if version is None:
            definitions.draft(acting, entry.term.key, text, rule.finished(), start)
            return
        try:
            definitions.edit(
                acting, version.id, st.session_state[f"{key}_seen"], text, rule.finished(), start
            )
        except DraftConflict as error:
            st.session_state[f"{key}_conflict"] = error.conflict
            raise

    # not in a callback: that would be the one of an earlier run, without what was typed last
    if st.button("Save the draft", type="secondary" if version else "primary", key=f"{key}_save"):
        perform("Saved." if version else "Drafted. Propose it when it is ready.", save)
        if not was_refused():
            forget_typed(key)
            st.rerun()
        show_outcome()
    conflict = st.session_state.get(f"{key}_conflict")
    if version is not None and conflict is not None:
        _show_conflict(key, version, conflict)


def forget_typed(key: str) -> None:
    """Leave nothing of a form, so that it starts from what is kept."""
    for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
        del st.session_state[name]


def _show_conflict(key: str, version: DefinitionVersion, conflict: Conflict[Any]) -> None:
    """Both contents beside each other, and the three ways on. Nothing is lost until one of them is chosen."""
    with st.container(border=True):
        st.markdown("**Two people edited this draft**")
        st.caption("Marked is what each of you changed. Both are still here; choose what to keep.")
        for one in conflict.differences:
            if one.changed is Changed.NOBODY:
                continue
            st.caption(f"**{one.part}**" + (", changed alike" if one.changed is Changed.ALIKE else ""))
            mine, theirs = st.columns(2)
            with mine:
                st.caption("Yours")
                show_words(changed_words(one.base, one.mine))
            with theirs:
                st.caption("Theirs, as it is kept now")
                show_words(changed_words(one.base, one.theirs))
        with st.container(horizontal=True):
            if conflict.merged is not None and not conflict.only_moved_on:
                st.button(
                    "Keep both changes",
                    type="primary",
                    key=f"{key}_merge",
                    on_click=_keep,
                    args=(key, version, conflict.theirs, conflict.merged),
                )
            st.button(
                "Keep mine",
                key=f"{key}_mine",
                on_click=_keep,
                args=(key, version, conflict.theirs, conflict.mine),
            )
            st.button("Keep theirs", key=f"{key}_theirs", on_click=forget_typed, args=(key,))


def _keep(key: str, version: DefinitionVersion, theirs: DefinitionVersion, kept: DefinitionVersion) -> None:
    """Save a content in full knowledge of the other person's; should they have gone on, the new conflict is shown."""

    def save(acting: Actor) -> None:
        try:
            definitions.edit(acting, version.id, theirs.revision, kept.text, kept.rule, kept.effective_from)
        except DraftConflict as error:
            st.session_state[f"{key}_conflict"] = error.conflict
            raise

    perform("Saved.", save)
    if not was_refused():
        forget_typed(key)


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sign(version: DefinitionVersion) -> None:
    if perform("", definitions.sign, version.id, version.content_hash):
        st.session_state["outcome"] = ("done", f"Both sides have signed. {version.label} is agreed.")


@st.dialog("Send it back")
def _send_back(version: DefinitionVersion) -> None:
    st.write("It becomes a draft again and loses its signatures. The version in force stays in force.")
    reason = st.text_area("What has to change?", max_chars=1000, key=f"definition_reason_{version.id}")
    if st.button("Send back", type="primary", key=f"definition_back_{version.id}"):
        perform(f"{version.label} is a draft again.", definitions.send_back, version.id, reason)
        if not was_refused():
            st.rerun()
        show_outcome()


@st.dialog("Drop this version")
def _drop(version: DefinitionVersion) -> None:
    st.write(f"{plain(version.label)} will not be pursued. What is in force stays in force.")
    if st.button("Drop it", type="primary", key=f"definition_drop_sure_{version.id}"):
        perform(f"{version.label} was dropped.", definitions.drop, version.id)
        st.rerun()
