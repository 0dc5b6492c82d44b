"""A choice between a few views of a screen that the address remembers."""

from collections.abc import Mapping

import streamlit as st

from components.text import ink


def choose_segment(
    label: str, names: Mapping[str, str], usual: str, *, key: str, hidden: bool = False
) -> str:
    """Draw the segments (key → name) and return the key of the chosen one; `hidden` shows no label.

    The name of the chosen one stands in the address under `key`, the `usual` one in none. Streamlit's own binding would put the
    label there, which has a colour in it.
    """
    asked = str(st.query_params.get(key, ""))
    if key not in st.session_state:
        st.session_state[key] = next((one for one, name in names.items() if asked == name), usual)
    chosen = st.segmented_control(
        label,
        list(names),
        required=True,
        format_func=lambda one: ink(names[one]),
        key=key,
        label_visibility="collapsed" if hidden else "visible",
    )
    chosen = chosen or usual
    if chosen == usual:
        st.query_params.pop(key, None)
    elif asked != names[chosen]:
        st.query_params[key] = names[chosen]
    return chosen
