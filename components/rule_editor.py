"""A rule put together without code: conditions by field, operator and value, read back as a sentence."""

from collections.abc import Callable, Mapping
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


def edit_rule(
    key: str,
    document: Mapping[str, Any] | None,
    *,
    on_change: Callable[[], None] | None = None,
    conditions_only: bool = False,
) -> RuleDraft:
    """Draw the editor, starting from `document`, and return what it holds now. `key` keeps two editors apart.

    `on_change` runs after each change, with `read_rule(key, document)` giving what the editor holds then. With
    `conditions_only` there is no choice of text or JSON instead of conditions.
    """
    rows = _rows(document)
    start = _NONE if document is None else (_JSON if rows is None else _CONDITIONS)
    mode: str | None = _CONDITIONS
    if not conditions_only:
        mode = st.segmented_control(
            "Rule that runs on the lead data",
            [_NONE, _CONDITIONS, _JSON],
            default=start,
            required=True,
            key=f"{key}_mode",
            help="With a rule, the portal can check every lead against the definition.",
        )
    if mode == _CONDITIONS:
        if rows is None and document is not None:
            if conditions_only:
                st.markdown(f":material/rule: {describe_rule(document)}")
            other = "" if conditions_only else ", which only “As JSON” can change"
            st.warning(
                f"This rule has groups within groups{other}. Here you start a new one.",
                icon=":material/account_tree:",
            )
        draft = _edit_conditions(key, document, rows or [], on_change)
    elif mode == _JSON:
        draft = _edit_json(key, document)
    else:
        return RuleDraft(None)
    if draft.fault:
        st.caption(
            f":material/info: {plain(draft.fault)}"
            if conditions_only
            else f":orange[:material/info:] {plain(draft.fault)}"
        )
    elif draft.document is not None:
        st.markdown(f":material/rule: {describe_rule(draft.document)}")
    return draft


def read_rule(key: str, document: Mapping[str, Any] | None) -> RuleDraft:
    """What the conditions of the editor hold now, without drawing it: for callbacks, which run before it is drawn.

    No document and no fault: no condition has a field yet.
    """
    rows = _rows(document) or []
    fields = _fields(rows)
    ids = st.session_state.get(f"{key}_ids", list(range(max(1, len(rows)))))
    found = [_read_condition(f"{key}_{number}", _row(rows, number), fields) for number in ids]
    if all(condition == {} for condition in found):
        return RuleDraft(None)
    joined = st.session_state.get(f"{key}_joined") or _joined(document)
    return _drafted(str(joined), [condition or None for condition in found])


def _fields(rows: list[dict[str, Any]]) -> dict[str, FieldChoice]:
    fields = {field.name: field for field in list_fields(actor())}
    for row in rows:  # a field that the imported leads do not have stays as it was written
        name = row["field"]
        fields.setdefault(name, FieldChoice(name, name.replace("_", " "), FieldType.ANY))
    return fields


def _row(rows: list[dict[str, Any]], number: int) -> dict[str, Any]:
    return rows[number] if number < len(rows) else {}


def _joined(document: Mapping[str, Any] | None) -> str:
    return "any" if document and "any" in document else "all"


def _drafted(joined: str, conditions: list[dict[str, Any] | None]) -> RuleDraft:
    if not conditions:
        return RuleDraft(None, "Add at least one condition.")
    complete = [condition for condition in conditions if condition is not None]
    if len(complete) < len(conditions):
        return RuleDraft(None, "A condition is not complete yet: choose its field and its value.")
    return _checked({"version": 1, joined: complete})


def _edit_conditions(
    key: str,
    document: Mapping[str, Any] | None,
    rows: list[dict[str, Any]],
    on_change: Callable[[], None] | None,
) -> RuleDraft:
    fields = _fields(rows)
    if f"{key}_joined" not in st.session_state:  # drawn for the first time, or again after another screen
        st.session_state[f"{key}_ids"] = list(range(max(1, len(rows))))
    ids: list[int] = st.session_state[f"{key}_ids"]
    joined = st.radio(
        "How many of them have to hold?",
        ["all", "any"],
        index=["all", "any"].index(_joined(document)),
        format_func={"all": "All of them", "any": "At least one"}.__getitem__,
        key=f"{key}_joined",
        on_change=on_change,
        horizontal=True,
    )

    def add() -> None:
        ids.append(max(ids, default=-1) + 1)

    def remove(number: int) -> None:
        ids.remove(number)
        if on_change is not None:
            on_change()

    conditions: list[dict[str, Any] | None] = []
    for place, number in enumerate(list(ids), start=1):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            conditions.append(
                _edit_condition(f"{key}_{number}", place, _row(rows, number), fields, on_change)
            )
            st.button(
                ":material/delete:",
                key=f"{key}_{number}_remove",
                help="Take this condition out",
                on_click=remove,
                args=(number,),
            )
    st.button("Add a condition", key=f"{key}_add", icon=":material/add:", on_click=add)
    return _drafted(str(joined), conditions)


