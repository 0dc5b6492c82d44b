"""Saving: an answer is called saved once the store has confirmed it, and nothing that was given goes without a word."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from actions import answers
from alignment.errors import Refusal, WrongState
from alignment.questionnaires import Question
from alignment.surveys import Progress
from components.answering.held import UNANSWERED, UNFINISHED
from components.question import hold_answer, hold_next, read_answer
from components.session import actor

_CLOCK = "answering_clock"
_PROGRESS = "answering_progress"
PROGRESS, WAY = "answer_progress", "answer_way"
"""The fragments that every answer changes: how far one is, and the way on."""


class Status(StrEnum):
    """What is to be said of a question."""

    OPEN = "open"
    SAVED = "saved"
    CLEARED = "cleared"
    UNFINISHED = "unfinished"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Held:
    """What the screen knows of one answer: its status, the revision that the store has, and why it was refused.

    `other` is what was answered in another window, in a conflict, and `other_revision` its revision.
    """

    status: Status
    revision: int
    sentence: str = ""
    other: Any = None
    other_revision: int = 0


@dataclass(frozen=True)
class NotSaved:
    """An answer that the store did not take, and why."""

    question: Question
    value: Any
    sentence: str


def question_key(survey_id: str, question: Question) -> str:
    """The widget key of a question on the screen for answering."""
    return f"answer_{survey_id}_{question.key}"


def fragment_key(question: Question) -> str:
    """The fragment that draws one question."""
    return f"answer_question_{question.key}"


def held(survey_id: str, question: Question) -> Held:
    """What the screen knows of this answer."""
    return st.session_state.get(_state(survey_id, question), Held(Status.OPEN, 0))


def begin(progress: Progress, questions: Sequence[Question], *, anew: bool) -> None:
    """Bring what the widgets of `questions` hold in line with the store, before they are drawn.

    `anew` when they were not on the screen before. What was answered in another window meanwhile is taken over, unless
    something that could not be saved stands here.
    """
    st.session_state.setdefault(_CLOCK, time.monotonic())
    if anew:
        prefix = f"answer_{progress.survey.id}_"
        for name in [name for name in st.session_state if str(name).startswith(prefix)]:
            del st.session_state[name]
    for question in questions:
        revision = progress.revisions.get(question.key, 0)
        state = held(progress.survey.id, question)
        key = question_key(progress.survey.id, question)
        if key in st.session_state and state.revision == revision:
            continue
        if key in st.session_state and state.status in (Status.REFUSED, Status.CONFLICT, Status.UNFINISHED):
            continue
        refused = _refused(progress.survey.id).get(question.key)
        if refused is not None:
            hold_answer(question, key, refused.value)
            _note(progress.survey.id, question, Held(Status.REFUSED, revision, refused.sentence))
            continue
        hold_answer(question, key, progress.answers.get(question.key, UNANSWERED))
        status = Status.SAVED if question.key in progress.answers else Status.OPEN
        _note(progress.survey.id, question, Held(status, revision))


def keep(survey_id: str, question: Question) -> None:
    """Store what the widgets of the question hold now. For `on_change`; what is asked besides it changes at once."""
    value = read_answer(question, question_key(survey_id, question))
    known = held(survey_id, question)
    if value is UNFINISHED:
        _note(survey_id, question, Held(Status.UNFINISHED, known.revision))
    else:
        _store(survey_id, question, value, known, seen=known.revision)
    _draw_again(survey_id, question)


def keep_mine(survey_id: str, question: Question) -> None:
    """In a conflict: store what stands here in the place of the other window's answer that was shown, no later one."""
    value = read_answer(question, question_key(survey_id, question))
    known = held(survey_id, question)
    _store(survey_id, question, value, known, seen=known.other_revision)
    _draw_again(survey_id, question)


