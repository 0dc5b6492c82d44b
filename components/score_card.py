"""The lead score on its screen: the points as people read them, each side's own points, and the version being prepared."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from actions import agreements, scores
from actions.permissions import may
from actions.scores import ScoreEntry
from alignment.agreements import AgreementState
from alignment.glossary import evidence_sentences
from alignment.people import Person, Team
from alignment.rules import Points, parse
from alignment.rules.wording import entry_sentence, signed_points
from alignment.scores import ScoreVersion
from alignment.texts import number_text
from components.agreement_steps import (
    ask_start,
    begin_form,
    day_of,
    edit_panel,
    forget_typed,
    save_form,
    show_begin,
    show_heading,
    show_signatures,
    show_steps,
)
from components.outcome import perform, show_outcome, was_refused
from components.rule_editor import edit_rule
from components.session import actor
from components.text import plain

EXAMPLE: Mapping[str, Any] = {
    "version": 1,
    "points": [{"if": {"field": "employees", "op": ">=", "value": 50}, "add": 20}],
    "threshold": 20,
}
_OWN = "score_side"


def show_points(rule: Mapping[str, Any]) -> None:
    """The points of a rule document, one to a line, and the threshold."""
    points = parse(rule).root
    if not isinstance(points, Points):
        return
    lines = "\n".join(
        f"- **{signed_points(entry)}** if {plain(entry_sentence(entry))}" for entry in points.entries
    )
    st.markdown(f"A lead reaches it with **{number_text(points.threshold_hundredths / 100)} points**.")
    st.markdown(lines)


def show_version(version: ScoreVersion, names: Mapping[str, str]) -> None:
    """What a version says, and who signed it."""
    if version.text:
        st.markdown(plain(version.text))
    if version.rule is not None:
        show_points(version.rule)
    show_signatures(version, names)
    _show_evidence(version)


def _show_evidence(version: ScoreVersion) -> None:
    """What past leads said of these points when they were proposed and signed: frozen with the version."""
    for one in agreements.read_evidence(actor(), version.id):
        told = evidence_sentences(one.document)
        if one.content_hash == version.content_hash and told:
            st.caption(
                f":material/ac_unit: What past leads said when it was {one.moment} on {day_of(one.at)}: "
                + " ".join(plain(sentence) for sentence in told)
            )


def show_open(entry: ScoreEntry, me: Person) -> None:
    """The version that is being prepared: its points, what past leads say, and what can be done with it."""
    version = entry.open
    if version is None or version.rule is None:
        return
    with st.container(border=True):
        show_heading(version)
        if version.text:
            st.markdown(plain(version.text))
        show_points(version.rule)
        show_begin(version, entry.names)
        if version.state is AgreementState.PROPOSED or version.voided:
            show_signatures(version, entry.names)
        _show_evidence(version)
        show_steps(version, me, "score")
        panel = edit_panel(version, me, "score")
        if panel is not None:
            with panel:
                edit_version(version, version.rule)


def edit_version(
    version: ScoreVersion | None, began: Mapping[str, Any] | None, starting_text: str = ""
) -> None:
    """The form for the next version (`version` None), beginning with the points `began`, or for the open one."""
    key = f"score_{version.id if version else 'new'}"
    begin_form(key, version, "text")
    text = st.text_area(
        "What you want to say about it",
        value=version.text if version else starting_text,
        max_chars=agreements.LONGEST_TEXT,
        key=f"{key}_text",
        help="Such as what happens with a lead that reaches the threshold. It is signed, too.",
    )
    start = ask_start(key, version)
    rule = edit_rule(f"{key}_points", began or EXAMPLE, only="points")

    save_form(
        key,
        version,
        lambda acting: scores.draft(acting, text, rule.finished() or {}, start),
        lambda acting, draft, seen: scores.edit(acting, draft, seen, text, rule.finished() or {}, start),
    )


def show_sides(entry: ScoreEntry, me: Person) -> None:
    """What each side would give on its own; the other side's shows once both have said theirs."""
    for column, team in zip(st.columns(2), Team, strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{team.label.capitalize()}**")
            points = entry.sides.get(team)
            if points is not None:
                show_points(points.rule)
                who = plain(entry.names.get(points.person_id, "someone who has left"))
                st.caption(f"{who}, {day_of(points.at)}")
            elif team in entry.proposed_by:
                st.caption(
                    "Has said its points. They show once the other side has said its own, so that neither leans on them."
                )
            else:
                st.caption("Has not said its points yet.")
    if may(me, "score:propose") and me.team is not None:
        _edit_side(entry, me.team)


def _edit_side(entry: ScoreEntry, team: Team) -> None:
    own = entry.sides.get(team)
    panel = st.expander(
        f"{'Change' if own else 'Say'} what {team.label} would give",
        icon=":material/edit:",
        on_change="rerun",
        key=f"{_OWN}_panel",
    )
    if not panel.open:
        return
    with panel:
        rule = edit_rule(f"{_OWN}_points", own.rule if own else EXAMPLE, only="points")
        if st.button("Save our points", type="primary", key=f"{_OWN}_save"):
            perform(
                f"Kept as the points of {team.label}.",
                lambda acting: scores.propose_points(acting, rule.finished() or {}),
            )
            if not was_refused():
                forget_typed(f"{_OWN}_points")
                st.rerun()
            show_outcome()
