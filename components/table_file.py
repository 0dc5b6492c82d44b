"""A table with the way to take it along: on screen as it is, as CSV with formulas defused."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from alignment.tables import Table, write_csv


def show_table(rows: Sequence[dict[str, Any]], alt: str, key: str, file_name: str) -> None:
    """The rows (all with the same columns) as a table, and a button that downloads them as CSV."""
    st.dataframe(list(rows), hide_index=True, alt=alt, key=f"{key}_table")
    download_table(rows, key, file_name)


def download_table(rows: Sequence[dict[str, Any]], key: str, file_name: str) -> None:
    """The button alone."""
    columns = tuple(rows[0]) if rows else ()
    st.download_button(
        "CSV",
        data=write_csv(Table(columns, tuple(tuple(row.values()) for row in rows))),
        file_name=f"{file_name}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"{key}_csv",
        disabled=not rows,
    )
