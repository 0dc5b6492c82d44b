"""Answering one's own team's questionnaire: every answer is kept as soon as it is given."""

from functools import partial

import streamlit as st

from actions import answers
from alignment.errors import Refusal
from alignment.questionnaires import Question
from alignment.surveys import Progress
from components.page import open_page, show_refusal, stop_on_refusal
from components.question import UNANSWERED, draw_question, read_answer
from components.session import actor, person
from components.text import plain

PROGRESS = "answer_progress"
SUBMIT = "answer_submit"


def choose(mine: list[Progress]) -> Progress | None:
    """The questionnaire in the address, the only one there is, or None: then the list is shown."""
    asked = st.query_params.get("survey")
    for progress in mine:
        if progress.survey.id == asked:
            return progress
    if asked:
        st.warning(
            "The questionnaire of this link is not open for you. These are:", icon=":material/link_off:"
        )
    return mine[0] if len(mine) == 1 else None


def open_survey(survey_id: str) -> None:
    st.query_params["survey"] = survey_id


def show_list() -> None:
    st.query_params.pop("survey", None)


def list_mine(mine: list[Progress]) -> None:
    waiting = sum(not progress.submitted for progress in mine)
    st.markdown(f"**{waiting} of {len(mine)} questionnaires wait for your answers.**")
    for progress in mine:
        with st.container(border=True):
            st.markdown(f"**{plain(progress.survey.title)}**")
            st.progress(
                progress.answered / progress.total, f"{progress.answered} of {progress.total} answered"
            )
            label = "Change answers" if progress.submitted else "Go on" if progress.answered else "Start"
            st.button(
                label,
                key=f"answer_open_{progress.survey.id}",
                type="secondary" if progress.submitted else "primary",
                on_click=open_survey,
                args=(progress.survey.id,),
            )


def place_of(questions: tuple[Question, ...], question: Question) -> str:
    """'9 of 24', the question's small heading; its anchor is made of the same words."""
    return f"{questions.index(question) + 1} of {len(questions)}"


def link_to(questions: tuple[Question, ...], question: Question, words: str) -> str:
    return f"[{words}](#{place_of(questions, question).replace(' ', '-')})"


def keep(survey_id: str, question: Question, key: str) -> None:
    """Store what the widget holds now; what is said about it is only said after the store has confirmed."""
    value = read_answer(question, key)
    try:
        if value is UNANSWERED:
            answers.clear_answer(actor(), survey_id, question.key)
        else:
            answers.save_answer(actor(), survey_id, question.key, value)
    except Refusal as refusal:
        st.session_state[f"{key}_state"] = ("refused", str(refusal))
    else:
        st.session_state[f"{key}_state"] = ("cleared" if value is UNANSWERED else "saved", "")
    st.rerun([f"answer_question_{question.key}", PROGRESS, SUBMIT])


def show_question(progress: Progress, question: Question) -> None:
    questions = progress.survey.questionnaire.questions
    key = f"answer_{progress.survey.id}_{question.key}"
    stored = progress.answers.get(question.key, UNANSWERED)
    state, sentence = st.session_state.get(f"{key}_state", ("saved" if stored is not UNANSWERED else "", ""))
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"###### :gray[{place_of(questions, question)}]", width="content")
            marks = [] if question.required else [":gray[optional]"]
            if state == "saved":
                marks.append(":green[:material/check: Saved]")
            st.markdown(f":small[{' · '.join(marks)}]" if marks else "", width="content")
        draw_question(
            question,
            progress.team,
            key=key,
            value=stored,
            on_change=partial(keep, progress.survey.id, question, key),
        )
        if state == "refused":
            st.error(plain(f"Not saved. {sentence}"), icon=":material/error:")


def show_progress(survey_id: str) -> None:
    """Pinned to the foot of the screen: how far, and where to go on."""
    with (
        st.bottom,
        st.container(horizontal_alignment="center"),
        st.container(width=720, gap="xsmall"),
        show_refusal(),
    ):
        progress = answers.my_progress(actor(), survey_id)
        questions = progress.survey.questionnaire.questions
        if progress.submitted:
            where = ":material/check_circle: Submitted; changes count at once"
        elif progress.missing:
            words = "Go on where you stopped" if progress.answered else "First question"
            where = f":material/arrow_downward: {link_to(questions, progress.missing[0], words)}"
        else:
            where = ":material/arrow_downward: [Ready to submit](#submit)"
        with st.container(horizontal=True, horizontal_alignment="distribute", gap="xsmall"):
            st.markdown(f"{progress.answered} of {progress.total} answered", width="content")
            st.markdown(where, width="content")
        st.progress(progress.answered / progress.total)


