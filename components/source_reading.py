"""What is read of a system, and what its words mean here: tables to choose in, saved together."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from actions import connectors
from actions.connectors import Connector
from components.outcome import perform
from components.session import actor
from components.text import plain

_THEIRS, _MEANS, _HERE, _FIELD, _WHAT = (
    "Their value",
    "Means here",
    "Field here",
    "Their field",
    "What happened",
)


def choose_meanings(source: Connector) -> None:
    """A table per tracked field: each of its values, and what it means here."""
    meanings = connectors.list_meanings(actor())
    st.markdown(
        "Their words decide which leads count as MQL, accepted or won. What is chosen holds from the next pull on; read everything "
        "again (under Connection) to have it hold for the past as well."
    )
    chosen: dict[str, dict[str, str]] = {}
    kept: Mapping[str, Any] = source.plan.get("meanings", {})
    for tracked in source.description.get("tracked", []):
        name, values = tracked["field"], tracked["values"]
        st.subheader(plain(tracked["label"]), anchor=False)
        if not values:
            st.caption(f"{source.kind_name} told no values of it.")
            continue
        now = [kept.get(name, {}).get(value) or suggested for value, _, suggested in values]
        frame = pd.DataFrame(
            {_THEIRS: [label for _, label, _ in values], _MEANS: [meanings.get(code) for code in now]},
            dtype="object",
        )
        edited = st.data_editor(
            frame,
            hide_index=True,
            width="stretch",
            num_rows="fixed",
            placeholder="Choose",
            disabled=[_THEIRS],
            column_config={
                _MEANS: st.column_config.SelectboxColumn(options=list(meanings.values()), required=False)
            },
            key=f"sources_meanings_{source.id}_{name}_{source.revision}",
        )
        codes = {words: code for code, words in meanings.items()}
        found = zip(values, edited[_MEANS], strict=True)
        chosen[name] = {value[0]: codes[words] for value, words in found if words in codes}
    _offer_to_save(source, meanings=chosen)


def choose_fields(source: Connector) -> None:
    """Tables of the fields that are read, of fields of one's own, and of fields that hold a date."""
    words = connectors.list_lead_fields(actor())
    meanings = connectors.list_meanings(actor())
    theirs = {name: f"{label} ({name})" for name, label in source.description.get("fields", [])}
    plan = source.plan
    for name in (
        value for kind in ("fields", "attributes", "dates") for value in plan.get(kind, {}).values()
    ):
        theirs.setdefault(name, f"{name} (not there)")
    options = list(theirs.values())
    names = {shown: name for name, shown in theirs.items()}
    pick = st.column_config.SelectboxColumn(options=options, required=False)

    st.subheader("Fields of a lead", anchor=False)
    st.caption("Which of their fields fills which of ours. Empty ones are not read.")
    frame = pd.DataFrame(
        {
            _HERE: list(words.values()),
            _FIELD: [theirs.get(plan.get("fields", {}).get(name, "")) for name in words],
        },
        dtype="object",
    )
    edited = st.data_editor(
        frame,
        hide_index=True,
        width="stretch",
        num_rows="fixed",
        placeholder="Not read",
        disabled=[_HERE],
        column_config={_FIELD: pick},
        key=f"sources_fields_{source.id}_{source.revision}",
    )
    fields = {name: names.get(shown, "") for name, shown in zip(words, edited[_FIELD], strict=True)}

    st.subheader("Fields of your own", anchor=False)
    st.caption(
        "For rules and figures that need more: a name of letters, digits and underscores, and their field."
    )
    own = _table(
        {
            "Name here": list(plan.get("attributes", {})),
            _FIELD: [theirs[v] for v in plan.get("attributes", {}).values()],
        },
        {"Name here": st.column_config.TextColumn(max_chars=60), _FIELD: pick},
        f"sources_attributes_{source.id}_{source.revision}",
    )
    attributes = {
        str(name).strip(): names[shown]
        for name, shown in own
        if name and shown in names and str(name).strip()
    }

    st.subheader("Fields that hold a date", anchor=False)
    st.caption("Where a field of theirs says when something happened, such as the day a lead became an MQL.")
    shown_meanings = {code: text for code, text in meanings.items() if code != "nothing"}
    codes = {text: code for code, text in shown_meanings.items()}
    dated = _table(
        {
            _WHAT: [meanings.get(code) for code in plan.get("dates", {})],
            _FIELD: [theirs[value] for value in plan.get("dates", {}).values()],
        },
        {_WHAT: st.column_config.SelectboxColumn(options=list(codes)), _FIELD: pick},
        f"sources_dates_{source.id}_{source.revision}",
    )
    dates = {codes[what]: names[shown] for what, shown in dated if what in codes and shown in names}
    _offer_to_save(source, fields=fields, attributes=attributes, dates=dates)


def _table(columns: dict[str, list[Any]], config: dict[str, Any], key: str) -> list[tuple[Any, Any]]:
    """A table of two columns to which rows can be added; its rows as they are now."""
    edited = st.data_editor(
        pd.DataFrame(columns, dtype="object"),
        hide_index=True,
        width="stretch",
        num_rows="dynamic",
        placeholder="Choose",
        column_config=config,
        key=key,
    )
    return list(edited.itertuples(index=False, name=None))


def _offer_to_save(source: Connector, **changed: Any) -> None:
    parts = ("fields", "attributes", "dates", "meanings")
    reading = {part: changed.get(part, source.plan.get(part, {})) for part in parts}
    st.button(
        "Save",
        type="primary",
        icon=":material/save:",
        key="sources_save_reading",
        on_click=perform,
        args=("Saved. It holds from the next pull on.", connectors.set_reading, source.id),
        kwargs={**reading, "revision": source.revision},
    )