def _operators(field: FieldChoice, row: Mapping[str, Any]) -> tuple[list[Operator], Operator | None]:
    """The comparisons of a field, and the one that the row has, which is among them even if it is unusual."""
    operators = list(_OPERATORS[field.type])
    kept = Operator(row["op"]) if row.get("field") == field.name else None
    if kept is not None and kept not in operators:
        operators.append(kept)
    return operators, kept


def _edit_condition(
    key: str,
    place: int,
    row: Mapping[str, Any],
    fields: Mapping[str, FieldChoice],
    on_change: Callable[[], None] | None,
) -> dict[str, Any] | None:
    names = list(fields)
    of_which = "" if place == 1 else f" of condition {place}"
    name = st.selectbox(
        f"Field{of_which}",
        names,
        index=names.index(row["field"]) if row.get("field") in names else None,
        format_func=lambda field: fields[field].label,
        placeholder="Choose a field",
        key=f"{key}_field",
        on_change=on_change,
    )
    if name is None:
        return None
    operators, kept = _operators(fields[name], row)
    operator = st.selectbox(
        f"Comparison{of_which}",
        operators,
        index=operators.index(kept) if kept else 0,
        format_func=lambda chosen: _WORDS.get(chosen, chosen.value),
        key=f"{key}_{name}_op",
        on_change=on_change,
    )
    if operator in _KNOWN:
        return {"field": name, "op": operator.value}
    value = _edit_value(
        f"{key}_{name}_{operator.name}",
        of_which,
        fields[name],
        operator,
        row.get("value") if kept is operator else None,
        on_change,
    )
    return _condition(name, operator, value)


def _read_condition(
    key: str, row: Mapping[str, Any], fields: Mapping[str, FieldChoice]
) -> dict[str, Any] | None:
    """The condition as the widgets hold it; None while it is not complete, {} while it has no field."""
    name = st.session_state.get(f"{key}_field", row.get("field"))
    if name is None or name not in fields:
        return {}
    operators, kept = _operators(fields[name], row)
    operator = st.session_state.get(f"{key}_{name}_op") or kept or operators[0]
    if operator in _KNOWN:
        return {"field": name, "op": operator.value}
    held = f"{key}_{name}_{operator.name}"
    if held in st.session_state:
        return _condition(name, operator, st.session_state[held])
    default = (
        30 if operator is Operator.WITHIN_DAYS else True if fields[name].type is FieldType.BOOLEAN else None
    )
    return _condition(name, operator, row.get("value", default) if kept is operator else default)


def _condition(name: str, operator: Operator, value: Any) -> dict[str, Any] | None:
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, str):
        value = value.strip()
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return None if value in (None, "", []) else {"field": name, "op": operator.value, "value": value}


def _edit_value(
    key: str,
    of_which: str,
    field: FieldChoice,
    operator: Operator,
    value: Any,
    on_change: Callable[[], None] | None,
) -> Any:
    if operator in (Operator.IN, Operator.NOT_IN):
        chosen = [str(item) for item in value] if isinstance(value, list) else []
        return st.multiselect(
            f"Values{of_which}",
            sorted({*field.values, *chosen}),
            default=chosen,
            accept_new_options=True,
            key=key,
            placeholder="Choose or type",
            on_change=on_change,
        )
    label = f"Value{of_which}"
    if operator is Operator.WITHIN_DAYS:
        days = int(value) if value else 30
        return st.number_input(
            f"Days{of_which}", min_value=1, value=days, step=1, key=key, on_change=on_change
        )
    if field.type is FieldType.BOOLEAN:
        return st.selectbox(
            label,
            [True, False],
            index=1 if value is False else 0,
            format_func={True: "yes", False: "no"}.__getitem__,
            key=key,
            on_change=on_change,
        )
    if field.type is FieldType.NUMBER or (
        field.type is FieldType.ANY and operator in (Operator.AT_LEAST, Operator.AT_MOST)
    ):
        number = float(value) if isinstance(value, int | float) else None
        return st.number_input(label, value=number, step=1.0, format="%g", key=key, on_change=on_change)
    if field.type is FieldType.DATE:
        day = date.fromisoformat(value) if isinstance(value, str) else None
        return st.date_input("Day" + of_which, value=day, key=key, on_change=on_change)
    if field.values and operator in (Operator.EQUAL, Operator.NOT_EQUAL):
        options = sorted({*field.values, *([str(value)] if value is not None else [])})
        return st.selectbox(
            label,
            options,
            index=options.index(str(value)) if value is not None else None,
            accept_new_options=True,
            key=key,
            on_change=on_change,
        )
    return st.text_input(
        label, value="" if value is None else str(value), max_chars=200, key=key, on_change=on_change
    )


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
