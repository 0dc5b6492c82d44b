"""Leads: what lead data there are, and how to bring in more."""

import csv
import io

import pandas as pd
import streamlit as st

from actions import imports, leads
from actions.permissions import may
from actions.settings import local_time
from alignment.errors import Refusal
from alignment.texts import defuse
from components.outcome import perform, show_outcome
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain
from components.uploads import on_disk

STAGES = {
    "mql": "Became an MQL",
    "sal": "Accepted by sales (SAL)",
    "sql": "Sales qualified (SQL)",
    "opportunity": "Became an opportunity",
    "won": "Won",
    "lost": "Lost",
}
EVENTS = {
    "assigned": "Assigned to sales",
    "contact_attempted": "First attempt to reach them",
    "contacted": "First contact",
    "accepted": "Accepted",
    "rejected": "Rejected",
}
FIELDS = {
    "source": "Source",
    "campaign": "Campaign",
    "country": "Country",
    "industry": "Industry",
    "employees": "Employees",
    "job_level": "Job level",
    "value": "Value",
    "created_at": "Created",
}
# what exports call them, beside the name itself; see `guess`
CALLED = {
    "mql": ("marketingqualifiedlead", "firstcontactdate"),
    "won": ("closedwon", "customer"),
    "source": ("origin", "leadsource", "originalsource"),
    "created_at": ("created", "create"),
    "contact_attempted": ("firstattempt", "firstcall", "called"),
    "contacted": ("firstcontact",),
    "employees": ("numberofemployees",),
    "country": ("countryregion",),
}
ORDERS = {
    "": "Found in the data",
    "ymd": "Year, month, day",
    "dmy": "Day, month, year",
    "mdy": "Month, day, year",
}

me = person()
open_page("Leads", "What do we know about our leads, and how fresh is it?")
show_outcome()


@st.fragment(run_every="5s")
def show_overview() -> None:
    """What there is; looks again when an import has moved the revision."""
    with stop_on_refusal():
        overview = leads.read_overview(actor())
        past = imports.list_imports(actor())
    if overview is None:
        st.subheader("There are no leads yet.", anchor=False)
        if may(me, "leads:import"):
            st.write("Export them from your CRM as CSV, one row a lead, and bring them in below.")
        else:
            st.write("A facilitator, a team lead or an administrator imports them.")
        return
    reached = {stage.value: count for stage, count in overview.reached.items()}
    newest = local_time(actor(), past[0].at).strftime("%-d %B %Y") if past else ""
    st.subheader(
        f"{overview.leads:,} leads, {reached['mql']:,} of them became MQLs and {reached['won']:,} {'was' if reached['won'] == 1 else 'were'} won.",
        anchor=False,
    )
    if overview.first and overview.last:
        st.caption(
            f"{overview.events:,} events from {overview.first:%-d %B %Y} to {overview.last:%-d %B %Y}. "
            f"Last import on {newest}."
        )
    with st.grid(6, min_column_width=120):
        for stage, label in (
            ("mql", "MQL"),
            ("sal", "SAL"),
            ("sql", "SQL"),
            ("opportunity", "Opportunity"),
            ("won", "Won"),
            ("lost", "Lost"),
        ):
            st.metric(label, f"{reached[stage]:,}", border=True)
    if past:
        with st.expander("Imports so far"):
            st.dataframe(
                pd.DataFrame(
                    {
                        "When": [local_time(actor(), entry.at).date() for entry in past],
                        "Who": [entry.person_name for entry in past],
                        "Files": [", ".join(entry.files) for entry in past],
                        **{
                            label: [entry.report.get(key, 0) for entry in past]
                            for key, label in (
                                ("new", "New"),
                                ("changed", "Changed"),
                                ("unchanged", "Unchanged"),
                                ("refused", "Refused"),
                            )
                        },
                    }
                ),
                hide_index=True,
                alt="Imports so far, newest first",
            )


