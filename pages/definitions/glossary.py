"""The glossary: what was agreed, what waits for signatures, and what every version said."""

import streamlit as st

from actions import definitions
from actions.definitions import GlossaryEntry
from actions.permissions import may
from actions.settings import local_time, today
from alignment.definitions import DefinitionState, DefinitionVersion, describe_change
from alignment.errors import StaleVersion
from alignment.people import Actor, Team
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.rule_editor import describe_rule, edit_rule
from components.session import actor, person
from components.text import plain

me = person()
drafts = may(me, "definition:draft")
signs = may(me, "definition:sign") and me.team is not None

open_page("Glossary", "What do our words mean, and who signed that?")
show_outcome()

with stop_on_refusal():
    entries = definitions.read_glossary(actor())

agreed = [entry for entry in entries if entry.in_force]
waiting = [entry for entry in entries if entry.open and entry.open.state is DefinitionState.PROPOSED]
mine = [entry for entry in waiting if signs and me.team and entry.open and not entry.open.signed_by(me.team)]
unread = [entry for entry in agreed if me.team and not entry.acknowledged]

summary = f"{len(agreed)} of {len(entries)} terms are agreed and in force."
if mine:
    summary += f" {', '.join(plain(e.open.label) for e in mine if e.open)} waits for your signature."
elif waiting:
    summary += f" {', '.join(plain(e.open.label) for e in waiting if e.open)} waits for signatures."
elif unread:
    summary += f" You have not read {', '.join(plain(e.term.name) for e in unread)} yet."
st.subheader(summary, anchor=False)


def day(instant: str | None) -> str:
    return local_time(actor(), instant).strftime("%-d %B %Y") if instant else ""


def show_rule(version: DefinitionVersion) -> None:
    if version.rule is not None:
        st.markdown(f":material/rule: {describe_rule(version.rule)}")


def show_signatures(version: DefinitionVersion, names: dict[str, str]) -> None:
    with st.container(horizontal=True):
        for team in Team:
            signature = version.signed_by(team)
            if signature:
                who = plain(names.get(signature.person_id, "someone who has left"))
                st.badge(
                    f"{team.label.capitalize()}: {who}, {day(signature.signed_at)}",
                    icon=":material/draw:",
                    color="green",
                )
            else:
                st.badge(f"{team.label.capitalize()}: not signed", icon=":material/pending:", color="gray")


def show_change(before: DefinitionVersion | None, after: DefinitionVersion) -> None:
    change = describe_change(before, after)
    marks = {"same": "{}", "out": ":red[~~{}~~]", "in": ":green-background[{}]"}
    st.markdown(" ".join(marks[kind].format(plain(words)) for kind, words in change.words))
    if change.rule_changed:
        if change.rule_before:
            st.caption(f"Rule before: {plain(change.rule_before)}")
        st.caption(f"Rule now: {plain(change.rule_after)}" if change.rule_after else "The rule is taken out.")
    elif before is not None:
        st.caption("The rule is unchanged.")


@st.dialog("Send it back")
def send_back(version: DefinitionVersion) -> None:
    st.write("It becomes a draft again and loses its signatures. The version in force stays in force.")
    reason = st.text_area("What has to change?", max_chars=1000, key=f"glossary_reason_{version.id}")
    if st.button("Send back", type="primary", key=f"glossary_back_{version.id}"):
        perform(f"{version.label} is a draft again.", definitions.send_back, version.id, reason)
        if not was_refused():
            st.rerun()
        show_outcome()


@st.dialog("Drop this version")
def drop(version: DefinitionVersion) -> None:
    st.write(f"{plain(version.label)} will not be pursued. What is in force stays in force.")
    if st.button("Drop it", type="primary", key=f"glossary_drop_sure_{version.id}"):
        perform(f"{version.label} was dropped.", definitions.drop, version.id)
        st.rerun()


@st.dialog("Add a term")
def add_term() -> None:
    name = st.text_input("Term", max_chars=60, key="glossary_new_name")
    meaning = st.text_area("What does it stand for, in general?", max_chars=400, key="glossary_new_meaning")
    if st.button("Add", type="primary", key="glossary_new_add"):
        perform("The term is in the glossary.", definitions.add_term, name, meaning)
        if not was_refused():
            st.rerun()
        show_outcome()


def sign(version: DefinitionVersion) -> None:
    if perform("", definitions.sign, version.id, version.content_hash):
        st.session_state["outcome"] = ("done", f"Both sides have signed. {version.label} is agreed.")


def show_open(entry: GlossaryEntry) -> None:
    version = entry.open
    if version is None:
        return
    proposed = version.state is DefinitionState.PROPOSED
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(version.label)}**")
            st.badge(
                "Waiting for signatures" if proposed else "Draft", color="violet" if proposed else "gray"
            )
        if version.returned_because:
            st.warning(f"Sent back: {plain(version.returned_because)}", icon=":material/undo:")
        show_change(entry.in_force, version)
        st.caption(
            f"Takes effect on {version.effective_from.strftime('%-d %B %Y')}, or when both have signed if that is later. "
            f"Drafted by {plain(entry.names.get(version.author_id, 'the administrator of the machine'))}."
        )
        if proposed:
            show_signatures(version, dict(entry.names))
        with st.container(horizontal=True):
            if proposed and signs and me.team and not version.signed_by(me.team):
                st.button(
                    f"Sign for {me.team.label}",
                    type="primary",
                    icon=":material/draw:",
                    key=f"glossary_sign_{version.id}",
                    on_click=sign,
                    args=(version,),
                )
            if proposed and signs:
                st.button(
                    "Send back", key=f"glossary_sendback_{version.id}", on_click=send_back, args=(version,)
                )
            if drafts and not proposed:
                st.button(
                    "Propose for signature",
                    type="primary",
                    key=f"glossary_propose_{version.id}",
                    on_click=perform,
                    args=(f"{version.label} waits for both team leads.", definitions.propose, version.id),
                )
            if drafts:
                st.button(
                    "Drop", type="tertiary", key=f"glossary_drop_{version.id}", on_click=drop, args=(version,)
                )
        if drafts:
            edit = st.expander(
                "Edit (voids the signatures)" if version.signatures else "Edit",
                on_change="rerun",
                key=f"glossary_edit_{version.id}",
            )
            if edit.open:
                with edit:
                    edit_version(entry.term.key, version)


