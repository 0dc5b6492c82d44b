"""What the editor of a questionnaire holds in a session: what was seen and typed, what can be undone, what waits.

A draft is saved with every change, under the revision that was seen. Where somebody else was quicker, the changes wait,
still on the screen, until the person says what is to become of them. Corrections of an open questionnaire wait as well,
until they are published with a note.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from actions import questionnaires, surveys
from alignment.errors import InvalidInput, Refusal, StaleVersion
from alignment.questionnaire_edits import corrections
from alignment.questionnaires import Question, Questionnaire
from alignment.surveys import Survey, SurveyStatus
from components.session import actor

Edit = Callable[[Questionnaire], Questionnaire]
_STEPS = 50


@dataclass(frozen=True)
class Refused:
    """What was typed and could not be used, and why."""

    typed: Any
    sentence: str


@dataclass
class Editing:
    """One questionnaire on the screen. `questionnaire` is what shows: the survey's with the `waiting` edits on it.

    `generation` goes into the keys of all widgets, so that they show anew what was changed from elsewhere. `opened` is
    the question's key, or `section:<topic>`, of what is open to be edited; `language` the one whose texts show.
    `refused` has, by place, what could not be used as it was typed. `reason` is the place of a step that was refused, as
    moving a question is, and why, until the next click. `conflict`: somebody else changed the draft.
    """

    survey: Survey
    questionnaire: Questionnaire
    generation: int = 0
    opened: str = ""
    language: str = ""
    undoable: list[Questionnaire] = field(default_factory=list)
    redoable: list[Questionnaire] = field(default_factory=list)
    waiting: list[Edit] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)
    reason: tuple[str, str] = ("", "")
    paired: set[str] = field(default_factory=set)
    conflict: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def is_draft(self) -> bool:
        """Whether everything can be changed."""
        return self.survey.status is SurveyStatus.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether texts can be corrected."""
        return self.survey.status is SurveyStatus.OPEN

    @property
    def own_language(self) -> bool:
        """Whether the questionnaire's own texts show, not a translation."""
        return self.language in ("", self.questionnaire.language) or (
            self.language not in self.questionnaire.languages
        )

    @property
    def opened_question(self) -> Question | None:
        """The question that is open to be edited."""
        return next((q for q in self.questionnaire.questions if q.key == self.opened), None)

    def widget(self, place: str) -> str:
        """The key of the widget at this place."""
        return f"editor_{self.survey.id}_{self.generation}_{place}"


def editing(survey: Survey) -> Editing:
    """The session's editor of this survey, which has just been read: begun anew, or brought up to date."""
    key = f"editor_{survey.id}"
    state: Editing | None = st.session_state.get(key)
    if state is None:
        state = st.session_state[key] = Editing(survey, survey.questionnaire)
    elif state.survey.revision != survey.revision and not state.conflict:
        if state.survey.status is not survey.status:
            state.language = ""
        same = state.survey.questionnaire == survey.questionnaire and state.survey.status is survey.status
        state.survey = survey
        if not same:
            _show_anew(state)
    return state


def begin_in_own_language(survey_id: str) -> None:
    """Let the editor of this survey, where there is one already, show the questionnaire's own texts."""
    state: Editing | None = st.session_state.get(f"editor_{survey_id}")
    if state is not None:
        state.language = ""


def apply(state: Editing, edit: Edit, place: str, typed: Any) -> bool:
    """Do what a field means and keep it: at once in a draft. What cannot be done is noted there, with what was typed."""
    state.reason = ("", "")
    try:
        _keep(state, edit)
    except Refusal as refusal:
        state.refused[place] = Refused(typed, str(refusal))
        return False
    state.refused.pop(place, None)
    return True


def attempt(state: Editing, edit: Edit, place: str) -> bool:
    """Do what a button means, as `apply` does. Where it is refused nothing waits for anybody: only the reason is told."""
    state.reason = ("", "")
    try:
        _keep(state, edit)
    except Refusal as refusal:
        state.reason = (place, str(refusal))
        return False
    return True


def undo(state: Editing) -> None:
    """Take the last change back."""
    if state.waiting:
        state.waiting.pop()
        state.questionnaire = _on_top(state, state.survey.questionnaire)
    elif state.undoable:
        _restore(state, state.undoable, state.redoable)
    state.refused.clear()
    state.reason = ("", "")
    state.generation += 1


def redo(state: Editing) -> None:
    """Do again what was taken back."""
    if state.redoable:
        _restore(state, state.redoable, state.undoable)
    state.refused.clear()
    state.reason = ("", "")
    state.generation += 1


