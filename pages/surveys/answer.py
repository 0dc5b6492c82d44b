"""Answering one's own team's questionnaire, step by step: every answer is kept as soon as it is given."""

import hashlib
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from actions import answers, lead_cards, questionnaires, settings
from alignment.answers import is_complete
from alignment.errors import Refusal, WrongState
from alignment.lead_cards import LeadCard
from alignment.questionnaires import Mode, Question, Questionnaire, QuestionType
from alignment.surveys import Progress
from components.answering import saving
from components.answering.languages import choose_language
from components.answering.review import draw_review
from components.answering.saving import PROGRESS, WAY, Status
from components.answering.script import run_script
from components.answering.steps import REVIEW, Step, step_with, steps_of
from components.answering.words import answer_in_words, minutes_left
from components.navigation import HOME_PAGE
from components.page import open_page, show_refusal, stop_on_refusal
from components.question import draw_question, is_follow_up
from components.response_exchange import offer_my_answers
from components.session import actor, person
from components.text import plain

WIDTH = 720
SUBMITTED = "answering_thanked"


# ── the way through ──────────────────────────────────────────────────────────────────────────────────────────────────


def open_survey(survey_id: str) -> None:
    st.query_params.from_dict({"survey": survey_id})


def show_list() -> None:
    st.query_params.clear()


def jump(key: str) -> None:
    """Go to a question, or to the review."""
    st.session_state.pop(SUBMITTED, None)
    st.query_params["at"] = key
    st.rerun()


def change(survey_id: str) -> None:
    st.session_state.pop(SUBMITTED, None)
    st.query_params.from_dict({"survey": survey_id, "at": REVIEW})


# ── several questionnaires, or none ──────────────────────────────────────────────────────────────────────────────────


def list_mine(mine: list[Progress]) -> None:
    waiting = sum(not progress.submitted for progress in mine)
    st.markdown(f"**{waiting} of {len(mine)} questionnaires wait for your answers.**")
    for progress in mine:
        with st.container(border=True):
            st.header(plain(progress.survey.title), anchor=False)
            left = minutes_left(answers.time_left(actor(), progress))
            st.progress(
                progress.answered / progress.total,
                " · ".join(
                    part for part in (f"{progress.answered} of {progress.total} answered", left) if part
                ),
            )
            done = closing_words(progress)
            if done:
                st.caption(f":material/schedule: Open until {done}")
            label = "Change answers" if progress.submitted else "Go on" if progress.answered else "Start"
            st.button(
                label,
                key=f"answer_open_{progress.survey.id}",
                type="secondary" if progress.submitted else "primary",
                on_click=open_survey,
                args=(progress.survey.id,),
            )


def closing_words(progress: Progress) -> str:
    """'3 December at 17:00' in the company's zone; '' when it is closed by hand."""
    if progress.survey.closes_at is None:
        return ""
    at = settings.local_time(actor(), progress.survey.closes_at)
    return f"{at.day} {at:%B} at {at:%H:%M}"


def show_over(survey_id: str) -> None:
    """A questionnaire that closed while it was answered: what counts, and what of it was not kept."""
    try:
        answers.my_progress(actor(), survey_id)
    except WrongState as over:
        st.info(plain(over), icon=":material/lock:")
    except Refusal:
        st.warning("The questionnaire of this link is not open for you.", icon=":material/link_off:")
    lost = saving.not_saved(survey_id)
    if not lost:
        return
    st.warning("This was not saved any more. Copy it if you still need it:", icon=":material/content_paste:")
    for one in lost.values():
        st.markdown(
            f"{plain(' '.join(one.question.name.split()))}:  \n**{plain(answer_in_words(one.question, one.value))}**"
        )


# ── one step ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def cards_of(progress: Progress, question: Question) -> Sequence[LeadCard]:
    if question.type is not QuestionType.LEAD_CARDS:
        return ()
    return lead_cards.cards_to_judge(actor(), progress.survey.id, question.key)


