"""Surveys made up for the simulations: both teams answer alike, or with gaps of a known size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alignment.people import Team
from alignment.questionnaires import WITH_OPTIONS, Mode, Question, Questionnaire, QuestionType, Response

COUNTED = (
    QuestionType.CHOICE,
    QuestionType.YES_NO,
    QuestionType.CHOICES,
    QuestionType.SCALE,
    QuestionType.NUMBER,
)
COMPOUND = (QuestionType.RANKING, QuestionType.LEAD_CARDS, QuestionType.RULE)
EVERY = COUNTED + COMPOUND
SPREADABLE = (QuestionType.CHOICES, QuestionType.SCALE, QuestionType.NUMBER, *COMPOUND)
"""The types in which teams can be equally high and differ in spread. Shares of one choice have no spread of their own."""
CAMPS = (QuestionType.SCALE, QuestionType.NUMBER)
"""The types in which sales can be two camps around a marketing team that is of one mind."""
SKIPPABLE = (QuestionType.RANKING, QuestionType.LEAD_CARDS)
"""The types of which people can answer a part."""

CARDS = 6
CONDITIONS = ("demo_requested", "trial_started", "webinar", "employees", "visits")
ALWAYS_ASKED = "consent"
OPTIONS = ("demo", "pricing page", "webinar", "newsletter", "referral")
PLANTED = {Team.SALES: 0.8, Team.MARKETING: 0.3}

Survey = tuple[Questionnaire, list[Response]]

_THRESHOLDS = (5, 10, 20, 50, 100)
_JUDGED_BY_SALES = 0.3
_PLACED_BY_SALES = 2
_MIDDLING, _EXTREME = (1, 2, 4, 2, 1), (4, 1, 1, 1, 4)


@dataclass(frozen=True)
class _Source:
    """What a team's answers to one question are drawn from; `wide` is None where both teams draw from the same."""

    chances: np.ndarray
    ticks: np.ndarray
    share: float | None = None
    wide: bool | None = None
    camps: bool = False
    in_part: bool | None = None


def make_survey(
    rng: np.random.Generator,
    types: Sequence[QuestionType],
    n_sales: int,
    n_marketing: int,
    gaps: int = 0,
    unequal_spread: bool = False,
    camps: bool = False,
    unequal_parts: bool = False,
) -> Survey:
    """Questions of the given types and everybody's answers; the first `gaps` questions, `q0` …, have a planted gap.

    A planted gap is 80 % of sales against 30 % of marketing on one answer: the top two points of a scale; the higher of
    two clusters of numbers; in a ranking one option first and another last instead of the other way round; two of six lead
    cards, a kind of lead, qualified; one condition of a rule. Without a gap both teams draw from one distribution, made
    anew for each question. With `unequal_spread` they are still equally high, but sales is spread wider: on a scale and in
    numbers the more extreme answers on both sides, so that P(X > Y) = P(X < Y); in a ranking two opposite camps
    against any order, all places 3 on average; in several choices, lead cards and rules equal shares for every
    item, but whoever says yes to one says yes to what more people say yes to as well. With `camps` as well, sales is of
    two camps at the ends of a scale or of the numbers, and marketing in the middle. With `unequal_parts` sales judges about
    three in ten lead cards and ranks two options, and marketing all.
    """
    size = {Team.SALES: n_sales, Team.MARKETING: n_marketing}
    answers: dict[Team, list[dict[str, object]]] = {team: [{} for _ in range(size[team])] for team in Team}
    questions = []
    for number, kind in enumerate(types):
        key = f"q{number}"
        options = OPTIONS if kind in WITH_OPTIONS else ()
        questions.append(Question(key, "topic", kind, dict.fromkeys(Team, key), options=options, count=CARDS))
        chances = rng.dirichlet(np.full(5, 2.0))
        ticks = rng.uniform(0.15, 0.8, CARDS)
        for team in Team:
            share = PLANTED[team] if number < gaps else None
            wide = team is Team.SALES if unequal_spread and share is None else None
            in_part = team is Team.SALES if unequal_parts else None
            drawn = _draw(rng, kind, size[team], _Source(chances, ticks, share, wide, camps, in_part))
            for person, value in zip(answers[team], drawn, strict=True):
                if value != {}:  # no card judged is no answer
                    person[key] = value
    responses = [
        Response(f"{team}-{index}", team, given) for team in Team for index, given in enumerate(answers[team])
    ]
    return Questionnaire("Simulated", Mode.CONFIDENTIAL, 3, tuple(questions)), responses


