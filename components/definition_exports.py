"""The rule of a definition to take away, as another system reads it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from actions import rule_exports
from alignment.errors import Refusal
from components.session import actor
from components.text import plain


def offer_exports(key: str, rule: Mapping[str, Any]) -> None:
    """The button that opens the forms a rule can be taken away in. `key` keeps two of them apart."""
    st.button(
        "Take the rule away",
        icon=":material/output:",
        type="tertiary",
        key=f"{key}_exports",
        on_click=_show,
        args=(key, rule),
    )


@st.dialog("Take the rule away", width="large")
def _show(key: str, rule: Mapping[str, Any]) -> None:
    target = st.selectbox(
        "As", list(rule_exports.TARGETS), format_func=rule_exports.TARGETS.__getitem__, key=f"{key}_target"
    )
    try:
        found = rule_exports.export_rule(actor(), rule, target)
    except Refusal as refusal:  # what the other system has no words for is said, and nothing is left out
        st.warning(plain(refusal), icon=":material/block:")
        return
    st.code(found.text.rstrip("\n"), language=None, wrap_lines=True)
    for note in found.notes:
        st.caption(plain(note))