def show_question(
    survey_id: str, question: Question, place: str, scope: str, cards: Sequence[LeadCard]
) -> None:
    state = saving.held(survey_id, question)
    key = saving.question_key(survey_id, question)
    with st.container(gap=None, key=f"answer_box-{scope}-{question.key}"):
        with st.container(
            horizontal=True,
            horizontal_alignment="distribute",
            key=f"answer_mark-{scope}-{question.key}-{state.revision}",
        ):
            st.markdown(f":small[{place}{'' if question.required else ' · optional'}]", width="content")
            if state.status is Status.SAVED:
                st.markdown(":small[:green[:material/check: Saved]]", width="content")
            elif state.status is Status.UNFINISHED:
                st.markdown(":small[Not saved yet]", width="content")
        with st.container(gap="small"):
            draw_question(
                question,
                saving.current_progress().team,
                key=key,
                on_change=lambda: saving.keep(survey_id, question),
                cards=cards,
                draw_fault=lambda: show_fault(survey_id, question, state),
            )


def show_fault(survey_id: str, question: Question, state: saving.Held) -> None:
    """Why the answer was not kept, if it was not. The script beside the screen brings it into view."""
    if state.status is Status.REFUSED:
        with st.container(key=f"answer_refused-{question.key}"):
            st.error(plain(f"Not saved. {state.sentence}"), icon=":material/error:")
    elif state.status is Status.CONFLICT:
        show_conflict(survey_id, question, state)


def show_conflict(survey_id: str, question: Question, state: saving.Held) -> None:
    with st.container(key=f"answer_conflict-{question.key}"):
        st.warning(
            f"{plain(f'Not saved. {state.sentence} There you answered:')}  \n"
            f"**{plain(answer_in_words(question, state.other))}**",
            icon=":material/tab_unselected:",
        )
        with st.container(horizontal=True):
            st.button(
                "Keep mine",
                key=f"answer_mine_{question.key}",
                on_click=saving.keep_mine,
                args=(survey_id, question),
                help="What stands here takes the place of the other answer.",
            )
            st.button(
                "Keep the other",
                key=f"answer_other_{question.key}",
                on_click=saving.keep_other,
                args=(survey_id, question),
                help="What you answered in the other window stays.",
            )


def show_way(shown: Questionnaire, place: int) -> None:
    """Back, on, and to the review. 'Skip' where nothing on the screen has to be answered."""
    progress = saving.current_progress()
    steps = steps_of(shown, progress.answers)
    step = steps[place]
    after = steps[place + 1].key if place + 1 < len(steps) else REVIEW
    skips = not any(question.required or question.key in progress.answers for question in step.questions)
    label = "Skip" if skips else "Review" if after == REVIEW else "Next"
    told = saving.not_kept(progress.survey.id, step.questions)
    if told:
        with st.container(key="answer_not_kept"):
            st.warning(not_kept_words(told), icon=":material/warning:")
    with st.container(horizontal=True, gap="small"):
        if place:
            st.button(
                "Back",
                key="answer_back",
                icon=":material/arrow_back:",
                on_click=jump,
                args=(steps[place - 1].key,),
            )
        st.button(
            label,
            key="answer_next",
            type="primary",
            icon=":material/arrow_forward:",
            icon_position="right",
            on_click=go_on,
            args=(progress.survey.id, step, after, tuple(told)),
        )
        if after != REVIEW:
            st.button("All answers", key="answer_review", type="tertiary", on_click=jump, args=(REVIEW,))


def go_on(survey_id: str, step: Step, after: str, told: Sequence[str]) -> None:
    """Go to the next step, but not past an answer of which has not been said yet that it is not kept.

    The click that leaves a field also commits it, so that the refusal may come in the same moment.
    """
    if set(saving.not_kept(survey_id, step.questions)) <= set(told):
        jump(after)
    else:
        st.rerun([*(saving.fragment_key(question) for question in step.questions), WAY, PROGRESS])


def not_kept_words(found: Mapping[str, saving.Held]) -> str:
    """What is said next to the way on, of answers on this page that are not kept."""
    many = f"{len(found)} answers on this page are" if len(found) > 1 else "An answer on this page is"
    reasons = " ".join(plain(state.sentence) for state in found.values() if state.status is Status.REFUSED)
    return f"**{many} not kept.** {reasons}".strip()


def show_progress() -> None:
    """Pinned to the foot of the screen: how far, and how long it still takes."""
    with st.bottom, st.container(horizontal_alignment="center"), st.container(width=WIDTH), show_refusal():
        progress = saving.current_progress()
        left = minutes_left(answers.time_left(actor(), progress))
        words = [f"{progress.answered} of {progress.total} answered", left]
        if progress.submitted:
            words = [words[0], "submitted; changes count at once"]
        st.progress(progress.answered / progress.total, " · ".join(word for word in words if word))


