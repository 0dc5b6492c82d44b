"""Answers of one team to one question, taken apart into what can be counted."""

import json
import marshal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment import rules
from alignment.people import Team
from alignment.questionnaires import CardVerdict, Question, QuestionType, Response

CANT_SAY = "can't say"

CARD_CODES: Mapping[str, int] = {
    CardVerdict.QUALIFIED: 0,
    CardVerdict.NOT_QUALIFIED: 1,
    CardVerdict.CANT_TELL: 2,
}
NOT_JUDGED = 3
"""How the judgement of a lead card is counted."""

LARGEST_NUMBER = 1e15
"""Anything beyond is no answer but a slip of the keys; below it all sums stay exact enough."""


_SKIPPED = object()
_VERDICT = itemgetter("verdict")


@dataclass(frozen=True, eq=False)
class TeamAnswers:
    """What the people of one team said, counted: `people[i]` of them gave the answer `values[i]`.

    `values` are the different answers of both teams in their order, so `people` of both teams have the same shape. The
    form of an answer follows the type of the question:
    choice, yes_no: index of the label · choices: sorted tuple of indices · scale: index of the point, from 0 ·
    number: float · ranking: tuple of indices, the first place first · lead cards: tuple with a code of `CARD_CODES` or
    NOT_JUDGED for each card · rule: its canonical JSON. `cant_say` counts those who said that they can't; `unreadable` the
    answers that do not fit the question (an option that no longer exists, say), which are left out but never in silence.
    """

    values: tuple[Any, ...]
    people: NDArray[np.int64]
    cant_say: int
    unreadable: int

    @cached_property
    def spoke(self) -> int:
        """Everybody who said something."""
        return int(self.people.sum())

    @property
    def answered(self) -> int:
        """Everybody who answered, those who can't say included."""
        return self.spoke + self.cant_say

    @cached_property
    def said(self) -> tuple[Any, ...]:
        """One entry a person who said something, in order."""
        return tuple(
            value for value, people in zip(self.values, self.people, strict=True) for _ in range(people)
        )

    def tally(self, size: int) -> NDArray[np.int64]:
        """How many chose each of `size` labels, of shape (size,), where an answer is the index of one label."""
        counts = np.zeros(size, dtype=np.int64)
        counts[list(self.values)] = self.people
        return counts


def labels_of(question: Question) -> tuple[str, ...]:
    """What can be answered, in order; empty for numbers and rules. Lead cards have a label each."""
    match question.type:
        case QuestionType.YES_NO:
            return ("yes", "no")
        case QuestionType.SCALE:
            return tuple(str(point) for point in range(1, question.points + 1))
        case QuestionType.CHOICE | QuestionType.CHOICES | QuestionType.RANKING:
            return question.options
        case QuestionType.LEAD_CARDS:
            return tuple(f"Card {number}" for number in range(1, question.count + 1))
    return ()


def gather(question: Question, responses: Sequence[Response]) -> dict[Team, TeamAnswers]:
    """Both teams' answers to a question. A question that a person skipped counts for nothing."""
    return next(gather_each([question], responses))


def gather_each(
    questions: Iterable[Question], responses: Sequence[Response]
) -> Iterator[dict[Team, TeamAnswers]]:
    """`gather` for one question after the other."""
    given = {team: [response.answers for response in responses if response.team is team] for team in Team}
    for question in questions:
        index = {label: position for position, label in enumerate(labels_of(question))}
        counted = {team: _count(question, answers, index) for team, answers in given.items()}
        # In order, so that the order in which people answered changes nothing, not even a draw.
        values = sorted({value for said, _, _ in counted.values() for value in said})
        yield {
            team: TeamAnswers(
                tuple(values),
                np.array([said[value] for value in values], dtype=np.int64),
                cant_say,
                unreadable,
            )
            for team, (said, cant_say, unreadable) in counted.items()
        }


