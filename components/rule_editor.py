"""A rule put together without code: conditions by field, operator and value, read back as a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from actions.fields import list_fields
from alignment.errors import InvalidInput
from alignment.fields import FieldChoice
from alignment.rules import FieldType, InvalidRule, Operator, parse, parse_json, sentence, to_json
from components.session import actor
from components.text import plain

_NONE, _CONDITIONS, _JSON = "Text only", "Conditions", "As JSON"
_WORDS = {
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.GREATER: "is more than",
    Operator.LESS: "is less than",
    Operator.EQUAL: "is",
    Operator.NOT_EQUAL: "is not",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.CONTAINS: "contains",
    Operator.WITHIN_DAYS: "is within the last … days",
    Operator.IS_KNOWN: "is known",
    Operator.IS_UNKNOWN: "is unknown",
}
_NUMBERS = (
    Operator.AT_LEAST,
    Operator.AT_MOST,
    Operator.GREATER,
    Operator.LESS,
    Operator.EQUAL,
    Operator.NOT_EQUAL,
)
_TEXTS = (Operator.IN, Operator.NOT_IN, Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS)
_KNOWN = (Operator.IS_KNOWN, Operator.IS_UNKNOWN)
_OPERATORS: dict[FieldType, tuple[Operator, ...]] = {
    FieldType.NUMBER: (*_NUMBERS, *_KNOWN),
    FieldType.TEXT: (*_TEXTS, *_KNOWN),
    FieldType.BOOLEAN: (Operator.EQUAL, *_KNOWN),
    FieldType.DATE: (Operator.WITHIN_DAYS, Operator.AT_LEAST, Operator.AT_MOST, *_KNOWN),
    FieldType.ANY: (*_TEXTS, Operator.AT_LEAST, Operator.AT_MOST, *_KNOWN),
}


@dataclass(frozen=True)
class RuleDraft:
    """What the editor holds: the document, or None for no rule; `fault` says why it cannot be used yet."""

    document: Mapping[str, Any] | None
    fault: str | None = None

    def finished(self) -> Mapping[str, Any] | None:
        """The document. Raises InvalidInput while it cannot be used yet."""
        if self.fault is not None:
            raise InvalidInput(self.fault)
        return self.document


def describe_rule(document: Mapping[str, Any]) -> str:
    """The rule as one sentence, ready for markdown."""
    return plain(f"A lead qualifies if {sentence(parse(document))}.")


def edit_rule(key: str, document: Mapping[str, Any] | None) -> RuleDraft:
    """Draw the editor, starting from `document`, and return what it holds now. `key` keeps two editors apart."""
    rows = _rows(document)
    start = _NONE if document is None else (_JSON if rows is None else _CONDITIONS)
    mode = st.segmented_control(
        "Rule that runs on the lead data",
        [_NONE, _CONDITIONS, _JSON],
        default=start,
        required=True,
        key=f"{key}_mode",
        help="With a rule, the portal can check every lead against the definition.",
    )
    if mode == _CONDITIONS:
        if rows is None:
            st.warning(
                "This rule has groups within groups, which only “As JSON” can change. Here you start a new one.",
                icon=":material/account_tree:",
            )
        draft = _edit_conditions(key, document, rows or [])
    elif mode == _JSON:
        draft = _edit_json(key, document)
    else:
        return RuleDraft(None)
    if draft.fault:
        st.caption(f":orange[:material/info:] {plain(draft.fault)}")
    elif draft.document is not None:
        st.markdown(f":material/rule: {describe_rule(draft.document)}")
    return draft


def _edit_conditions(key: str, document: Mapping[str, Any] | None, rows: list[dict[str, Any]]) -> RuleDraft:
    fields = {field.name: field for field in list_fields(actor())}
    for row in rows:  # a field that the imported leads do not have stays as it was written
        name = row["field"]
        fields.setdefault(name, FieldChoice(name, name.replace("_", " "), FieldType.ANY))
    ids: list[int] = st.session_state.setdefault(f"{key}_ids", list(range(max(1, len(rows)))))
    joined = st.segmented_control(
        "How many of them have to hold?",
        ["all", "any"],
        default="any" if document and "any" in document else "all",
        required=True,
        format_func={"all": "All of them", "any": "At least one"}.__getitem__,
        key=f"{key}_joined",
    )

    def add() -> None:
        ids.append(max(ids, default=-1) + 1)

    def remove(number: int) -> None:
        ids.remove(number)

    conditions: list[dict[str, Any]] = []
    fault: str | None = None
    for number in list(ids):
        row = rows[number] if number < len(rows) else {}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            condition = _edit_condition(f"{key}_{number}", row, fields)
            st.button(
                ":material/delete:",
                key=f"{key}_{number}_remove",
                help="Take this condition out",
                on_click=remove,
                args=(number,),
            )
        if condition is None:
            fault = "A condition is not complete yet: choose its field and its value."
        else:
            conditions.append(condition)
    st.button("Add a condition", key=f"{key}_add", icon=":material/add:", on_click=add)
    if not ids:
        return RuleDraft(None, "Add at least one condition, or choose “Text only”.")
    if fault:
        return RuleDraft(None, fault)
    return _checked({"version": 1, str(joined): conditions})


def _edit_condition(
    key: str, row: Mapping[str, Any], fields: Mapping[str, FieldChoice]
) -> dict[str, Any] | None:
    names = list(fields)
    name = st.selectbox(
        "Field",
        names,
        index=names.index(row["field"]) if row.get("field") in names else None,
        format_func=lambda field: fields[field].label,
        placeholder="Choose a field",
        key=f"{key}_field",
    )
    if name is None:
        return None
    field = fields[name]
    operators = list(_OPERATORS[field.type])
    kept = Operator(row["op"]) if row.get("field") == name else None
    if kept is not None and kept not in operators:
        operators.append(kept)
    operator = st.selectbox(
        "Comparison",
        operators,
        index=operators.index(kept) if kept else 0,
        format_func=lambda chosen: _WORDS.get(chosen, chosen.value),
        key=f"{key}_{name}_op",
    )
    if operator in _KNOWN:
        return {"field": name, "op": operator.value}
    value = _edit_value(
        f"{key}_{name}_{operator.name}", field, operator, row.get("value") if kept is operator else None
    )
    return None if value in (None, "", []) else {"field": name, "op": operator.value, "value": value}


def _edit_value(key: str, field: FieldChoice, operator: Operator, value: Any) -> Any:
    if operator in (Operator.IN, Operator.NOT_IN):
        chosen = [str(item) for item in value] if isinstance(value, list) else []
        return st.multiselect(
            "Values",
            sorted({*field.values, *chosen}),
            default=chosen,
            accept_new_options=True,
            key=key,
            placeholder="Choose or type",
        )
    if operator is Operator.WITHIN_DAYS:
        return st.number_input("Days", min_value=1, value=int(value) if value else 30, step=1, key=key)
    if field.type is FieldType.BOOLEAN:
        return st.selectbox("Value", [True, False], index=1 if value is False else 0, format_func={True: "yes", False: "no"}.__getitem__, key=key)  # fmt: skip
    if field.type is FieldType.NUMBER or (
        field.type is FieldType.ANY and operator in (Operator.AT_LEAST, Operator.AT_MOST)
    ):
        number = st.number_input(
            "Value", value=float(value) if isinstance(value, int | float) else None, key=key
        )
        return int(number) if number is not None and number == int(number) else number
    if field.type is FieldType.DATE:
        day = st.date_input(
            "Day", value=date.fromisoformat(value) if isinstance(value, str) else None, key=key
        )
        return day.isoformat() if isinstance(day, date) else None
    if field.values and operator in (Operator.EQUAL, Operator.NOT_EQUAL):
        options = sorted({*field.values, *([str(value)] if value is not None else [])})
        return st.selectbox(
            "Value",
            options,
            index=options.index(str(value)) if value is not None else None,
            accept_new_options=True,
            key=key,
        )
    return st.text_input("Value", value="" if value is None else str(value), max_chars=200, key=key)


def _edit_json(key: str, document: Mapping[str, Any] | None) -> RuleDraft:
    text = st.text_area(
        "Rule as JSON",
        value=to_json(parse(document)) if document is not None else '{"version": 1, "all": []}',
        height=180,
        key=f"{key}_json",
        help="Groups “all”, “any” and “not” may be nested, or points may be added up to a threshold.",
    )
    try:
        parse_json(text)
    except InvalidRule as error:
        return RuleDraft(None, str(error))
    import json

    return _checked(json.loads(text))


def _checked(document: dict[str, Any]) -> RuleDraft:
    try:
        parse(document)
    except InvalidRule as error:
        return RuleDraft(None, str(error))
    return RuleDraft(document)


def _rows(document: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    """The conditions of a document that is one flat group, else None: then it is edited as JSON."""
    if document is None:
        return []
    for group in ("all", "any"):
        parts = document.get(group)
        if parts is not None:
            flat = all(isinstance(part, dict) and "field" in part for part in parts)
            flat = flat and all(part.get("op") != Operator.BETWEEN.value for part in parts)
            return [dict(part) for part in parts] if flat else None
    return None
