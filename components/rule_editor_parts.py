"""The parts of a rule in the editor: conditions with their field, comparison and value, groups, and points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from actions.fields import list_fields
from alignment.fields import FieldChoice
from alignment.rules import Fading, FieldType, Operator
from alignment.rules.drafting import (
    ROOT,
    Draft,
    Kind,
    Part,
    add,
    change,
    change_decay,
    parts_of,
    remove,
    shift,
    unwrap,
    wrap,
)
from alignment.texts import number_text
from components.dates import DATE_FORMAT
from components.session import actor
from components.text import plain

_Asked = tuple[Operator, bool]
"""An operator, and whether it is turned round."""
_Place = tuple[int, ...]
"""Where a part stands: its number among those beside it, after those of the groups around it."""

_WORDS: dict[_Asked, str] = {
    (Operator.AT_LEAST, False): "is at least",
    (Operator.AT_MOST, False): "is at most",
    (Operator.GREATER, False): "is more than",
    (Operator.LESS, False): "is less than",
    (Operator.BETWEEN, False): "is between",
    (Operator.BETWEEN, True): "is not between",
    (Operator.EQUAL, False): "is",
    (Operator.NOT_EQUAL, False): "is not",
    (Operator.IN, False): "is one of",
    (Operator.NOT_IN, False): "is none of",
    (Operator.CONTAINS, False): "contains",
    (Operator.CONTAINS, True): "does not contain",
    (Operator.WITHIN_DAYS, False): "is within the last … days",
    (Operator.WITHIN_DAYS, True): "is not within the last … days",
    (Operator.IS_KNOWN, False): "is known",
    (Operator.IS_UNKNOWN, False): "is unknown",
}
_DAYS = _WORDS | {
    (Operator.AT_LEAST, False): "is on or after",
    (Operator.AT_MOST, False): "is on or before",
    (Operator.GREATER, False): "is after",
    (Operator.LESS, False): "is before",
}
_KNOWN = (Operator.IS_KNOWN, Operator.IS_UNKNOWN)
_LISTS = (Operator.IN, Operator.NOT_IN)
_ORDERED = (Operator.AT_LEAST, Operator.AT_MOST, Operator.GREATER, Operator.LESS, Operator.BETWEEN)


def _plainly(*operators: Operator) -> tuple[_Asked, ...]:
    return tuple((operator, False) for operator in operators)


_NUMBERS = (
    *_plainly(Operator.AT_LEAST, Operator.AT_MOST, Operator.GREATER, Operator.LESS, Operator.BETWEEN),
    (Operator.BETWEEN, True),
    *_plainly(Operator.EQUAL, Operator.NOT_EQUAL),
)
_TEXTS = (
    *_plainly(Operator.IN, Operator.NOT_IN, Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS),
    (Operator.CONTAINS, True),
)
_DATES = (
    (Operator.WITHIN_DAYS, False),
    (Operator.WITHIN_DAYS, True),
    *_plainly(Operator.AT_LEAST, Operator.AT_MOST, Operator.BETWEEN),
)
_OPERATORS: dict[FieldType, tuple[_Asked, ...]] = {
    FieldType.NUMBER: (*_NUMBERS, *_plainly(*_KNOWN)),
    FieldType.TEXT: (*_TEXTS, *_plainly(*_KNOWN)),
    FieldType.BOOLEAN: _plainly(Operator.EQUAL, *_KNOWN),
    FieldType.DATE: (*_DATES, *_plainly(*_KNOWN)),
    FieldType.ANY: (*_TEXTS, *_plainly(Operator.AT_LEAST, Operator.AT_MOST, *_KNOWN)),
}
_GROUPS: dict[tuple[Kind, bool], str] = {
    (Kind.ALL, False): "All of these",
    (Kind.ANY, False): "At least one",
    (Kind.ANY, True): "None of these",
    (Kind.ALL, True): "Not all of these",
}
_STAY = "stay"
_FADING: dict[Fading | str, str] = {
    _STAY: "Points stay",
    Fading.LINEAR: "Points fade within … days",
    Fading.HALF_LIFE: "Points halve every … days",
}
_SLIM, _WIDE, _MIDDLE = 140, 205, 165
_DEEPEST_OFFERED = 18


@dataclass(frozen=True)
class Drawing:
    """Where it is drawn: the start of all widget keys, the fields to choose from, and what takes a step.

    `take(step, tell)` changes the draft; `tell` False where the rule says nothing new by that yet.
    """

    key: str
    fields: Mapping[str, FieldChoice]
    take: Callable[..., None]


def choices(draft: Draft) -> dict[str, FieldChoice]:
    """The fields to choose from; one that the imported leads do not have stays as it was written."""
    fields = {field.name: field for field in list_fields(actor())}
    leads = max((field.leads for field in fields.values()), default=0)
    for part in parts_of(draft.root):
        named = [part.field, (part.decay or {}).get("since")]
        for name in filter(None, named):
            fields.setdefault(name, FieldChoice(name, name.replace("_", " "), FieldType.ANY, leads=leads))
    return fields


# ── groups and points ────────────────────────────────────────────────────────────────────────────────────────────────


def draw_group(drawing: Drawing, group: Part) -> None:
    """How many of its parts have to hold, and each of them."""
    _draw_joined(drawing, group)
    for place, part in enumerate(group.parts, start=1):
        _draw_part(drawing, part, (place,), len(group.parts))


def _draw_joined(drawing: Drawing, group: Part, place: _Place = ()) -> None:
    key = f"{drawing.key}_joined" if group.number == ROOT else f"{drawing.key}_{group.number}_joined"

    def take() -> None:
        kind, negated = st.session_state[key]
        drawing.take(lambda draft: change(draft, group.number, kind=kind, negated=negated))

    _hold(key, (group.kind, group.negated))
    st.selectbox(
        "How many of them have to hold?" if not place else f"How many of group {_path(place)} have to hold?",
        list(_GROUPS),
        format_func=_GROUPS.__getitem__,
        key=key,
        on_change=take,
        label_visibility="visible" if group.number == ROOT else "collapsed",
    )


def _draw_part(drawing: Drawing, part: Part, place: _Place, of: int, *, framed: bool = True) -> None:
    """A condition, or a group with all that is in it; `of` is how many stand beside each other there."""
    if part.kind is Kind.CONDITION:
        _draw_condition(drawing, part, place, of)
        return
    with st.container(border=framed, gap="small", key=f"{drawing.key}_{part.number}_group"):
        with st.container(horizontal=True, vertical_alignment="bottom", wrap=False, gap="small"):
            _draw_joined(drawing, part, place)
            _draw_more(drawing, part)
        _draw_steps(drawing, part, place, of)
        for inner_place, inner in enumerate(part.parts, start=1):
            _draw_part(drawing, inner, (*place, inner_place), len(part.parts))
        st.button(
            "Add to this group",
            key=f"{drawing.key}_{part.number}_add",
            icon=":material/add:",
            type="tertiary",
            on_click=drawing.take,
            args=(partial(add, into=part.number), False),
        )


def draw_points(drawing: Drawing, draft: Draft) -> None:
    """Each part with the points that it adds and how they fade, and from how many a lead qualifies."""
    for place, part in enumerate(draft.root.parts, start=1):
        with st.container(border=True, gap="small", key=f"{drawing.key}_{part.number}_entry"):
            _draw_part(drawing, part, (place,), len(draft.root.parts), framed=False)
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                _draw_add(drawing, part, place)
                _draw_fading(drawing, part, place)
    most = sum(max(part.add or 0, 0) for part in draft.root.parts)
    _draw_number(
        f"{drawing.key}_threshold",
        "From how many points does a lead qualify?",
        draft.threshold,
        lambda value: drawing.take(lambda now: replace(now, threshold=value)),
        labelled=True,
        help=f"All parts together add at most {number_text(most)}. A part with points below 0 takes some away.",
        placeholder=f"up to {number_text(most)}",
    )


def _draw_add(drawing: Drawing, part: Part, place: int) -> None:
    _draw_number(
        f"{drawing.key}_{part.number}_points",
        f"Points of part {place}",
        part.add,
        lambda value: drawing.take(lambda draft: change(draft, part.number, add=value)),
        labelled=True,
        width=_SLIM,
    )


def _draw_fading(drawing: Drawing, part: Part, place: int) -> None:
    """Whether and how the points fade."""
    key = f"{drawing.key}_{part.number}_fading"
    decay = dict(part.decay or {})
    since: str | None = decay.pop("since", None)
    held, days = next(((Fading(name), int(days)) for name, days in decay.items()), (None, 30))
    dates = [name for name, field in drawing.fields.items() if field.type is FieldType.DATE]
    if since is not None and since not in dates:
        dates.append(since)

    def take(**changed: Any) -> None:
        said = {"since": since or next(iter(dates), None), "fading": held, "days": days} | changed
        drawing.take(lambda draft: change_decay(draft, part.number, **said))

    def take_fading() -> None:
        chosen = st.session_state[key]
        take(fading=None if chosen == _STAY else chosen)

    _hold(key, held or _STAY)
    of_which = f" of part {place}"
    st.selectbox(
        f"With time, points{of_which}",
        list(_FADING),
        format_func=_FADING.__getitem__,
        key=key,
        on_change=take_fading,
        width=_WIDE,
        label_visibility="collapsed",
    )
    if held is None:
        return
    _draw_number(
        f"{key}_days",
        f"Days{of_which}",
        days,
        lambda value: take(days=int(value or 1)),
        least=1,
        width=_SLIM,
    )
    _hold(f"{key}_since", since)
    st.selectbox(
        f"Counted from{of_which}",
        dates,
        index=None,
        format_func=lambda name: f"from: {drawing.fields[name].label}",
        placeholder="from which day",
        key=f"{key}_since",
        on_change=lambda: take(since=st.session_state[f"{key}_since"]),
        width=_MIDDLE,
        label_visibility="collapsed",
    )


def _draw_more(drawing: Drawing, part: Part) -> None:
    """The button that shows, and hides again, what can be done with a part besides editing it."""
    opened = f"{drawing.key}_opened"

    def toggle() -> None:
        st.session_state[opened] = None if st.session_state.get(opened) == part.number else part.number

    st.button(
        "Less" if st.session_state.get(opened) == part.number else "More",
        key=f"{drawing.key}_{part.number}_more",
        type="tertiary",
        on_click=toggle,
    )


def _draw_steps(drawing: Drawing, part: Part, place: _Place, of: int) -> None:
    """What can be done with a part besides editing it, if that was asked for. Plain buttons: a menu opens to no key."""
    if st.session_state.get(f"{drawing.key}_opened") != part.number:
        return
    number = part.number
    steps: list[tuple[str, str, str, Callable[[Draft], Draft], bool]] = []
    if place[-1] > 1:
        steps.append(("up", "Move up", "arrow_upward", partial(shift, number=number, by=-1), True))
    if place[-1] < of:
        steps.append(("down", "Move down", "arrow_downward", partial(shift, number=number, by=1), True))
    deep = len(place) >= _DEEPEST_OFFERED
    if part.kind is Kind.CONDITION and not deep:
        steps.append(("wrap", "Put into a group", "select_all", partial(wrap, number=number), True))
    if part.kind is not Kind.CONDITION:
        if not deep:
            inside = partial(add, into=number, group=True)
            steps.append(("inside", "Add a group inside", "add_box", inside, False))
        steps.append(("unwrap", "Dissolve the group", "deselect", partial(unwrap, number=number), True))
        steps.append(("drop", "Take the group out", "delete", partial(remove, number=number), True))
    with st.container(horizontal=True, gap="small"):
        for name, label, icon, step, tell in steps:
            st.button(
                label,
                key=f"{drawing.key}_{number}_{name}",
                icon=f":material/{icon}:",
                on_click=drawing.take,
                args=(step, tell),
            )


# ── one condition ────────────────────────────────────────────────────────────────────────────────────────────────────


def _draw_condition(drawing: Drawing, part: Part, place: _Place, of: int) -> None:
    of_which = "" if place == (1,) else f" of condition {_path(place)}"
    key = f"{drawing.key}_{part.number}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_field(drawing, part, key, of_which)
        if part.field is not None and part.operator is not None:
            field = drawing.fields[part.field]
            _draw_operator(drawing, part, field, key, of_which)
            if part.operator not in _KNOWN:
                _draw_value(drawing, part, field, f"{key}_{part.field}_{part.operator.name}", of_which)
        with st.container(horizontal=True, width="content", gap="xsmall"):
            st.button(
                ":material/delete:",
                key=f"{key}_remove",
                help="Take this condition out",
                type="tertiary",
                on_click=drawing.take,
                args=(partial(remove, number=part.number),),
            )
            _draw_more(drawing, part)
    _draw_steps(drawing, part, place, of)
    if part.field is not None:
        note = _note(drawing.fields[part.field])
        if note:
            st.caption(note)


def _note(field: FieldChoice) -> str:
    """What is to be known of a field before one builds on it."""
    if field.leads and not field.known:
        return f":orange[:material/info:] No lead has {plain(field.label)} filled in: this leaves all of them open."
    if field.leads and field.known < 0.5 * field.leads:
        return (
            f":material/info: {plain(field.label)} is known of {field.known / field.leads:.0%} of the leads."
        )
    return ""


def _draw_field(drawing: Drawing, part: Part, key: str, of_which: str) -> None:
    def take() -> None:
        name = st.session_state[f"{key}_field"]
        if name == part.field:
            return
        operator, negated = _OPERATORS[drawing.fields[name].type][0] if name else (None, False)
        value = _first_value(drawing.fields[name], operator) if name else None
        drawing.take(
            lambda draft: change(
                draft, part.number, field=name, operator=operator, negated=negated, value=value
            )
        )

    _hold(f"{key}_field", part.field)
    st.selectbox(
        f"Field{of_which}",
        list(drawing.fields),
        label_visibility="collapsed",
        index=None,
        format_func=lambda name: drawing.fields[name].label,
        placeholder="Choose a field",
        key=f"{key}_field",
        on_change=take,
    )


def _draw_operator(drawing: Drawing, part: Part, field: FieldChoice, key: str, of_which: str) -> None:
    own = f"{key}_{field.name}_op"
    offered = list(_OPERATORS[field.type])
    held = (part.operator, part.negated)
    if held not in offered:  # unusual for the field, as it was written elsewhere
        offered.append(held)  # type: ignore[arg-type]
    words = _DAYS if _value_type(field, part) is FieldType.DATE else _WORDS

    def take() -> None:
        operator, negated = st.session_state[own]
        value = _carried(part, field, operator)
        drawing.take(
            lambda draft: change(draft, part.number, operator=operator, negated=negated, value=value)
        )

    _hold(own, held)
    st.selectbox(
        f"Comparison{of_which}",
        offered,
        label_visibility="collapsed",
        format_func=lambda asked: words.get(asked) or f"not: {words[(asked[0], False)]}",
        key=own,
        on_change=take,
    )


def _first_value(field: FieldChoice, operator: Operator | None) -> Any:
    if operator is Operator.WITHIN_DAYS:
        return 30
    return True if field.type is FieldType.BOOLEAN and operator is Operator.EQUAL else None


def _carried(part: Part, field: FieldChoice, operator: Operator) -> Any:
    """What the value becomes under another comparison: the same, as far as it makes sense there."""
    before, value = part.operator, part.value
    if operator in _KNOWN:
        return None
    if value is None or (Operator.WITHIN_DAYS in (before, operator) and before is not operator):
        return _first_value(field, operator)
    several = value if isinstance(value, list) else [value]
    if operator in _LISTS:
        return None if before is Operator.BETWEEN else several
    if operator is Operator.BETWEEN:
        return (several if before is Operator.BETWEEN else [several[0], None]) if before in _ORDERED else None
    if before in _ORDERED or before in (Operator.EQUAL, Operator.NOT_EQUAL) or len(several) == 1:
        return several[0]
    return None


def _value_type(field: FieldChoice, part: Part) -> FieldType:
    """As what a value is typed in: what it is, or where there is none, what its field holds."""
    value = part.value[0] if isinstance(part.value, list) and part.value else part.value
    if isinstance(value, bool):
        return FieldType.BOOLEAN
    if isinstance(value, int | float):
        return FieldType.NUMBER
    if isinstance(value, str) and (field.type is FieldType.DATE or part.operator in _ORDERED):
        return FieldType.DATE
    if isinstance(value, str):
        return FieldType.TEXT
    if part.operator in _ORDERED and field.type not in (FieldType.NUMBER, FieldType.DATE):
        return FieldType.NUMBER
    return field.type


def _draw_value(drawing: Drawing, part: Part, field: FieldChoice, key: str, of_which: str) -> None:
    def take(value: Any) -> None:
        drawing.take(lambda draft: change(draft, part.number, value=value))

    kind = _value_type(field, part)
    if part.operator in _LISTS:
        _draw_values(part, field, key, of_which, kind, take)
    elif part.operator is Operator.WITHIN_DAYS:
        _draw_number(
            key, f"Days{of_which}", part.value, lambda days: take(days and int(days)), least=0, width=_SLIM
        )
    elif part.operator is Operator.BETWEEN:
        low, high = part.value if isinstance(part.value, list) and len(part.value) == 2 else (None, None)
        draw = _draw_day if kind is FieldType.DATE else _draw_number
        draw(f"{key}_low", f"From{of_which}", low, lambda value: take([value, high]))
        draw(f"{key}_high", f"To{of_which}", high, lambda value: take([low, value]))
    elif kind is FieldType.BOOLEAN:
        _hold(key, part.value)
        st.selectbox(
            f"Value{of_which}",
            [True, False],
            label_visibility="collapsed",
            format_func=lambda said: _with_count(field, "true" if said else "false", "yes" if said else "no"),
            key=key,
            on_change=lambda: take(st.session_state[key]),
        )
    elif kind is FieldType.NUMBER:
        _draw_number(key, f"Value{of_which}", part.value, take, placeholder=_range(field))
    elif kind is FieldType.DATE:
        _draw_day(key, f"Day{of_which}", part.value, take)
    else:
        _draw_text(part, field, key, of_which, take)


def _draw_values(
    part: Part, field: FieldChoice, key: str, of_which: str, kind: FieldType, take: Callable[[Any], None]
) -> None:
    """Several values: those that the leads have, the most frequent first, or typed ones."""
    known = {_shown(value): value for value in part.value or ()}
    options = list(dict.fromkeys([*field.values, *known]))

    def read() -> None:
        chosen = [text.strip() for text in st.session_state[key]]
        values = [known.get(text, _typed(text, kind)) for text in chosen if text]
        take(values or None)

    _hold(key, list(known))
    st.multiselect(
        f"Values{of_which}",
        options,
        label_visibility="collapsed",
        format_func=lambda text: _with_count(field, text),
        accept_new_options=True,
        key=key,
        placeholder="Choose or type",
        on_change=read,
    )


def _draw_text(part: Part, field: FieldChoice, key: str, of_which: str, take: Callable[[Any], None]) -> None:
    held = None if part.value is None else str(part.value)

    def read() -> None:
        take(str(st.session_state[key] or "").strip() or None)

    if field.values and part.operator in (Operator.EQUAL, Operator.NOT_EQUAL):
        _hold(key, held)
        st.selectbox(
            f"Value{of_which}",
            list(dict.fromkeys([*field.values, *([held] if held else [])])),
            label_visibility="collapsed",
            index=None,
            format_func=lambda text: _with_count(field, text),
            accept_new_options=True,
            placeholder="Choose or type",
            key=key,
            on_change=read,
        )
        return
    _hold(key, held or "")
    st.text_input(
        f"Value{of_which}",
        label_visibility="collapsed",
        placeholder="Value",
        max_chars=200,
        key=key,
        on_change=read,
    )


def _draw_number(
    key: str,
    label: str,
    value: float | None,
    take: Callable[[Any], None],
    *,
    least: float | None = None,
    width: Any = "stretch",
    placeholder: str | None = None,
    labelled: bool = False,
    help: str | None = None,
) -> None:
    def read() -> None:
        typed = st.session_state[key]
        take(int(typed) if typed is not None and typed == int(typed) else typed)

    _hold(key, None if value is None else float(value))
    st.number_input(
        label,
        min_value=None if least is None else float(least),
        value=None,
        step=1.0,
        format="%g",
        key=key,
        on_change=read,
        width=width,
        placeholder=placeholder,
        label_visibility="visible" if labelled else "collapsed",
        help=help,
    )


def _draw_day(key: str, label: str, value: str | None, take: Callable[[Any], None]) -> None:
    def read() -> None:
        day = st.session_state[key]
        take(day.isoformat() if isinstance(day, date) else None)

    _hold(key, date.fromisoformat(value) if value else None)
    st.date_input(
        label,
        value=None,
        min_value=date(1900, 1, 1),
        max_value=date(2099, 12, 31),
        format=DATE_FORMAT,
        key=key,
        on_change=read,
        label_visibility="collapsed",
    )


def _path(place: _Place) -> str:
    return ".".join(str(number) for number in place)


def _range(field: FieldChoice) -> str | None:
    if field.lowest is None or field.middle is None or field.highest is None:
        return None
    low, middle, high = (number_text(value) for value in (field.lowest, field.middle, field.highest))
    return f"{low} to {high}, half up to {middle}"


def _with_count(field: FieldChoice, value: str, shown: str = "") -> str:
    """A value with how many leads have it, where that is known."""
    counts = dict(zip(field.values, field.counts, strict=False))
    return f"{shown or value} · {counts[value]:,}" if value in counts else shown or value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(float(value)) if isinstance(value, int | float) else str(value)


def _typed(text: str, kind: FieldType) -> Any:
    """A typed value of a list, of the kind that the others have."""
    if kind is FieldType.BOOLEAN:
        return text.lower() in ("true", "yes", "1")
    if kind is FieldType.NUMBER:
        try:
            number = float(text.replace(",", ""))
        except ValueError:
            return text
        return int(number) if number == int(number) else number
    return text


def _hold(key: str, value: Any) -> None:
    """Let a widget show `value`, without touching it where it does: somebody may be typing there."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
