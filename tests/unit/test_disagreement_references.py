"""The statistics of a comparison against scipy and statsmodels, and where these have none, against values worked by hand.

Elsewhere: Wilson's interval, Newcombe's published ones, false-discovery rates and survival curves in `test_statistics`;
divergence, χ², Brunner–Munzel and δ pair by pair in `test_disagreement_effects`; Kendall's W and τ, Krippendorff's published
example and Welch's t in `test_disagreement_compound`; the log-odds of terms in `test_disagreement_terms`. Here is what
is missing there; above all, that the draws follow the exact permutation distribution.
"""

import itertools
import math
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import spatial, stats
from statsmodels.stats.inter_rater import cohens_kappa as their_kappa
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from alignment.disagreement import chance, compare, effects
from alignment.disagreement.agreement import cohens_kappa, kendalls_tau, krippendorffs_alpha
from alignment.disagreement.chance import Draws
from alignment.people import Team
from alignment.questionnaires import Mode, Question, Questionnaire, QuestionType, Response
from alignment.statistics import benjamini_hochberg, newcombe, wilson

SALES, MARKETING = Team.SALES, Team.MARKETING
shares_of = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = (
    st.integers(2, 6)
    .flatmap(lambda k: st.tuples(*[st.lists(st.integers(0, 12), min_size=k, max_size=k) for _ in range(2)]))
    .filter(lambda table: sum(table[0]) > 0 and sum(table[1]) > 0)
)
samples = st.lists(st.integers(-5, 5), min_size=1, max_size=25)


def as_counts(x, y):
    levels, where = np.unique(np.concatenate([x, y]), return_inverse=True)
    return np.bincount(where[: len(x)], minlength=levels.size), np.bincount(
        where[len(x) :], minlength=levels.size
    )


# ── shares ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(shares_of, st.sampled_from([0.9, 0.95, 0.99]))
def test_wilsons_interval_equals_statsmodels(sample, confidence):
    ours = wilson(*sample, confidence)
    theirs = proportion_confint(*sample, alpha=1 - confidence, method="wilson")
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-9)


@given(shares_of, shares_of, st.sampled_from([0.9, 0.95, 0.99]))
def test_newcombes_interval_equals_statsmodels(a, b, confidence):
    ours = newcombe(*a, *b, confidence)
    theirs = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff", alpha=1 - confidence)
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_false_discovery_rates_equal_statsmodels(p_values):
    theirs = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(list(theirs), abs=1e-9)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(tables)
def test_entropy_and_total_variation_equal_scipy(table):
    p, q = (np.array(side) / sum(side) for side in table)
    assert effects.entropy(p) == pytest.approx(stats.entropy(p, base=2), abs=1e-9)
    assert effects.total_variation(*table) == pytest.approx(spatial.distance.cityblock(p, q) / 2, abs=1e-9)


@given(tables)
def test_bergsmas_v_is_its_formula_on_scipys_cramers_v(table):
    both = np.array(table)[:, np.sum(table, axis=0) > 0]
    assume(both.shape[1] > 1)
    n, (r, c) = both.sum(), both.shape
    assume(n > 2)
    phi_square = stats.contingency.association(both, method="cramer") ** 2 * min(r - 1, c - 1)
    shrunk = max(0.0, phi_square - (r - 1) * (c - 1) / (n - 1))
    r, c = (k - (k - 1) ** 2 / (n - 1) for k in (r, c))
    assume(min(r, c) > 1)
    assert effects.bergsma_v(*table) == pytest.approx(min(1, math.sqrt(shrunk / (min(r, c) - 1))), abs=1e-9)


def test_bergsmas_v_of_five_options_equals_the_example_worked_by_hand():
    # 4, 2, 1, 1, 0 against 0, 1, 1, 3, 3 of eight each: χ² = 4 + 1/3 + 0 + 1 + 3 = 25/3, φ² = 25/48
    # φ̃² = 25/48 − 4/15 = 61/240; r̃ = 2 − 1/15, c̃ = 5 − 16/15; Ṽ = √((61/240) / (14/15)) = √(61/224)
    assert effects.bergsma_v([4, 2, 1, 1, 0], [0, 1, 1, 3, 3]) == pytest.approx(
        math.sqrt(61 / 224), abs=1e-12
    )


