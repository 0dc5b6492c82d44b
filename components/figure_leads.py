"""A figure's passport and the leads behind it, page by page, in a dialog, and as a file."""

from collections.abc import Callable
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

PAGE = "metrics"
A_PAGE = 50
MOST_IN_A_FILE = 5_000
_LOOKED_UP = 500
_COLUMNS = ("Lead", "Company", "Source", "Stands at", "Since")


def open_leads(figure: Figure, title: str, choice: Choice, at: Callable[[str], str]) -> None:
    """Open the dialog; to be called by a button's callback."""
    dialogs.opening(PAGE)
    st.session_state.pop("metrics_behind_page", None)
    _show(figure, title, choice, at)


@st.dialog("Passport", width="large", on_dismiss=lambda: dialogs.closed(PAGE))
def _show(figure: Any, title: str, choice: Choice, at: Callable[[str], str]) -> None:
    group = next(iter(figure.group.values()), None)
    show_passport(figure, title, at)
    st.markdown("**The leads behind it**")
    left_out = sum(figure.excluded.values())
    counts = {"counted": figure.denominator, "hit": figure.numerator, "excluded": left_out}
    labels = {"counted": "All that count", "hit": "Hits", "excluded": "Left out"}
    offered = [part for part, count in counts.items() if count and (part != "hit" or figure.unit == "share")]
    if not offered:
        st.write("No lead is behind this figure.")
        return
    part = (
        st.segmented_control(
            "Which of them",
            offered,
            default=offered[0],
            required=True,
            format_func=lambda one: f"{labels[one]} ({counts[one]:,})",
            key="metrics_behind_part",
        )
        or offered[0]
    )
    pages = max(1, ceil(counts[part] / A_PAGE))
    page = 1
    if pages > 1:
        page = min(pages, st.pagination(pages, key="metrics_behind_page"))
    with show_refusal():
        rows = _rows(_ids(figure, part, group, choice, page, A_PAGE))
        st.dataframe(rows, hide_index=True, alt="The leads behind the figure", width="stretch")
        st.caption(
            "A lead that came in twice or more stands here once; each time counts in the figure."
            if counts[part] > len(rows) and pages == 1
            else f"Page {page} of {pages}."
        )
        most = min(counts[part], MOST_IN_A_FILE)
        st.download_button(
            "Download as CSV" if counts[part] <= MOST_IN_A_FILE else f"Download the first {most:,} as CSV",
            data=lambda: _file(figure, part, group, choice),
            file_name="leads.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="metrics_behind_file",
        )


def _ids(figure: Any, part: str, group: str | None, choice: Choice, page: int, size: int) -> list[str]:
    return dashboard.list_leads_behind(
        actor(),
        figure.key,
        part=part,
        group=group,
        page=page,
        first_day=choice.first_day,
        last_day=choice.last_day,
        by=choice.by,
        restate=choice.restate,
        only=choice.only,
        size=size,
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


def _file(figure: Any, part: str, group: str | None, choice: Choice) -> bytes:
    rows: list[dict[str, str]] = []
    for page in range(1, ceil(MOST_IN_A_FILE / _LOOKED_UP) + 1):
        ids = _ids(figure, part, group, choice, page, _LOOKED_UP)
        rows += _rows(ids)
        if len(ids) < _LOOKED_UP:
            break
    return write_csv(Table(_COLUMNS, tuple(tuple(row.values()) for row in rows)))