def _draw(rng: np.random.Generator, kind: QuestionType, n: int, source: _Source) -> list[object]:
    chances, ticks, share, wide = source.chances, source.ticks, source.share, source.wide
    match kind:
        case QuestionType.CHOICE:
            if share is not None:
                chances = np.array([share, *[(1 - share) / 4] * 4])
            return [OPTIONS[index] for index in rng.choice(5, n, p=chances)]
        case QuestionType.YES_NO:
            return [bool(one) for one in rng.random(n) < (ticks[0] if share is None else share)]
        case QuestionType.CHOICES:
            if share is not None:
                ticks = np.array([share, *ticks[1:]])
            chosen = _levels(rng, n, 5, wide) < ticks[:5]
            return [[option for option, is_in in zip(OPTIONS, row, strict=True) if is_in] for row in chosen]
        case QuestionType.SCALE:
            if share is not None:
                chances = np.array([*[(1 - share) / 3] * 3, share / 2, share / 2])
            elif wide is not None:
                chances = _around_the_middle(wide, camps=source.camps)
            return [int(index) + 1 for index in rng.choice(5, n, p=chances)]
        case QuestionType.RANKING:
            return [_order(rng, source) for _ in range(n)]
        case QuestionType.LEAD_CARDS:
            return _sheets(rng, n, source)
        case QuestionType.RULE:
            if share is not None:
                ticks = np.array([share, *ticks[1:]])
            return [_rule(rng, row < ticks[:5], wide) for row in _levels(rng, n, 5, wide)]
        case _:
            if share is None and source.camps:
                sides = 40.0 * rng.choice([-1, 1], n) if wide else np.zeros(n)
                return [float(one) for one in rng.normal(50 + sides, 1.0).round(1)]
            if share is None:
                sigma = 0.7 if wide is None else 1.2 if wide else 0.3
                return [float(one) for one in rng.lognormal(3, sigma, n).round(1)]
            centre = np.where(rng.random(n) < share, 50.0, 20.0)
            return [float(one) for one in rng.normal(centre, 5.0).round(1)]


def _around_the_middle(wide: bool, *, camps: bool = False) -> np.ndarray:
    weights = np.array(_EXTREME if wide else _MIDDLING)
    if camps:
        weights = np.array((1, 0, 0, 0, 1) if wide else (0, 0, 1, 0, 0))
    return weights / weights.sum()


def _levels(rng: np.random.Generator, n: int, items: int, wide: bool | None) -> np.ndarray:
    """Uniform draws of shape (n, items); for the wider team one a person, so that all of a person's answers hang together."""
    return np.repeat(rng.random((n, 1)), items, axis=1) if wide else rng.random((n, items))


def _order(rng: np.random.Generator, source: _Source) -> list[str]:
    """Three to five places by Plackett and Luce; with a planted gap, the first option first and the second last."""
    if source.wide is not None:
        order = list(OPTIONS) if source.wide else [OPTIONS[index] for index in rng.permutation(5)]
        return order[::-1] if rng.random() < 0.5 else order
    order = [OPTIONS[index] for index in rng.choice(5, 5, replace=False, p=source.chances)]
    if source.share is None:
        places = rng.integers(3, 6) if source.in_part is None else _PLACED_BY_SALES if source.in_part else 5
        return order[:places]
    first, last = OPTIONS[:2] if rng.random() < source.share else OPTIONS[1::-1]
    return [first, *(option for option in order if option not in (first, last)), last]


def _sheets(rng: np.random.Generator, n: int, source: _Source) -> list[object]:
    ticks = source.ticks
    if source.share is not None:
        ticks = np.array([source.share, source.share, *ticks[2:]])
    qualified, telling = _levels(rng, n, CARDS, source.wide) < ticks, rng.random((n, CARDS)) < 0.9
    telling[:, :2] |= source.share is not None  # so that a planted gap is as large as it says
    words = np.where(telling, np.where(qualified, "qualified", "not_qualified"), "cant_tell")
    judged = rng.random((n, CARDS)) < _JUDGED_BY_SALES if source.in_part else np.ones((n, CARDS), dtype=bool)
    return [
        {str(card + 1): {"verdict": str(row[card])} for card in np.flatnonzero(own)}
        for row, own in zip(words, judged, strict=True)
    ]


def _rule(rng: np.random.Generator, asked: np.ndarray, wide: bool | None) -> dict[str, object]:
    """Those of five conditions that a person asks for, two of them with a threshold; and one that everybody asks for."""
    chances = None if wide is None else _around_the_middle(wide)
    fields = [ALWAYS_ASKED, *(one for one, is_in in zip(CONDITIONS, asked, strict=True) if is_in)]
    parts = [
        {"field": field, "op": ">=", "value": int(rng.choice(_THRESHOLDS, p=chances))}
        if field in CONDITIONS[3:]
        else {"field": field, "op": "=", "value": True}
        for field in fields
    ]
    return {"version": 1, "all": parts}
