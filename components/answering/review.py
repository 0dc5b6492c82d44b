"""All of one's own answers once more, in words, before they are handed in."""

from collections.abc import Callable

import streamlit as st

from alignment.answers import is_complete
from alignment.questionnaires import Question, Questionnaire
from alignment.surveys import Progress
from components.answering.words import answer_in_words
from components.question import is_follow_up
from components.text import plain


def draw_review(
    progress: Progress,
    questionnaire: Questionnaire,
    not_saved: dict[str, str],
    jump: Callable[[str], None],
) -> None:
    """Draw each question that is asked with its answer in words; what is missing is marked. `jump` leads to one.

    `questionnaire` is in the language of the screen; `not_saved` says of questions why their last answer was not kept.
    """
    for section in questionnaire.asked_sections(progress.answers):
        st.header(plain(section.title), anchor=False)
        for question in section.questions:
            _draw_line(progress, question, not_saved.get(question.key, ""), jump)


def _draw_line(progress: Progress, question: Question, refusal: str, jump: Callable[[str], None]) -> None:
    whole = is_complete(question, progress.answers)
    wording = plain(" ".join(question.wording[progress.team].split()))
    with st.container(
        horizontal=True,
        wrap=False,
        gap="small",
        vertical_alignment="center",
        border=not whole and question.required,
    ):
        with st.container(gap="xxsmall"):
            st.markdown(f":gray[{wording}]" if is_follow_up(question) else wording)
            if question.key in progress.answers:
                st.markdown(f"**{plain(answer_in_words(question, progress.answers[question.key]))}**")
            if not whole:
                st.markdown(
                    ":orange[:material/error:] **Still needs an answer**"
                    if question.required
                    else ":gray[Not answered; it is optional]"
                )
            if refusal:
                st.error(plain(f"Your last answer was not saved. {refusal}"), icon=":material/error:")
        st.button(
            "Change" if question.key in progress.answers else "Answer",
            key=f"answer_jump_{question.key}",
            type="tertiary" if whole or not question.required else "secondary",
            on_click=jump,
            args=(question.key,),
        )
