"""Questionnaires: the same topics put separately to sales and to marketing, each in its own wording."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.texts import required_text

SMALLEST_GROUP = 3
COMMENT_GROUP = 5
LONGEST_ANSWER = 2000
LARGEST_NUMBER = 1e12


class QuestionType(StrEnum):
    """How a question is answered. `value` in an answer is stored as the type says.

    choice: one option (str) · choices: options (list of str) · yes_no: bool · scale: int from 1 to `points`
    · number: float · text: str. None means 'can't say', which every question allows; it is an answer.
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

    @property
    def strictness(self) -> int:
        """0 for named, 2 for anonymous: a questionnaire may only move up."""
        return list(Mode).index(self)

    @property
    def promise(self) -> str:
        """What is promised to the people who answer, in the words they read before the first answer."""
        return {
            Mode.NAMED: "Your name is kept with your answers. The portal shows results by team only.",
            Mode.CONFIDENTIAL: "Your answers are confidential: the portal shows results by team only, never a person's.",
            Mode.ANONYMOUS: (
                "Your answers are anonymous: your name is not kept with them, and when the questionnaire closes, "
                "the key that lets you change them is destroyed for good."
            ),
        }[self]


@dataclass(frozen=True)
class Question:
    """One question. `wording` has a text for each team; for the closed types `options` lists the answers.

    `title` is the short neutral name under which results show; where it is empty, `name` falls back on the wording.
    """

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
    title: str = ""

    @property
    def name(self) -> str:
        """What the question is called where neither team's wording would be fair."""
        return self.title or self.wording[Team.SALES]


@dataclass(frozen=True)
class Questionnaire:
    """A titled list of questions with its privacy mode and the smallest group a result may show.

    `topics` maps a topic's key to its heading; `sections` puts the questions under them.
    """

    title: str
    mode: Mode
    min_group: int
    questions: tuple[Question, ...]
    introduction: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)

    def question(self, key: str) -> Question:
        """The question with this key; KeyError when there is none."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)

    def topic_title(self, topic: str) -> str:
        """The heading of a topic; its key made readable where none was given."""
        return self.topics.get(topic) or topic.replace("_", " ").capitalize()

    @property
    def sections(self) -> tuple["Section", ...]:
        """The questions by topic, topics in the order in which they first come up."""
        order = list(dict.fromkeys(question.topic for question in self.questions))
        return tuple(
            Section(topic, self.topic_title(topic), tuple(q for q in self.questions if q.topic == topic))
            for topic in order
        )

    @property
    def comment_group(self) -> int:
        """How many people each team needs before anyone's own words are shown."""
        return max(COMMENT_GROUP, self.min_group)


@dataclass(frozen=True)
class Section:
    """The questions of one topic, in order."""

    key: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Response:
    """What one person answered: question key → value. `respondent` is only a label, never shown.

    A key that is missing was not answered; a key whose value is None was answered with 'can't say'.
    """

    respondent: str
    team: Team
    answers: Mapping[str, Any] = field(default_factory=dict)


def check_answer(question: Question, value: Any) -> Any:
    """`value` in the form it is stored in; None ('can't say') passes for every type.

    Options of several choices come back in the questionnaire's order, numbers as float, text trimmed. Raises
    InvalidInput, which names the question, for anything that the question does not offer.
    """
    if value is None:
        return None
    place = f"‘{question.name}’"
    match question.type:
        case QuestionType.CHOICE:
            if not isinstance(value, str) or value not in question.options:
                raise InvalidInput(f"{place}: please choose one of the answers offered.")
            return value
        case QuestionType.CHOICES:
            return _checked_choices(question, value, place)
        case QuestionType.YES_NO:
            if not isinstance(value, bool):
                raise InvalidInput(f"{place}: please answer yes or no.")
            return value
        case QuestionType.SCALE:
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= question.points:
                raise InvalidInput(f"{place}: please choose a point from 1 to {question.points}.")
            return value
        case QuestionType.NUMBER:
            return _checked_number(question, value, place)
        case QuestionType.TEXT:
            return required_text(value, place, LONGEST_ANSWER)


def missing_questions(
    questionnaire: Questionnaire, answers: Mapping[str, Any] | Iterable[str]
) -> tuple[Question, ...]:
    """The required questions without an answer; 'can't say' is an answer."""
    given = set(answers)
    return tuple(q for q in questionnaire.questions if q.required and q.key not in given)


def bounds_text(question: Question) -> str:
    """The bounds of a number in words, '' where there are none."""
    low, high = question.minimum, question.maximum
    if low is not None and high is not None:
        return f"from {low:,g} to {high:,g}"
    if low is not None:
        return f"{low:,g} or more"
    return f"at most {high:,g}" if high is not None else ""


def _checked_choices(question: Question, value: Any, place: str) -> list[str]:
    if not isinstance(value, (list, tuple)) or not value:
        raise InvalidInput(f"{place}: please choose at least one of the answers, or say that you can't say.")
    if any(not isinstance(option, str) or option not in question.options for option in value):
        raise InvalidInput(f"{place}: please choose among the answers offered.")
    chosen = set(value)
    return [option for option in question.options if option in chosen]


def _checked_number(question: Question, value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInput(f"{place}: please give a number.")
    if not (math.isfinite(value) if isinstance(value, float) else True) or abs(value) > LARGEST_NUMBER:
        raise InvalidInput(f"{place}: please give a number of ordinary size.")
    too_low = question.minimum is not None and value < question.minimum
    too_high = question.maximum is not None and value > question.maximum
    if too_low or too_high:
        unit = f" {question.unit}" if question.unit else ""
        raise InvalidInput(
            f"{place}: {value:,g} is out of bounds. Please give {bounds_text(question)}{unit}."
        )
    return float(value)
