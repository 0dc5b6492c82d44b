"""How long answering takes: measured over everybody by the type of question, so that nobody is told a guess for long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alignment.questionnaires import Question, QuestionType

SHORTEST = 1.0
LONGEST = 300.0
"""Seconds: less is a slip of the finger, more is a break."""

_PRIOR_ANSWERS = 20
_PRIOR_SECONDS: Mapping[QuestionType, float] = {
    QuestionType.CHOICE: 12.0,
    QuestionType.CHOICES: 18.0,
    QuestionType.YES_NO: 8.0,
    QuestionType.SCALE: 8.0,
    QuestionType.NUMBER: 12.0,
    QuestionType.RANKING: 30.0,
    QuestionType.TEXT: 40.0,
    QuestionType.RULE: 90.0,
    QuestionType.LEAD_CARDS: 20.0,  # each card
}
OPTIONAL_SHARE = 0.5
"""Optional questions are left out about every other time, as far as one can tell beforehand."""


GROWING = frozenset({QuestionType.TEXT, QuestionType.RANKING, QuestionType.RULE})
"""The types whose answers are kept bit by bit: the later bits take time too, but are no further answers."""


@dataclass(frozen=True)
class Measured:
    """What was measured of one type: how many answers (of lead cards: how many cards), and seconds altogether."""

    answers: int
    seconds: float


def seconds_each(type_: QuestionType, measured: Mapping[QuestionType, Measured]) -> float:
    """The mean time of one answer (one card) in seconds: what was measured, with a guess that weighs 20 answers."""
    found = measured.get(type_, Measured(0, 0.0))
    return (_PRIOR_ANSWERS * _PRIOR_SECONDS[type_] + found.seconds) / (_PRIOR_ANSWERS + found.answers)


def seconds_left(
    questions: Iterable[Question], answers: Mapping[str, Any], measured: Mapping[QuestionType, Measured]
) -> float:
    """How many seconds those of `questions` are likely to take that have no whole answer yet."""
    left = 0.0
    for question in questions:
        if question.type is QuestionType.LEAD_CARDS:
            given = answers.get(question.key, {})
            count = 0 if given is None else max(0, question.count - len(given))
        else:
            count = 0 if question.key in answers else 1
        share = 1.0 if question.required else OPTIONAL_SHARE
        left += share * count * seconds_each(question.type, measured)
    return left


def newly_answered(question: Question, before: Any, now: Any, *, first: bool) -> int:
    """How many answers (cards) were added by keeping `now` in the place of `before`; 0 when one was only changed."""
    if question.type is not QuestionType.LEAD_CARDS:
        return int(first)
    judged = len(before) if isinstance(before, Mapping) else 0
    return max(0, (len(now) if isinstance(now, Mapping) else 0) - judged)


def counts(seconds: float | None) -> bool:
    """Whether a time says anything about answering."""
    return seconds is not None and SHORTEST <= seconds <= LONGEST
