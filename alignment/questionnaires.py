"""Questionnaires: the same topics put separately to sales and to marketing, each in its own wording."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from alignment.people import Team


class QuestionType(StrEnum):
    """How a question is answered. `value` in an answer is stored as the type says.

    choice: one option (str) · choices: options (list of str) · yes_no: bool · scale: int from 1 to `points`
    · number: float · text: str. None means 'can't say' wherever it is allowed.
    """

    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    SCALE = "scale"
    NUMBER = "number"
    TEXT = "text"


class Mode(StrEnum):
    """Who can see whose answer; it may only become stricter."""

    NAMED = "named"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Question:
    """One question. `wording` has a text for each team; for the closed types `options` lists the answers."""

    key: str
    topic: str
    type: QuestionType
    wording: Mapping[Team, str]
    options: tuple[str, ...] = ()
    points: int = 5
    ends: tuple[str, str] = ("not at all", "completely")
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    help: str = ""
    required: bool = True


@dataclass(frozen=True)
class Questionnaire:
    """A titled list of questions with its privacy mode and the smallest group a result may show."""

    title: str
    mode: Mode
    min_group: int
    questions: tuple[Question, ...]
    introduction: str = ""

    def question(self, key: str) -> Question:
        """The question with this key; KeyError when there is none."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)


@dataclass(frozen=True)
class Response:
    """What one person answered: question key → value. `respondent` is only a label, never shown."""

    respondent: str
    team: Team
    answers: Mapping[str, Any] = field(default_factory=dict)
