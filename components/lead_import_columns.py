"""The columns of files beside some of their values, and what each is taken to mean; the rest a mapping needs below."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import streamlit as st

from actions import lead_mappings
from components import lead_import
from components.session import actor
from components.text import ink, plain

if TYPE_CHECKING:
    from actions.lead_mappings import (
        ColumnSeen,
        ConditionalDate,
        DateQuestion,
        DecimalQuestion,
        Laid,
        Matching,
    )

_PER_PAGE = 20
_ORDERS = {
    "": "Found in the data",
    "ymd": "Year, month, day",
    "dmy": "Day, month, year",
    "mdy": "Month, day, year",
}
_DECIMALS = {"": "Found in the data", ".": "1,200.50", ",": "1.200,50"}


def ask_for_the_order(question: "DateQuestion", key: str) -> None:
    """Ask which day a date such as 03/04/2026 is, with both readings to choose from."""
    shown = question.example.split(" ")[0].split("T")[0]
    readings = _readings(shown)
    with st.container(border=True):
        st.markdown(
            f":material/calendar_month: **Which day is {plain(shown)}?** It stands in “{plain(question.column)}”, and nothing in "
            "the first rows tells whether day or month comes first."
        )
        st.segmented_control(
            "Which day is it?",
            list(readings),
            format_func=lambda order: ink(readings[order]),
            key=f"{key}_order_asked",
            on_change=_changed,
            args=(f"{key}_order_asked", "date_order"),
            label_visibility="collapsed",
        )


def ask_for_the_decimal_sign(question: "DecimalQuestion", key: str) -> None:
    """Ask how much a number such as 1.200 is, with both readings to choose from."""
    shown, *other = question.examples
    column = plain(question.column)
    if other:
        asked = "**Which sign stands before decimals?**"
        why = f"“{column}” has both {plain(shown)} and {plain(other[0])}; rows with the other sign are left out."
    else:
        asked = f"**How much is {plain(shown)}?**"
        why = f"It stands in “{column}”, and nothing in the first rows tells whether the sign separates thousands or decimals."
    with st.container(border=True):
        st.markdown(f":material/pin: {asked} {why}")
        st.segmented_control(
            "Which sign stands before decimals?",
            [".", ","],
            format_func=lambda sign: ink(_amount(shown, sign, bool(other))),
            key=f"{key}_decimal_asked",
            on_change=_changed,
            args=(f"{key}_decimal_asked", "decimal"),
            label_visibility="collapsed",
        )


def _amount(shown: str, sign: str, contradicted: bool) -> str:
    """What a number with three digits behind its only sign is, with this one before decimals."""
    if contradicted:
        return "The point, as in 1,200.50" if sign == "." else "The comma, as in 1.200,50"
    digits = "".join(one for one in shown if one.isdigit() or one in ".,").strip(".,")
    if sign in digits:
        return f"{digits.replace(',', '.')} (three decimals)"
    return f"{digits.replace('.', '').replace(',', '')} (thousands)"


def _readings(shown: str) -> dict[str, str]:
    """Both days that a date such as 03/04/2026 can be, by the order that reads it so."""
    first, second, year = (int(part) for part in shown.replace("-", "/").replace(".", "/").split("/"))
    try:
        both = {"dmy": date(year, second, first), "mdy": date(year, first, second)}
    except ValueError:
        both = {}
    if first == second or not both:
        return {"dmy": "The day comes first", "mdy": "The month comes first"}
    return {order: f"{day:%-d %B %Y}" for order, day in both.items()}


def choose_meanings(matching: "Matching", laid: "Laid", key: str) -> None:
    """A row for each column: its name, values, and what it means. Changes go into the session as they are made."""
    serving = serving_columns(matching)
    matched = [one for one in laid.columns if matching.meanings.get(one.name) or one.name in serving]
    left_out = [one for one in laid.columns if one not in matched]
    thing = "properties" if matching.long else "columns"
    sets = {
        "matched": (f"Matched ({len(matched)})", matched),
        "left": (f"Left out ({len(left_out)})", left_out),
    }
    # the id is to be found among those first, for nothing goes on without it
    start = "matched" if "lead_id" in matching.meanings.values() or not left_out else "left"
    st.session_state.setdefault(f"{key}_shown", start)
    # a column that is just matched stays where it is until another list is asked for
    chosen = st.radio(
        f"Which {thing} to show",
        list(sets),
        format_func=lambda name: sets[name][0],
        key=f"{key}_shown",
        horizontal=True,
        label_visibility="collapsed",
    )
    shown = _held(f"{key}_held", str(chosen), sets[str(chosen)][1], laid.columns)
    if not shown:
        st.caption("Every column is matched." if chosen == "left" else "No column is matched yet.")
    if len(shown) > _PER_PAGE:
        found = st.text_input(
            "Find a column",
            key=f"{key}_find_{chosen}",
            placeholder="Part of its name",
            icon=":material/search:",
        )
        shown = [column for column in shown if found.strip().casefold() in column.name.casefold()]
        if not shown:
            st.caption("No column is called like that.")
    pages = -(-len(shown) // _PER_PAGE)
    page = min(st.session_state.get(f"{key}_page_{chosen}", 1), pages) if pages > 1 else 1
    labels = {one.key: _label(one.group, one.label) for one in lead_mappings.list_meanings(actor())}
    if matching.long:
        labels = {name: label for name, label in labels.items() if not name.startswith("flag:")}
    for column in shown[(page - 1) * _PER_PAGE : page * _PER_PAGE]:
        _show_column(column, matching, laid, labels, serving, key)
    if pages > 1:
        st.pagination(pages, key=f"{key}_page_{chosen}")


def serving_columns(matching: "Matching") -> set[str]:
    """The columns that serve dates which count on some rows only."""
    return {name for one in matching.conditionals for name in (one.column, one.where) if name}


def choose_conditionals(matching: "Matching", laid: "Laid", key: str) -> None:
    """Dates that mean something on some rows only; in a long file, the changes that mean something."""
    values = {column.name: column.values for column in laid.columns}
    names = [column.name for column in laid.columns if matching.meanings.get(column.name) != "lead_id"]
    meanings = {
        one.key: one.label
        for one in lead_mappings.list_meanings(actor())
        if one.key.partition(":")[0] in ("stage", "event")
    }
    for number, one in enumerate(matching.conditionals):
        _show_conditional(number, one, matching, names, values, meanings, key)
    st.button(
        "Add a change that means something" if matching.long else "Add a date that counts on some rows",
        icon=":material/add:",
        key=f"{key}_add_conditional",
        on_click=_add_conditional,
        args=(names, meanings),
        type="tertiary",
    )


def choose_options(matching: "Matching", key: str) -> None:
    """How dates, numbers and empty cells are written."""
    zones = [
        "UTC",
        *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
    ]
    if matching.timezone not in zones:
        zones.append(matching.timezone)
    with st.grid(2, min_column_width=240):
        _option("Order in dates such as 03/04/2026", "date_order", matching.date_order, _ORDERS, key)
        _option(
            "Time zone of times without one",
            "timezone",
            matching.timezone,
            {zone: zone for zone in zones},
            key,
        )
        _option("Numbers are written as", "decimal", matching.decimal, _DECIMALS, key)
        words = [*matching.missing]
        st.multiselect(
            "Words that stand for an empty cell",
            list(dict.fromkeys((*words, "Select", "(No value)", "N/A", "-", "none"))),
            default=words,
            accept_new_options=True,
            key=f"{key}_missing",
            on_change=_changed_words,
            args=(f"{key}_missing",),
            placeholder="Only cells without anything",
        )


def _show_column(
    column: "ColumnSeen",
    matching: "Matching",
    laid: "Laid",
    labels: Mapping[str, str],
    serving: set[str],
    key: str,
) -> None:
    number = next(place for place, one in enumerate(laid.columns) if one.name == column.name)
    meaning = matching.meanings.get(column.name, "")
    name, choice = st.columns([5, 6], vertical_alignment="center")
    with name, st.container(gap=None):
        st.markdown(f"**{plain(column.name or '(no name)')}**")
        st.caption(_about(column, column.name in serving and not meaning))
    with choice:
        st.selectbox(
            f"What {plain(column.name or '(no name)')} means",
            list(labels),
            index=list(labels).index(meaning) if meaning in labels else 0,
            format_func=labels.__getitem__,
            key=f"{key}_means_{number}",
            on_change=_changed_meaning,
            args=(f"{key}_means_{number}", column.name),
            label_visibility="collapsed",
        )
        if meaning.startswith("flag:"):
            _words(
                f"Words of {plain(column.name)} that count",
                column.values,
                matching.words.get(column.name, ()),
                f"{key}_words_{number}",
                _changed_flag,
                column.name,
            )
        elif meaning and column.personal:
            st.caption(":material/shield_person: This identifies a person. Keep it only if you need it.")


def _about(column: "ColumnSeen", helps: bool) -> str:
    if not column.files and not column.examples:
        return "Not in these files."
    if helps:
        return "Used below, for dates that count on some rows."
    if not column.examples:
        return "Empty in the first rows."
    personal = ":material/shield_person: " if column.personal else ""
    return personal + " · ".join(
        plain(value[:40] + ("…" if len(value) > 40 else "")) for value in column.examples
    )


def _show_conditional(
    number: int,
    one: "ConditionalDate",
    matching: "Matching",
    names: Sequence[str],
    values: Mapping[str, tuple[str, ...]],
    meanings: Mapping[str, str],
    key: str,
) -> None:
    prefix = f"{key}_conditional_{number}"

    def pick(label: str, attribute: str, options: Sequence[str], show: Callable[[str], str] = str) -> None:
        value = getattr(one, attribute)
        offered = [*options] if value in options else [value, *options]
        st.selectbox(
            label,
            offered,
            index=offered.index(value),
            format_func=show,
            key=f"{prefix}_{attribute}",
            on_change=_changed_conditional,
            args=(number, attribute, f"{prefix}_{attribute}"),
        )

    with st.container(border=True):
        with st.grid(3 if matching.long else 4, min_column_width=150):
            pick("This happened", "meaning", list(meanings), lambda meaning: meanings.get(meaning, meaning))
            if not matching.long:
                pick("On the date in", "column", names)
            pick("When this changes" if matching.long else "Where", "where", names)
            _words(
                "To" if matching.long else "Says",
                tuple(value.lower() for value in values.get(one.where, ())),
                one.equals,
                f"{prefix}_equals",
                _changed_conditional_words,
                number,
            )
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            key=f"{prefix}_remove",
            on_click=_remove_conditional,
            args=(number,),
        )


def _words(
    label: str,
    offered: Sequence[str],
    chosen: Sequence[str],
    key: str,
    changed: Callable[[str, Any], None],
    which: object,
) -> None:
    lower = {value.lower(): value for value in reversed(offered)}
    default = [lower.get(word, word) for word in chosen]
    st.multiselect(
        label,
        list(dict.fromkeys((*default, *offered))),
        default=default,
        accept_new_options=True,
        key=key,
        on_change=changed,
        args=(key, which),
        placeholder="Choose or type words",
    )


def _option(label: str, name: str, value: str, options: Mapping[str, str], key: str) -> None:
    st.selectbox(
        label,
        list(options),
        index=list(options).index(value),
        format_func=options.__getitem__,
        key=f"{key}_{name}",
        on_change=_changed,
        args=(f"{key}_{name}", name),
    )


def _label(group: str, label: str) -> str:
    return f"{group}: {label}" if group in ("Date", "Field") else label


def _held(
    key: str, chosen: str, wanted: Sequence["ColumnSeen"], every: Sequence["ColumnSeen"]
) -> list["ColumnSeen"]:
    """The columns of the list that is shown, as it was when it was asked for: what is matched must not jump away."""
    held = st.session_state.get(key)
    if held is None or held[0] != chosen:
        held = (chosen, [column.name for column in wanted])
        st.session_state[key] = held
    return [column for column in every if column.name in held[1]]


def _changed(key: str, name: str) -> None:
    lead_import.change(**{name: st.session_state[key] or ""})
    if key.endswith("_asked"):
        lead_import.redraw()


def _changed_words(key: str) -> None:
    lead_import.change(missing=tuple(st.session_state[key]))


def _changed_meaning(key: str, column: str) -> None:
    meanings = {**lead_import.matching_now().meanings, column: st.session_state[key]}
    lead_import.change(meanings={name: meaning for name, meaning in meanings.items() if meaning})


def _changed_flag(key: str, column: str) -> None:
    words = tuple(dict.fromkeys(word.strip().lower() for word in st.session_state[key]))
    lead_import.change(words={**lead_import.matching_now().words, column: words})


def _changed_conditional(number: int, attribute: str, key: str) -> None:
    changes: dict[str, Any] = {attribute: st.session_state[key]}
    if attribute == "where":
        changes["equals"] = ()
    _replace_conditional(number, **changes)


def _changed_conditional_words(key: str, number: int) -> None:
    _replace_conditional(
        number, equals=tuple(dict.fromkeys(w.strip().lower() for w in st.session_state[key]))
    )


def _replace_conditional(number: int, **changes: Any) -> None:
    conditionals = list(lead_import.matching_now().conditionals)
    conditionals[number] = replace(conditionals[number], **changes)
    lead_import.change(conditionals=tuple(conditionals))
    if "equals" in changes and not changes["equals"]:
        lead_import.redraw()


def _remove_conditional(number: int) -> None:
    conditionals = list(lead_import.matching_now().conditionals)
    del conditionals[number]
    lead_import.change(conditionals=tuple(conditionals))
    lead_import.redraw()


def _add_conditional(names: Sequence[str], meanings: Mapping[str, str]) -> None:
    matching = lead_import.matching_now()
    free = [meaning for meaning in meanings if meaning not in {one.meaning for one in matching.conditionals}]
    fresh = lead_mappings.new_conditional(
        actor(), (free or list(meanings))[0], names[0] if names else "", matching
    )
    lead_import.change(conditionals=(*matching.conditionals, fresh))
    lead_import.redraw()
