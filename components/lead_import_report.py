"""An import on its way and at its end: progress with a way to stop it, and what it did or would do."""

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from actions import imports
from alignment.tables import Table, write_csv
from components.outcome import perform
from components.text import plain

if TYPE_CHECKING:
    from actions.imports import ImportRun

_LISTED = 500


def show_progress(run: "ImportRun", key: str) -> None:
    """How far an import or a check is, and the button that ends it."""
    doing = "Checking" if run.dry_run else "Importing"
    names = ", ".join(run.files[:3]) + (f" and {len(run.files) - 3} more" if len(run.files) > 3 else "")
    rows = f", {run.rows:,} rows" if run.rows else ""
    with st.container(border=True):
        st.markdown(f"**{doing} {plain(names)}{rows}**")
        st.progress(min(1.0, max(0.0, run.share)), f"{plain(run.step)} …")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Stop checking" if run.dry_run else "Stop the import",
                icon=":material/cancel:",
                key=f"{key}_stop",
                on_click=perform,
                args=("Stopped. Nothing was kept.", imports.cancel_import, run.id),
            )
            st.caption("It goes on when you leave this page.")


def show_report(report: Any, dry_run: bool, key: str) -> None:
    """What an import did, or would do: the counts, what is odd, and the rows that were refused, to download."""
    would = "would be " if dry_run else ""
    sentence = (
        f"{report.read:,} rows read: {report.new:,} {would}new, {report.changed:,} {would}changed, "
        f"{report.unchanged:,} unchanged, {report.refused:,} refused."
    )
    if dry_run:
        st.info(sentence, icon=":material/fact_check:", title="Nothing has been kept yet")
    else:
        st.success(sentence, icon=":material/check_circle:", title="Imported")
    for warning in report.warnings:
        st.caption(f":material/info: {plain(warning.text)}")
    if report.refusals:
        show_refusals(report, key)


def show_refusals(report: Any, key: str) -> None:
    """The rows that cannot be used, each with the reason; a spreadsheet runs nothing of what is downloaded."""
    rows = [(r.file, r.row, r.column, r.value, r.reason) for r in report.refusals]
    more = f"The first {_LISTED} are shown. " if len(rows) > _LISTED else ""
    if report.refused > len(rows):
        more += f"The file to download lists the first {len(rows):,} of {report.refused:,}."
    st.markdown(f"**Rows that cannot be used ({report.refused:,})**")
    first = report.refusals[0]
    said = f", “{plain(first.value[:60])}”" if first.value else ""
    at = f", column {plain(first.column)}" if first.column else ""
    st.markdown(f"The first is row {first.row:,}{at}{said}: {plain(first.reason)}")
    if more:
        st.caption(more)
    st.dataframe(
        pd.DataFrame(rows[:_LISTED], columns=["File", "Row", "Column", "Value", "Reason"]),
        hide_index=True,
        alt="Rows that were refused, with the reason",
    )
    st.download_button(
        "Download the refused rows",
        lambda: write_csv(Table(("file", "row", "column", "value", "reason"), tuple(rows))),
        "refused-rows.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"{key}_refusals",
    )
