"""A version of a definition as people read it: its text, its rule, and what it changed."""

from collections.abc import Sequence

import streamlit as st

from alignment.agreements import changed_words
from alignment.definitions import DefinitionVersion
from components import agreement_steps
from components.rule_editor import describe_rule
from components.text import plain

DEFINITION_PAGE = "pages/definitions/definition.py"
_MARKS = {"same": "{}", "out": ":red[~~{}~~]", "in": ":green-background[{}]"}


def day_of(instant: str | None) -> str:
    """The day of an instant for the company, '' for None."""
    return agreement_steps.day_of(instant) if instant else ""


def link_to(term_key: str, version: int | None = None) -> dict[str, str]:
    """The query of the page of a term, or of the permanent link to one of its versions."""
    return {"term": term_key} | ({"version": str(version)} if version is not None else {})


def show_rule(version: DefinitionVersion) -> None:
    """The rule in words, where there is one."""
    if version.rule is not None:
        st.markdown(f":material/rule: {describe_rule(version.rule)}")


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