show_overview()


def guess(columns: list[str], *names: str) -> int | None:
    """The column that is called like one of the names, without case and punctuation."""
    bare = ["".join(c for c in column.lower() if c.isalnum()) for column in columns]
    for name in names:
        for called in (name, f"{name}on", f"{name}at", f"{name}date", f"date{name}", f"became{name}"):
            if called in bare:
                return bare.index(called)
    return None


def choose_columns(columns: list[str]) -> dict[str, object]:
    """Let the person say which column means what; returns the choices of a mapping."""

    def column(label: str, key: str, *names: str, needed: bool = False) -> str | None:
        return st.selectbox(
            label,
            columns,
            index=guess(columns, *names),
            placeholder="Needed" if needed else "Not in these files",
            key=f"leads_map_{key}",
        )

    lead_id = column(
        "Which column identifies a lead?", "id", "leadid", "id", "recordid", "mqlid", "contactid", needed=True
    )
    st.markdown("**When did a lead enter each stage?**")
    with st.grid(3, min_column_width=200):
        stages = {
            stage: column(
                label,
                f"stage_{stage}",
                stage,
                *CALLED.get(stage, ()),
            )
            for stage, label in STAGES.items()
        }
    with st.expander("What happened, and what the lead is like", expanded=True):
        with st.grid(3, min_column_width=200):
            events = {
                event: column(label, f"event_{event}", event.replace("_", ""), *CALLED.get(event, ()))
                for event, label in EVENTS.items()
            }
            reason = column("Reason of the rejection", "reason", "reason", "rejectionreason")
        with st.grid(3, min_column_width=200):
            fields = {
                field: column(
                    label,
                    f"field_{field}",
                    field.replace("_", ""),
                    *CALLED.get(field, ()),
                )
                for field, label in FIELDS.items()
            }
        taken = {lead_id, reason, *stages.values(), *events.values(), *fields.values()}
        others = st.multiselect(
            "Further columns to keep",
            [name for name in columns if name not in taken],
            key="leads_map_others",
            help="Rules can use them. Leave out what identifies a person.",
        )
    with st.container(horizontal=True):
        order = st.selectbox(
            "Order in dates such as 03/04/2026",
            list(ORDERS),
            format_func=ORDERS.__getitem__,
            key="leads_map_order",
        )
        zone = st.text_input(
            "Time zone of times without one", value="UTC", max_chars=60, key="leads_map_zone"
        )
    attributes = {}
    for name in others:
        bare = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).strip("_").lower() or "field"
        bare = bare if bare[0].isalpha() else f"field_{bare}"
        attributes[
            f"{bare[:50]}_column" if bare in (*FIELDS, "lead_id") or bare in attributes else bare[:60]
        ] = name
    return {
        "lead_id": lead_id,
        **{field: chosen for field, chosen in fields.items() if chosen},
        "date_order": order,
        "timezone": zone.strip(),
        "rejection_reason": reason,
        "stages": {stage: chosen for stage, chosen in stages.items() if chosen},
        "events": {event: chosen for event, chosen in events.items() if chosen},
        "attributes": attributes,
    }


def keep(mapping: str) -> None:
    perform(
        "Kept. Choose it above next time.",
        imports.save_mapping,
        st.session_state["leads_mapping_name"],
        mapping,
    )


def import_label(report) -> str:
    """What the button does, so that leaving rows out is a choice."""
    if report.refused:
        return f"Import the {report.read - report.refused:,} good rows, leave out {report.refused:,}"
    return "Import"


