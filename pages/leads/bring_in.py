"""Bring in leads: files of any CRM, matched to what they mean, checked, and only then kept."""

from typing import Any

import streamlit as st

from actions import imports, lead_mappings
from alignment.errors import Refusal
from components import lead_import
from components.lead_import_columns import (
    ask_for_the_decimal_sign,
    ask_for_the_order,
    choose_conditionals,
    choose_meanings,
    choose_options,
    serving_columns,
)
from components.lead_import_kept import offer_to_keep, show_imports, show_last_import, show_mappings
from components.lead_import_report import show_progress, show_refusals, show_report
from components.outcome import show_outcome
from components.page import open_page, show_refusal, stop_on_refusal
from components.session import actor, person
from components.text import plain

KEY = "bring_in"

person()
open_page("Bring in leads", "Which column means what, and what would change?")
show_outcome()
answer = st.container()


@st.fragment(run_every="1s")
def follow(import_id: str) -> None:
    """Show how far an import or check is; the whole page is drawn anew once it has ended."""
    with stop_on_refusal():
        run = imports.read_import(actor(), import_id)
    if run.running:
        show_progress(run, f"{KEY}_{import_id}")
    else:
        st.rerun()


def running_elsewhere(mine: str) -> None:
    """Imports of others, or of this person before a reload: nobody has to guess why theirs waits."""
    for run in imports.list_running(actor()):
        if run.id != mine:
            st.caption(
                f":material/hourglass: {plain(run.person_name)} is bringing in {plain(', '.join(run.files))}."
            )
            follow(run.id)


def show_what_it_is(before: lead_import.Before, laid: lead_mappings.Laid) -> None:
    """The answer first: what the files are, how much of them is matched, and how to read them otherwise."""
    kinds = lead_import.kinds()
    names = [file.name for file in before.seen]
    matching = before.matching
    called = plain(names[0]) if len(names) == 1 else f"{len(names)} files"
    if before.saved_name:
        verb = "is" if len(names) == 1 else "are"
        what = f"{verb} read with your mapping “{plain(before.saved_name)}”"
    else:
        what = (
            f"{'looks' if len(names) == 1 else 'look'} like {with_article(kinds.get(before.kind, 'table'))}"
        )
    if matching is None:
        st.subheader(f"{called} {what}.", anchor=False)
    else:
        there = [column for column in laid.columns if column.files]
        serving = serving_columns(matching)
        matched = sum(bool(matching.meanings.get(one.name)) or one.name in serving for one in there)
        thing = "properties" if matching.long else "columns"
        if matched or before.saved_name:
            st.subheader(f"{called} {what}: {matched} of {len(there)} {thing} are matched.", anchor=False)
        else:
            st.subheader(f"Nothing in {called} is recognised. Is it an export of leads?", anchor=False)
    for file in before.seen:
        if len(names) > 1 or file.rows:
            rows = f"{file.rows:,} rows, " if file.rows else ""
            st.caption(f":material/description: {plain(file.name)}: {rows}{len(file.header)} columns")
        for remark in file.remarks:
            st.caption(f":material/info: {plain(remark)}")
    if matching is not None:
        ask_for_the_sheet(before)
    options = list(kinds)
    st.selectbox(
        "Read as",
        options,
        index=options.index(before.kind) if before.kind in options else None,
        format_func=kinds.__getitem__,
        key=f"{KEY}_kind_{before.version}",
        on_change=lambda: lead_import.read_as(st.session_state[f"{KEY}_kind_{before.version}"]),
    )


def ask_for_the_sheet(before: lead_import.Before) -> None:
    """Which sheet of a workbook is read, where several are filled in."""
    titles = lead_import.sheets(before)
    if not titles:
        return
    shown = next(file.sheet for file in before.seen if len(file.sheets) > 1)
    st.selectbox(
        "Sheet to read",
        titles,
        index=titles.index(shown) if shown in titles else None,
        key=f"{KEY}_sheet_{before.version}",
        on_change=lambda: lead_import.read_sheet(st.session_state[f"{KEY}_sheet_{before.version}"]),
        help="One sheet is read at a time. Bring in another one afterwards: leads of the same id add to each other.",
    )


def with_article(title: str) -> str:
    """A kind of export within a sentence: names of CRMs keep their capital."""
    told = (
        title if title.split(" ")[0] in ("HubSpot", "Salesforce", "Odoo") else title[:1].lower() + title[1:]
    )
    return f"{'an' if told[:1].lower() in 'aeiou' else 'a'} {told}"


