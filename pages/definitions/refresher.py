"""The refresher for meetings: what sales says, what marketing says, what was agreed, and five questions on it."""

import streamlit as st

from actions import refresher
from actions.permissions import may
from actions.refresher import RefresherTerm
from actions.settings import local_time
from alignment.people import Team
from alignment.quiz import Quiz, QuizQuestion
from components.outcome import perform, show_outcome
from components.page import open_page, stop_on_refusal
from components.rule_editor import describe_rule
from components.session import actor, person
from components.text import ink, plain

WORDS, QUIZ = "Our words", "Five questions"
_SEED, _GIVEN, _KEPT = "refresher_seed", "refresher_given", "refresher_kept"

me = person()
open_page("Refresher", "Do both teams still mean the same by the same words?")
show_outcome()
with stop_on_refusal():
    terms = refresher.read_refresher(actor())


def show_said(term: RefresherTerm, team: Team) -> None:
    """What one team said before there was an agreement."""
    said = term.said_by(team)
    answered = term.asked.answered.get(team, "") if term.asked else ""
    st.caption(f"**{team.label.capitalize()} said**")
    if said.called:
        st.markdown(" · ".join(f"“{plain(name)}”" for name in said.called))
    if said.meant:
        st.markdown(plain(said.meant))
    if answered:
        st.markdown(plain(f"{answered[:1].upper()}{answered[1:]}"))
    if not (said.told or answered):
        st.caption("Nothing is on record.")


def show_term(term: RefresherTerm) -> None:
    """A term with both sides' words and what they agreed."""
    with st.container(border=True):
        st.markdown(f"#### {plain(term.term.name)}")
        for column, team in zip(st.columns(2), Team, strict=True):
            with column:
                show_said(term, team)
        if term.asked and any(term.asked.answered.values()):
            st.page_link(
                "pages/surveys/compared.py",
                label=f"From the questionnaire: {plain(term.asked.text)}",
                icon=":material/compare_arrows:",
                query_params={"survey": term.asked.survey_id, "question": term.asked.question_key},
            )
        since = local_time(actor(), term.agreed.in_force_from or term.agreed.created_at)
        st.caption(f"**Agreed**, version {term.agreed.version}, since {since.day} {since:%B %Y}")
        st.markdown(plain(term.agreed.text))
        if term.agreed.rule is not None:
            st.markdown(f":material/rule: {describe_rule(term.agreed.rule)}")
        st.page_link(
            "pages/definitions/definition.py",
            label="Everything about this term",
            icon=":material/arrow_forward:",
            query_params={"term": term.term.key},
        )


def show_answered(number: int, question: QuizQuestion, given: int) -> None:
    """The options with what was chosen and what is right, and why."""
    for place, option in enumerate(question.options):
        if place == question.right:
            st.markdown(f":green[:material/check_circle:] **{plain(option)}**")
        elif place == given:
            st.markdown(f":red[:material/cancel:] {plain(option)} (your answer)")
        else:
            st.markdown(f":gray[:material/circle:] {plain(option)}")
    because = question.because if question.because.endswith((".", "!", "?")) else f"{question.because}."
    st.caption(f"{'Right.' if given == question.right else 'Not quite.'} {plain(because)}")


def show_question(number: int, question: QuizQuestion) -> None:
    """One question; once answered it says what is right."""
    given: dict[int, int] = st.session_state[_GIVEN]
    with st.container(border=True):
        st.markdown(f"**{number + 1}. {plain(question.prompt)}**")
        if question.detail:
            st.markdown(f"> {plain(question.detail)}".replace("\n", "\n> "))
        if question.facts:
            st.markdown("  \n".join(f"{plain(label)}: **{plain(text)}**" for label, text in question.facts))
        if number in given:
            show_answered(number, question, given[number])
            return
        key = f"refresher_answer_{st.session_state[_SEED]}_{number}"
        st.radio(
            "Your answer",
            range(len(question.options)),
            index=None,
            format_func=lambda place: plain(question.options[place]),
            key=key,
            label_visibility="collapsed",
            on_change=answer,
            args=(number, key),
        )


def answer(number: int, key: str) -> None:
    """Note what was chosen; it stays, so that nobody corrects an answer after being told."""
    st.session_state[_GIVEN][number] = st.session_state[key]


def begin() -> None:
    """Draw new questions."""
    st.session_state.pop(_KEPT, None)
    st.session_state[_GIVEN] = {}
    st.session_state[_SEED] = refresher.draw_quiz(actor()).seed


def keep(quiz: Quiz) -> None:
    """Keep how it went, once, when the last question is answered."""
    given = st.session_state[_GIVEN]
    if len(given) == len(quiz.questions) and not st.session_state.get(_KEPT):
        st.session_state[_KEPT] = perform(
            "",
            refresher.keep_result,
            quiz.seed,
            quiz.fingerprint,
            [given[number] for number in range(len(quiz.questions))],
        )


@st.fragment
def show_quiz() -> None:
    """The questions one below the other. In a fragment, since an answer draws nothing else anew."""
    if _SEED not in st.session_state:
        last = refresher.own_result(actor())
        if last:
            taken = local_time(actor(), last.taken_at)
            st.markdown(
                f"Last time, on {taken.day} {taken:%B %Y}, you had {last.correct} of {last.asked} right. "
                "Only you can see this."
            )
        else:
            st.markdown("Five questions, about two minutes. Only you can see how you did.")
        st.button("Begin", type="primary", icon=":material/quiz:", key="refresher_begin", on_click=begin)
        return
    with stop_on_refusal():
        quiz = refresher.draw_quiz(actor(), st.session_state[_SEED])
    keep(quiz)
    show_outcome()
    given = st.session_state[_GIVEN]
    asked = len(quiz.questions)
    if len(given) < asked:
        st.progress(len(given) / asked, f"{len(given)} of {asked} answered")
    else:
        right = quiz.correct([given[number] for number in range(asked)])
        st.markdown(f"##### You had {right} of {asked} right.")
    for number, question in enumerate(quiz.questions):
        show_question(number, question)
    if asked < 5:
        questions = "1 question" if asked == 1 else f"{asked} questions"
        st.caption(
            f"What is agreed gives {questions} so far that do not answer each other. More agreed terms give more."
        )
    st.button(
        "Draw other questions",
        type="primary" if len(given) == asked else "secondary",
        icon=":material/casino:",
        key="refresher_again",
        on_click=begin,
    )


if not terms:
    st.subheader("Nothing is agreed yet, so there is nothing to refresh.", anchor=False)
    st.markdown(
        "Once both teams have signed a definition, this page puts side by side what each side used to say and what they "
        "agreed, to read together at the start of a meeting."
    )
    drafting = may(me, "agreement:draft")
    st.page_link(
        "pages/definitions/glossary.py",
        label="Draft a definition" if drafting else "See the glossary",
        icon=":material/menu_book:",
    )
    st.stop()

several = "words mean" if len(terms) > 1 else "word means"
st.subheader(
    f"{len(terms)} {several} the same to both teams, by signature. Read together, then test yourself.",
    anchor=False,
)
view = st.segmented_control(
    "Show",
    [WORDS, QUIZ],
    format_func=ink,
    default=WORDS,
    required=True,
    key="refresher_view",
    label_visibility="collapsed",
)
if view == QUIZ:
    show_quiz()
else:
    for term in terms:
        show_term(term)