def _count(
    question: Question, answers: Sequence[Mapping[str, Any]], index: dict[str, int]
) -> tuple[Counter[Any], int, int]:
    """How many gave each answer, can't say, and gave an answer that does not fit.

    Thousands of people give a few answers, so what looks the same is counted before it is read.
    """
    key = question.key
    given = [value for one in answers if (value := one.get(key, _SKIPPED)) is not _SKIPPED]
    cant_say = sum(value is None for value in given)
    if cant_say:
        given = [value for value in given if value is not None]
    try:
        looks = list(map(_LOOKS.get(question.type, _look_of_one), given))
        times: Counter[Any] = Counter(looks)
    except (AttributeError, KeyError, TypeError, ValueError):  # something that fits no question
        looks = list(range(len(given)))
        times = Counter(looks)
    said: Counter[Any] = Counter()
    unreadable = 0
    for look, value in dict(zip(looks, given, strict=True)).items():
        encoded = _encode(question, value, index)
        if encoded is None:
            unreadable += times[look]
        else:
            said[encoded] += times[look]
    return said, cant_say, unreadable


def _look_of_one(value: Any) -> Any:
    return value.__class__, value  # for 1 and True are equal


def _look_of_several(value: Any) -> Any:
    return value.__class__, *value


def _look_of_cards(value: Any) -> Any:
    return *value, *map(_VERDICT, value.values())


def _look_of_rule(value: Any) -> Any:
    return marshal.dumps(value, 2)


_LOOKS: Mapping[QuestionType, Callable[[Any], Any]] = {
    QuestionType.CHOICES: _look_of_several,
    QuestionType.RANKING: _look_of_several,
    QuestionType.LEAD_CARDS: _look_of_cards,
    QuestionType.RULE: _look_of_rule,
}
"""What tells two answers of a type apart, quickly: answers that look the same are the same."""


def _encode(question: Question, value: Any, index: dict[str, int]) -> Any:
    match question.type:
        case QuestionType.CHOICE:
            return index.get(value) if isinstance(value, str) else None
        case QuestionType.YES_NO:
            return int(not value) if isinstance(value, bool) else None
        case QuestionType.SCALE:
            number = _number(value)
            if number is None or number != int(number) or not 1 <= number <= question.points:
                return None
            return int(number) - 1
        case QuestionType.NUMBER:
            return _number(value)
        case QuestionType.CHOICES:
            if not isinstance(value, list | tuple | set | frozenset):
                return None
            chosen = {index.get(option, -1) if isinstance(option, str) else -1 for option in value}
            return None if -1 in chosen else tuple(sorted(chosen))
        case QuestionType.RANKING:
            return _order(value, index)
        case QuestionType.LEAD_CARDS:
            return _judgements(value, question.count, index)
        case QuestionType.RULE:
            try:
                return _canonical(json.dumps(value))
            except (TypeError, ValueError, RecursionError):
                return None
    return None


@lru_cache(maxsize=4096)
def _canonical(document: str) -> str | None:
    """A rule's canonical JSON; None for what is no rule. Many people give one of few rules."""
    try:
        return rules.to_json(rules.parse_json(document))
    except rules.InvalidRule:
        return None


def _order(value: Any, index: Mapping[str, int]) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple) or not value:
        return None
    order = tuple(index.get(option, -1) if isinstance(option, str) else -1 for option in value)
    return None if -1 in order or len(set(order)) < len(order) else order


def _judgements(value: Any, cards: int, index: Mapping[str, int]) -> tuple[int, ...] | None:
    if not isinstance(value, Mapping) or not value:
        return None
    codes = [NOT_JUDGED] * cards
    for number, judged in value.items():
        verdict = judged.get("verdict") if isinstance(judged, Mapping) else None
        code = CARD_CODES.get(verdict) if isinstance(verdict, str) else None
        card = index.get(f"Card {number}")
        if code is None or card is None:
            return None
        codes[card] = code
    return tuple(codes)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) <= LARGEST_NUMBER else None
