"""A questionnaire that has been put to the teams: its state, who takes part, and what may be shown of it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from alignment.answers import is_complete, missing_questions
from alignment.people import Team
from alignment.questionnaires import Mode, Question, Questionnaire

OUTSIDER = "file:"
"""What the keys of those begin with who are not known to the portal; no person's id does."""


class SurveyStatus(StrEnum):
    """Where a survey stands. Closing is final."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Audience(StrEnum):
    """Who is asked: everybody in both teams, those who join later too; or only the people who were chosen."""

    TEAMS = "teams"
    PEOPLE = "people"


@dataclass(frozen=True)
class Survey:
    """A questionnaire with its state. Instants are texts in the store's form; `template` is '' for one's own.

    `opens_at` and `closes_at` are when it is to open and close by itself, None: by hand. `remind_days` before it closes,
    those who have not finished are reminded without anybody asking; None: only by hand.
    """

    id: str
    cycle_id: str | None
    template: str
    questionnaire: Questionnaire
    status: SurveyStatus
    created_at: str
    opened_at: str | None
    closed_at: str | None
    revision: int
    opens_at: str | None = None
    closes_at: str | None = None
    audience: Audience = Audience.TEAMS
    remind_days: int | None = None

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

    `answers` maps question key → value (None: can't say); what is missing from it was not answered. `revisions` has, for
    each answer, how often it was kept: who saves on top of another one is told.
    """

    survey: Survey
    team: Team
    answers: Mapping[str, Any]
    submitted: bool
    revisions: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """The questions that are asked, given the answers so far, guesses and importance included."""
        return self.survey.questionnaire.asked(self.answers)

    @property
    def answered(self) -> int:
        """How many of the questions asked have a whole answer, 'can't say' included."""
        return sum(is_complete(question, self.answers) for question in self.asked)

    @property
    def total(self) -> int:
        """How many questions are asked."""
        return len(self.asked)

    @property
    def missing(self) -> tuple[Question, ...]:
        """The required questions that have no whole answer yet."""
        return missing_questions(self.survey.questionnaire, self.answers)

    @property
    def stopped_at(self) -> Question:
        """The question to go on with: the first without a whole answer that comes after the last answered one, else
        the first required one without, else the last.

        Whoever skipped an optional question is not led back to it.
        """
        whole = [is_complete(question, self.answers) for question in self.asked]
        last = max((place for place, answered in enumerate(whole) if answered), default=-1)
        missing = self.missing
        if missing and self.asked.index(missing[0]) < last:
            return missing[0]
        return self.asked[min(last + 1, len(self.asked) - 1)]


@dataclass(frozen=True)
class Correction:
    """A text of an open survey that was put right: when, and what those who answer are told about it."""

    at: str
    note: str


@dataclass(frozen=True)
class Comments:
    """What people wrote to one question, shuffled, by team. `reason` says why nothing is shown, else it is ''."""

    by_team: Mapping[Team, tuple[str, ...]]
    reason: str = ""


@dataclass(frozen=True)
class CardReasons:
    """The reasons on lead cards that may be shown, by card and team, shuffled. `reason` says why there are none, or ''."""

    by_card: Mapping[int, Mapping[Team, tuple[str, ...]]]
    reason: str = ""


@dataclass(frozen=True)
class OwnAnswers:
    """What the person who asks has answered themself, by question key (None: can't say). `reason` says why there is
    nothing, or ''."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def token(secret: str, survey_id: str, who: str) -> str:
    """The key under which an anonymous survey keeps someone's answers: only who has the survey's secret can make it."""
    return hmac.new(bytes.fromhex(secret), f"{survey_id}:{who}".encode(), hashlib.sha256).hexdigest()


def outsider_key(survey: Survey, label: str, secret: str | None) -> str:
    """The key under which answers gathered elsewhere are kept: never a person's id, whatever the label says.

    In a named survey it holds the label, which an export has to show; in a confidential one only its digest; in an
    anonymous one a token of the survey's `secret`.
    """
    if survey.mode is Mode.NAMED:
        return OUTSIDER + label
    if survey.mode is Mode.CONFIDENTIAL:
        return OUTSIDER + hashlib.sha256(f"{survey.id}:{label}".encode()).hexdigest()
    if secret is None:
        raise ValueError("an open anonymous survey has a secret")
    return token(secret, survey.id, OUTSIDER + label)
