"""Answers of the sample company's people: drawn by quota from what each team leans to.

Quotas, not independent draws: with eleven people a team, chance would blur the leanings that the sample is there to
show. The seed decides who says what, not how many say it.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from alignment.answers import check_answer, counted_answers
from alignment.people import Team
from alignment.questionnaires import Question, Questionnaire, QuestionType
from alignment.rules import to_document
from sample.judgements import WOULD_NEED
from sample.leanings import OWN_WORDS, PROMISE_WISHES, WISHES, Leaning, Leanings

_TEXTS = {"own_words": OWN_WORDS, "wish": WISHES, "would_need": WOULD_NEED, "promise_wish": PROMISE_WISHES}
_WRITERS = 10  # of a team answer a question in their own words at most
_BUILDERS = 9  # of a team build a rule
_FREE = 0.1  # of the answers are drawn freely, so that teams that lean the same way are not each other's copy


def answer_sheets(
    questionnaire: Questionnaire,
    leanings: Mapping[str, Leanings],
    members: Mapping[Team, Sequence[str]],
    seed: int,
) -> dict[str, dict[str, Any]]:
    """What everybody answers: person → question key → value, in the questionnaire's order.

    `members` lists each team's people by any label. Free text and rules are answered by some only; every other question
    of the questionnaire, guesses and importance included, needs a leaning, or KeyError is raised; lead cards are left
    out, since what is judged is not known here. Nobody answers what a condition spares them. Every value passes
    `check_answer`.
    """
    sheets: dict[str, dict[str, Any]] = {label: {} for labels in members.values() for label in labels}
    for question in questionnaire.everything:
        if question.type is QuestionType.LEAD_CARDS:
            continue
        for team, labels in members.items():
            random = Random(f"{seed} {question.key} {team.value}")
            for label, value in _draw(question, leanings, team, labels, random).items():
                sheets[label][question.key] = check_answer(question, value)
    return {label: counted_answers(questionnaire, sheet) for label, sheet in sheets.items()}


def _draw(
    question: Question, leanings: Mapping[str, Leanings], team: Team, labels: Sequence[str], random: Random
) -> dict[str, Any]:
    if question.type is QuestionType.TEXT:
        said = _TEXTS[question.key][team]
        count = min(len(said), len(labels), _WRITERS)
        return dict(zip(random.sample(list(labels), count), random.sample(said, count), strict=True))
    leaning = leanings[question.key].of(team)
    if question.type is QuestionType.CHOICES:
        return _several(leaning, labels, random)
    if question.type is QuestionType.RULE:
        builders = random.sample(list(labels), min(len(labels), _BUILDERS))
        drawn = _by_quota(leaning, len(builders), random)
        return {label: to_document(rule) for label, rule in zip(builders, drawn, strict=True)}
    return dict(zip(labels, _by_quota(leaning, len(labels), random), strict=True))


def _by_quota(leaning: Leaning, n: int, random: Random) -> list[Any]:
    """`n` answers in the leaning's proportions, rounded by largest remainder, in random order."""
    total = sum(leaning.values())
    exact = {value: weight / total * n for value, weight in leaning.items()}
    counts = {value: int(share) for value, share in exact.items()}
    by_remainder = sorted(exact, key=lambda value: counts[value] - exact[value])
    for value in by_remainder[: n - sum(counts.values())]:
        counts[value] += 1
    answers = [value for value, count in counts.items() for _ in range(count)]
    random.shuffle(answers)
    values, weights = list(leaning), list(leaning.values())
    return [random.choices(values, weights)[0] if random.random() < _FREE else a for a in answers]


def _several(shares: Leaning, labels: Sequence[str], random: Random) -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {label: [] for label in labels}
    for option, share in shares.items():
        exact = share * len(labels)
        count = int(exact) + (random.random() < exact % 1)
        for label in random.sample(list(labels), count):
            chosen[label].append(option)
    likeliest = max(shares, key=lambda option: shares[option])
    return {label: options or [likeliest] for label, options in chosen.items()}
