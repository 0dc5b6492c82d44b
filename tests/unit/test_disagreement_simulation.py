"""How often chance alone is called a clear gap, and how often a planted gap is found; small, the benchmark is larger."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from alignment.disagreement import Evidence, compare
from alignment.questionnaires import QuestionType
from alignment.statistics import wilson
from benchmarks.disagreement import (
    COUNTED,
    EVERY,
    Cell,
    Counts,
    conclude,
    false_alarms,
    make_survey,
    planted_gaps,
)
from benchmarks.naive_methods import METHODS, naive_alarms


def alarms(rng, types, sizes, surveys, permutations=500, **more):
    """How many surveys without a difference show a clear gap, and how many show one by each naive method."""
    clear, naive = 0, Counter()
    for size in sizes:
        for _ in range(surveys):
            survey = make_survey(rng, (types * 15)[:30], *size, **more)
            found = compare(*survey, permutations=permutations)
            clear += any(one.evidence is Evidence.CLEAR for one in found.questions)
            naive.update(method for method, keys in naive_alarms(survey).items() if keys)
    return clear, naive


def test_at_most_one_in_ten_surveys_without_a_difference_shows_a_clear_gap_and_naively_nearly_all_do():
    sizes = [(5, 5), (8, 8), (12, 12), (20, 20), (5, 20)]
    clear, naive = alarms(np.random.default_rng(42), EVERY, sizes, 10)
    assert clear <= 5
    assert set(naive) == set(METHODS) and min(naive.values()) >= 40


def test_teams_that_are_equally_high_but_not_equally_spread_are_seldom_called_clearly_apart():
    types, rng = (QuestionType.SCALE, QuestionType.NUMBER), np.random.default_rng(43)
    clear, naive = alarms(rng, types, [(5, 20), (8, 8)], 15, unequal_spread=True, permutations=2000)
    assert clear <= 3
    assert naive["t-test"] >= 24 and naive["means 0.5 SD"] >= 24


def test_a_small_team_of_two_camps_around_a_larger_one_in_the_middle_is_seldom_called_clearly_apart():
    types, rng = (QuestionType.SCALE, QuestionType.NUMBER), np.random.default_rng(48)
    clear, naive = alarms(rng, types, [(8, 20)], 15, permutations=2000, unequal_spread=True, camps=True)
    assert clear <= 2 and naive["t-test"] >= 8


def test_a_team_that_leaves_out_cards_and_places_is_seldom_called_clearly_apart():
    types, rng = (QuestionType.RANKING, QuestionType.LEAD_CARDS), np.random.default_rng(49)
    clear, _ = alarms(rng, types, [(20, 20)], 12, permutations=1000, unequal_parts=True)
    assert clear <= 2


def test_the_same_seed_gives_the_same_row():
    cell = Cell((8, 8), (QuestionType.SCALE,), 4, seed=3, gaps=5, permutations=200)
    assert false_alarms(cell) == false_alarms(cell) and planted_gaps(cell) == planted_gaps(cell)
    assert planted_gaps(cell) != planted_gaps(replace(cell, seed=4))


@pytest.mark.parametrize(("false", "found", "code"), [(3, 30, 0), (6, 30, 0), (14, 30, 1), (3, 15, 1)])
def test_the_benchmark_fails_where_a_requirement_is_missed_beyond_the_error_of_simulating(
    false, found, code, capsys
):
    cell = Cell((20, 20), (QuestionType.SCALE,), 40, 1)
    alike, planted = Counts(40, {"clear": false}), Counts(35, {"at least likely": found})
    assert conclude([(cell, alike)], [(cell, planted)]) == code
    assert ("Both requirements held" in capsys.readouterr().out) is (code == 0)


@pytest.mark.parametrize("kind", EVERY)
def test_four_in_five_gaps_of_80_against_30_percent_are_at_least_likely_at_twenty_a_team(kind):
    rng = np.random.default_rng(44)
    found = 0
    for _ in range(20):
        comparison = compare(*make_survey(rng, [kind] * 6, 20, 20, gaps=5), permutations=500)
        found += sum(
            comparison.question(f"q{number}").evidence in (Evidence.CLEAR, Evidence.LIKELY)
            for number in range(5)
        )
    # as in the benchmark: not below it beyond the error of simulating
    assert wilson(found, 100).high >= 0.8


def test_both_teams_weigh_the_same_however_many_people_they_have():
    rng = np.random.default_rng(44)
    comparison = compare(*make_survey(rng, COUNTED, 6, 60, gaps=5))
    assert all(found.between_share > 0 for found in comparison.questions)


def test_many_people_are_compared_like_few():
    comparison = compare(*make_survey(np.random.default_rng(45), COUNTED * 2, 800, 800, gaps=5))
    for number in range(5):
        assert comparison.question(f"q{number}").evidence is Evidence.CLEAR
    for number in range(5, 10):
        # At this size a difference that is not there has no medium effect, whatever its p.
        assert comparison.question(f"q{number}").evidence is not Evidence.CLEAR
