"""The steps of answering: what is on the screen together, at the questionnaire's pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alignment.questionnaires import GUESS, IMPORTANCE, Pace, Question, Questionnaire

REVIEW = "review"
"""Stands for the step after the last question, where all answers are looked at again."""


@dataclass(frozen=True)
class Step:
    """The questions that are on the screen together: a section, or one question with what follows up on it."""

    title: str
    questions: tuple[Question, ...]

    @property
    def key(self) -> str:
        """What stands for the step in a link: the key of its first question."""
        return self.questions[0].key


def steps_of(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of someone who gave `answers`: conditions decide what is asked, the pace how much at a time."""
    found: list[Step] = []
    for section in questionnaire.asked_sections(answers):
        if questionnaire.pace is Pace.SECTION:
            found.append(Step(section.title, section.questions))
            continue
        together: list[list[Question]] = []
        for question in section.questions:
            if question.key.startswith((GUESS, IMPORTANCE)) and together:
                together[-1].append(question)
            else:
                together.append([question])
        found.extend(Step(section.title, tuple(questions)) for questions in together)
    return tuple(found)


def step_with(steps: Sequence[Step], question_key: str) -> int | None:
    """The place of the step that has this question; None where no step has it."""
    for place, step in enumerate(steps):
        if any(question.key == question_key for question in step.questions):
            return place
    return None