def test_the_bounds_of_total_variation_of_two_answers_are_newcombes():
    # 9 of 10 against 3 of 10: Newcombe (1998) prints 0.1705 to 0.8090
    found = one(QuestionType.YES_NO, [True] * 9 + [False], [True] * 3 + [False] * 7)
    theirs = confint_proportions_2indep(9, 10, 3, 10, method="newcomb", compare="diff")
    assert (found.effect.name, found.effect.value) == ("total_variation", pytest.approx(0.6))
    assert (found.effect.interval.low, found.effect.interval.high) == pytest.approx(theirs, abs=1e-9)


def test_the_upper_bound_of_total_variation_of_many_answers_is_newcombes_of_what_the_first_team_says_more():
    # sales says a and b more often: 16 of 20 against 6 of 20
    sales, marketing = "a" * 8 + "b" * 8 + "c" * 2 + "d" * 2, "a" * 4 + "b" * 2 + "c" * 7 + "d" * 7
    found = one(QuestionType.CHOICE, list(sales), list(marketing), options=("a", "b", "c", "d"))
    theirs = confint_proportions_2indep(16, 20, 6, 20, method="newcomb", compare="diff")
    assert found.effect.value == pytest.approx(0.5)
    assert found.effect.interval.high == pytest.approx(theirs[1], abs=1e-9)
    assert found.effect.interval.low <= theirs[0]


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(samples, samples)
def test_cliffs_delta_is_mann_whitneys_u(x, y):
    u = stats.mannwhitneyu(x, y).statistic
    assert effects.cliffs_delta(*as_counts(x, y)) == pytest.approx(2 * u / (len(x) * len(y)) - 1, abs=1e-9)


@given(samples, samples)
def test_the_variance_of_the_relative_effect_is_the_one_behind_scipys_statistic(x, y):
    assume(min(len(x), len(y)) > 1)
    effect, variance = effects.relative_effect(*as_counts(x, y))
    assume(variance > 0 and abs(effect - 0.5) > 1e-9)
    theirs = stats.brunnermunzel(x, y).statistic  # (½ − θ̂) / √variance
    assert variance == pytest.approx(((0.5 - effect) / theirs) ** 2, abs=1e-9)


def test_the_cautious_p_value_equals_the_example_worked_by_hand():
    # five against five, completely apart: each of one team stands at 1 among the other, each of the other at 0
    # with one person more at either end: mean 6/7, squares 5·(1/7)² + (1/7)² + (6/7)² = 42/49, variance 42/49/6/5 = 1/35
    # t = ½ / √(2/35), with (2/35)² / (2 · (1/35)²/4) = 8 degrees of freedom
    expected = 2 * stats.t.sf(0.5 / math.sqrt(2 / 35), 8)
    assert effects.cautious_p([5, 0], [0, 5], more=1) == pytest.approx(expected, abs=1e-9)
    # with two more: mean 7/9, squares 7·(2/9)² + 2·(7/9)² = 126/81, variance 126/81/8/5 = 7/180
    expected = 2 * stats.t.sf(0.5 / math.sqrt(14 / 180), 8)
    assert effects.cautious_p([5, 0], [0, 5]) == pytest.approx(expected, abs=1e-9)
    assert effects.cautious_p([0, 0], [3, 2]) == 1


@given(samples, samples)
def test_the_cautious_p_value_turns_with_the_teams_and_stays_above_scipys(x, y):
    assume(min(len(x), len(y)) > 1)
    a, b = as_counts(x, y)
    p = effects.cautious_p(a, b)
    assert 0 < p <= 1 and p == pytest.approx(effects.cautious_p(b, a), abs=1e-9)
    if effects.relative_effect(a, b)[1] > 0 and min(len(x), len(y)) >= 8:
        assert p >= stats.brunnermunzel(x, y).pvalue - 1e-9


