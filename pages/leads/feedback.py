"""Feedback: what sales says of the leads that marketing hands over, by source, campaign and content."""

from datetime import date, timedelta

import streamlit as st

from actions import lead_feedback, settings
from actions.lead_feedback import FeedbackView, Group
from alignment.lead_decisions import Aspect
from components.charts.lead_feedback import said_figure, said_in_words
from components.charts.metrics import Estimate, shares_figure, shares_in_words
from components.lead_inbox_list import show_no_leads
from components.lead_inbox_record import lead_title, reason_label, when
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import ink, plain

LEADS_PAGE = "pages/leads/leads.py"
PERIODS = {"30": "30 days", "90": "90 days", "365": "A year", "all": "All time"}
SPLITS = {"source": "Source", "campaign": "Campaign", "content": "Content"}
CHART = {"displayModeBar": False, "staticPlot": True}
MOST_DRAWN = 12
FEW = 5  # decisions under which a share is not drawn


def in_words(view: FeedbackView) -> str:
    """What sales says, in one sentence. Not escaped."""
    acceptance = view.total.acceptance
    if not acceptance.denominator:
        return "Sales has not decided on any of these leads yet."
    if acceptance.value is None:  # leads have gone on, but nobody has said yes or no to any
        return "Of none of these leads it is recorded whether sales accepted or rejected it."
    sentence = f"Sales accepted {acceptance.value:.0%} of the {acceptance.denominator:,} leads it decided on"
    if view.reasons:
        reason = max(view.reasons, key=lambda code: view.reasons[code])
        name = reason_label("" if reason == "(none)" else reason).lower()
        sentence += f"; what it turns away, it turns away most often for ‘{name}’"
    return f"{sentence}."


def aside(view: FeedbackView) -> str:
    """What to keep in mind when reading the sentence."""
    due = view.total.due
    told = ""
    if due is not None and due.value is not None:
        leads = "1 lead" if due.denominator == 1 else f"{due.denominator:,} leads"
        told = f"{due.numerator:,} of the {leads} whose decision is due by now {'has' if due.numerator == 1 else 'have'} one. "
    said = view.total.said
    return f"{told}Sales said more about {said:,} {'lead' if said == 1 else 'leads'}."


def named(value: str) -> str:
    """What a source, campaign or content is called here, also where leads have none."""
    return "None given" if value == "(blank)" else value


def show_groups(view: FeedbackView, by: str) -> None:
    """Acceptance of each group with its interval, and the table behind."""
    estimates = [
        Estimate(named(group.value), found.value, found.interval, found.denominator)
        for group in view.groups
        if (found := group.acceptance).denominator >= FEW and found.value is not None
    ][:MOST_DRAWN]
    st.markdown(f"**Accepted, by {SPLITS[by].lower()}**")
    if estimates:
        st.plotly_chart(
            shares_figure(estimates, st.context.theme.type),
            key="feedback_groups",
            alt=shares_in_words(f"Accepted by {by}", estimates),
            config=CHART,
        )
    st.caption(
        f"Share of those decided on, with its 95% interval. Under {FEW} decisions nothing is drawn; the table has all."
        if estimates
        else f"No {SPLITS[by].lower()} has {FEW} decisions yet, which is the least to draw a share from."
    )
    if not view.groups:
        return
    with st.expander("Numbers", icon=":material/table:", key="feedback_numbers"):
        st.dataframe(
            [row_of(group, by) for group in view.groups],
            hide_index=True,
            column_config={
                "Accepted": st.column_config.NumberColumn(format="%.0f%%"),
                "at least": st.column_config.NumberColumn(
                    format="%.0f%%", help="Lower end of the 95% interval."
                ),
                "at most": st.column_config.NumberColumn(
                    format="%.0f%%", help="Upper end of the 95% interval."
                ),
            },
            alt=f"How sales decided, by {by}",
        )


def row_of(group: Group, by: str) -> dict[str, object]:
    interval = group.acceptance.interval
    return {
        SPLITS[by]: named(group.value),
        "Decided": group.acceptance.denominator,
        "Accepted": in_percent(group.acceptance.value),
        "at least": in_percent(interval.low if interval else None),
        "at most": in_percent(interval.high if interval else None),
        "Waits, though due": group.due.denominator - group.due.numerator if group.due else None,
        "Spoken of": group.said,
    }


def in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def show_reasons(view: FeedbackView) -> None:
    st.markdown("**Why sales turns leads away**")
    if not view.reasons:
        st.caption("No rejection is recorded.")
        return
    rejected = sum(view.reasons.values())
    st.dataframe(
        [
            {
                "Reason": reason_label("" if code == "(none)" else code),
                "Leads": count,
                "Share": 100 * count / rejected,
            }
            for code, count in view.reasons.items()
        ],
        hide_index=True,
        column_config={"Share": st.column_config.ProgressColumn(format="%.0f%%", min_value=0, max_value=100)},
        alt="Reasons why leads were turned away",
    )