def show_report(report, dry: bool) -> None:
    """What an import did, or would do."""
    would = "would be " if dry else ""
    sentence = (
        f"{report.read:,} rows read: {report.new:,} {would}new, {report.changed:,} {would}changed, "
        f"{report.unchanged:,} unchanged, {report.refused:,} refused."
    )
    if dry:
        st.info(sentence, icon=":material/fact_check:", title="Nothing has been kept yet")
    else:
        st.success(sentence, icon=":material/check_circle:", title="Imported")
    for warning in report.warnings:
        st.caption(f":material/info: {plain(warning.text)}")
    if report.refusals:
        rows = [(r.file, r.row, r.column, r.value, r.reason) for r in report.refusals]
        st.dataframe(
            pd.DataFrame(rows[:500], columns=["File", "Row", "Column", "Value", "Reason"]),
            hide_index=True,
            alt="Rows that were refused, with the reason",
        )
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(["file", "row", "column", "value", "reason"])
        writer.writerows([[defuse(cell) for cell in row] for row in rows])
        st.download_button(
            "Download the refused rows",
            buffer.getvalue().encode("utf-8-sig"),
            "refused-rows.csv",
            "text/csv",
            icon=":material/download:",
            key=f"leads_refusals_{dry}",
        )


if may(me, "leads:import"):
    st.subheader("Bring in leads", anchor=False)
    uploads = st.file_uploader(
        "CSV files, one row a lead",
        type=["csv", "txt", "tsv"],
        accept_multiple_files=True,
        key="leads_files",
        help="Several files about the same leads are brought in together. The same file again changes nothing.",
    )
    if not uploads:
        st.caption("Nothing is kept before you have seen what it would do.")
    else:
        columns: list[str] = []
        with stop_on_refusal(), on_disk(uploads) as files:
            for name, path in files:
                for header in imports.read_header(actor(), name, path):
                    if header not in columns:
                        columns.append(header)
            saved = imports.list_mappings(actor())
        used = (
            st.selectbox(
                "Mapping",
                ["", *saved],
                format_func=lambda name: name or "Choose the columns here",
                key="leads_mapping",
            )
            if saved
            else ""
        )
        mapping = ""
        if used:
            mapping = saved[used]
        else:
            choices = choose_columns(columns)
            if choices["lead_id"]:
                try:
                    mapping = imports.compose_mapping(actor(), choices)
                except Refusal as refusal:
                    st.error(plain(refusal), icon=":material/error:")
        seen = (tuple(upload.file_id for upload in uploads), mapping)
        checked = st.session_state.get("leads_checked")
        ready = checked is not None and checked[0] == seen
        with st.container(horizontal=True, vertical_alignment="bottom"):
            check = st.button(
                "Check",
                type="secondary" if ready else "primary",
                disabled=not mapping,
                key="leads_check",
                icon=":material/fact_check:",
            )
            go = ready and st.button(
                import_label(checked[1]),
                type="primary",
                disabled=checked[1].read == checked[1].refused,
                key="leads_import",
                icon=":material/upload:",
            )
        if check or go:
            with (
                stop_on_refusal(),
                st.spinner("Reading every row …" if check else "Importing …"),
                on_disk(uploads) as files,
            ):
                report = imports.import_leads(actor(), files, mapping, dry_run=not go, keep_good_rows=True)
            st.session_state["leads_checked"] = (seen, report) if check else None
            st.session_state["leads_imported"] = None if check else (seen, report)
            st.rerun()  # so that what stands above counts the new leads, too
        imported = st.session_state.get("leads_imported")
        if imported is not None and imported[0] == seen:
            show_report(imported[1], dry=False)
            st.page_link("pages/leads/metrics.py", label="See the metrics", icon=":material/monitoring:")
            if not used:
                with (
                    st.form("leads_save_mapping", border=False),
                    st.container(horizontal=True, vertical_alignment="bottom"),
                ):
                    st.text_input(
                        "Keep these columns as a mapping for next time",
                        max_chars=80,
                        key="leads_mapping_name",
                        placeholder="Our CRM export",
                    )
                    st.form_submit_button("Keep", on_click=keep, args=(mapping,))
        elif ready and checked is not None:
            show_report(checked[1], dry=True)
