"""What belongs to a term beside its definition: who answers for it, what each team used to call it, and related terms."""

from collections.abc import Mapping

import streamlit as st

from actions import glossary_terms
from actions.permissions import may
from alignment.errors import StaleVersion
from alignment.glossary import LONGEST_MEANING, LONGEST_NAME, MOST_NAMES, TermDetails
from alignment.people import Actor, Person, Team
from components.definition_text import DEFINITION_PAGE, link_to
from components.outcome import perform, show_outcome, was_refused
from components.session import actor
from components.text import plain


def show_about(details: TermDetails, me: Person, people: Mapping[str, str], terms: Mapping[str, str]) -> None:
    """Both sides beside each other, the related terms, and the way to change them. `people` and `terms` are names by id."""
    for column, team in zip(st.columns(2), Team, strict=True):
        with column, st.container(border=True, height="stretch"):
            said = details.said_by(team)
            st.markdown(f"**{team.label.capitalize()}**")
            owner = details.owners.get(team)
            st.caption(
                f"Answers for it: {plain(people.get(owner, 'someone who has left'))}"
                if owner
                else "Nobody answers for it yet."
            )
            if said.called:
                st.markdown("Used to call it " + ", ".join(f"“{plain(name)}”" for name in said.called))
            if said.meant:
                st.markdown(f"Used to mean: {plain(said.meant)}")
            if not said.told:
                st.caption("What it used to be called here is not on record.")
    related = [key for key in details.related if key in terms]
    if related:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("See also", width="content")
            for key in related:
                st.page_link(DEFINITION_PAGE, label=plain(terms[key]), query_params=link_to(key))
    if may(me, "term:describe"):
        key = f"definition_about_{details.term_key}"
        panel = st.expander("Change this", icon=":material/edit:", on_change="rerun", key=key)
        if panel.open:
            with panel:
                _edit(key, details, people, terms)


def _edit(key: str, details: TermDetails, people: Mapping[str, str], terms: Mapping[str, str]) -> None:
    st.caption("None of this is signed: it explains what was agreed and changes nothing of it.")
    if f"{key}_related" not in st.session_state:  # the revision that the person begins from
        st.session_state[f"{key}_seen"] = details.revision
    possible = glossary_terms.possible_owners(actor())
    owners: dict[Team, str | None] = {}
    words: dict[Team, tuple[list[str], str]] = {}
    for column, team in zip(st.columns(2), Team, strict=True):
        with column:
            now, said = details.owners.get(team), details.said_by(team)
            choice = [*possible[team], *([now] if now and now not in possible[team] else [])]
            names = {**people, **possible[team]}
            owners[team] = st.selectbox(
                f"Who answers for it in {team.label}",
                choice,
                index=choice.index(now) if now else None,
                format_func=lambda who, names=names: names.get(who, "someone who has left"),
                placeholder="Nobody yet",
                key=f"{key}_owner_{team}",
            )
            called = st.multiselect(
                f"What {team.label} used to call it",
                list(said.called),
                default=list(said.called),
                accept_new_options=True,
                max_selections=MOST_NAMES,
                placeholder="Type a name, then Enter",
                key=f"{key}_called_{team}",
                help=f"Each at most {LONGEST_NAME} characters.",
            )
            meant = st.text_area(
                f"What {team.label} used to mean by it",
                value=said.meant,
                max_chars=LONGEST_MEANING,
                key=f"{key}_meant_{team}",
            )
            words[team] = (called, meant)
    others = [other for other in terms if other != details.term_key]
    related = st.multiselect(
        "Related terms",
        others,
        default=[other for other in details.related if other in others],
        format_func=lambda other: terms[other],
        max_selections=glossary_terms.MOST_RELATED,
        key=f"{key}_related",
    )

    def save(acting: Actor) -> None:
        try:
            glossary_terms.describe_term(
                acting,
                details.term_key,
                st.session_state[f"{key}_seen"],
                owners=owners,
                words=words,
                related=related,
            )
        except StaleVersion:
            st.session_state[f"{key}_seen"] = details.revision  # the next save is made knowing of the change
            raise

    if st.button("Save", type="primary", key=f"{key}_save"):
        perform("Saved.", save)
        if not was_refused():
            for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
                del st.session_state[name]
            st.rerun()
        show_outcome()
