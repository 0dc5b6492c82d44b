"""What is wrong with the lead data, kind by kind, and the information that both teams want with every lead."""

import streamlit as st

from actions import lead_quality
from actions.lead_quality import PAGE, Minimum, Quality
from actions.permissions import may
from alignment.people import Person
from components.lead_inbox_record import when
from components.outcome import perform, show_outcome
from components.page import stop_on_refusal
from components.session import actor
from components.text import ink, plain

LEADS_PAGE = "pages/leads/leads.py"
# kind → its name, and what it means
FAULTS = {
    "missing_information": (
        "Missing information",
        "Handed over without a field that both teams want with every lead.",
    ),
    "duplicate": ("Likely duplicates", "Several leads that are equal in the fields below."),
    "skipped_stage": (
        "Skipped stages",
        "A later stage without an earlier one. Figures fill the gap with the later time, and say how often.",
    ),
    "reversed_stages": (
        "Reversed stages",
        "An earlier stage was entered after a later one. Figures leave both as they are.",
    ),
    "early_decision": ("Decided too early", "Accepted or rejected before it became an MQL."),
    "late_contact": (
        "Contact after the end",
        "The first attempt to reach them is recorded after the lead was won or lost.",
    ),
    "in_the_future": ("In the future", "Something is dated later than now. It counts from then on."),
    "undated": (
        "Without a date",
        "An outcome of which the date is not known. Measures of time leave it out.",
    ),
}


@st.fragment
def show_quality(me: Person) -> None:
    """The sentence, the kinds with their counts, the leads of the chosen one, and the agreed minimum."""
    show_outcome()
    with stop_on_refusal():
        quality = lead_quality.read_quality(actor())
        minimum = lead_quality.read_minimum(actor())
    if quality is None:
        st.subheader("There are no leads yet.", anchor=False)
        return
    st.subheader(in_words(quality), anchor=False)
    _show_minimum(me, minimum, quality)
    there = [fault for fault in FAULTS if quality.faults.get(fault)]
    if not there:
        st.success("Nothing is wrong with the leads that there are.", icon=":material/check_circle:")
        return
    st.markdown("**What is wrong, and where**")
    if st.session_state.get("leads_fault") not in there:
        st.session_state.pop("leads_fault", None)
    fault = st.pills(
        "Kind",
        there,
        format_func=lambda kind: ink(f"{FAULTS[kind][0]} ({quality.faults[kind]:,})"),
        default=there[0],
        required=True,
        key="leads_fault",
        label_visibility="collapsed",
    )
    _show_leads(fault, quality)


def in_words(quality: Quality) -> str:
    """What the data are like, in one sentence."""
    missing = quality.faults.get("missing_information", 0)
    others = {
        kind: count for kind, count in quality.faults.items() if count and kind != "missing_information"
    }
    worst = max(others, key=lambda kind: others[kind], default=None)
    parts = []
    if missing:
        parts.append(
            f"{missing:,} of {quality.handed_over:,} leads handed over {'lacks' if missing == 1 else 'lack'} information that was agreed on"
        )
    if worst is not None:
        parts.append(
            f"the most frequent {'other ' if missing else ''}fault is ‘{FAULTS[worst][0].lower()}’, with {others[worst]:,} of {quality.leads:,} leads"
        )
    if not parts:
        return f"Nothing is wrong with the {quality.leads:,} leads that there are."
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _show_minimum(me: Person, minimum: Minimum, quality: Quality) -> None:
    labels = quality.labels
    with st.container(border=True, gap="small"):
        st.markdown("**Information that every lead handed over has to have**")
        if minimum.fields:
            with st.container(horizontal=True, gap="small"):
                for name in minimum.fields:
                    st.badge(plain(labels.get(name, name)), color="blue")
        else:
            st.markdown("Nothing is agreed yet, so that no lead counts as incomplete.")
        if minimum.changed_by:
            st.caption(
                plain(f"Last changed by {minimum.changed_by}, {when(minimum.changed_at)}. Both teams see it.")
            )
        if may(me, "leads:require"):
            with st.popover("Change", icon=":material/edit:", key="leads_minimum"):
                fields = st.multiselect(
                    "Fields that have to be filled in",
                    list(labels),
                    default=[name for name in minimum.fields if name in labels],
                    format_func=lambda name: labels[name],
                    key=f"leads_minimum_fields_{minimum.revision}",
                )
                same = st.multiselect(
                    "Two leads are the same prospect when they are equal in",
                    list(labels),
                    default=[name for name in quality.same if name in labels],
                    format_func=lambda name: labels[name],
                    key=f"leads_minimum_same_{minimum.revision}",
                    help="Capitals and spaces around do not matter; a lead without one of them is no duplicate.",
                )
                st.button(
                    "Keep",
                    type="primary",
                    key="leads_minimum_keep",
                    on_click=perform,
                    args=(
                        "Kept. Both teams see it.",
                        lead_quality.change_minimum,
                        fields,
                        same,
                        minimum.revision,
                    ),
                )


def _show_leads(fault: str, quality: Quality) -> None:
    explanation = FAULTS[fault][1]
    if fault == "duplicate":
        fields = " and ".join(quality.labels.get(name, name).lower() for name in quality.same)
        explanation = f"Several leads that have the same {fields}."
    st.caption(plain(f"{explanation} Mark a row to open it."))
    total, kept = quality.faults[fault], f"leads_fault_page_{fault}"
    with stop_on_refusal():
        found = lead_quality.list_faulty(actor(), fault, st.session_state.get(kept, 1))
    shown = st.dataframe(
        [
            {
                "Lead": lead.lead_id,
                "Missing" if fault == "missing_information" else "What": lead.detail,
                "Company": lead.company,
                "Source": lead.source,
                "Owner": lead.owner,
            }
            for lead in found
        ],
        hide_index=True,
        placeholder="",
        key=f"leads_fault_{fault}_{st.session_state.get(kept, 1)}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Lead": st.column_config.TextColumn(pinned=True)},
        alt=f"Leads: {FAULTS[fault][0].lower()}",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download it as CSV" if total == 1 else f"Download all {total:,} as CSV",
            lambda: lead_quality.export_faulty(actor(), fault),
            f"leads-{fault.replace('_', '-')}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"leads_fault_download_{fault}",
            on_click="ignore",
        )
        chosen = [found[number].lead_id for number in shown.selection.rows if number < len(found)]
        if chosen:
            st.page_link(
                LEADS_PAGE,
                label=plain(f"Open {chosen[0]}"),
                icon=":material/open_in_full:",
                query_params={"lead": chosen[0]},
            )
    pages = -(-total // PAGE)
    if pages > 1:
        st.pagination(pages, key=kept)