def match(before: lead_import.Before, checked: bool) -> lead_mappings.Laid:
    """Show what the files are taken to mean, to be corrected; the mapping that comes of it."""
    key = f"{KEY}_{before.version}"
    if before.matching is None:
        laid = lead_mappings.Laid((), (), before.toml, "", None, None, "", ())
        show_what_it_is(before, laid)
        st.caption(
            "This mapping gives a column two meanings, so it is used as it is. Change it under “Kept mappings”."
        )
        return laid
    laid = lead_mappings.lay(actor(), before.matching, before.seen)
    show_what_it_is(before, laid)
    if laid.question is not None:
        ask_for_the_order(laid.question, key)
    if laid.decimal_question is not None:
        ask_for_the_decimal_sign(laid.decimal_question, key)
    for lack in laid.lacks:
        st.caption(f":material/info: {plain(lack)}")
    stage = "checked" if checked else "open"
    # once it has been checked, what would change comes first; under another key, for an expander keeps how it was left
    with st.expander(
        "What the columns mean",
        expanded=not checked,
        icon=":material/join_inner:",
        key=f"{key}_columns_{stage}",
    ):
        choose_meanings(before.matching, laid, key)
    named = "Which changes mean what" if before.matching.long else "Dates that count on some rows only"
    count = len(before.matching.conditionals)
    with st.expander(
        f"{named} ({count})",
        expanded=bool(before.matching.long) and not checked,
        icon=":material/rule:",
        key=f"{key}_changes_{stage}",
    ):
        choose_conditionals(before.matching, laid, key)
    with st.expander("How dates, numbers and empty cells are written", icon=":material/tune:"):
        choose_options(before.matching, key)
    if laid.toml:
        with st.expander("The mapping as text, for the command line", icon=":material/terminal:"):
            st.code(laid.toml, language=None)
            st.download_button(
                "Download the mapping",
                laid.toml.encode(),
                "mapping.toml",
                "application/toml",
                icon=":material/download:",
                on_click="ignore",
                key=f"{key}_toml",
            )
    return laid


def work(uploads: list[Any]) -> None:
    """From files to an import: match, check, see what would change, bring in."""
    with stop_on_refusal():
        before = lead_import.before(uploads)
        begun = lead_import.begun()
        if begun is not None and begun.files != before.files:
            begun = None
        laid = match(before, checked=begun is not None)
    run = None
    if begun is not None:
        with show_refusal():
            run = imports.read_import(actor(), begun.import_id)
    if begun is not None and run is not None and run.running:
        follow(begun.import_id)
        return
    if laid.problem:
        st.warning(plain(laid.problem), icon=":material/help:")
    same = begun is not None and begun.toml == laid.toml
    report = run.report if run is not None and same else None
    checked = report if begun is not None and begun.dry_run else None
    ready = checked is not None and checked.read > checked.refused
    if run is not None and same and not (begun and not begun.dry_run and run.state == "done"):
        show_end(run)
    elif run is not None and begun is not None and not begun.dry_run and run.report is not None:
        show_report(run.report, False, KEY)
        with st.container(horizontal=True):
            st.page_link("pages/leads/metrics.py", label="See the metrics", icon=":material/monitoring:")
            st.page_link("pages/leads/leads.py", label="See the leads", icon=":material/filter_alt:")
        if same:
            offer_to_keep(laid.toml, before.saved_name, KEY)
            return
    offer(uploads, before, laid, checked if ready else None)
    if checked is not None and laid.toml:
        offer_to_keep(laid.toml, before.saved_name, KEY)


def show_end(run: imports.ImportRun) -> None:
    """How a check ended, or an import that brought nothing in."""
    if run.report is not None and run.state == "done":
        show_report(run.report, run.dry_run, KEY)
    elif run.state == "cancelled":
        st.info("Stopped. Nothing was kept.", icon=":material/cancel:")
    elif run.problem:
        st.error(plain(run.problem), icon=":material/error:")
        if run.report is not None:
            show_refusals(run.report, KEY)


def offer(uploads: list[Any], before: lead_import.Before, laid: lead_mappings.Laid, checked: Any) -> None:
    """The next step: check, and once that is seen, bring in."""
    open_question = laid.question is not None or laid.decimal_question is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        check = st.button(
            "Check",
            type="secondary" if checked is not None else "primary",
            disabled=not laid.toml or open_question,
            key=f"{KEY}_check",
            icon=":material/fact_check:",
            help="Reads every row and says what would change. Nothing is kept.",
        )
        go = checked is not None and st.button(
            label_of(checked), type="primary", key=f"{KEY}_import", icon=":material/upload:"
        )
        if open_question:
            asked = "which day it is" if laid.question is not None else "which number it is"
            st.caption(f"Say above {asked}, then check.")
        elif checked is None and laid.toml:
            st.caption("Reads every row and says what would change. Nothing is kept yet.")
    if check or go:
        try:
            lead_import.begin(uploads, before.files, laid.toml, dry_run=not go)
        except Refusal as refusal:
            st.error(plain(refusal), icon=":material/error:")
        else:
            st.rerun()


def label_of(report: Any) -> str:
    """What the button does, so that leaving rows out is a choice."""
    if report.refused:
        return f"Import the {report.read - report.refused:,} good rows, leave out {report.refused:,}"
    return "Import"


uploads = st.file_uploader(
    "Files with leads: CSV, Excel, OpenDocument or Parquet",
    type=list(lead_import.KINDS),
    accept_multiple_files=True,
    key=f"{KEY}_files",
    help="Several files about the same leads are brought in together. The same file again changes nothing.",
)
if uploads:
    work(uploads)
else:
    lead_import.forget_begun()
    with answer:
        show_last_import()
    st.markdown(
        "Drop in an export of your CRM, one row a lead or one row a change. Exports of **HubSpot**, **Salesforce** and **Odoo** are "
        "recognised by their column names; of any other table you say what its columns mean. Nothing is kept before "
        "you have seen what it would do."
    )
with stop_on_refusal():
    current = lead_import.begun()
    running_elsewhere(current.import_id if current is not None else "")
show_mappings(KEY)
show_imports(KEY)