@pytest.mark.parametrize("people", [8, 12, 30])
@pytest.mark.parametrize("others", [20, 60, 1000])
def test_two_camps_around_others_in_the_middle_are_no_rarer_to_the_cautious_p_value_than_by_counting(
    people, others
):
    for odd in range(people // 2 + 1):
        counted = stats.binomtest(odd, people).pvalue
        assert effects.cautious_p([odd, 0, people - odd], [0, others, 0]) >= counted - 1e-9


@pytest.mark.parametrize("people", [1, 5, 8, 20])
def test_all_on_one_side_is_the_sign_test_of_the_smaller_team(people):
    assert chance.all_on_one_side(people, 300) == pytest.approx(
        stats.binomtest(people, people).pvalue, abs=1e-12
    )


# ── agreement ────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(
    st.integers(2, 4).flatmap(
        lambda k: st.lists(st.lists(st.integers(0, 9), min_size=k, max_size=k), min_size=k, max_size=k)
    )
)
def test_cohens_kappa_equals_statsmodels(table):
    ours = cohens_kappa(table)
    if ours is None:
        assert sum(map(sum, table)) in (0, max(table[i][i] for i in range(len(table))))
    else:
        assert ours == pytest.approx(their_kappa(np.array(table), return_results=False), abs=1e-9)


@given(
    st.tuples(st.integers(2, 6), st.integers(2, 3)).flatmap(
        lambda size: st.lists(
            st.lists(st.integers(0, size[1] - 1), min_size=size[0], max_size=size[0]), min_size=2, max_size=10
        )
    )
)
def test_krippendorffs_alpha_of_complete_judgements_is_fleiss_kappa_of_statsmodels_for_few(judged):
    # With N values in all, α = 1 − (1 − κ)(N − 1)/N: α draws the values it expects without putting them back.
    counts = np.array([[unit.count(value) for value in range(3)] for unit in judged])
    ours, n = krippendorffs_alpha(counts), counts.sum()
    if ours is None:
        assert np.count_nonzero(counts.sum(axis=0)) == 1
    else:
        assert ours == pytest.approx(1 - (1 - fleiss_kappa(counts)) * (n - 1) / n, abs=1e-9)


# ── chance ───────────────────────────────────────────────────────────────────────────────────────────────────────────

DRAWN = 40_000


def is_drawn_from(rows, exact, least=1e-4):
    """Whether the rows that were drawn follow the exact chances; tables expected less than five times go together."""
    seen = Counter(map(tuple, np.asarray(rows).astype(int).tolist()))
    assert set(seen) <= set(exact)
    observed = np.array([seen[table] for table in exact])
    expected = np.array(list(exact.values())) * len(rows)
    often = expected >= 5
    pairs = [(observed[often], expected[often])]
    if not often.all():
        pairs.append((observed[~often].sum(keepdims=True), expected[~often].sum(keepdims=True)))
    o, e = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return stats.chi2.sf(((o - e) ** 2 / e).sum(), len(o) - 1) > least


def hypergeometric(totals, size):
    """Every table of the first team, with its chance."""
    found = {}
    for table in itertools.product(*(range(total + 1) for total in totals)):
        if sum(table) == size:
            ways = math.prod(math.comb(total, inside) for total, inside in zip(totals, table, strict=True))
            found[table] = ways / math.comb(sum(totals), size)
    return found


@pytest.mark.parametrize(
    ("totals", "size"),
    [([3, 4, 5], 5), ([1] * 9, 4), ([2, 0, 7, 1], 8), ([30, 25], 6), ([60, 40, 10], 3), ([1, 1], 1)],
)
def test_people_are_dealt_as_the_hypergeometric_distribution_says(totals, size):
    draws = Draws(np.random.default_rng(5), DRAWN)
    assert is_drawn_from(draws.deal(totals, size), hypergeometric(totals, size))
    # once more, when the same people are dealt to a further question
    assert is_drawn_from(draws.deal(totals, size), hypergeometric(totals, size))