def show_said(view: FeedbackView) -> None:
    """What worked and what did not, the objections, and what the content did."""
    st.markdown("**What worked, and what did not**")
    said = [
        (aspect.label, view.worked.get(aspect, 0), view.failed.get(aspect, 0))
        for aspect in Aspect
        if aspect in view.worked or aspect in view.failed
    ]
    if said:
        st.plotly_chart(
            said_figure(said, st.context.theme.type),
            key="feedback_said",
            alt=said_in_words(said),
            config=CHART,
        )
    else:
        st.caption("Sales has not said yet. It can with every decision, and later on the page of each lead.")
    left, right = st.columns([2, 3])
    with left:
        st.markdown("**Objections that came up**")
        if view.objections:
            st.dataframe(
                [
                    {"Objection": code.label, "Leads": count}
                    for code, count in sorted(view.objections.items(), key=lambda item: -item[1])
                ],
                hide_index=True,
                alt="Objections that came up",
            )
        else:
            st.caption("None so far.")
    with right:
        st.markdown("**What the content did**")
        if view.contents:
            st.dataframe(
                [
                    {
                        "Content": content.name,
                        "Helped": content.helped,
                        "No difference": content.no_difference,
                        "Hindered": content.hindered,
                    }
                    for content in view.contents
                ],
                hide_index=True,
                column_config={
                    "Content": st.column_config.TextColumn(width="medium"),
                    **{
                        name: st.column_config.NumberColumn(width="small")
                        for name in ("Helped", "No difference", "Hindered")
                    },
                },
                alt="What sales says of each content it used",
            )
        else:
            st.caption("No content has been judged so far.")


def show_notes(view: FeedbackView) -> None:
    st.markdown("**In sales’ own words**")
    if not view.notes:
        st.caption("Nothing has been written so far.")
        return
    for given in view.notes:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            came = " · ".join(
                part for part in (given.lead.source, given.lead.campaign, given.lead.content) if part
            )
            st.markdown(
                f"{plain(given.feedback.note)}  \n:small[:gray[{plain(f'{given.person_name}, {when(given.given_at)}' + (f'. {came}' if came else ''))}]]",
                width="stretch",
            )
            st.page_link(
                LEADS_PAGE,
                label=plain(lead_title(given.lead.lead_id, None)),
                icon=":material/visibility:",
                query_params={"lead": given.lead.lead_id},
            )
    pages = -(-view.note_count // lead_feedback.PAGE)
    if pages > 1:
        st.pagination(pages, key="feedback_page")


def first_day(period: str) -> date | None:
    return None if period == "all" else settings.today(actor()) - timedelta(days=int(period) - 1)


@st.fragment(run_every="5s")
def watch(seen: str) -> None:
    """Draw the page anew when sales has said something."""
    with stop_on_refusal():
        if lead_feedback.read_revision(actor()) != seen:
            st.rerun()


me = person()
open_page("Feedback", "What does sales say of the leads that marketing hands over?")
answer = st.container()  # what the choices beneath it come to
choices = st.empty()
with choices.container(horizontal=True, vertical_alignment="top"):
    chosen_period = st.segmented_control(
        "Handed over in the last",
        list(PERIODS),
        format_func=lambda period: ink(PERIODS[period]),
        default="90",
        required=True,
        key="feedback_period",
    )
    chosen_split = st.segmented_control(
        "By",
        list(SPLITS),
        format_func=lambda by: ink(SPLITS[by]),
        default="source",
        required=True,
        key="feedback_by",
    )
    place = st.container()
with stop_on_refusal():
    revision = lead_feedback.read_revision(actor())
    begins = first_day(chosen_period)
    whole = lead_feedback.read_feedback(actor(), by=chosen_split, first_day=begins)
if whole is None:
    choices.empty()
    show_no_leads(me)
    st.stop()
names = [group.value for group in whole.groups]
chosen = place.selectbox(
    f"Only one {SPLITS[chosen_split].lower()}",
    names,
    index=None,
    format_func=named,
    placeholder="All",
    key=f"feedback_only_{chosen_split}",
    width=240,
)
with stop_on_refusal():
    kept = st.session_state.get("feedback_page", 1)
    shown = (
        lead_feedback.read_feedback(actor(), by=chosen_split, value=chosen, first_day=begins, page=kept)
        if chosen is not None or kept > 1
        else whole
    )
    with answer:
        st.subheader(plain(in_words(shown)), anchor=False)
        st.caption(plain(aside(shown)))
    if chosen is None:
        show_groups(whole, chosen_split)
    show_reasons(shown)
    show_said(shown)
    show_notes(shown)
watch(revision)