def edit_version(
    term_key: str, version: DefinitionVersion | None, base: DefinitionVersion | None = None
) -> None:
    """The form for a new version of a term (`version` None) or for an open one."""
    shown = version or base
    key = f"glossary_{term_key}_{version.id if version else 'new'}"
    if (
        f"{key}_text" not in st.session_state
    ):  # the revision that the person begins from, not that of each run
        st.session_state[f"{key}_seen"] = version.revision if version else 0
    text = st.text_area("Definition", value=shown.text if shown else "", max_chars=4000, key=f"{key}_text")
    start = st.date_input(
        "Takes effect on",
        value=max(version.effective_from, today(actor())) if version else today(actor()),
        key=f"{key}_start",
        help="Never before both have signed. The version in force stays until then.",
    )
    rule = edit_rule(key, shown.rule if shown else None)

    def save(acting: Actor) -> None:
        if version is None:
            definitions.draft(acting, term_key, text, rule.finished(), start)
            return
        seen = st.session_state[f"{key}_seen"]
        try:
            definitions.edit(acting, version.id, seen, text, rule.finished(), start)
        except StaleVersion:
            st.session_state[f"{key}_seen"] = version.revision  # the next save is made knowing of the change
            raise

    # not in a callback: that would be the one of an earlier run, without what was typed last
    if st.button("Save the draft", type="secondary" if version else "primary", key=f"{key}_save"):
        perform("Saved." if version else "Drafted. Propose it when it is ready.", save)
        if not was_refused():
            st.session_state.pop(f"{key}_text", None)
        st.rerun()


def show_entry(entry: GlossaryEntry) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {plain(entry.term.name)}")
        if entry.in_force:
            st.badge(
                f"v{entry.in_force.version} in force since {day(entry.in_force.in_force_from)}",
                icon=":material/verified:",
                color="green",
            )
        else:
            st.badge("Not agreed yet", color="gray")
        if entry.upcoming:
            st.badge(
                f"v{entry.upcoming.version} from {day(entry.upcoming.in_force_from)}",
                icon=":material/event:",
                color="blue",
            )
    if entry.in_force:
        st.markdown(plain(entry.in_force.text))
        show_rule(entry.in_force)
        show_signatures(entry.in_force, dict(entry.names))
        st.caption(f"Read and acknowledged by {entry.acknowledged_count} of {entry.members} people.")
        if me.team and not entry.acknowledged:
            st.button(
                "I have read it",
                key=f"glossary_read_{entry.in_force.id}",
                icon=":material/done_all:",
                on_click=perform,
                args=("Noted, thank you.", definitions.acknowledge, entry.in_force.id),
            )
    else:
        st.caption(plain(entry.term.meaning))
    show_open(entry)
    if entry.versions[:-1] or (entry.upcoming and entry.in_force):
        history = st.expander(
            f"What changed over {len(entry.versions)} versions",
            on_change="rerun",
            key=f"glossary_history_{entry.term.key}",
        )
        if history.open:
            with history:
                for earlier, version in reversed(
                    list(zip((None, *entry.versions), entry.versions, strict=False))
                ):
                    until = f" until {day(version.in_force_until)}" if version.in_force_until else ""
                    st.markdown(
                        f"**{plain(version.label)}**, in force from {day(version.in_force_from)}{until}"
                    )
                    show_change(earlier, version)
                    show_signatures(version, dict(entry.names))
    if drafts and entry.open is None:
        new = st.expander("Prepare the next version", on_change="rerun", key=f"glossary_new_{entry.term.key}")
        if new.open:
            with new:
                edit_version(entry.term.key, None, entry.in_force)


first = [*mine, *(entry for entry in waiting if entry not in mine)]
rest = [entry for entry in entries if entry not in first and (entry.open or entry.versions)]
for entry in [*first, *rest]:
    with st.container(border=True):
        show_entry(entry)

untouched = {entry.term.key: entry for entry in entries if entry not in first and entry not in rest}
if untouched:
    st.subheader("Not agreed yet", anchor=False)
    st.caption("What these words stand for in general. Your own definition of each is still to be agreed.")
    for entry in untouched.values():
        st.markdown(f"**{plain(entry.term.name)}**: {plain(entry.term.meaning)}")
if drafts:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Define a term",
            list(untouched),
            index=None,
            format_func=lambda key: untouched[key].term.name,
            placeholder="Choose one to draft its definition",
            key="glossary_define",
        )
        st.button("Add a term of our own", icon=":material/add:", on_click=add_term)
    if chosen in untouched:
        with st.container(border=True):
            st.markdown(f"**{plain(untouched[chosen].term.name)}**")
            edit_version(chosen, None)
