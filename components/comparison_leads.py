"""The leads behind a question: what its disagreement costs, which leads these are, and what the leads themselves say."""

from datetime import UTC, date, datetime

import streamlit as st

from actions import lead_costs, leads, traits
from actions.permissions import may
from actions.settings import local_time
from alignment import instants
from alignment.disagreement import QuestionComparison
from alignment.disagreement.measures_in_words import leads_in_words, untold_in_words
from alignment.lifecycle import Stage
from alignment.people import Person, Team
from alignment.questionnaires import QuestionType
from alignment.surveys import Survey
from alignment.traits import Traits
from components.charts.field_spread import spread_figure, spread_in_words, spread_rows
from components.charts.traits import traits_figure, traits_in_words, traits_rows
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain

IMPORT_PAGE = "pages/leads/bring_in.py"
A_PAGE = 20
CHART = {"displayModeBar": False, "staticPlot": True}
ENDED: dict[Stage | None, str] = {Stage.WON: "won", Stage.LOST: "lost"}
NO_RULE_TO_RUN = (QuestionType.SCALE, QuestionType.RANKING, QuestionType.LEAD_CARDS, QuestionType.TEXT)


def leads_known() -> str:
    """The revision of the lead facts; '' while there are no leads."""
    with stop_on_refusal():
        return leads.read_revision(actor())


def show_no_leads(me: Person) -> None:
    """Why nothing says what a disagreement costs, and what to do about it."""
    if may(me, "leads:import"):
        st.caption(
            ":material/filter_alt: Once past leads are imported, each difference also says how many leads it is about."
        )
        st.page_link(IMPORT_PAGE, label="Bring in leads", icon=":material/upload:")
    else:
        st.caption(
            ":material/filter_alt: Once a facilitator, a team lead or an administrator has imported past leads, each "
            "difference also says how many leads it is about."
        )


def show_leads_behind(me: Person, survey: Survey, compared: QuestionComparison) -> None:
    """The cost, the field on real leads, the leads that only one team would call qualified, and what the leads say."""
    question = compared.question
    about_leads = bool(question.field) or question.type is QuestionType.RULE
    if not about_leads:
        return
    st.subheader("The leads behind it", anchor=False)
    if not leads_known():
        show_no_leads(me)
        return
    if compared.cost is not None:
        st.markdown(leads_in_words(compared.cost))
    elif compared.untold_cost is not None:
        st.caption(untold_in_words(compared.untold_cost))
    elif question.type not in NO_RULE_TO_RUN:
        st.caption(
            "What the difference costs cannot be told: a team mostly asks for nothing that leads could be looked up by, or "
            "the leads have no such field."
        )
    _show_spread(survey, compared)
    _show_lists(survey, compared)
    _show_traits_of(survey, compared)


def _show_spread(survey: Survey, compared: QuestionComparison) -> None:
    with stop_on_refusal():
        spread = lead_costs.read_field_spread(actor(), survey.id, compared.question.key)
    # exact where the field alone decides; a rule may ask for more than this
    alone = compared.question.type is QuestionType.NUMBER and compared.cost is not None
    between = compared.cost.differently if alone and compared.cost is not None else None
    figure = None if spread is None else spread_figure(spread, st.context.theme.type, between)
    if spread is None or figure is None:
        return
    with st.container(border=True):
        st.plotly_chart(
            figure,
            key=f"compared_spread_{compared.question.key}",
            alt=spread_in_words(spread, between),
            config=CHART,
        )
        with st.popover("Numbers", icon=":material/table:", key="compared_spread_numbers"):
            # an empty text among numbers would be none of them
            rows = [
                {name: cell if cell != "" else None for name, cell in row.items()}
                for row in spread_rows(spread)
            ]
            st.dataframe(rows, hide_index=True, alt=f"Past leads by {spread.label.lower()}")


def _show_lists(survey: Survey, compared: QuestionComparison) -> None:
    cost = compared.cost
    if cost is None or not cost.differently:
        return
    for team in Team:
        if cost.only[team]:
            part = st.expander(
                f"{cost.only[team]:,} leads that only {team.label} would call qualified",
                icon=":material/list:",
                key=f"compared_only_{team.value}_{compared.question.key}",
                on_change="rerun",
            )
            if part.open:
                with part:
                    _list_leads(survey.id, compared.question.key, team)


@st.fragment
def _list_leads(survey_id: str, key: str, only: Team) -> None:
    """One page of the leads that count in the cost, won ones first; without the columns in which none has anything."""
    kept = f"compared_leads_{only.value}_{key}"
    with stop_on_refusal():
        shown = lead_costs.list_leads_told_apart(
            actor(), survey_id, key, only, st.session_state.get(kept, 1), A_PAGE
        )
    rows = [
        {
            "Lead": row.lead_id,
            "Became": ENDED.get(row.stage, "open"),
            "Stage": row.stage.label if row.stage else None,
            "Stage since": None if row.since is None else _day(row.since),
            "Source": row.source,
            "Employees": row.employees,
            "Industry": row.industry,
            "Country": row.country,
            "Job level": row.job_level,
        }
        for row in shown.rows
    ]
    told = [name for name in rows[0] if any(row[name] not in (None, "") for row in rows)] if rows else []
    st.dataframe(
        [{name: row[name] for name in told} for row in rows],
        hide_index=True,
        column_config={
            "Lead": st.column_config.TextColumn(pinned=True),
            "Became": st.column_config.TextColumn(
                help="Won where it ever was won, else lost where it ever was lost, else open."
            ),
            "Stage since": st.column_config.DateColumn(help="The day on which the lead reached its stage."),
        },
        alt=f"Leads that only {only.label} would call qualified, won ones first, page {shown.page}",
    )
    pages = -(-shown.total // A_PAGE)
    if pages > 1:
        st.pagination(pages, key=kept)


def _day(since: datetime) -> date:
    return local_time(actor(), instants.to_text(since.replace(tzinfo=UTC))).date()


def _show_traits_of(survey: Survey, compared: QuestionComparison) -> None:
    with stop_on_refusal():
        found = traits.traits_of_question(actor(), survey.id, compared.question.key)
    st.markdown("**What the leads say to it**")
    show_traits(found, f"compared_traits_{compared.question.key}")


def show_traits(found: Traits, key: str) -> None:
    """How often each trait occurs among won and lost leads, drawn, with the table behind; or why there is nothing."""
    if not found.traits:
        st.caption(plain(found.reason))
        return
    period = (
        f", closed from {found.first_day:%-d %B %Y} to {found.last_day:%-d %B %Y}"
        if found.first_day and found.last_day
        else ""
    )
    st.caption(f"{found.won:,} won and {found.lost:,} lost leads{period}.")
    with st.container(border=True):
        st.plotly_chart(
            traits_figure(found, st.context.theme.type), key=key, alt=traits_in_words(found), config=CHART
        )
        with st.popover("Numbers", icon=":material/table:", key=f"{key}_numbers"):
            for line in found.left_out:
                st.caption(plain(line))
            st.dataframe(
                traits_rows(found), hide_index=True, alt="How often traits occur among won and lost leads"
            )