def save_on_top(state: Editing) -> None:
    """Put the waiting changes on what somebody else has made of the draft meanwhile."""
    try:
        fresh = surveys.read_survey(actor(), state.survey.id)
        state.survey = fresh
        edited = _on_top(state, fresh.questionnaire)
        state.survey = questionnaires.change_questionnaire(actor(), fresh.id, edited, revision=fresh.revision)
    except Refusal as refusal:
        state.notes = [str(refusal)]
        return
    _begin_again(state)


def drop_waiting(state: Editing) -> None:
    """Forget the waiting changes and show the questionnaire as it is kept."""
    state.waiting.clear()
    try:
        state.survey = surveys.read_survey(actor(), state.survey.id)
    except Refusal as refusal:
        state.notes = [str(refusal)]
        return
    _begin_again(state)


def publish(state: Editing, note: str) -> bool:
    """Publish the waiting corrections of an open questionnaire with their note; False where they are refused."""
    try:
        state.survey = questionnaires.correct_survey(
            actor(), state.survey.id, state.questionnaire, note, revision=state.survey.revision
        )
    except Refusal as refusal:
        state.notes = [str(refusal)]
        return False
    _begin_again(state)
    return True


def _keep(state: Editing, edit: Edit) -> None:
    edited = edit(state.questionnaire)
    if edited == state.questionnaire:
        return
    if state.is_draft and not state.conflict:
        _save(state, edited, edit)
        return
    if state.is_open:
        _check_comparable(state, edited)
    state.waiting.append(edit)
    state.questionnaire = edited


def _save(state: Editing, edited: Questionnaire, edit: Edit) -> None:
    """Keep `edited`. Where somebody else changed the questions meanwhile, the edit waits, and there is a conflict."""
    before = state.questionnaire
    try:
        kept = _change(state, edited)
    except StaleVersion:
        state.waiting.append(edit)
        state.questionnaire = edited
        state.conflict = True
        return
    state.survey, state.questionnaire = kept, kept.questionnaire
    state.undoable = [*state.undoable[-_STEPS:], before]
    state.redoable.clear()


def _change(state: Editing, edited: Questionnaire) -> Survey:
    """Keep `edited`, also where only dates or who is asked have changed meanwhile. Raises StaleVersion where more has."""
    try:
        return questionnaires.change_questionnaire(
            actor(), state.survey.id, edited, revision=state.survey.revision
        )
    except StaleVersion:
        fresh = surveys.read_survey(actor(), state.survey.id)
        if fresh.status is not SurveyStatus.DRAFT or fresh.questionnaire != state.survey.questionnaire:
            raise
        state.survey = fresh
        return questionnaires.change_questionnaire(actor(), fresh.id, edited, revision=fresh.revision)


def _check_comparable(state: Editing, edited: Questionnaire) -> None:
    """Raises InvalidInput for what cannot be published of an open questionnaire, while it can still be seen where it is."""
    found = corrections(state.survey.questionnaire, edited).incomparable
    if found:
        raise InvalidInput(
            f"Answers from before and after would not be comparable ({found[0].name}). Close the questionnaire, make a "
            "copy, and change it there."
        )


def _restore(state: Editing, source: list[Questionnaire], target: list[Questionnaire]) -> None:
    before = state.questionnaire
    try:
        state.survey = _change(state, source[-1])
    except StaleVersion:
        state.conflict = True
        return
    except Refusal as refusal:
        state.notes = [str(refusal)]
        return
    state.questionnaire = state.survey.questionnaire
    source.pop()
    target.append(before)


def _on_top(state: Editing, questionnaire: Questionnaire) -> Questionnaire:
    """The questionnaire with the waiting edits on it; those that cannot be done any more are told and dropped."""
    kept = []
    state.notes = []
    for edit in state.waiting:
        try:
            questionnaire = edit(questionnaire)
            kept.append(edit)
        except InvalidInput as refusal:
            state.notes.append(str(refusal))
    state.waiting = kept
    return questionnaire


def _begin_again(state: Editing) -> None:
    """What shows is what is kept, and nothing of before can be undone."""
    state.waiting.clear()
    state.undoable.clear()
    state.redoable.clear()
    state.refused.clear()
    state.reason = ("", "")
    state.conflict = False
    state.questionnaire = state.survey.questionnaire
    state.generation += 1


def _show_anew(state: Editing) -> None:
    """Somebody else changed it while nobody was typing here: corrections that wait are put on theirs."""
    if state.is_open and state.waiting:
        state.questionnaire = _on_top(state, state.survey.questionnaire)
        state.generation += 1
    else:
        _begin_again(state)
