"""Answers: what a question accepts, what is still missing, and what counts."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from alignment import rules
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaires import (
    LARGEST_NUMBER,
    LONGEST_ANSWER,
    CardVerdict,
    Mode,
    Question,
    Questionnaire,
    QuestionType,
    Response,
)
from alignment.texts import number_text, optional_text, required_text

LONGEST_REASON = 500
MOST_CONDITIONS = 200
MOST_VALUES = 200
LONGEST_RULE = 100_000
"""The bounds of a rule that is an answer, narrower than those of a rule that is signed: everybody's are read together.
The length is in characters, as it is written."""


def check_answer(question: Question, value: Any) -> Any:
    """`value` in the form it is stored in; None ('can't say') passes for every type.

    Options of several choices come back in the questionnaire's order, numbers as float, text trimmed, rules in their
    canonical form, lead cards in the order of their numbers. Raises InvalidInput, which names the question, for
    anything that the question does not offer.
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
        case QuestionType.RANKING:
            return _checked_ranking(question, value, place)
        case QuestionType.TEXT:
            return required_text(value, place, LONGEST_ANSWER)
        case QuestionType.RULE:
            _limit_rule(value, place)
            try:
                return rules.to_document(rules.parse(value))
            except rules.InvalidRule as error:
                raise InvalidInput(f"{place}: {error}") from error
        case QuestionType.LEAD_CARDS:
            return _checked_cards(question, value, place)


def is_complete(question: Question, answers: Mapping[str, Any]) -> bool:
    """Whether `answers` has a whole answer to the question: 'can't say' is one, some of the lead cards are not."""
    if question.key not in answers:
        return False
    value = answers[question.key]
    return question.type is not QuestionType.LEAD_CARDS or value is None or len(value) >= question.count


def missing_questions(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """The required questions that are asked, given these answers, and have no whole answer."""
    return tuple(q for q in questionnaire.asked(answers) if q.required and not is_complete(q, answers))


def counted_answers(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that count: those to questions which are asked, given the others.

    An answer to a question that a condition took away later is kept, but it does not count.
    """
    return {q.key: answers[q.key] for q in questionnaire.asked(answers) if q.key in answers}


def counted_responses(questionnaire: Questionnaire, responses: Sequence[Response]) -> list[Response]:
    """The responses with only the answers that count.

    Where names are not kept for show, an answer from a file counts only with a question to which, in each team, either
    nobody or at least the minimum group has answered in the portal (for own words: have written as many as comments
    need): whoever brought the file knows its answers, and could otherwise take them away from a result and be left
    with a few people's. That is looked at answer by answer: someone of whom a file brought everything and who then
    changed one answer in the portal has answered one question there. Lead cards that are partly from a file are not
    wholly known and not wholly the person's own: they neither count towards the group nor go without one.
    """
    counted = [replace(one, answers=counted_answers(questionnaire, one.answers)) for one in responses]
    guarded = _guarded(questionnaire, counted)
    if not guarded:
        return counted
    return [_without(one, guarded & (one.from_file | one.partly_from_file)) for one in counted]


def questions_without_files(questionnaire: Questionnaire, responses: Sequence[Response]) -> frozenset[str]:
    """The keys of the questions in which `counted_responses` leaves out answers that a file has brought."""
    counted = [replace(one, answers=counted_answers(questionnaire, one.answers)) for one in responses]
    brought = {key for one in counted for key in (one.from_file | one.partly_from_file) & one.answers.keys()}
    return frozenset(_guarded(questionnaire, counted) & brought)


def shows_a_result(questionnaire: Questionnaire, responses: Sequence[Response]) -> bool:
    """Whether any question but those in free text has answers that count of the minimum group of each team."""
    given = {
        q.key: dict.fromkeys(Team, 0) for q in questionnaire.questions if q.type is not QuestionType.TEXT
    }
    for one in counted_responses(questionnaire, responses):
        for key in given.keys() & one.answers.keys():
            given[key][one.team] += 1
    return any(min(by_team.values()) >= max(questionnaire.min_group, 1) for by_team in given.values())


@dataclass(frozen=True)
class FilesLeftOut:
    """Why answers from files will not count: `few` people of these teams, below `least`, have answered in the portal."""

    few: Mapping[Team, int]
    least: int

    @property
    def sentence(self) -> str:
        """How things stand, while the questionnaire is open."""
        who = " and ".join(
            f"{'1 person' if count == 1 else f'{count} people'} of {team.label}"
            for team, count in self.few.items()
        )
        have = "has" if list(self.few.values()) == [1] else "have"
        return (
            f"As it stands, answers from files will not count with the questions that {who} {have} answered in the "
            f"portal: at least {self.least} people of each team (or nobody) are needed there, because whoever brought "
            "the file could otherwise work out the others’ answers."
        )


def why_files_do_not_count(
    questionnaire: Questionnaire, in_portal: Mapping[Team, int], from_files: int
) -> FilesLeftOut | None:
    """Why answers from files will not count as things stand, None where they do or there are none.

    From counts of those who have submitted only: of each team those with an answer of their own in the portal, and of
    both together those with one from a file. Which questions they answered is nobody's business before closing.
    """
    if questionnaire.mode is Mode.NAMED or not from_files:
        return None
    few = {team: in_portal[team] for team in Team if 0 < in_portal[team] < questionnaire.min_group}
    return FilesLeftOut(few, questionnaire.min_group) if few else None


def _guarded(questionnaire: Questionnaire, counted: Sequence[Response]) -> set[str]:
    if questionnaire.mode is Mode.NAMED or not any(one.from_file or one.partly_from_file for one in counted):
        return set()
    return {q.key for q in questionnaire.everything if _few_in_the_portal(questionnaire, q, counted)}


def _without(response: Response, keys: Set[str]) -> Response:
    left = {key: value for key, value in response.answers.items() if key not in keys}
    return replace(response, answers=left)


def _few_in_the_portal(
    questionnaire: Questionnaire, question: Question, responses: Sequence[Response]
) -> bool:
    text = question.type is QuestionType.TEXT
    least = questionnaire.comment_group if text else questionnaire.min_group
    own, unknown = dict.fromkeys(Team, 0), dict.fromkeys(Team, 0)
    for one in responses:
        if question.key not in one.answers or (text and one.answers[question.key] is None):
            continue
        own[one.team] += question.key not in one.from_file | one.partly_from_file
        unknown[one.team] += question.key not in one.from_file
    return any(unknown[team] > 0 and own[team] < least for team in Team)


def bounds_text(question: Question) -> str:
    """The bounds of a number in words, '' where there are none."""
    low, high = question.minimum, question.maximum
    if low is not None and high is not None:
        return f"from {number_text(low)} to {number_text(high)}"
    if low is not None:
        return f"{number_text(low)} or more"
    return f"at most {number_text(high)}" if high is not None else ""


def _limit_rule(document: object, place: str) -> None:
    """Refuse a rule that is too large before it is read: no more than the bounds is ever looked at."""
    left, characters, conditions = [document], 0, 0
    while left:
        part = left.pop()
        characters += 4  # the brackets, quotes, commas and colons around it, about
        if isinstance(part, Mapping):
            conditions += "field" in part
            left += (*part.keys(), *part.values())
        elif isinstance(part, (list, tuple)):
            if len(part) > MOST_VALUES:
                raise InvalidInput(
                    f"{place}: the rule has a list of {len(part):,} values or conditions. "
                    f"Please shorten it to {MOST_VALUES} at most."
                )
            left += part
        else:
            characters += len(part) if isinstance(part, str) else len(f"{part}") if part is not None else 4
        if conditions > MOST_CONDITIONS:
            raise InvalidInput(
                f"{place}: the rule has more than {MOST_CONDITIONS} conditions. Please leave out the less important ones."
            )
        if characters > LONGEST_RULE:
            raise InvalidInput(
                f"{place}: the rule is longer than about {LONGEST_RULE:,} characters. Please leave out values or "
                "conditions."
            )


def _checked_choices(question: Question, value: Any, place: str) -> list[str]:
    if not isinstance(value, (list, tuple)) or not value:
        raise InvalidInput(f"{place}: please choose at least one of the answers, or say that you can't say.")
    if any(not isinstance(option, str) or option not in question.options for option in value):
        raise InvalidInput(f"{place}: please choose among the answers offered.")
    chosen = set(value)
    return [option for option in question.options if option in chosen]


def _checked_ranking(question: Question, value: Any, place: str) -> list[str]:
    if not isinstance(value, (list, tuple)) or not value:
        raise InvalidInput(
            f"{place}: please put at least one of the answers in place, or say that you can't say."
        )
    if any(not isinstance(option, str) or option not in question.options for option in value):
        raise InvalidInput(f"{place}: please rank only the answers offered.")
    if len(set(value)) < len(value):
        raise InvalidInput(f"{place}: an answer can have one place only.")
    most = question.top or len(question.options)
    if len(value) > most:
        raise InvalidInput(f"{place}: please give {most} places at most.")
    return list(value)


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
            f"{place}: {number_text(value)} is out of bounds. Please give {bounds_text(question)}{unit}."
        )
    return float(value)


def _checked_cards(question: Question, value: Any, place: str) -> dict[str, dict[str, str]]:
    if not isinstance(value, Mapping) or not value:
        raise InvalidInput(f"{place}: please judge at least one of the leads, or say that you can't say.")
    numbers = [str(number) for number in range(1, question.count + 1)]
    if any(number not in numbers for number in value):
        raise InvalidInput(f"{place}: there are only the cards 1 to {question.count}.")
    checked = {}
    for number in numbers:
        if number not in value:
            continue
        judged = value[number]
        if not isinstance(judged, Mapping) or judged.get("verdict") not in list(CardVerdict):
            raise InvalidInput(
                f"{place}, card {number}: please say qualified, not qualified, or that you can't tell."
            )
        if set(judged) - {"verdict", "reason"}:
            raise InvalidInput(f"{place}, card {number}: a judgement has a verdict and a reason only.")
        reason = optional_text(judged.get("reason"), f"The reason on card {number}", LONGEST_REASON)
        checked[number] = {"verdict": str(judged["verdict"]), **({"reason": reason} if reason else {})}
    return checked
