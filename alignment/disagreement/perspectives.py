"""What each team thinks that the other mostly answers, against what that one did answer; and how much a topic matters.

Where the teams differ, a guess near the other's answer knows the disagreement, and one near the own answer is an imagined
agreement; where they agree, a guess away from the other's answer is an imagined disagreement. What is 'mostly' and
'near' follows the type: the option of more than half; the median of a scale, within half a point of it; the median of
numbers, within a quarter of it; the options that more than half chose, at least half of those chosen by either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from alignment.disagreement.answers import TeamAnswers, gather, labels_of
from alignment.disagreement.positions import NUMBER_TOLERANCE
from alignment.disagreement.results import Perspective, QuestionComparison, Seen, Verdict
from alignment.disagreement.words import capitalised, join_words, percent, with_unit
from alignment.people import Team
from alignment.questionnaires import GUESS, IMPORTANCE, Question, Questionnaire, QuestionType, Response
from alignment.texts import number_text


def with_perspectives(
    compared: QuestionComparison, questionnaire: Questionnaire, responses: Sequence[Response], least: int
) -> QuestionComparison:
    """The comparison with both teams' guesses, where enough people of both guessed; else as it is."""
    question = compared.question
    if not question.guess or compared.hidden:
        return compared
    answers = gather(question, responses)
    guesses = gather(questionnaire.question(GUESS + question.key), responses)
    enough = [found[team].spoke >= least for found in (answers, guesses) for team in Team]
    if not all(enough):
        return compared
    return replace(
        compared,
        perspectives=tuple(_perspective(compared, team, answers, guesses[team]) for team in Team),
    )


def topic_importance(
    questionnaire: Questionnaire, responses: Sequence[Response], least: int
) -> dict[str, Mapping[Team, float]]:
    """What each team says on average how much a topic matters, 1 to 5, for the topics of which enough people said so."""
    found: dict[str, Mapping[Team, float]] = {}
    for topic in questionnaire.importance:
        answers = gather(questionnaire.question(IMPORTANCE + topic), responses)
        if min(answers[team].spoke for team in Team) >= least:
            found[topic] = {team: float(np.mean(answers[team].said)) + 1 for team in Team}
    return found


def _perspective(
    compared: QuestionComparison, team: Team, answers: Mapping[Team, TeamAnswers], guesses: TeamAnswers
) -> Perspective:
    question = compared.question
    expected = _mostly(question, guesses.said)
    own, other = (_mostly(question, answers[one].said) for one in (team, team.other))
    seen = _seen(compared.verdict, question, expected, own, other)
    right = (
        None
        if other is None
        else float(np.mean([_near(question, _as_guess(question, one), other) for one in guesses.said]))
    )
    texts = {"expected": _text(question, expected), "said": _text(question, other)}
    divided = team.other in compared.divided_teams
    return Perspective(
        team=team,
        seen=seen,
        right=right,
        people=guesses.spoke,
        sentence=_sentence(team, seen, right, divided, **texts),
        **texts,
    )


def _seen(verdict: Verdict, question: Question, expected: Any, own: Any, other: Any) -> Seen:
    if expected is None or other is None or verdict not in (Verdict.ALIGNED, Verdict.SPLIT_BETWEEN):
        return Seen.OPEN
    right = _near(question, expected, other)
    if verdict is Verdict.ALIGNED:
        return Seen.AGREEMENT if right else Seen.IMAGINED_DISAGREEMENT
    if right:
        return Seen.DISAGREEMENT
    return Seen.IMAGINED_AGREEMENT if own is not None and _near(question, expected, own) else Seen.MISJUDGED


def _mostly(question: Question, said: Sequence[Any]) -> Any:
    """What a team mostly answers, in the form of one person's answer; None where there is no such answer."""
    match question.type:
        case QuestionType.SCALE | QuestionType.NUMBER:
            return float(np.median(said))
        case QuestionType.CHOICES:
            counts = np.bincount([i for one in said for i in one], minlength=len(labels_of(question)))
            chosen = frozenset(int(i) for i in np.flatnonzero(counts * 2 > len(said)))
            return chosen or None
    counts = np.bincount(said, minlength=len(labels_of(question)))
    return int(counts.argmax()) if counts.max() * 2 > len(said) else None


def _as_guess(question: Question, value: Any) -> Any:
    return frozenset(value) if question.type is QuestionType.CHOICES else value


def _near(question: Question, one: Any, other: Any) -> bool:
    match question.type:
        case QuestionType.SCALE:
            return abs(one - other) <= 0.5
        case QuestionType.NUMBER:
            return abs(one - other) <= NUMBER_TOLERANCE * abs(other) + 1e-12
        case QuestionType.CHOICES:
            return len(one & other) * 2 >= len(one | other)
    return bool(one == other)


def _text(question: Question, value: Any) -> str:
    if value is None:
        return ""
    match question.type:
        case QuestionType.SCALE:
            return f"{number_text(value + 1)} of {question.points}"
        case QuestionType.NUMBER:
            return with_unit(value, question.unit)
        case QuestionType.CHOICES:
            return join_words([f"“{question.options[index]}”" for index in sorted(value)])
        case QuestionType.YES_NO:
            return ("yes", "no")[value]
    return f"“{question.options[value]}”"


def _sentence(team: Team, seen: Seen, right: float | None, divided: bool, expected: str, said: str) -> str:
    """What the team expects, and how it is; of a team that is `divided` no answer is called what it says."""
    us, them = team.label, team.other.label
    share = "" if right is None else f" {percent(right)} of {us} guess near it."
    match seen:
        case Seen.AGREEMENT:
            text = f"{us} knows that {them} agrees: it expects {expected}, and so it is."
        case Seen.DISAGREEMENT:
            text = f"{us} knows how {them} sees it: it expects {expected}, and {them} says {said}."
        case Seen.IMAGINED_AGREEMENT:
            text = f"{us} thinks that {them} agrees: it expects {expected}, but {them} says {said}."
        case Seen.IMAGINED_DISAGREEMENT:
            text = f"{us} thinks that {them} sees it differently: it expects {expected}, but {them} says {said}, as {us} does."
        case Seen.MISJUDGED:
            text = f"{us} expects {expected} of {them}, but {them} says {said}."
        case _ if expected and said and not divided:
            text = f"{us} expects {expected} of {them}; {them} typically says {said}."
        case _ if expected:
            text, share = f"{us} expects {expected} of {them}, which is of several minds itself.", ""
        case _:
            text = f"{us} is of several minds about what {them} answers."
    return capitalised(text) + share