def show_submit(survey_id: str) -> None:
    with show_refusal():
        progress = answers.my_progress(actor(), survey_id)
        questions = progress.survey.questionnaire.questions
        st.subheader("Submit", anchor="submit")
        if progress.submitted:
            st.markdown(
                "Your answers are in. What you change here counts at once, until the questionnaire closes."
            )
            if st.button("Done", key="answer_done", type="primary", icon=":material/check:"):
                st.session_state.pop(f"answer_change_{survey_id}", None)
                st.rerun()
            return
        if progress.missing:
            links = " · ".join(
                link_to(questions, q, place_of(questions, q).split()[0]) for q in progress.missing
            )
            count = len(progress.missing)
            st.markdown(
                f"{count} {'question still needs' if count == 1 else 'questions still need'} an answer: {links}"
            )
        else:
            st.markdown("Everything that is needed is answered. Only submitted answers count.")
        refusal = st.container()  # above the button: what is pinned to the foot would cover it below
        if st.button("Submit my answers", key="answer_submit_button", type="primary", icon=":material/send:"):
            with refusal, show_refusal():
                answers.submit_answers(actor(), survey_id)
                st.session_state.pop(f"answer_change_{survey_id}", None)
                st.rerun()


def change(survey_id: str) -> None:
    st.session_state[f"answer_change_{survey_id}"] = True


def thank(progress: Progress, mine: list[Progress]) -> None:
    st.success("Thank you. Your answers are in.", icon=":material/check_circle:")
    st.markdown(
        f"You answered {progress.answered} of {progress.total} questions. Until the questionnaire closes you can change "
        "your answers; afterwards both teams see where they differ."
    )
    waiting = next((other.survey for other in mine if not other.submitted), None)
    with st.container(horizontal=True):
        if waiting is not None:
            st.button(
                f"Next: {plain(waiting.title)}",
                key="answer_next",
                type="primary",
                icon=":material/arrow_forward:",
                on_click=open_survey,
                args=(waiting.id,),
            )
        st.button(
            "Change my answers",
            key="answer_change",
            icon=":material/edit:",
            on_click=change,
            args=(progress.survey.id,),
        )


def show_survey(progress: Progress) -> None:
    questionnaire = progress.survey.questionnaire
    if questionnaire.introduction:
        st.markdown(plain(questionnaire.introduction))
    st.caption(
        f":material/lock: {questionnaire.mode.promise} A result needs at least {questionnaire.min_group} people of each team."
    )
    for section in questionnaire.sections:
        st.subheader(plain(section.title), anchor=False)
        for question in section.questions:
            st.fragment(show_question, key=f"answer_question_{question.key}")(progress, question)
    st.fragment(show_submit, key=SUBMIT)(progress.survey.id)
    st.fragment(show_progress, key=PROGRESS)(progress.survey.id)


me = person()
with st.container(horizontal_alignment="center"), st.container(width=720):
    with stop_on_refusal():
        mine = answers.my_surveys(actor())
    chosen = choose(mine) if mine else None
    open_page(
        plain(chosen.survey.title) if chosen else "Answer",
        f"How do you in {me.team.label} see it?"
        if chosen and me.team
        else "What is waiting for your answer?",
    )
    if me.team is None:
        st.info(
            "You belong to neither sales nor marketing, so there is nothing for you to answer.",
            icon=":material/info:",
        )
    elif not mine:
        st.info(
            "Nothing waits for your answer. You will find the next questionnaire here.",
            icon=":material/inbox:",
        )
        st.page_link(
            "pages/surveys/comparison.py",
            label="See where the teams differ",
            icon=":material/compare_arrows:",
        )
    elif chosen is None:
        list_mine(mine)
    else:
        if len(mine) > 1:
            st.button(
                "All questionnaires",
                key="answer_list",
                type="tertiary",
                icon=":material/arrow_back:",
                on_click=show_list,
            )
        if chosen.submitted and not st.session_state.get(f"answer_change_{chosen.survey.id}"):
            thank(chosen, mine)
        else:
            show_survey(chosen)
