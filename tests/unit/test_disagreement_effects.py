"""Effect sizes and permutations against scipy, against counting pair by pair, and against examples worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import spatial, stats

from alignment.disagreement import chance, effects
from alignment.disagreement.number_classes import number_classes
from alignment.people import Team

tables = (
    st.integers(2, 6)
    .flatmap(lambda k: st.tuples(*[st.lists(st.integers(0, 12), min_size=k, max_size=k) for _ in range(2)]))
    .filter(lambda table: sum(table[0]) > 0 and sum(table[1]) > 0)
)
samples = st.lists(st.integers(0, 6), min_size=2, max_size=25)


def as_counts(x, y, levels=7):
    return np.bincount(x, minlength=levels), np.bincount(y, minlength=levels)


@given(tables)
def test_divergence_equals_scipy_and_splits_the_pooled_entropy(table):
    p, q = (np.array(side) / sum(side) for side in table)
    divergence, pooled = effects.divergence(*table)
    assert divergence == pytest.approx(spatial.distance.jensenshannon(p, q, base=2) ** 2, abs=1e-9)
    within = (stats.entropy(p, base=2) + stats.entropy(q, base=2)) / 2
    assert pooled == pytest.approx(divergence + within, abs=1e-9)


@given(tables)
def test_chi_square_equals_scipy(table):
    a, b = (np.array(side) for side in table)
    given_answers = (a + b) > 0
    assume(np.count_nonzero(given_answers) > 1)
    expected = stats.chi2_contingency(np.array([a, b])[:, given_answers], correction=False).statistic
    assert effects.chi_square(a, b) == pytest.approx(expected, abs=1e-9)


def test_total_variation_is_half_the_sum_of_differences():
    assert effects.total_variation([8, 2, 0], [3, 5, 2]) == pytest.approx(0.5)
    assert effects.total_variation([5, 0], [0, 9]) == 1
    assert effects.total_variation([1, 3], [10, 30]) == 0


def test_bergsma_v_equals_the_example_worked_by_hand():
    # φ² = χ²/n = 5.0505…/20; r̃ = c̃ = 2 − 1/19; φ̃² = φ² − 1/19; Ṽ = √(φ̃²/(1 − 1/19))
    phi_square = 20 * (8 * 7 - 2 * 3) ** 2 / (10 * 10 * 11 * 9) / 20
    assert effects.bergsma_v([8, 2], [3, 7]) == pytest.approx(
        math.sqrt((phi_square - 1 / 19) / (1 - 1 / 19)), abs=1e-12
    )


@given(tables)
def test_bergsma_v_never_exceeds_the_uncorrected_one_by_much_and_is_1_on_separation(table):
    v = effects.bergsma_v(*table)
    assert 0 <= v <= 1
    assert effects.bergsma_v([9, 0], [0, 9]) == pytest.approx(1)
    assert effects.bergsma_v([9, 0], [9, 0]) == 0


def test_bergsma_v_is_not_fooled_by_small_groups():
    # Without any difference, eight people a team and five options: the uncorrected V averages 0.49.
    rng = np.random.default_rng(4)
    draws = rng.multinomial(8, np.full(5, 0.2), size=(500, 2))
    raw = [math.sqrt(float(effects.chi_square(a, b)) / 16) for a, b in draws]
    corrected = [effects.bergsma_v(a, b) for a, b in draws]
    assert 0.44 < np.mean(raw) < 0.54
    assert np.mean(corrected) < 0.2


@given(samples, samples)
def test_cliffs_delta_equals_counting_pairs(x, y):
    pairs = [np.sign(one - other) for one in x for other in y]
    assert effects.cliffs_delta(*as_counts(x, y)) == pytest.approx(np.mean(pairs), abs=1e-12)


@given(samples, samples)
def test_brunner_munzel_equals_scipy_where_scipy_has_an_answer(x, y):
    ours = effects.brunner_munzel(*as_counts(x, y))
    _, variance = effects.relative_effect(*as_counts(x, y))
    if variance > 0:
        theirs = stats.brunnermunzel(x, y).statistic
        assert ours == pytest.approx(-theirs, abs=1e-9)
    else:
        assert ours in (0, math.inf, -math.inf)


def test_complete_separation_is_the_strongest_disagreement_there_is():
    # scipy's brunnermunzel gives NaN or a division by zero here.
    apart = as_counts([5, 6, 5, 6], [1, 2, 1, 0])
    assert effects.brunner_munzel(*apart) == math.inf
    assert effects.brunner_munzel(*reversed(apart)) == -math.inf
    assert effects.brunner_munzel(*as_counts([3, 3], [3, 3])) == 0
    interval = effects.delta_interval(*apart, critical=3.0)
    assert 0 < interval.low < 1 and interval.high == 1


@given(samples, samples)
def test_the_interval_of_delta_holds_delta_and_mirrors(x, y):
    a, b = as_counts(x, y)
    delta = float(effects.cliffs_delta(a, b))
    interval, mirrored = effects.delta_interval(a, b, 2.2), effects.delta_interval(b, a, 2.2)
    assert -1 <= interval.low <= delta + 1e-9 and delta - 1e-9 <= interval.high <= 1
    assert interval.low == pytest.approx(-mirrored.high, abs=1e-6)


def test_the_interval_of_delta_covers_what_it_should():
    # X and Y normal with P(X > Y) = 0.75, so δ = 0.5; 95 % nominal, at eight against twelve people.
    rng = np.random.default_rng(3)
    shift = stats.norm.ppf(0.75) * math.sqrt(2)
    covered = 0
    for _ in range(200):
        values = np.concatenate([rng.normal(shift, 1, 8), rng.normal(0, 1, 12)])
        order = np.argsort(np.argsort(values))
        a, b = np.bincount(order[:8], minlength=20), np.bincount(order[8:], minlength=20)
        dealt = chance.Draws(rng, 300).deal(a + b, 8)
        critical = float(np.quantile(np.abs(effects.brunner_munzel(dealt, 1 - dealt)), 0.95))
        interval = effects.delta_interval(a, b, critical)
        covered += interval.low <= 0.5 <= interval.high
    assert covered / 200 >= 0.92


@pytest.mark.parametrize("totals", [[3, 4, 5], [1] * 12, [30, 20, 10], [0, 6, 0, 6]])
def test_dealing_gives_hypergeometric_counts(totals):
    dealt = chance.Draws(np.random.default_rng(0), 4000).deal(totals, 5)
    assert dealt.shape == (4000, len(totals))
    assert np.all(dealt.sum(axis=1) == 5)
    assert np.all(dealt <= totals)
    n = sum(totals)
    assert dealt.mean(axis=0) == pytest.approx(5 * np.array(totals) / n, abs=0.08)
    share = np.array(totals) / n
    assert dealt.var(axis=0) == pytest.approx(5 * share * (1 - share) * (n - 5) / (n - 1), rel=0.15, abs=0.01)


@pytest.mark.parametrize("table", [([8, 2], [3, 7]), ([4, 1], [1, 4]), ([9, 3], [2, 12]), ([6, 0], [0, 6])])
def test_the_permutation_p_agrees_with_fishers_exact_test(table):
    a, b = (np.array(side) for side in table)
    dealt = chance.Draws(np.random.default_rng(1), 20_000).deal(a + b, a.sum())
    p = chance.share_as_large(effects.chi_square(dealt, a + b - dealt), float(effects.chi_square(a, b)))
    assert p == pytest.approx(stats.fisher_exact([a, b]).pvalue, abs=0.006)


def test_a_p_value_is_never_nought_and_counts_ties():
    assert chance.share_as_large([0.0] * 99, 1.0) == 1 / 100
    assert chance.share_as_large([1.0 - 1e-12] * 99, 1.0) == 1
    assert chance.share_as_large([math.inf, 0.0, 0.0], math.inf) == pytest.approx(3 / 4)


def test_the_smallest_possible_p_says_how_few_are_too_few():
    assert chance.smallest_p(3, 3) == pytest.approx(2 / 20)
    assert chance.smallest_p(3, 4) == pytest.approx(2 / 35)
    assert chance.smallest_p(4, 4) == pytest.approx(2 / 70)
    assert chance.smallest_p(0, 9) == 1
    assert chance.smallest_p(5000, 5000) < 1e-300
    assert chance.smallest_p_of_share(5, 5, 4) == pytest.approx(5 / 210)
    assert chance.smallest_p_of_share(5, 5, 0) == chance.smallest_p_of_share(5, 5, 10) == 1


def test_unequal_spread_does_not_raise_false_alarms():
    # Six people who scatter against twenty who do not: Mann–Whitney calls far more than 5 % of these different.
    rng = np.random.default_rng(8)
    permuted = whitney = 0
    for _ in range(250):
        x, y = rng.normal(0, 5, 6), rng.normal(0, 1, 20)
        order = np.argsort(np.argsort(np.concatenate([x, y])))
        a, b = np.bincount(order[:6], minlength=26), np.bincount(order[6:], minlength=26)
        dealt = chance.Draws(rng, 300).deal(a + b, 6)
        statistics = np.abs(effects.brunner_munzel(dealt, 1 - dealt))
        permuted += chance.share_as_large(statistics, abs(float(effects.brunner_munzel(a, b)))) <= 0.05
        whitney += stats.mannwhitneyu(x, y).pvalue <= 0.05
    assert permuted / 250 <= 0.09
    assert whitney / 250 >= 0.12


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(0, 9))
def test_the_bootstrapped_median_equals_resampling(values, seed):
    rng = np.random.default_rng(seed)
    quick = chance.Draws(rng, 3000).resample_medians(values, Team.SALES)
    slow = np.median(rng.choice(values, (3000, len(values))), axis=1)
    spread = max(1.0, float(np.std(slow)))
    assert float(np.mean(quick)) == pytest.approx(float(np.mean(slow)), abs=0.2 * spread)
    assert set(quick) <= {(one + other) / 2 for one in values for other in values}


@given(st.lists(st.one_of(st.integers(-50, 5000), st.floats(-1e6, 1e6), st.just(0)), min_size=1, max_size=40))
def test_every_number_falls_into_exactly_one_class(values):
    edges, labels = number_classes(np.asarray(values, dtype=float))
    assert 1 <= len(labels) == len(edges) <= 12
    assert len(set(labels)) == len(labels)
    assert edges[0] <= min(values)
    assert np.all(np.diff(edges) > 0)


def test_classes_of_numbers_have_round_edges():
    assert number_classes(np.array([12, 48, 55, 31, 20]))[1] == ("10–19", "20–29", "30–39", "40–49", "50–59")
    assert number_classes(np.array([1, 2, 3, 2]))[1] == ("1", "2", "3")
    assert number_classes(np.array([4, 4]))[1] == ("4",)
    assert number_classes(np.array([1, 4, 8, 24, 1440, 5, 6]))[1][0].startswith("under ")
