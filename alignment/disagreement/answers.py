"""Answers of one team to one question, taken apart into what can be counted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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


@dataclass(frozen=True)
class TeamAnswers:
    """`said` has one entry a person who said something; its form follows the type of the question.

    choice, yes_no: index of the label · choices: sorted tuple of indices · scale: index of the point, from 0 ·
    number: float · ranking: tuple of indices, the first place first · lead cards: tuple with a code of `CARD_CODES` or
    NOT_JUDGED for each card · rule: its canonical JSON. `cant_say` counts those who said that they can't; `unreadable` the answers that do not fit the
    question (an option that no longer exists, say), which are left out but never in silence.
    """

    said: tuple[Any, ...]
    cant_say: int
    unreadable: int

    @property
    def answered(self) -> int:
        """Everybody who answered, those who can't say included."""
        return len(self.said) + self.cant_say


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
    index = {label: position for position, label in enumerate(labels_of(question))}
    said: dict[Team, list[Any]] = {team: [] for team in Team}
    cant_say = dict.fromkeys(Team, 0)
    unreadable = dict.fromkeys(Team, 0)
    for response in responses:
        if question.key not in response.answers:
            continue
        value = response.answers[question.key]
        if value is None:
            cant_say[response.team] += 1
            continue
        encoded = _encode(question, value, index)
        if encoded is None:
            unreadable[response.team] += 1
        else:
            said[response.team].append(encoded)
    # Sorted, so that the order in which people answered changes nothing, not even a draw.
    return {team: TeamAnswers(tuple(sorted(said[team])), cant_say[team], unreadable[team]) for team in Team}


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
