"""Draws that questions share: for each question alone they are what its own draws would be."""

import itertools
import random
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.disagreement import chance, compare, effects
from alignment.disagreement.chance import Draws
from alignment.disagreement.differences import difference_of_items, difference_of_tables
from alignment.disagreement.means import largest_mean_difference
from alignment.people import Team
from benchmarks.simulated_surveys import COMPOUND, COUNTED, make_survey

SALES, MARKETING = Team.SALES, Team.MARKETING


@pytest.mark.parametrize(("people", "size"), [(7, 3), (9, 1), (9, 8), (6, 0), (5, 5)])
def test_every_team_of_that_size_is_dealt_equally_often(people, size):
    repetitions = 40_000
    dealt = Draws(np.random.default_rng(1), repetitions).deal(np.ones(people), size)
    found = Counter(map(tuple, dealt))
    teams = [
        tuple(int(place in chosen) for place in range(people))
        for chosen in itertools.combinations(range(people), size)
    ]
    assert set(found) == set(teams)
    expected = repetitions / len(teams)
    square = sum((found[team] - expected) ** 2 / expected for team in teams)
    free = len(teams) - 1
    assert square <= free + 5 * (2 * free) ** 0.5


QUESTIONS = (
    (np.array([3, 4, 3]), np.array([0.0, 1.0, 2.0])),
    (np.array([5, 5]), np.array([0.0, 1.0])),
    (np.ones(10, dtype=int), np.array([1, 1, 2, 3, 5, 8, 13, 21, 34, 55.0])),
)


def test_questions_that_share_draws_have_each_its_exact_permutation_distribution():
    # Ten people, four of them in sales: all 210 ways to deal them, one question after the other from the same draws.
    repetitions = 60_000
    draws = Draws(np.random.default_rng(2), repetitions)
    for totals, values in QUESTIONS:
        answers = np.repeat(values, totals)
        sums = Counter(
            round(sum(answers[place] for place in chosen), 6)
            for chosen in itertools.combinations(range(10), 4)
        )
        drawn = Counter(np.round(draws.deal_sums(totals, values[:, None], 4)[:, 0], 6).tolist())
        assert set(drawn) <= set(sums)
        for value, ways in sums.items():
            share = ways / 210
            assert drawn[value] / repetitions == pytest.approx(share, abs=5 * (share / repetitions) ** 0.5)


def test_large_teams_are_drawn_by_their_counts_and_dealt_one_by_one_from_the_same_distribution():
    totals, size = np.array([300, 200, 100]), 250
    draws = Draws(np.random.default_rng(3), 20_000)
    by_counts = draws.deal(totals, size)
    sums = draws.deal_sums(totals, np.eye(3), size)
    assert np.array_equal(by_counts, sums) and not draws._kept, "one question is drawn once, and nobody dealt"
    by_people = draws.deal(totals[::-1], size)[:, ::-1]
    assert draws._kept, "a further question of these sizes"
    share = totals / 600
    for dealt in (by_counts, by_people):
        assert np.all(dealt.sum(axis=1) == size)
        assert dealt.mean(axis=0) == pytest.approx(size * share, abs=0.3)
        assert dealt.var(axis=0) == pytest.approx(size * share * (1 - share) * 350 / 599, rel=0.06)
    again = draws.deal(totals[::-1], size)[:, ::-1]
    assert np.array_equal(by_people, again), "dealt once, for all questions of these sizes"
    assert not np.array_equal(by_counts, by_people)


def test_draws_that_make_room_for_others_are_drawn_anew(monkeypatch):
    monkeypatch.setattr(chance, "_CELLS_KEPT", 3000)
    draws = Draws(np.random.default_rng(4), 100)
    first = draws.deal(np.ones(20), 10)
    assert np.array_equal(first, draws.deal(np.ones(20), 10))
    for people in (21, 22, 23):
        assert np.all(draws.deal(np.ones(people), 10).sum(axis=1) == 10)
    again = draws.deal(np.ones(20), 10)
    assert not np.array_equal(first, again) and np.all(again.sum(axis=1) == 10)


def test_resamples_are_shared_between_questions_of_a_team_but_never_between_the_teams():
    draws = Draws(np.random.default_rng(5), 4000)
    people, places = np.ones(12, dtype=int), np.arange(12.0)[:, None]
    for drawn in (
        lambda team: draws.resample_sums(people, places, team)[:, 0],
        lambda team: draws.resample_medians(places[:, 0], team),
    ):
        sales, marketing = drawn(SALES), drawn(MARKETING)
        assert np.array_equal(sales, drawn(SALES))
        assert abs(np.corrcoef(sales, marketing)[0, 1]) < 0.06, "teams of one size do not move together"


ANSWERS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])


def _tables(labels):
    return [np.bincount(ANSWERS[labels == team], minlength=4) for team in (1, 0)]


def _of_tables(labels, draws):
    return difference_of_tables(*_tables(labels), draws).p


def _in_order(labels, draws):
    a, b = _tables(labels)
    dealt = draws.deal(a + b, int(a.sum()))
    by_chance = np.abs(effects.brunner_munzel(dealt, a + b - dealt))
    return chance.share_as_large(by_chance, abs(float(effects.brunner_munzel(a, b))))


def _of_items(labels, draws):
    ticks = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]])
    return difference_of_items(ticks, dict(zip(Team, _tables(labels), strict=True)), draws).difference.p


def _of_means(labels, draws):
    places = np.array([[1.0, 2, 3], [2, 1, 3], [3, 2, 1], [1, 3, 2]])
    return largest_mean_difference(places, dict(zip(Team, _tables(labels), strict=True)), draws).p


@pytest.mark.parametrize("p_of", [_of_tables, _in_order, _of_items, _of_means])
def test_when_the_teams_are_dealt_at_random_p_is_below_any_bar_at_most_that_often(p_of):
    rng = np.random.default_rng(6)
    labels = np.repeat([1, 0], [6, 10])
    times = 600
    found = np.array([p_of(rng.permutation(labels), Draws(rng, 200)) for _ in range(times)])
    assert found.min() > 0
    for bar in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(found <= bar) <= bar + 3 * (bar * (1 - bar) / times) ** 0.5


@given(st.integers(0, 10_000), st.integers(3, 9), st.integers(3, 9))
@settings(max_examples=12, deadline=None)
def test_in_whatever_order_people_come_the_comparison_is_the_same(seed, sales, marketing):
    questionnaire, responses = make_survey(
        np.random.default_rng(seed), [*COUNTED, *COMPOUND, *COUNTED], sales, marketing
    )
    mixed = random.Random(seed).sample(responses, len(responses))
    assert compare(questionnaire, mixed, permutations=200) == compare(
        questionnaire, responses, permutations=200
    )


def test_the_divergence_that_chance_gives_is_the_mean_of_the_draws():
    totals, size = np.array([900, 40, 7, 0, 300]), 400
    dealt = Draws(np.random.default_rng(7), 20_000).deal(totals, size)
    drawn = effects.divergence(dealt, totals - dealt)[0]
    exact = effects.expected_divergence(totals, int(totals.sum()), size)
    assert exact == pytest.approx(float(drawn.mean()), abs=5 * float(drawn.std()) / 20_000**0.5)


def test_comparing_loads_no_scipy_stats_which_takes_longer_than_the_comparison():
    program = (
        "import sys, numpy; from benchmarks.simulated_surveys import COUNTED, COMPOUND, make_survey;"
        "from alignment.disagreement import compare;"
        "compare(*make_survey(numpy.random.default_rng(1), COUNTED + COMPOUND, 6, 6));"
        "sys.exit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
