"""A figure with its passport: formula, counts, interval, exclusions, definition, freshness, and the leads behind it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

from components.text import plain


class Bounds(Protocol):
    """An interval."""

    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class Figure(Protocol):
    """What a figure has to tell of itself; the measures of the leads do."""

    @property
    def value(self) -> float | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...
    @property
    def interval(self) -> Bounds | None: ...
    @property
    def excluded(self) -> Mapping[str, int]: ...
    @property
    def flags(self) -> Mapping[str, int]: ...
    @property
    def definitions(self) -> Mapping[str, int]: ...
    @property
    def window_days(self) -> int | None: ...
    @property
    def as_of(self) -> str: ...
    @property
    def data_from(self) -> str | None: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def currency(self) -> str | None: ...


LEFT_OUT = {
    "immature": "too young to have had the whole window",
    "undecided": "not decided yet",
    "not_due": "not due yet",
    "closed_before_due": "closed before a call was due",
    "fails_definition": "do not meet the definition",
    "unknown_by_definition": "cannot be judged: a field that the definition needs is missing",
    "left_truncated": "from before outcomes were recorded",
    "test_or_internal": "tests and internal leads, by the agreed filter",
    "waived": "let off by the other side",
    "only_the_day_is_known": "of which only the day is known, which is too coarse for the limit",
    "no_value": "won without a value",
    "other_currency": "with a value in another currency",
    "no_start": "without the instant from which the time counts",
}
UNUSUAL = {
    "imputed": "skipped a stage; its time was taken from the next one",
    "reversed": "have a later stage before an earlier one",
    "left_truncated": "from before outcomes were recorded",
    "implied": "were accepted in fact, without a recorded decision",
    "late": "were decided late",
    "early": "were contacted before the clock started",
}


def written(figure: Figure) -> str:
    """The value as people write it; '–' where it cannot be told."""
    if figure.value is None:
        return "–"
    return _in_unit(figure, figure.value)


def _in_unit(figure: Figure, value: float) -> str:
    match figure.unit:
        case "share" | "ratio":
            return percent(value)
        case "growth":
            return f"{value:+.0%}".replace("-", "−")
        case "business minutes":
            return duration(value)
        case "days":
            return f"{value:,.1f} days" if value < 10 else f"{value:,.0f} days"
        case "money per day":
            return f"{value:,.0f} {plain(figure.currency or '')} a day".replace("  ", " ")
        case _:
            return f"{value:,.0f}"


def percent(share: float) -> str:
    """A share as a percentage, with a decimal below ten percent."""
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def duration(minutes: float) -> str:
    """Business minutes as minutes or hours."""
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 600 else f"{minutes / 60:,.0f} h"


def interval_in_words(figure: Figure) -> str:
    """The 95 % interval in words, '' where there is none."""
    interval = figure.interval
    if interval is None:
        return ""
    high = _in_unit(figure, interval.high) if interval.high != float("inf") else "open"
    return f"{_in_unit(figure, interval.low)} to {high}"


def show_figure(figure: Figure, title: str, key: str, on_open: Callable[[Any], None]) -> None:
    """A card with the figure, how sure it is, and the button that opens its passport and the leads behind it."""
    with st.container(border=True, height="stretch"):
        # a title of its own, since that of a metric is cut off where the card is narrow
        st.caption(title)
        st.metric(title, written(figure), label_visibility="collapsed")
        span = interval_in_words(figure)
        if figure.value is None:
            st.caption(plain(figure.notes[0]) if figure.notes else "Cannot be told yet.")
        elif span:
            st.caption(f"95% interval {span}; {figure.denominator:,} leads")
        elif figure.denominator != figure.value:
            st.caption(f"{figure.denominator:,} leads counted")
        st.button(
            "Passport",
            key=f"{key}_passport",
            icon=":material/badge:",
            type="tertiary",
            help=f"{title}: how it is counted, and the leads behind it",
            on_click=on_open,
            args=(figure,),
        )


def show_passport(figure: Figure, title: str, at: Callable[[str], str]) -> None:
    """Everything that is needed to believe or doubt a figure."""
    st.markdown(f"**{title}: {written(figure)}**")
    lines = [f"Formula: {plain(figure.formula)}."]
    if figure.unit == "share":
        lines.append(f"Counts: {figure.numerator:,} of {figure.denominator:,} leads.")
    span = interval_in_words(figure)
    if span:
        lines.append(f"With 95% confidence: {span}.")
    if figure.window_days is not None:
        lines.append(f"Window: {figure.window_days} days.")
    for reason, count in figure.excluded.items():
        lines.append(
            f"Left out: {count:,} that are {plain(LEFT_OUT.get(reason, reason))}."
            if reason == "immature"
            else f"Left out: {count:,}, {plain(LEFT_OUT.get(reason, reason))}."
        )
    for flag, count in figure.flags.items():
        lines.append(f"Among those counted: {count:,} {plain(UNUSUAL.get(flag, flag))}.")
    if figure.definitions:
        versions = ", ".join(
            f"{plain(label)} ({count:,} leads)" for label, count in figure.definitions.items()
        )
        lines.append(f"Judged by: {versions}; by each lead's fields as they are known now.")
    else:
        lines.append("Judged by: no definition; every lead that became an MQL counts.")
    lines.append(f"As of {at(figure.as_of)}.")
    if figure.data_from:
        lines.append(f"Leads last changed {at(figure.data_from)}.")
    lines += [plain(note) for note in figure.notes]
    st.markdown("\n".join(f"- {line}" for line in lines))