def test_the_check_of_the_draws_would_notice_a_wrong_distribution():
    drawn = np.random.default_rng(5).multinomial(5, [0.25, 1 / 3, 5 / 12], DRAWN)  # with replacement
    exact = hypergeometric([3, 4, 5], 5)
    assert not is_drawn_from([row for row in drawn if tuple(row) in exact], exact)


def test_sums_over_dealt_people_are_those_of_their_counts():
    values = np.array([[1.0, 0.0], [10.0, 1.0], [100.0, 1.0]])
    exact = {
        (a + 10 * b + 100 * c, b + c): chances for (a, b, c), chances in hypergeometric([4, 3, 2], 4).items()
    }
    assert is_drawn_from(Draws(np.random.default_rng(5), DRAWN).deal_sums([4, 3, 2], values, 4), exact)


def test_people_are_drawn_anew_as_the_multinomial_distribution_says():
    counts, values = [3, 1, 2], np.eye(3)
    exact = {
        table: stats.multinomial.pmf(table, 6, [0.5, 1 / 6, 1 / 3])
        for table in itertools.product(range(7), repeat=3)
        if sum(table) == 6
    }
    assert is_drawn_from(Draws(np.random.default_rng(5), DRAWN).resample_sums(counts, values, SALES), exact)


@pytest.mark.parametrize("values", [[1, 4, 9], [1, 4, 9, 16], [2, 2, 5, 7, 7]])
def test_medians_of_resamples_follow_the_exact_bootstrap_distribution(values):
    exact = Counter(2 * float(np.median(drawn)) for drawn in itertools.product(values, repeat=len(values)))
    chances = {(int(twice),): count / len(values) ** len(values) for twice, count in exact.items()}
    drawn = Draws(np.random.default_rng(5), DRAWN).resample_medians(values, SALES)
    assert is_drawn_from(2 * drawn[:, None], chances)


def exact_p(x, y, statistic):
    """The p-value over all ways to divide the people, by scipy; the larger the statistic, the further apart."""
    data = [np.asarray(x), np.asarray(y)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return stats.permutation_test(
            data, statistic, permutation_type="independent", alternative="greater", n_resamples=np.inf
        ).pvalue


def brunner_munzel(x, y):
    found = abs(float(stats.brunnermunzel(x, y).statistic))
    return (
        1e9
        if math.isnan(found) and np.median(x) != np.median(y)
        else 0.0
        if math.isnan(found)
        else min(found, 1e9)
    )


def chi_square(x, y):
    table = np.array([[np.count_nonzero(side == level) for level in np.unique([*x, *y])] for side in (x, y)])
    return stats.chi2_contingency(table, correction=False).statistic


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 2, 3, 5], [3, 4, 4, 5, 5, 5]),
        ([1, 1, 2, 5], [2, 3, 3, 4, 4, 4]),
        ([1, 2, 1, 2, 1], [4, 5, 4, 5, 5]),
    ],
)
@pytest.mark.parametrize("by", ["brunner_munzel", "chi_square"])
def test_permutation_p_values_equal_scipys_exact_test(x, y, by):
    a, b = as_counts(x, y)
    draws = Draws(np.random.default_rng(9), DRAWN)
    dealt = draws.deal(a + b, len(x))
    ours, theirs = (getattr(effects, by), globals()[by])
    observed = abs(float(ours(a, b)))
    reached = np.count_nonzero(np.abs(ours(dealt, a + b - dealt)) >= observed - 1e-9) / DRAWN
    exact = exact_p(x, y, theirs)
    error = math.sqrt(exact * (1 - exact) / DRAWN)
    assert reached == pytest.approx(exact, abs=4.5 * error)
    # what is reported is this share, with one standard error of drawing against us
    p = chance.share_as_large(np.abs(ours(dealt, a + b - dealt)), observed)
    count = reached * DRAWN
    assert p == pytest.approx((count + math.sqrt(count) + 1) / (DRAWN + 1), abs=1e-9)


