"""Which leads something is about: all, or those with one value in one field."""

from collections.abc import Mapping

import streamlit as st

from actions import metrics
from components.page import show_refusal
from components.session import actor


def choose_kind(
    key: str, fields: Mapping[str, str], shown: tuple[str, str] | None = None
) -> tuple[str, str] | None:
    """Two fields on the screen, beginning with `shown`: a field of the leads and its value; None for all leads.

    `fields` are those to choose from, name → label. The value is '' while none is chosen.
    """
    field, value = shown or (None, "")
    labels = {**({field: field.replace("_", " ")} if field else {}), **fields}
    with show_refusal():
        left, right = st.columns(2)
        chosen = left.selectbox(
            "Only leads of one kind",
            list(labels),
            index=list(labels).index(field) if field else None,
            format_func=lambda name: labels[name],
            placeholder="All leads",
            key=f"{key}_field",
        )
        if not chosen:
            return None
        before = [value] if chosen == field else []
        values = list(dict.fromkeys([*before, *metrics.list_values(actor(), chosen)]))
        of_it = right.selectbox(labels[chosen], values, index=0 if before else None, key=f"{key}_of_{chosen}")
        return chosen, of_it or ""
    return shown
