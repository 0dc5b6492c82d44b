"""What was decided so far, and all leads that there are."""

from datetime import UTC

import streamlit as st

from actions import imports, lead_decisions, lead_inbox, leads
from actions.permissions import may
from actions.settings import local_time
from alignment import instants
from alignment.lead_decisions import Verdict
from alignment.lifecycle import Stage
from alignment.people import Person
from components.lead_inbox_record import (
    STAGES,
    lead_title,
    reason_label,
    show_badges,
    show_decisions,
    show_record,
    when,
)
from components.lead_inbox_said import ask_feedback, said, show_feedback
from components.lead_verdict import offer_decision
from components.outcome import perform, show_outcome
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain

PAGE = "pages/leads/leads.py"
BRING_IN = "pages/leads/bring_in.py"
MEETS = {"yes": "Meets it", "no": "Does not", "unknown": "Left open"}


# ── decided ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@st.fragment
def show_decided() -> None:
    """What sales decided here, the latest first, with the way back for whoever may take it."""
    show_outcome()
    with stop_on_refusal():
        page = lead_decisions.list_decisions(actor(), st.session_state.get("leads_decided_page", 1))
    if not page.total:
        st.subheader("Nothing has been decided here yet.", anchor=False)
        st.caption(
            "Decisions that your CRM brings in are counted in the figures and stand in the list of all leads."
        )
        return
    times = "once" if page.total == 1 else f"{page.total:,} times"
    st.subheader(f"Sales has decided here {times}.", anchor=False)
    for entry in page.entries:
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            count = entry.lead_id or f"{entry.count:,} leads"
            verdict = (
                "accepted"
                if entry.verdict is Verdict.ACCEPTED
                else f"rejected ({reason_label(entry.reason).lower()})"
            )
            gone = entry.count - entry.standing
            rest = "" if not gone else (", taken back" if gone == entry.count else f", {gone:,} taken back")
            st.markdown(
                f"{plain(entry.person_name)} {plain(verdict)} **{plain(count)}**{rest}  \n:small[:gray[{plain(when(entry.decided_at))}]]",
                width="stretch",
            )
            if entry.lead_id:
                st.page_link(
                    PAGE, label="See it", icon=":material/visibility:", query_params={"lead": entry.lead_id}
                )
            if entry.id in page.own:
                st.button(
                    "Take back",
                    icon=":material/undo:",
                    key=f"leads_back_{entry.id}",
                    on_click=perform,
                    args=("Taken back. It waits again.", lead_decisions.undo_decisions, entry.id),
                )
    pages = -(-page.total // lead_decisions.PAGE)
    if pages > 1:
        st.pagination(pages, key="leads_decided_page")


# ── all leads ────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_all(me: Person) -> None:
    """How many leads there are and what became of them, and the list, to look into."""
    _show_overview(me)
    _show_list()


def _show_overview(me: Person) -> None:
    with stop_on_refusal():
        overview = leads.read_overview(actor())
        past = imports.list_imports(actor())
    if overview is None:
        show_no_leads(me)
        return
    reached = {stage.value: count for stage, count in overview.reached.items()}
    st.subheader(
        f"{overview.leads:,} leads, {reached['mql']:,} of them became MQLs and {reached['won']:,} {'was' if reached['won'] == 1 else 'were'} won.",
        anchor=False,
    )
    if overview.first and overview.last:
        newest = f" Last import on {local_time(actor(), past[0].at):%-d %B %Y}." if past else ""
        st.caption(
            f"{overview.events:,} events from {overview.first:%-d %B %Y} to {overview.last:%-d %B %Y}.{newest}"
        )
    with st.grid(6, min_column_width=120):
        for stage in list(Stage)[1:]:
            st.metric(stage.label[0].upper() + stage.label[1:], f"{reached[stage.value]:,}", border=True)


def show_no_leads(me: Person) -> None:
    """What an empty portal says, and the one next step."""
    st.subheader("There are no leads yet.", anchor=False)
    if may(me, "leads:import"):
        st.write("Export them from your CRM and bring them in, or let the portal read the CRM.")
        st.page_link(BRING_IN, label="Bring in leads", icon=":material/upload:")
    else:
        st.write("A facilitator, a team lead or an administrator brings them in.")


@st.fragment
def _show_list() -> None:
    if not leads.read_revision(actor()):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Look for",
            placeholder="Company or id",
            max_chars=200,
            key="leads_text",
            width=220,
            on_change=_first_page,
        )
        stage = st.selectbox(
            "Stage",
            [stage.value for stage in Stage],
            index=None,
            format_func=lambda value: STAGES[value],
            placeholder="Any",
            key="leads_stage",
            width=200,
            on_change=_first_page,
        )
        meets = st.selectbox(
            "The definition in force",
            list(MEETS),
            index=None,
            format_func=MEETS.__getitem__,
            placeholder="Any",
            key="leads_meets",
            width=200,
            on_change=_first_page,
        )
    with stop_on_refusal():
        kept = st.session_state.get("leads_all_page", 1)
        found = leads.find_leads(actor(), stage=stage, meets=meets, text=text or "", page=kept)
    if not found.total:
        st.info("No lead matches. Look for something else.", icon=":material/filter_alt_off:")
        return
    shown = st.dataframe(
        [
            {
                "Lead": row.lead_id,
                "Company": row.company,
                "Stage": STAGES[row.stage.value] if row.stage else None,
                "Since": local_time(actor(), instants.to_text(row.since.replace(tzinfo=UTC))).date()
                if row.since
                else None,
                "Definition": {True: "Meets it", False: "Does not", None: "Left open"}[row.meets],
                "Source": row.source,
                "Employees": row.employees,
                "Industry": row.industry,
                "Country": row.country,
                "Owner": row.owner,
            }
            for row in found.rows
        ],
        placeholder="",
        hide_index=True,
        key=f"leads_all_{found.page}_{stage}_{meets}_{hash(text)}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Lead": st.column_config.TextColumn(pinned=True),
            "Since": st.column_config.DateColumn(format="D MMM YYYY"),
        },
        alt="Leads, the latest first",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = [found.rows[number].lead_id for number in shown.selection.rows if number < len(found.rows)]
        st.caption(
            f"{found.total:,} {'lead' if found.total == 1 else 'leads'}. Mark a row to open it.",
            width="content",
        )
        if chosen:
            st.page_link(
                PAGE,
                label=plain(f"Open {chosen[0]}"),
                icon=":material/open_in_full:",
                query_params={"lead": chosen[0]},
            )
    pages = -(-found.total // found.size)
    if pages > 1:
        st.pagination(pages, key="leads_all_page")


def _first_page() -> None:
    st.session_state["leads_all_page"] = 1


# ── one lead, by its address ─────────────────────────────────────────────────────────────────────────────────────────


def show_lead(lead_id: str) -> None:
    """One lead with everything known of it, what was decided and said, and a form to say more."""
    st.page_link(PAGE, label="All leads", icon=":material/arrow_back:", query_params={"part": "all"})
    _show_lead(lead_id)


@st.fragment
def _show_lead(lead_id: str) -> None:
    show_outcome()
    with stop_on_refusal():
        view = lead_inbox.read_lead(actor(), lead_id)
    st.subheader(plain(lead_title(lead_id, view.record.fields.get("company"))), anchor=False)
    waits = view.record.waiting and view.record.handed_over is not None
    if view.record.waiting and view.record.handed_over:
        st.caption(plain(f"Handed over on {when(view.record.handed_over.at)}; it waits for a decision."))
    with st.container(border=True):
        show_badges(view)
        if waits and view.decides:
            offer_decision(view, _show_below, with_more=False)  # the form at the end asks for it
        show_record(view)
    if view.decisions:
        st.markdown("**What was decided here**")
        show_decisions(view.decisions)
    show_feedback(view)
    if view.decides and view.record.handed_over is not None:
        revision = view.given.revision if view.given else 0
        key = f"leads_say_{lead_id}_{revision}"
        with st.form(f"{key}_form"):
            st.markdown("**Say what worked**" if not revision else "**Change what was said**")
            ask_feedback(view, key)
            st.form_submit_button(
                "Keep", type="primary", icon=":material/check:", on_click=_keep, args=(lead_id, key, revision)
            )


def _show_below(_: object) -> None:
    """After a decision: the page itself tells of it."""


def _keep(lead_id: str, key: str, revision: int) -> None:
    perform("Kept. Marketing sees it.", lead_decisions.give_feedback, lead_id, said(key), revision)