def step_mark(language: str, place: int | str, at: str) -> str:
    """The key of what is on the screen, by which the script beside it knows the language, and where the focus goes."""
    return f"answer_step-{language.replace('-', '_')}-{place}-{at.replace(':', '-')}"


def show_step(
    progress: Progress, shown: Questionnaire, language: str, steps: Sequence[Step], place: int, scope: str
) -> None:
    step = steps[place]
    step_key = f"{progress.survey.id} {step.key}"
    # a widget that this screen always has is gone when the person comes back from another one
    anew = st.session_state.get("answering_step") != step_key or "answer_next" not in st.session_state
    st.session_state["answering_step"] = step_key
    saving.begin(progress, step.questions, anew=anew)
    saving.show_progress_of(progress)
    asked = [question.key for step in steps for question in step.questions]
    with st.container(key=step_mark(language, f"{shown.pace.value}_{place}", st.query_params["at"])):
        st.header(f":small[:gray[{plain(step.title)}]]", anchor=False)
        for question in step.questions:
            number = f"{asked.index(question.key) + 1} of {len(asked)}"
            cards = cards_of(progress, question)
            with st.container(border=not is_follow_up(question)):
                st.fragment(show_question, key=saving.fragment_key(question))(
                    progress.survey.id, question, number, scope, cards
                )
    st.fragment(show_way, key=WAY)(shown, place)
    st.fragment(show_progress, key=PROGRESS)()


# ── before and after submitting ──────────────────────────────────────────────────────────────────────────────────────


def show_review(progress: Progress, shown: Questionnaire, language: str) -> None:
    missing = progress.missing
    with st.container(key=step_mark(language, REVIEW, REVIEW)):
        if missing:
            count = len(missing)
            st.header(
                f"{count} {'question still needs' if count == 1 else 'questions still need'} an answer",
                anchor=False,
            )
            st.markdown(
                "Your answers are in and count. What you have changed since leads to more questions, which are marked below."
                if progress.submitted
                else "They are marked below. “Can't say” is an answer too."
            )
        elif progress.submitted:
            st.header("Your answers are in", anchor=False)
            st.markdown("What you change counts at once, until the questionnaire closes.")
        else:
            st.header("Ready to submit", anchor=False)
            st.markdown("Look at your answers once more. Only submitted answers count.")
    show_hand_in(progress, "top")
    problems = {key: one.sentence for key, one in saving.not_saved(progress.survey.id).items()}
    draw_review(progress, shown, problems, jump)
    if progress.answers:
        offer_my_answers(progress.survey.id)
    if not missing and not progress.submitted:
        show_hand_in(progress, "end")


def show_hand_in(progress: Progress, where: str) -> None:
    survey_id = progress.survey.id
    if progress.submitted and not progress.missing:
        if st.button("Done", key=f"answer_done_{where}", type="primary", icon=":material/check:"):
            st.session_state[SUBMITTED] = survey_id
            st.query_params.from_dict({"survey": survey_id})
            st.rerun()
    elif progress.missing:
        st.button(
            "Go to the first one",
            key="answer_first_missing",
            type="primary",
            icon=":material/arrow_forward:",
            on_click=jump,
            args=(progress.missing[0].key,),
        )
    else:
        refusal = st.container()
        if st.button(
            "Submit my answers", key=f"answer_submit_{where}", type="primary", icon=":material/send:"
        ):
            with refusal, show_refusal():
                answers.submit_answers(actor(), survey_id)
                st.session_state[SUBMITTED] = survey_id
                st.query_params.from_dict({"survey": survey_id})
                st.rerun()


