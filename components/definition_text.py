"""A version of a definition as people read it: its text, its rule, its signatures, and what it changed."""

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from actions.settings import local_time
from alignment.agreements import Signature, changed_words
from alignment.definitions import DefinitionVersion
from alignment.people import Team
from components.rule_editor import describe_rule
from components.session import actor
from components.text import plain

DEFINITION_PAGE = "pages/definitions/definition.py"
_MARKS = {"same": "{}", "out": ":red[~~{}~~]", "in": ":green-background[{}]"}


def spoken(day: date) -> str:
    """A day as people say it: `3 June 2026`."""
    return f"{day.day} {day:%B %Y}"


def day_of(instant: str | None) -> str:
    """The day of an instant for the company, '' for None."""
    return spoken(local_time(actor(), instant).date()) if instant else ""


def link_to(term_key: str, version: int | None = None) -> dict[str, str]:
    """The query of the page of a term, or of the permanent link to one of its versions."""
    return {"term": term_key} | ({"version": str(version)} if version is not None else {})


def show_rule(version: DefinitionVersion) -> None:
    """The rule in words, where there is one."""
    if version.rule is not None:
        st.markdown(f":material/rule: {describe_rule(version.rule)}")


def show_signatures(version: DefinitionVersion, names: Mapping[str, str]) -> None:
    """Who has signed for which side, and which signatures an edit has made void."""
    with st.container(horizontal=True):
        for team in Team:
            signature = version.signed_by(team)
            if signature:
                st.badge(_signed(team, signature, names), icon=":material/draw:", color="green")
            else:
                st.badge(f"{team.label.capitalize()}: not signed", icon=":material/pending:", color="gray")
    void = [one for one in version.voided if not version.signed_by(one.team)]
    if void and version.state.is_open:
        last = {one.team: one for one in void}
        st.caption(
            ":material/ink_eraser: Signed before, void since the text, the rule or the day was changed or it was sent back: "
            + "; ".join(plain(_signed(team, one, names)) for team, one in last.items())
            + "."
        )


def _signed(team: Team, signature: Signature, names: Mapping[str, str]) -> str:
    who = names.get(signature.person_id, "someone who has left")
    return plain(f"{team.label.capitalize()}: {who}, {day_of(signature.signed_at)}")


def show_words(words: Sequence[tuple[str, str]]) -> None:
    """Words that were taken out and put in, within those that stayed."""
    st.markdown(" ".join(_MARKS[kind].format(plain(text)) for kind, text in words))


def show_change(before: DefinitionVersion | None, after: DefinitionVersion) -> None:
    """What a version says, marked against an earlier one: the text, then the rule."""
    if before is None:
        st.markdown(plain(after.text))
        show_rule(after)
        return
    show_words(changed_words(before.text, after.text))
    was, now = before.sentence, after.sentence
    if was == now:
        st.caption("The rule is unchanged." if now else "There is no rule, as before.")
    elif was and now:
        st.caption("The rule changes:")
        show_words(changed_words(was, now))
    elif now:
        st.caption("A rule is added:")
        show_rule(after)
    else:
        st.caption(f"The rule is taken out. It was: {plain(was or '')}.")
