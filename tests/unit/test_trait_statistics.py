"""Traits of won and lost leads: exact tests equal to the reference, corrected together, with what is too rare left out."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from alignment.rules import Condition, Operator, Rule
from alignment.statistics import benjamini_hochberg, newcombe
from alignment.traits import CountedTrait, fishers_exact, judge_traits, words_of_left_out


def trait(words, won, of_won, lost, of_lost, field="employees"):
    return CountedTrait(field, words, Rule(Condition(field, Operator.IS_KNOWN)), won, of_won, lost, of_lost)


def test_fishers_test_of_many_tables_is_that_of_scipy_for_each():
    draw = np.random.default_rng(1)
    sizes = draw.integers(1, 400, (300, 2))
    found = np.minimum(draw.integers(0, 401, (300, 2)), sizes)
    tables = [*zip(found[:, 0], sizes[:, 0], found[:, 1], sizes[:, 1], strict=True)]
    tables += [(0, 5, 0, 5), (5, 5, 5, 5), (0, 1, 1, 1), (10, 10, 0, 10), (3, 1000, 30, 900)]
    a, n_a, b, n_b = (list(column) for column in zip(*tables, strict=True))
    expected = [
        fisher_exact([[one, of_one - one], [other, of_other - other]]).pvalue
        for one, of_one, other, of_other in tables
    ]
    assert fishers_exact(a, n_a, b, n_b) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert fishers_exact([], [], [], []).size == 0


def test_hundreds_of_thousands_of_leads_are_no_matter():
    found = fishers_exact([60_000, 50_000, 100_000], [100_000] * 3, [150_000, 151_000, 0], [300_000] * 3)
    assert found[1] == pytest.approx(fisher_exact([[50_000, 50_000], [151_000, 149_000]]).pvalue, rel=1e-6)
    assert found[0] == pytest.approx(0, abs=1e-300) and found[2] == 0


def test_traits_have_their_difference_interval_and_q_and_those_that_tell_come_first():
    counted = [
        trait("rare among both", 20, 100, 18, 100),
        trait("often lost", 10, 100, 60, 100),
        trait("often won", 70, 100, 40, 100),
        trait("large but few", 6, 10, 3, 11),
    ]
    found = judge_traits(counted)
    assert [one.words for one in found] == ["often lost", "often won", "large but few", "rare among both"]
    assert [one.tells for one in found] == [True, True, False, False]
    p = fishers_exact([20, 10, 70, 6], [100, 100, 100, 10], [18, 60, 40, 3], [100, 100, 100, 11])
    q = dict(zip((one.words for one in counted), benjamini_hochberg(list(p)), strict=True))
    assert {one.words: one.q for one in found} == q
    often = found[1]
    assert often.difference == pytest.approx(0.3) and often.interval == newcombe(70, 100, 40, 100)
    assert (often.share_of_won, often.share_of_lost) == (0.7, 0.4)


def test_what_is_known_of_too_few_or_too_rare_is_left_out_and_said():
    counted = [
        trait("few won", 5, 9, 5, 100, field="country"),
        trait("few lost", 5, 100, 5, 9, field="deal_size"),
        trait("rare", 2, 100, 2, 100),
        trait("just enough", 2, 10, 3, 10),
    ]
    assert [one.words for one in judge_traits(counted)] == ["just enough"]
    country, size, rare = words_of_left_out(counted)
    assert "“country” is known of 9 won and 100 lost leads" in country
    assert "“deal size”" in size
    assert rare == "Fewer than 5 won and lost leads together have this: rare."
    assert words_of_left_out([]) == judge_traits([]) == ()


def test_everyone_and_nobody_give_no_nan():
    for one in judge_traits([trait("all", 50, 50, 40, 40), trait("apart", 50, 50, 0, 40)]):
        assert 0 <= one.q <= 1 and -1 <= one.interval.low <= one.interval.high <= 1
