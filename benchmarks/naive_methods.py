"""How teams are usually compared: without regard to how few they are, how many questions there are, or how answers hang together.

Every answer becomes numbers, one or several items a person: the point of a scale, a number, 1 or 0 for yes or no, for each
option of a choice, each lead card called qualified and each condition asked for, the place of each ranked option.
A question is called different when any of its items is.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from alignment.disagreement.effects import chi_square, divergence
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from benchmarks.simulated_surveys import CONDITIONS, Survey

SIGNIFICANT = 0.05
MEANS_APART = 0.5
"""Standard deviations from which a difference of means is a medium one (Cohen 1988)."""

DIVERGENT = 0.1
"""Bits of raw JSD: about half of what a gap of 80 % against 30 % has (0.19), so that most such gaps are found."""

METHODS = ("t-test", "means 0.5 SD", "raw JSD", "χ²")


def naive_alarms(survey: Survey) -> dict[str, set[str]]:
    """The keys of the questions that each of `METHODS` calls different."""
    questionnaire, responses = survey
    found: dict[str, set[str]] = {method: set() for method in METHODS}
    for question in questionnaire.questions:
        sides = [
            [r.answers[question.key] for r in responses if r.team is team and question.key in r.answers]
            for team in Team
        ]
        x, y = (_items(question, side) for side in sides)
        tables = _tables(question, x, y)
        called = {
            "t-test": _t_test(x, y) < SIGNIFICANT,
            "means 0.5 SD": _standardised(x, y) >= MEANS_APART,
            "raw JSD": max(float(divergence(a, b)[0]) for a, b in tables) > DIVERGENT,
            "χ²": min(_chi_square_p(a, b) for a, b in tables) < SIGNIFICANT,
        }
        for method, is_called in called.items():
            if is_called:
                found[method].add(question.key)
    return found


def _items(question: Question, side: Sequence[Any]) -> np.ndarray:
    """One team's answers as numbers, of shape (people, items); NaN for a card that a person did not judge."""
    match question.type:
        case QuestionType.CHOICE:
            rows = [[value == option for option in question.options] for value in side]
        case QuestionType.CHOICES:
            rows = [[option in value for option in question.options] for value in side]
        case QuestionType.RANKING:
            rows = [
                [_place(option, value, len(question.options)) for option in question.options]
                for value in side
            ]
        case QuestionType.LEAD_CARDS:
            cards = [str(number) for number in range(1, question.count + 1)]
            rows = [
                [value[card]["verdict"] == "qualified" if card in value else math.nan for card in cards]
                for value in side
            ]
        case QuestionType.RULE:
            rows = [
                [any(part["field"] == one for part in value["all"]) for one in CONDITIONS] for value in side
            ]
        case _:
            rows = [[value] for value in side]
    return np.array(rows, dtype=np.float64)


def _place(option: str, order: Sequence[str], options: int) -> float:
    return order.index(option) + 1 if option in order else (len(order) + 1 + options) / 2


def _tables(question: Question, x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Counts of both teams: of points, of five classes of numbers, of options, of first places, or yes and no of each item."""
    if question.type in (QuestionType.CHOICE, QuestionType.RANKING):
        first = 1  # an option that is chosen is 1, and so is the first place
        return [((x == first).sum(axis=0), (y == first).sum(axis=0))]
    if question.type is QuestionType.NUMBER:
        edges = np.quantile(np.concatenate([x, y]), [0.2, 0.4, 0.6, 0.8])
        x, y = np.searchsorted(edges, x), np.searchsorted(edges, y)
    if question.type in (QuestionType.NUMBER, QuestionType.SCALE):
        return [
            (np.bincount(x[:, 0].astype(int), minlength=6), np.bincount(y[:, 0].astype(int), minlength=6))
        ]
    return [
        (np.array([np.nansum(a), np.nansum(1 - a)]), np.array([np.nansum(b), np.nansum(1 - b)]))
        for a, b in zip(x.T, y.T, strict=True)
    ]


def _t_test(x: np.ndarray, y: np.ndarray) -> float:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # where nobody differs from anybody, scipy says so
        p = np.atleast_1d(stats.ttest_ind(x, y, nan_policy="omit").pvalue)
    return float(np.min(np.where(np.isnan(p), 1.0, p)))


def _standardised(x: np.ndarray, y: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where nobody judged a card there is no mean
        of_x, of_y = np.nanmean(x, axis=0), np.nanmean(y, axis=0)
    within = np.concatenate([x - of_x, y - of_y])
    spread = np.sqrt(np.nansum(within**2, axis=0) / (np.count_nonzero(~np.isnan(within), axis=0) - 2))
    apart = np.abs(of_x - of_y)
    return float(np.max(np.where(apart > 0, apart / np.maximum(spread, 1e-12), 0.0)))


def _chi_square_p(a: np.ndarray, b: np.ndarray) -> float:
    answers = int(np.count_nonzero(a + b))
    return float(stats.chi2.sf(chi_square(a, b), answers - 1)) if answers > 1 else 1.0
