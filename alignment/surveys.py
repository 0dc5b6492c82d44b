"""A questionnaire that has been put to the teams: its state, who takes part, and what may be shown of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alignment.people import Team
from alignment.questionnaires import Mode, Question, Questionnaire


class SurveyStatus(StrEnum):
    """Where a survey stands. Closing is final."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Survey:
    """A questionnaire with its state. Instants are texts in the store's form; `template` is '' for one's own."""

    id: str
    cycle_id: str | None
    template: str
    questionnaire: Questionnaire
    status: SurveyStatus
    created_at: str
    opened_at: str | None
    closed_at: str | None
    revision: int

    @property
    def title(self) -> str:
        """The questionnaire's title."""
        return self.questionnaire.title

    @property
    def mode(self) -> Mode:
        """The privacy mode in force."""
        return self.questionnaire.mode

    @property
    def min_group(self) -> int:
        """The smallest group of which a result is shown."""
        return self.questionnaire.min_group


@dataclass(frozen=True)
class ResponseRate:
    """How many people of one team were asked, have begun and have submitted. Counts of people, never who."""

    invited: int
    started: int
    submitted: int

    @property
    def share(self) -> float:
        """Submitted of invited, from 0 to 1; 0 when nobody was asked."""
        return min(1.0, self.submitted / self.invited) if self.invited else 0.0


@dataclass(frozen=True)
class Progress:
    """How far one person is with one survey, for that person only.

    `answers` maps question key → value (None: can't say); what is missing from it was not answered.
    """

    survey: Survey
    team: Team
    answers: Mapping[str, Any]
    submitted: bool

    @property
    def answered(self) -> int:
        """How many questions have an answer, 'can't say' included."""
        return len(self.answers)

    @property
    def total(self) -> int:
        """How many questions there are."""
        return len(self.survey.questionnaire.questions)

    @property
    def missing(self) -> tuple[Question, ...]:
        """The required questions that have no answer yet."""
        return tuple(
            question
            for question in self.survey.questionnaire.questions
            if question.required and question.key not in self.answers
        )

    @property
    def stopped_at(self) -> int:
        """The index of the section to go on with: the first that has a question without an answer, else the last.

        After submitting, optional questions left empty do not count.
        """
        sections = self.survey.questionnaire.sections
        for index, section in enumerate(sections):
            if any(
                q.key not in self.answers and (q.required or not self.submitted) for q in section.questions
            ):
                return index
        return len(sections) - 1


@dataclass(frozen=True)
class Comments:
    """What people wrote to one question, shuffled, by team. `reason` says why nothing is shown, else it is ''."""

    by_team: Mapping[Team, tuple[str, ...]]
    reason: str = ""
