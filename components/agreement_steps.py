"""A version of an agreement on its way: who has signed, what can be done with it, and two contents where two people edited."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from actions import agreement_evidence, agreements
from actions.permissions import may
from actions.settings import local_time, today
from alignment.agreements import (
    AgreementState,
    AgreementVersion,
    Changed,
    Conflict,
    DraftConflict,
    changed_words,
    spoken_day,
)
from alignment.definitions import RuledVersion
from alignment.people import Actor, Person, Team
from components.dates import DATE_FORMAT
from components.outcome import perform, show_outcome, was_refused
from components.session import actor
from components.text import plain

_MARKS = {"same": "{}", "out": ":red[~~{}~~]", "in": ":green-background[{}]"}
_CONFLICT, _SEEN = "conflict", "seen"


def day_of(instant: str) -> str:
    """The day of an instant of the store for the company."""
    return spoken_day(local_time(actor(), instant).date())


def awaited(version: AgreementVersion, person: Person) -> str:
    """Whose signature a proposed version waits for, as the end of a sentence."""
    missing = [team for team in Team if version.signed_by(team) is None]
    if person.team in missing and may(person, "agreement:sign"):
        return "your signature"
    return "signatures" if len(missing) == len(Team) else f"the signature of {missing[0]}"


def show_heading(version: AgreementVersion) -> None:
    """What the version is called, where it stands, and why it was sent back."""
    proposed = version.state is AgreementState.PROPOSED
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(version.label)}**")
        st.badge("Waiting for signatures" if proposed else "Draft", color="violet" if proposed else "gray")
    if version.returned_because:
        st.warning(f"Sent back: {plain(version.returned_because)}", icon=":material/undo:")


def show_begin(version: AgreementVersion, names: Mapping[str, str]) -> None:
    """From when on an open version is to hold, and who drafted it."""
    author = plain(names.get(version.author_id, "the administrator of the machine"))
    st.caption(
        f"From {spoken_day(version.effective_from)}, never before both have signed. Drafted by {author}."
    )


def show_signatures(version: AgreementVersion, names: Mapping[str, str]) -> None:
    """Who has signed for which side, and which signatures an edit has made void."""
    with st.container(horizontal=True):
        for team in Team:
            signature = version.signed_by(team)
            if signature:
                who = plain(names.get(signature.person_id, "someone who has left"))
                st.badge(
                    f"{team.label.capitalize()}: {who}, {day_of(signature.signed_at)}",
                    icon=":material/draw:",
                    color="green",
                )
            else:
                st.badge(f"{team.label.capitalize()}: not signed", icon=":material/pending:", color="gray")
    void = {one.team: one for one in version.voided if version.signed_by(one.team) is None}
    if void and version.state.is_open:
        told = "; ".join(
            f"{team.label.capitalize()}: {names.get(one.person_id, 'someone who has left')}, {day_of(one.signed_at)}"
            for team, one in void.items()
        )
        st.caption(
            f":material/ink_eraser: Signed before, void since it was changed or sent back: {plain(told)}."
        )


def show_reading(version: AgreementVersion, me: Person, page: str) -> None:
    """How many have read the version in force, who has not for those who follow it up, and a way to say that one has."""
    reading = agreements.read_reading(actor(), version.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Read and acknowledged by {reading.count} of {reading.members} people.", width="content")
        if may(me, "agreement:follow") and reading.count < reading.members:
            with st.popover(
                "Who has not", icon=":material/group:", type="tertiary", key=f"{page}_not_{version.id}"
            ):
                readers = agreements.read_readers(actor(), version.id)
                st.markdown(
                    "  \n".join(
                        plain(f"{one.name} ({one.team.label})") for one in readers.not_yet if one.team
                    )
                )
        if me.team and not reading.mine:
            st.button(
                "I have read it",
                key=f"{page}_read_{version.id}",
                icon=":material/done_all:",
                on_click=perform,
                args=("Noted, thank you.", agreements.acknowledge, version.id),
            )


def show_steps(version: AgreementVersion, me: Person, page: str) -> None:
    """What the person may do with an open version. `page` begins the keys of the buttons."""
    proposed = version.state is AgreementState.PROPOSED
    drafts = may(me, "agreement:draft")
    signs = proposed and may(me, "agreement:sign") and me.team is not None
    if isinstance(version, RuledVersion) and (signs or (drafts and not proposed)):
        # what is kept when it is proposed or signed is looked up before, where it can be seen that it takes a while
        with st.spinner("Looking at past leads …", show_time=True):
            agreement_evidence.gather(actor(), version.id)
    with st.container(horizontal=True):
        if signs and me.team and not version.signed_by(me.team):
            st.button(
                f"Sign for {me.team.label}",
                type="primary",
                icon=":material/draw:",
                key=f"{page}_sign_{version.id}",
                on_click=_sign,
                args=(version,),
            )
        if signs:
            st.button("Send back", key=f"{page}_back_{version.id}", on_click=_send_back, args=(version, page))
        if drafts and not proposed:
            st.button(
                "Propose for signature",
                type="primary",
                key=f"{page}_propose_{version.id}",
                on_click=perform,
                args=(f"{version.label} waits for both team leads.", agreements.propose, version.id),
            )
        if drafts:
            st.button(
                "Drop",
                type="tertiary",
                key=f"{page}_drop_{version.id}",
                on_click=_drop,
                args=(version, page),
            )


def _sign(version: AgreementVersion) -> None:
    if perform("Signed.", agreements.sign, version.id, version.content_hash):
        st.session_state["outcome"] = ("done", f"Both sides have signed. {version.label} is agreed.")


@st.dialog("Send it back")
def _send_back(version: AgreementVersion, page: str) -> None:
    st.write("It becomes a draft again and loses its signatures. What is in force stays in force.")
    reason = st.text_area("What has to change?", max_chars=1000, key=f"{page}_reason_{version.id}")
    if st.button("Send back", type="primary", key=f"{page}_back_sure_{version.id}"):
        perform(f"{version.label} is a draft again.", agreements.send_back, version.id, reason)
        if not was_refused():
            st.rerun()
        show_outcome()


@st.dialog("Drop this version")
def _drop(version: AgreementVersion, page: str) -> None:
    st.write(f"{plain(version.label)} will not be pursued. What is in force stays in force.")
    if st.button("Drop it", type="primary", key=f"{page}_drop_sure_{version.id}"):
        perform(f"{version.label} was dropped.", agreements.drop, version.id)
        st.rerun()


# ── two people, one draft ────────────────────────────────────────────────────────────────────────────────────────────


def begin_form(key: str, version: AgreementVersion | None, first: str) -> None:
    """Remember the revision that the person begins from, once for a form; `first` is a field that a running form has."""
    if f"{key}_{first}" not in st.session_state:
        st.session_state[f"{key}_{_SEEN}"] = version.revision if version else 0


def ask_start(key: str, version: AgreementVersion | None) -> date:
    """The field for the day from which a version is to hold."""
    now = today(actor())
    return st.date_input(
        "Takes effect on",
        value=max(version.effective_from, now) if version else now,
        key=f"{key}_from",
        format=DATE_FORMAT,
        help="Never before both have signed. What is in force stays until then.",
    )


def save_form(
    key: str,
    version: AgreementVersion | None,
    begin: Callable[[Actor], Any],
    change: Callable[[Actor, str, int], Any],
) -> None:
    """The button that saves a form, and, where somebody else changed the draft meanwhile, both contents.

    Without a version `begin` drafts one, else `change` edits it, with its id and the revision that was seen. Not in a callback: that
    would be the one of an earlier run, without what was typed last.
    """

    def save(acting: Actor) -> None:
        if version is None:
            begin(acting)
            return
        try:
            change(acting, version.id, st.session_state[f"{key}_{_SEEN}"])
        except DraftConflict as error:
            st.session_state[f"{key}_{_CONFLICT}"] = error.conflict
            raise

    if st.button("Save the draft", type="secondary" if version else "primary", key=f"{key}_save"):
        perform("Saved." if version else "Drafted. Propose it when it is ready.", save)
        if not was_refused():
            forget_typed(key)
            st.rerun()
        show_outcome()
    _show_conflict(key)


def edit_panel(version: AgreementVersion, me: Person, page: str) -> DeltaGenerator | None:
    """Where an open version is edited, once a person who may has opened it; else None."""
    if not may(me, "agreement:draft"):
        return None
    # always the same label: with another it would be another panel, closed, and what is being typed in it gone
    panel = st.expander(
        "Edit",
        icon=":material/edit:",
        on_change="rerun",
        key=f"{page}_edit_{version.id}",
    )
    if not panel.open:
        return None
    if version.signatures:
        panel.caption("It has been signed. Saving a change makes the signatures void.")
    return panel


def forget_typed(key: str) -> None:
    """Leave nothing of a form, so that it starts from what is kept."""
    for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
        del st.session_state[name]


def _show_conflict(key: str) -> None:
    """Both contents beside each other where two people edited, and the ways on. Nothing is lost until one is chosen."""
    conflict: Conflict[Any] | None = st.session_state.get(f"{key}_{_CONFLICT}")
    if conflict is None:
        return
    with st.container(border=True):
        st.markdown("**Two people edited this draft**")
        st.caption("Marked is what each of you changed. Both are still here; choose what to keep.")
        for one in conflict.differences:
            if one.changed is Changed.NOBODY:
                continue
            alike = ", changed alike" if one.changed is Changed.ALIKE else ""
            st.caption(f"**{one.part}**{alike}")
            for column, whose, text in zip(
                st.columns(2), ("Yours", "Theirs, as it is kept now"), (one.mine, one.theirs), strict=True
            ):
                with column:
                    st.caption(whose)
                    _show_words(changed_words(one.base, text))
        with st.container(horizontal=True):
            ways = [("mine", "Keep mine", conflict.mine)]
            if conflict.merged is not None and not conflict.only_moved_on:
                ways.insert(0, ("merged", "Keep both changes", conflict.merged))
            for name, label, kept in ways:
                st.button(
                    label,
                    type="primary" if name == "merged" else "secondary",
                    key=f"{key}_keep_{name}",
                    on_click=_keep,
                    args=(key, conflict.theirs, kept),
                )
            st.button("Keep theirs", key=f"{key}_keep_theirs", on_click=forget_typed, args=(key,))


def _show_words(words: tuple[tuple[str, str], ...]) -> None:
    """Words that were taken out and put in, within those that stayed."""
    st.markdown(" ".join(_MARKS[kind].format(plain(text)) for kind, text in words))


def _keep(key: str, theirs: AgreementVersion, kept: AgreementVersion) -> None:
    """Save a content in full knowledge of the other person's; should they have gone on, the new conflict is shown."""

    def save(acting: Actor) -> None:
        try:
            agreements.edit(acting, theirs.id, theirs.revision, kept.content, kept.effective_from)
        except DraftConflict as error:
            st.session_state[f"{key}_{_CONFLICT}"] = error.conflict
            raise

    perform("Saved.", save)
    if not was_refused():
        forget_typed(key)