def test_the_p_value_of_several_choices_deals_whole_people():
    # by hand: all C(9, 4) ways to divide the nine people; ticks of one person stay together
    sales, marketing = ["ab", "ab", "a", "b"], ["c", "c", "bc", "c", "a"]
    people = np.array([[option in person for option in "abc"] for person in sales + marketing], dtype=float)

    def largest(chosen):
        inside = np.isin(np.arange(9), chosen)
        return np.abs(people[inside].mean(axis=0) - people[~inside].mean(axis=0)).max()

    exact = np.mean(
        [largest(chosen) >= largest(range(4)) - 1e-9 for chosen in itertools.combinations(range(9), 4)]
    )
    sides = [[list(person) for person in side] for side in (sales, marketing)]
    found = one(QuestionType.CHOICES, *sides, options=("a", "b", "c"), permutations=DRAWN)
    assert found.p == pytest.approx(exact + math.sqrt(exact / DRAWN), abs=4.5 * math.sqrt(exact / DRAWN))


def test_the_distance_of_two_orders_is_permuted_as_scipy_does():
    orders = np.array(
        [[1, 2, 3, 4], [1, 2, 4, 3], [1, 3, 2, 4], [4, 3, 2, 1], [3, 4, 2, 1], [4, 2, 3, 1], [2, 1, 3, 4]]
    )
    totals = orders.sum(axis=0)
    dealt = Draws(np.random.default_rng(3), DRAWN).deal_sums(np.ones(7, int), orders, 3)
    ours = 1 - kendalls_tau(dealt, totals - dealt)

    def apart(x, y):
        return 1 - stats.kendalltau(orders[x].sum(axis=0), orders[y].sum(axis=0)).statistic

    observed = apart(range(3), range(3, 7))
    exact = exact_p(range(3), range(3, 7), apart)
    assert np.mean(ours >= observed - 1e-9) == pytest.approx(exact, abs=4.5 * math.sqrt(exact / DRAWN))


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_the_smallest_possible_p_values_are_those_of_scipy(n_a, n_b, data):
    assert chance.smallest_p(n_a, n_b) == pytest.approx(min(1.0, 2 / math.comb(n_a + n_b, n_a)), abs=1e-9)
    chosen = data.draw(st.integers(1, n_a + n_b - 1))
    as_far_as_they_fit = [
        stats.hypergeom.pmf(min(chosen, size), n_a + n_b, chosen, size) for size in (n_a, n_b)
    ]
    assert chance.smallest_p_of_share(n_a, n_b, chosen) == pytest.approx(min(as_far_as_they_fit), abs=1e-9)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(lambda one: sum(one) > 1), st.data())
def test_the_divergence_that_chance_gives_is_its_mean_over_all_ways_to_divide_the_people(totals, data):
    size = data.draw(st.integers(1, sum(totals) - 1))
    exact = 0.0
    for table, chances in hypergeometric(totals, size).items():
        p, q = np.array(table) / size, (np.array(totals) - table) / (sum(totals) - size)
        exact += chances * spatial.distance.jensenshannon(p, q, base=2) ** 2
    assert effects.expected_divergence(totals, sum(totals), size) == pytest.approx(exact, abs=1e-9)


def one(kind, sales, marketing, permutations=2000, **own):
    asked = Question("q", "topic", kind, dict.fromkeys(Team, "?"), **own)
    responses = [
        Response(f"{team}{index}", team, {"q": answer})
        for team, side in ((SALES, sales), (MARKETING, marketing))
        for index, answer in enumerate(side)
    ]
    questionnaire = Questionnaire("Q", Mode.CONFIDENTIAL, 3, (asked,))
    return compare(questionnaire, responses, permutations=permutations).questions[0]