def thank(progress: Progress, mine: list[Progress]) -> None:
    with st.container(key="answer_step-en-thanks-thanks"):
        st.header("Thank you. Your answers are in.", anchor=False)
    until = closing_words(progress)
    st.markdown(
        f"You answered {progress.answered} of {progress.total} questions. "
        f"{f'Until {until}' if until else 'Until the questionnaire closes'} you can change your answers; "
        "afterwards both teams see where they differ."
    )
    waiting = next((other.survey for other in mine if not other.submitted), None)
    with st.container(horizontal=True):
        if waiting is not None:
            st.button(
                f"Next: {plain(waiting.title)}",
                key="answer_next_survey",
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
        if st.button(
            "To Today",
            key="answer_to_today",
            type="primary" if waiting is None else "secondary",
            icon=":material/today:",
        ):
            st.switch_page(HOME_PAGE)


# ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────────


def show_head(progress: Progress, shown: Questionnaire) -> None:
    """What is promised, before the first answer."""
    if shown.introduction:
        st.markdown(plain(shown.introduction))
    until = closing_words(progress)
    st.caption(
        f":material/lock: {shown.mode.promise} A result needs at least {shown.min_group} people of each team."
        + (f"  \n:material/schedule: Open until {until}." if until else "")
    )


def show_corrections(progress: Progress) -> None:
    """What was put right in the questionnaire since it opened, the latest first."""
    found = questionnaires.list_corrections(actor(), progress.survey.id)
    if not found:
        return
    notes = []
    for correction in found[:3]:
        at = settings.local_time(actor(), correction.at)
        notes.append(f"{at.day} {at:%B}: {plain(correction.note)}")
    st.info("  \n".join(notes), title="Put right since it opened", icon=":material/edit_note:")


def place_in(progress: Progress, steps: Sequence[Step]) -> int | None:
    """The step that the address names, else the one where the person stopped; None for the review."""
    at = st.query_params.get("at")
    if at == REVIEW:
        return None
    found = step_with(steps, at) if at else None
    if found is not None:
        return found
    stopped = progress.stopped_at
    if progress.submitted or is_complete(stopped, progress.answers):
        return None
    return step_with(steps, stopped.key)


def show_survey(progress: Progress, language: str, scope: str, title: DeltaGenerator) -> None:
    shown = progress.survey.questionnaire.in_language(language)
    steps = steps_of(shown, progress.answers)
    place = place_in(progress, steps)
    st.query_params["survey"] = progress.survey.id
    if place is None:
        st.query_params["at"] = REVIEW
    elif step_with(steps, st.query_params.get("at", "")) != place:
        st.query_params["at"] = steps[place].key
    name = plain(shown.title)
    title.title(
        name if place in (0, None) else f":small[{name}]", anchor=False
    )  # then the question stands out
    show_corrections(progress)
    if place == 0:
        show_head(progress, shown)
    if place is None:
        show_review(progress, shown, language)
    else:
        show_step(progress, shown, language, steps, place, scope)


def show() -> None:
    me = person()
    if me.team is None:
        open_page("Answer", "What is waiting for your answer?")
        st.info(
            "You belong to neither sales nor marketing, so there is nothing for you to answer.",
            icon=":material/info:",
        )
        return
    with stop_on_refusal():
        mine = answers.my_surveys(actor())
    asked = st.query_params.get("survey")
    chosen = next((progress for progress in mine if progress.survey.id == asked), None)
    if chosen is None and asked is None and len(mine) == 1:
        chosen = mine[0]
    if chosen is None:
        open_page("Answer", "What is waiting for your answer?")
        if asked:
            show_over(asked)
        if mine:
            list_mine(mine)
        else:
            st.info(
                "Nothing waits for your answer. You will find the next questionnaire here.",
                icon=":material/inbox:",
            )
            st.page_link(
                "pages/surveys/comparison.py",
                label="See where the teams differ",
                icon=":material/compare_arrows:",
            )
        return
    title, language = draw_top(chosen, several=len(mine) > 1)
    thanked = st.session_state.get(SUBMITTED) == chosen.survey.id
    if chosen.submitted and (thanked or "at" not in st.query_params):
        title.title(plain(chosen.survey.questionnaire.in_language(language).title), anchor=False)
        thank(chosen, mine)
    else:
        scope = hashlib.sha256(f"{me.id} {chosen.survey.id}".encode()).hexdigest()[:10]
        show_survey(chosen, language, scope, title)
    run_script(me.id)


def draw_top(progress: Progress, *, several: bool) -> tuple[DeltaGenerator, str]:
    """The promise in short, the way to the list, and the language: (the place for the title, the language's code)."""
    questionnaire = progress.survey.questionnaire
    with st.container(gap="xxsmall"):
        title = st.empty()
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
        ):
            modes = {
                Mode.NAMED: "With your name",
                Mode.CONFIDENTIAL: "Confidential",
                Mode.ANONYMOUS: "Anonymous",
            }
            st.caption(
                f":material/lock: {modes[questionnaire.mode]}",
                help=questionnaire.mode.promise,
                width="content",
            )
            if several:
                st.button(
                    "All questionnaires",
                    key="answer_list",
                    type="tertiary",
                    icon=":material/list:",
                    on_click=show_list,
                )
            language = choose_language(questionnaire)
    return title, language


with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
    show()