def keep_other(survey_id: str, question: Question) -> None:
    """In a conflict: show what was answered in the other window, as it is stored."""
    progress = _read(survey_id)
    if progress is not None:
        value = progress.answers.get(question.key, UNANSWERED)
        hold_next(question_key(survey_id, question), value)
        _note(
            survey_id,
            question,
            Held(
                Status.OPEN if value is UNANSWERED else Status.SAVED, progress.revisions.get(question.key, 0)
            ),
        )
    _draw_again(survey_id, question)


def show_progress_of(progress: Progress) -> None:
    """What the fragments of this screen start from."""
    st.session_state[_PROGRESS] = progress


def current_progress() -> Progress:
    """How far the person is, as it was read last: when the screen was drawn, or after the last answer."""
    if _PROGRESS not in st.session_state:  # signed out in the same moment: the whole page shows the form
        st.rerun()
    found: Progress = st.session_state[_PROGRESS]
    return found


def not_kept(survey_id: str, questions: Sequence[Question]) -> dict[str, Held]:
    """What stands on the screen for `questions` and is not kept, with why, by the question's key."""
    open_ends = (Status.REFUSED, Status.CONFLICT, Status.UNFINISHED)
    states = {question.key: held(survey_id, question) for question in questions}
    return {key: state for key, state in states.items() if state.status in open_ends}


def not_saved(survey_id: str) -> dict[str, NotSaved]:
    """What could not be saved in this session, by the question's key."""
    return dict(_refused(survey_id))


def _store(survey_id: str, question: Question, value: Any, known: Held, *, seen: int) -> None:
    """Save or clear, and note what came of it."""
    now = time.monotonic()
    seconds = now - st.session_state.get(_CLOCK, now)
    refused = _refused(survey_id)
    try:
        if value is UNANSWERED:
            answers.clear_answer(actor(), survey_id, question.key, seen=seen)
        else:
            value = answers.save_answer(actor(), survey_id, question.key, value, seen=seen, seconds=seconds)
    except answers.AnswerConflict as conflict:
        state = Held(
            Status.CONFLICT, known.revision, str(conflict), conflict.kept, other_revision=conflict.revision
        )
        _note(survey_id, question, state)
        return
    except Refusal as refusal:
        if value is not UNANSWERED:
            refused[question.key] = NotSaved(question, value, str(refusal))
        if isinstance(refusal, WrongState):
            st.session_state[f"answering_over_{survey_id}"] = True
        _note(survey_id, question, Held(Status.REFUSED, known.revision, str(refusal)))
        return
    refused.pop(question.key, None)
    st.session_state[_CLOCK] = now
    progress = _read(survey_id)
    # what another window has saved since is not what this one has seen: the next answer here meets a conflict
    ours = progress is not None and progress.answers.get(question.key, UNANSWERED) == value
    revision = progress.revisions.get(question.key, 0) if progress and ours else known.revision + 1
    _note(survey_id, question, Held(Status.CLEARED if value is UNANSWERED else Status.SAVED, revision))


def _read(survey_id: str) -> Progress | None:
    """The progress after a change, kept for the fragments that are drawn in this run; None when it cannot be read."""
    try:
        progress = answers.my_progress(actor(), survey_id)
    except Refusal:
        return None
    st.session_state[_PROGRESS] = progress
    return progress


def _draw_again(survey_id: str, question: Question) -> None:
    """Draw what an answer changes: its question and the progress; everything where it decides what is asked."""
    questionnaire = current_progress().survey.questionnaire
    if questionnaire.depending_on(question.key) or st.session_state.get(f"answering_over_{survey_id}"):
        st.rerun()
    try:
        st.rerun([fragment_key(question), PROGRESS, WAY])
    except (
        StreamlitAPIException
    ):  # clicked while the page was being drawn anew: not all of them are there yet
        st.rerun()


def _refused(survey_id: str) -> dict[str, NotSaved]:
    return st.session_state.setdefault(f"answering_refused_{survey_id}", {})


def _state(survey_id: str, question: Question) -> str:
    return f"answer_{survey_id}_{question.key}-state"


def _note(survey_id: str, question: Question, state: Held) -> None:
    st.session_state[_state(survey_id, question)] = state
