"""The versions of a term: the one a link leads to, what changed between any two, and the permanent link to each."""

import streamlit as st

from actions.definitions import GlossaryEntry
from alignment.definitions import DefinitionVersion
from components.agreement_steps import show_signatures
from components.definition_exports import offer_exports
from components.definition_leads import kept_evidence, show_change_in_leads, show_evidence
from components.definition_text import (
    DEFINITION_PAGE,
    day_of,
    link_to,
    show_change,
    show_rule,
)
from components.links import portal_address
from components.text import plain


def show_version(entry: GlossaryEntry, version: DefinitionVersion) -> None:
    """What one version says, who signed it, and what past leads said then."""
    with st.container(border=True):
        st.markdown(plain(version.text))
        show_rule(version)
        show_signatures(version, entry.names)
        with st.container(horizontal=True):
            with st.popover("Permanent link", icon=":material/link:", type="tertiary"):
                query = "&".join(
                    f"{name}={value}" for name, value in link_to(entry.term.key, version.version).items()
                )
                st.code(f"{portal_address()}/definition?{query}", language=None, wrap_lines=True)
                st.caption(f"Always leads to {plain(version.label)}, whatever is agreed later.")
            if version.rule is not None:
                offer_exports(f"definition_{version.id}", version.rule)
    show_evidence(kept_evidence(version))


def in_words(version: DefinitionVersion) -> str:
    """From when to when a version was, is or will be in force."""
    until = f" until {day_of(version.in_force_until)}" if version.in_force_until else ""
    return f"from {day_of(version.in_force_from)}{until}"


def show_versions(entry: GlossaryEntry) -> None:
    """What changed between any two versions, in words and in leads; nothing while there is only one."""
    versions = {version.version: version for version in entry.versions}
    if len(versions) < 2:
        return
    st.subheader("What changed", anchor=False)
    numbers = sorted(versions)

    names = {number: f"v{number}, {in_words(version)}" for number, version in versions.items()}
    with st.container(horizontal=True):
        earlier = st.selectbox(
            "From",
            numbers,
            index=len(numbers) - 2,
            format_func=names.__getitem__,
            key=f"definition_from_{entry.term.key}",
        )
        later = st.selectbox(
            "To",
            numbers,
            index=len(numbers) - 1,
            format_func=names.__getitem__,
            key=f"definition_to_{entry.term.key}",
        )
    if earlier == later:
        st.caption("Choose two different versions.")
        return
    before, after = versions[earlier], versions[later]
    with st.container(border=True):
        show_change(before, after)
        show_change_in_leads(before, after)
    for version in reversed(entry.versions):
        st.page_link(
            DEFINITION_PAGE,
            label=f"{plain(version.label)}, in force {in_words(version)}",
            icon=":material/history:",
            query_params=link_to(entry.term.key, version.version),
        )
