"""How often chance alone is called a clear gap, and how often a planted gap is found; small, the benchmark is larger."""

import numpy as np
import pytest

from alignment.disagreement import Evidence, compare
from benchmarks.disagreement import COUNTED, EVERY, make_survey


def test_at_most_one_in_ten_surveys_without_a_difference_shows_a_clear_gap():
    rng = np.random.default_rng(42)
    alarms = 0
    for sizes in [(5, 5), (8, 8), (12, 12), (20, 20), (5, 20)]:
        for _ in range(20):
            comparison = compare(*make_survey(rng, (EVERY * 4)[:30], *sizes), permutations=500)
            alarms += any(found.evidence is Evidence.CLEAR for found in comparison.questions)
    assert alarms <= 10


@pytest.mark.parametrize("kind", EVERY)
def test_four_in_five_gaps_of_80_against_30_percent_are_at_least_likely_at_twenty_a_team(kind):
    rng = np.random.default_rng(44)
    found = 0
    for _ in range(30):
        comparison = compare(*make_survey(rng, [kind] * 6, 20, 20, gaps=5), permutations=500)
        found += sum(
            comparison.question(f"q{number}").evidence in (Evidence.CLEAR, Evidence.LIKELY)
            for number in range(5)
        )
    assert found / 150 >= 0.8


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
