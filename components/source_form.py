"""Entering a source, and changing its connection. A key is entered once, tried, and never shown again."""

from collections.abc import Mapping
from datetime import date

import streamlit as st

from actions import connectors
from actions.connector_entries import EVERY_MINUTES, Entry
from actions.connectors import Connector
from components.dates import DATE_FORMAT
from components.page import show_refusal
from components.session import actor
from components.source_words import every
from components.text import ink, plain

_SHOWN_KEYS = frozenset({"client_id", "database"})
_OTHER_WAY = ("client_id", "client_secret", "refresh_token")


def add_source() -> None:
    """The form for a new source; opens it once it was tried and kept."""
    kinds = connectors.list_kinds(actor())
    chosen = st.segmented_control(
        "System",
        list(kinds),
        default=next(iter(kinds)),
        format_func=lambda kind: ink(kinds[kind].name),
        required=True,
        key="sources_kind",
    )
    kind = kinds[chosen]
    st.markdown(plain(kind.help))
    with st.form("sources_add_form", border=False):
        entry = _ask(f"sources_add_{chosen}", chosen, None)
        sent = st.form_submit_button("Connect", type="primary", icon=":material/link:", key="sources_add")
    if sent:
        with show_refusal(), st.spinner(f"Calling {kind.name} …"):
            source_id = connectors.add_connector(actor(), chosen, entry)
            _forget_what_was_typed()
            st.query_params["source"] = source_id
            st.toast("Connected. Look at what their stages mean, then start.", icon=":material/check:")
            st.rerun()


def change_source(source: Connector) -> None:
    """The form for another name, address, key or rhythm of a source."""
    st.markdown(plain(connectors.list_kinds(actor())[source.kind].help))
    with st.form("sources_change_form", border=False):
        entry = _ask(f"sources_change_{source.id}", source.kind, source)
        sent = st.form_submit_button("Save", type="primary", icon=":material/save:", key="sources_change")
    if sent:
        with show_refusal(), st.spinner(f"Calling {source.kind_name} …"):
            connectors.change_connector(actor(), source.id, entry, revision=source.revision)
            _forget_what_was_typed()
            st.toast("Saved.", icon=":material/check:")
            st.rerun()


def _ask(key: str, kind_key: str, source: Connector | None) -> Entry:
    kind = connectors.list_kinds(actor())[kind_key]
    since = source.plan.get("since") if source else None
    name = st.text_input(
        "Name",
        source.name if source else kind.name,
        max_chars=60,
        key=f"{key}_name",
        help="As people here call it.",
    )
    address = source.address if source else ""
    if not kind.address:
        address = st.text_input(
            "Address", address, max_chars=300, key=f"{key}_address", placeholder=kind.example
        )
    keys = _ask_keys(key, kind.credentials, is_kept=source is not None)
    left, right = st.columns(2)
    rhythm = left.selectbox(
        "Pull",
        EVERY_MINUTES,
        EVERY_MINUTES.index(source.every_minutes if source else 15),
        format_func=every,
        key=f"{key}_every",
    )
    first = right.date_input(
        "Only leads created from this day on",
        date.fromisoformat(since) if since else None,
        key=f"{key}_since",
        format=DATE_FORMAT,
        help="Empty: all there are.",
    )
    prefix = st.text_input(
        "Put before the ids of its leads",
        source.plan.get("prefix", "") if source else _free_prefix(kind_key),
        max_chars=20,
        key=f"{key}_prefix",
        placeholder="Nothing",
        help="Needed where two systems could have leads of the same number, such as b-. Leave it empty where the same leads also "
        "come in files under their plain ids.",
    )
    chosen = first if isinstance(first, date) else None
    return Entry(name, address, keys, prefix, chosen, rhythm)


def _free_prefix(kind: str) -> str:
    """Nothing for the first source; for others what no other has, since leads of two systems can have the same number."""
    taken = {source.plan.get("prefix", "") for source in connectors.list_connectors(actor())}
    choices = ["", f"{kind}-", *(f"{kind}-{number}-" for number in range(2, len(taken) + 2))]
    return next(choice for choice in choices if choice not in taken)


def _ask_keys(key: str, labels: Mapping[str, str], *, is_kept: bool) -> dict[str, str]:
    """The fields for keys; where there are two ways in, the second is folded away."""
    typed: dict[str, str] = {}
    folded = [name for name in _OTHER_WAY if name in labels] if "token" in labels else []
    for name in labels:
        if name not in folded:
            typed[name] = _ask_key(f"{key}_key_{name}", name, labels[name], is_kept)
    if folded:
        with st.expander("Or as an app with OAuth", icon=":material/vpn_key:"):
            for name in folded:
                typed[name] = _ask_key(f"{key}_key_{name}", name, labels[name], is_kept)
    return typed


def _ask_key(key: str, name: str, label: str, is_kept: bool) -> str:
    label = label.removeprefix("or: ").removeprefix("its ").capitalize() if label[:1].islower() else label
    return st.text_input(
        label,
        type="default" if name in _SHOWN_KEYS else "password",
        autocomplete="off",
        max_chars=4_000,
        key=key,
        placeholder="Leave empty to keep the one there is" if is_kept else None,
        help=None if name in _SHOWN_KEYS else "Kept encrypted, and never shown again.",
    )


def _forget_what_was_typed() -> None:
    """Nothing of a key stays in the browser's session."""
    for name in [str(name) for name in st.session_state]:
        if name.startswith(("sources_add_", "sources_change_")):
            del st.session_state[name]
