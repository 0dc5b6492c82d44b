"""One question of a closed questionnaire: what was asked, how both teams answered, and what to do about it."""

import streamlit as st

from actions import comparison, surveys
from alignment.disagreement import Comparison, QuestionComparison
from alignment.disagreement.change import ChangesSince
from alignment.errors import Refusal
from alignment.people import Person
from alignment.questionnaires import QuestionType
from alignment.surveys import OwnAnswers, Survey
from components.comparison_cards import show_cards, show_stated_and_judged
from components.comparison_changes import changes_of, show_change
from components.comparison_choice import closed_on
from components.comparison_filters import Filters, filters_in_link, keep_in_address
from components.comparison_leads import show_leads_behind
from components.comparison_list import OVERVIEW_PAGE, QUESTION_PAGE, neighbours, way_back
from components.comparison_question import (
    show_answers,
    show_asked,
    show_hidden,
    show_own,
    show_perspectives,
    show_rules,
)
from components.comparison_text import show_text_question
from components.comparison_words import change_badge, verdict_badge, without_figures
from components.comparison_workshop import show_next_step
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain

WIDTH = 860


def stop_lost(what: str) -> None:
    """The screen of a link that leads nowhere: what is wrong with it, and where to go."""
    open_page("Question", "How did both teams answer one question?")
    st.info(what, icon=":material/link_off:")
    st.page_link(OVERVIEW_PAGE, label="Go to the comparison", icon=":material/compare_arrows:")
    st.stop()


def order_under(found: Comparison, filters: Filters) -> list[str]:
    """The keys of the questions that the filters leave: the agenda, then those in free text."""
    return [one.question.key for one in found.questions if filters.passes(one)] + [
        question.key for question in found.not_compared if filters.passes_text(question)
    ]


def show_way(survey: Survey, filters: Filters, order: list[str], key: str) -> None:
    """Back to the list, and on to the questions before and after in its order."""
    before, after = neighbours(order, key)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.page_link(
            OVERVIEW_PAGE,
            label="All questions",
            icon=":material/arrow_back:",
            query_params=way_back(survey, filters, order.index(key)),
        )
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            st.caption(f"{order.index(key) + 1} of {len(order)}", width="content")
            for target, words, icon in (
                (before, "Previous", ":material/chevron_left:"),
                (after, "Next", ":material/chevron_right:"),
            ):
                if target:
                    st.page_link(
                        QUESTION_PAGE,
                        label=words,
                        icon=icon,
                        icon_position="left" if target == before else "right",
                        query_params=filters.link(survey.id, target),
                    )


def show_compared(
    me: Person, survey: Survey, compared: QuestionComparison, own: OwnAnswers, since: ChangesSince | None
) -> None:
    """A question that is counted: the verdict first, then everything behind it."""
    badges = (
        verdict_badge(compared),
        change_badge(since.changes.get(compared.question.key) if since else None),
    )
    st.markdown(" ".join(filter(None, badges)))
    st.subheader(plain(compared.sentence), anchor=False)
    if compared.hidden:
        show_hidden(survey, compared)
        show_own(compared.question, own)
        show_asked(compared.question)
        return
    st.caption(plain(without_figures(compared.reason)))
    show_next_step(me, survey, compared)
    with st.container(border=True):
        show_asked(compared.question)
        show_own(compared.question, own)
        show_answers(compared, own, st.context.theme.type)
    show_perspectives(compared)
    show_rules(compared)
    show_leads_behind(me, survey, compared)
    if compared.question.type is QuestionType.LEAD_CARDS:
        show_cards(survey, compared, own)
        show_stated_and_judged(survey, compared)
    show_change(since, compared.question.key)


me = person()
survey_id, key = (st.query_params.get(name, "") for name in ("survey", "question"))
with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
    show_outcome()
    if not survey_id or not key:
        stop_lost("This link names no question. Choose one in the comparison.")
    try:
        found = comparison.compare_survey(actor(), survey_id)
        own = comparison.read_own_answers(actor(), survey_id) if me.team else OwnAnswers()
    except Refusal as refusal:
        stop_lost(plain(refusal))
    with stop_on_refusal():
        survey = next(one for one in surveys.list_surveys(actor()) if one.id == survey_id)
    filters = filters_in_link(survey)
    order = order_under(found, filters)
    if key not in order:
        filters = Filters()
        order = order_under(found, filters)
    if key not in order:
        stop_lost("This questionnaire has no such question. Choose one in the comparison.")
    keep_in_address(filters.link(survey.id, key))
    question = survey.questionnaire.question(key)
    show_way(survey, filters, order, key)
    open_page(plain(question.name))
    st.caption(
        f"{plain(survey.questionnaire.topic_title(question.topic))} · {plain(survey.title)}, {closed_on(survey)}"
    )
    if question.type is QuestionType.TEXT:
        show_text_question(survey, question, own)
    else:
        show_compared(me, survey, found.question(key), own, changes_of(survey, found))
