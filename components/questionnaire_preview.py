"""A questionnaire as those who answer will see it: as either team, in any of its languages. Nothing is kept."""

from collections.abc import Sequence

import streamlit as st

from actions import lead_cards
from alignment.errors import Refusal
from alignment.lead_cards import LeadCard
from alignment.people import Team
from alignment.questionnaire_edits import condition_in_words
from alignment.questionnaires import GUESS, Question, Questionnaire, QuestionType
from components.answering.languages import name_of
from components.question import draw_question
from components.session import actor
from components.text import ink, plain


@st.dialog("Preview", width="medium", icon=":material/visibility:")
def preview(questionnaire: Questionnaire, key: str, *, survey_id: str = "", only: str = "") -> None:
    """Open the preview; `only` shows one question. `survey_id` is where its lead cards are drawn, '' for none."""
    place = f"preview_{key}"
    with st.container(horizontal=True):
        team = st.segmented_control(
            "As",
            list(Team),
            default=Team.SALES,
            required=True,
            format_func=lambda team: ink(team.label.capitalize()),
            key=f"{place}_team",
        )
        language = questionnaire.language
        if len(questionnaire.languages) > 1:
            language = st.selectbox(
                "In", questionnaire.languages, format_func=name_of, key=f"{place}_language", width=220
            )
    shown = questionnaire.in_language(language)
    if not only:
        _draw_head(shown)
    for section in shown.sections:
        asked = [q for q in shown.everything if q.topic == section.key and (not only or _about(q, only))]
        if asked and not only:
            st.markdown(f"**{plain(section.title)}**")
        for question in asked:
            with st.container(border=True):
                if question.ask_if is not None:
                    condition = condition_in_words(shown, question)
                    st.caption(f":material/alt_route: Asked {plain(condition)}")
                draw_question(
                    question,
                    team,
                    key=f"{place}_{language}_{team.value}_{question.key}",
                    cards=_cards(question, survey_id),
                )
    st.caption("Nothing you do in the preview is kept.")


def _draw_head(questionnaire: Questionnaire) -> None:
    st.markdown(f"**{plain(questionnaire.title)}**")
    if questionnaire.introduction:
        st.markdown(plain(questionnaire.introduction))
    st.caption(f":material/lock: {questionnaire.mode.promise}")


def _about(question: Question, key: str) -> bool:
    return question.key in (key, GUESS + key)


def _cards(question: Question, survey_id: str) -> Sequence[LeadCard]:
    """The lead cards as they are drawn so far; none before."""
    if question.type is not QuestionType.LEAD_CARDS or not survey_id:
        return ()
    try:
        return lead_cards.cards_to_judge(actor(), survey_id, question.key)
    except Refusal:
        return ()
