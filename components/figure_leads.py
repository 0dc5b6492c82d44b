"""A figure's passport and the leads behind it, page by page, in a dialog, and as a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import ceil
from typing import Any

import streamlit as st

from actions import dashboard, leads
from alignment.lifecycle import Stage
from alignment.tables import Table, write_csv
from components import dialogs
from components.dashboard_choice import Choice
from components.page import show_refusal
from components.passport import Figure, show_passport
from components.session import actor
from components.text import ink, plain

PAGE = "metrics"
A_PAGE = 50
MOST_IN_A_FILE = 5_000
_LOOKED_UP = 500
_COLUMNS = ("Lead", "Company", "Source", "Stands at", "Since")


@dataclass(frozen=True)
class LeadList:
    """Leads that a dialog offers: what they are called, how many there are, and `ids`, which returns a page of so many ids."""

    label: str
    count: int
    ids: Callable[[int, int], list[str]]


def open_leads(figure: Figure, title: str, choice: Choice, at: Callable[[str], str]) -> None:
    """Open the dialog of a figure with its passport; to be called by a button's callback."""
    dialogs.opening(PAGE)
    st.session_state.pop("metrics_behind_page", None)
    _show(figure, title, choice, at)


def open_lists(title: str, lists: Sequence[LeadList], page: str = PAGE) -> None:
    """Open a dialog with leads to look through, for what has no passport; to be called by a button's callback.

    `page` is the screen's name among dialogs: `goals`, or that of the dashboard.
    """
    dialogs.opening(page)
    st.session_state.pop("metrics_behind_page", None)
    st.dialog(plain(title), width="large", on_dismiss=lambda: dialogs.closed(page))(_show_lists)(lists)


def list_of(
    choice: Choice, key: str, group: str | None, part: str = "counted"
) -> Callable[[int, int], list[str]]:
    """The pages of the leads under a key and group of `actions.dashboard.list_leads_behind`, within what is chosen."""

    def ids(page: int, size: int) -> list[str]:
        return dashboard.list_leads_behind(
            actor(),
            key,
            part=part,
            group=group,
            page=page,
            size=size,
            first_day=choice.first_day,
            last_day=choice.last_day,
            by=choice.by,
            restate=choice.restate,
            only=choice.only,
        )

    return ids


def list_of_goal(measure: str, first_day: date, last_day: date) -> Callable[[int, int], list[str]]:
    """The pages of the leads that a goal counts under a measure."""

    def ids(page: int, size: int) -> list[str]:
        return dashboard.list_leads_behind(
            actor(), "goal", group=measure, page=page, size=size, first_day=first_day, last_day=last_day
        )

    return ids


@st.dialog("Passport", width="large", on_dismiss=lambda: dialogs.closed(PAGE))
def _show(figure: Any, title: str, choice: Choice, at: Callable[[str], str]) -> None:
    show_passport(figure, title, at)
    st.markdown("**The leads behind it**")
    group = next(iter(figure.group.values()), None)
    counts = {
        "counted": ("All that count", figure.denominator),
        "hit": ("Hits", figure.numerator if figure.unit == "share" else 0),
        "excluded": ("Left out", sum(figure.excluded.values())),
    }
    _show_lists(
        [
            LeadList(label, count, partial(_behind, figure, part, group, choice))
            for part, (label, count) in counts.items()
        ]
    )


def _behind(figure: Any, part: str, group: str | None, choice: Choice, page: int, size: int) -> list[str]:
    return list_of(choice, figure.key, group, part)(page, size)


def _show_lists(lists: Sequence[LeadList]) -> None:
    offered = {one.label: one for one in lists if one.count}
    if not offered:
        st.write("No lead is behind this figure.")
        return
    first = next(iter(offered))
    if len(offered) > 1:
        label = st.segmented_control(
            "Which of them",
            list(offered),
            default=first,
            required=True,
            format_func=lambda one: ink(f"{one} ({offered[one].count:,})"),
            key="metrics_behind_part",
        )
        chosen = offered[label or first]
    else:
        chosen = offered[first]
        st.caption(f"{plain(chosen.label)}: {chosen.count:,}")
    pages = max(1, ceil(chosen.count / A_PAGE))
    page = min(pages, st.pagination(pages, key="metrics_behind_page")) if pages > 1 else 1
    with show_refusal():
        rows = _rows(chosen.ids(page, A_PAGE))
        st.dataframe(rows, hide_index=True, alt="The leads behind the figure", width="stretch")
        st.caption(
            "A lead that came in twice or more stands here once; each time counts in the figure."
            if chosen.count > len(rows) and pages == 1
            else f"Page {page} of {pages}."
        )
        most = min(chosen.count, MOST_IN_A_FILE)
        st.download_button(
            "Download as CSV" if chosen.count <= MOST_IN_A_FILE else f"Download the first {most:,} as CSV",
            data=lambda: _file(chosen),
            file_name="leads.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="metrics_behind_file",
        )


def _rows(ids: list[str]) -> list[dict[str, str]]:
    if not ids:
        return []
    known: dict[str, Any] = {}
    for page in range(1, ceil(len(ids) / A_PAGE) + 1):
        known |= {row.lead_id: row for row in leads.find_leads(actor(), ids=ids, page=page).rows}
    return [
        dict(
            zip(
                _COLUMNS,
                (
                    row.lead_id,
                    row.company or "",
                    "" if row.source == "(blank)" else row.source,
                    _stage(row.stage),
                    f"{row.since:%Y-%m-%d}" if row.since else "",
                ),
                strict=True,
            )
        )
        for lead_id in ids
        if (row := known.get(lead_id)) is not None
    ]


def _stage(stage: Stage | None) -> str:
    return stage.label if stage else "no stage recorded"


def _file(chosen: LeadList) -> bytes:
    rows: list[dict[str, str]] = []
    for page in range(1, ceil(MOST_IN_A_FILE / _LOOKED_UP) + 1):
        ids = chosen.ids(page, _LOOKED_UP)
        rows += _rows(ids)
        if len(ids) < _LOOKED_UP:
            break
    return write_csv(Table(_COLUMNS, tuple(tuple(row.values()) for row in rows)))
