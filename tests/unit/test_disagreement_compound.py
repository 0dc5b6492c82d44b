"""Rankings, judged leads and rules of two teams, what they guess of each other, and how much a topic matters."""

import itertools
import json
import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from alignment.disagreement import Comparison, Consensus, Evidence, QuestionComparison, Seen, Verdict, compare
from alignment.disagreement.agreement import (
    cohens_kappa,
    kendalls_tau,
    kendalls_w,
    krippendorffs_alpha,
    places,
)
from alignment.disagreement.chance import Draws
from alignment.disagreement.compound_sentences import agreement_within, condition_differences
from alignment.disagreement.means import largest_mean_difference
from alignment.disagreement.rule_conditions import asked_by
from alignment.people import Team
from alignment.questionnaires import GUESS, Mode, Question, Questionnaire, QuestionType, Response
from alignment.rules import parse, sentence

RANKING, CARDS, RULE = QuestionType.RANKING, QuestionType.LEAD_CARDS, QuestionType.RULE
OPTIONS = ("size", "industry", "position", "origin", "wish")
SALES, MARKETING = Team.SALES, Team.MARKETING


def survey(kind, sales, marketing, min_group=3, importance=(), more=(), **own):
    """A questionnaire of one question `q` and its responses; a dict among the answers has answers to other keys too."""
    own = {"options": OPTIONS if kind is RANKING else (), "count": 4, **own}
    asked = Question("q", "topic", kind, dict.fromkeys(Team, "?"), **own)
    responses = [
        Response(
            f"{team}{index}", team, answer if isinstance(answer, dict) and "q" in answer else {"q": answer}
        )
        for team, side in ((SALES, sales), (MARKETING, marketing))
        for index, answer in enumerate(side)
    ]
    return Questionnaire("Q", Mode.CONFIDENTIAL, min_group, (asked, *more), importance=importance), responses


def whole(*arguments, **more) -> Comparison:
    return compare(*survey(*arguments, **more))


def one(*arguments, **more) -> QuestionComparison:
    return whole(*arguments, **more).question("q")


def order(text):
    return [next(option for option in OPTIONS if option[0:2] == part) for part in text.split()]


def cards(text):
    """`+-?.` for four leads: qualified, not, can't tell, not judged."""
    verdicts = {"+": "qualified", "-": "not_qualified", "?": "cant_tell"}
    return {
        str(number): {"verdict": verdicts[mark]}
        for number, mark in enumerate(text, start=1)
        if mark in verdicts
    }


def rule(*conditions, join="all"):
    return {"version": 1, join: [dict(zip(("field", "op", "value"), one, strict=True)) for one in conditions]}


# ── coefficients ─────────────────────────────────────────────────────────────────────────────────────────────────────

orders = st.integers(2, 6).flatmap(
    lambda k: st.lists(
        st.permutations(range(k)).flatmap(lambda p: st.integers(1, k).map(lambda n: tuple(p[:n]))),
        min_size=2,
        max_size=9,
    ).map(lambda listed: (k, listed))
)


@given(orders)
def test_kendalls_w_equals_friedmans_test_of_scipy_with_ties(drawn):
    k, listed = drawn
    assume(k >= 3)
    ranks = np.array([places(one, k) for one in listed])
    friedman = stats.friedmanchisquare(*ranks.T).statistic
    assert kendalls_w(ranks) == pytest.approx(friedman / (len(listed) * (k - 1)), abs=1e-9)


def test_kendalls_w_equals_the_example_worked_by_hand():
    # two people, four options: sums 2, 5, 5, 8 around 5; S = 9 + 0 + 0 + 9; W = 12·18 / (4·60)
    assert kendalls_w([[1, 2, 3, 4], [1, 3, 2, 4]]) == pytest.approx(0.9)
    # the third shares places 1–2 and 3–4: sums 3.5, 6.5, 8.5, 11.5 around 7.5; S = 34; T = 6 + 6; W = 12·34 / (9·60 − 3·12)
    assert kendalls_w([[1, 2, 3, 4], [1, 3, 2, 4], [1.5, 1.5, 3.5, 3.5]]) == pytest.approx(408 / 504)
    assert kendalls_w([[1, 2, 3]] * 5) == 1
    assert kendalls_w([[1, 2, 3], [3, 2, 1]]) == 0
    assert kendalls_w([[2, 2, 2]]) is None and kendalls_w([]) is None


@given(orders)
def test_people_who_give_the_same_order_can_be_counted(drawn):
    k, listed = drawn
    ranks = np.array([places(one, k) for one in listed])
    twice = np.repeat(ranks, 2, axis=0)
    assert kendalls_w(ranks, np.full(len(listed), 2)) == pytest.approx(kendalls_w(twice), abs=1e-12)


def test_what_was_left_out_shares_the_places_behind():
    assert places((2, 0), 5).tolist() == [2, 4, 1, 4, 4]
    assert places((0, 1, 2), 3).tolist() == [1, 2, 3]


@given(
    st.integers(2, 8).flatmap(lambda k: st.tuples(*[st.lists(st.integers(0, 4), min_size=k, max_size=k)] * 2))
)
def test_kendalls_tau_equals_scipy_and_is_never_nan(pair):
    ours = float(kendalls_tau(*pair))
    theirs = stats.kendalltau(*pair).statistic
    if math.isnan(theirs):
        assert ours == (1 if len(set(pair[0])) == len(set(pair[1])) == 1 else 0)
    else:
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_kendalls_tau_of_many_draws_at_once():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 6, (2, 40, 7))
    one_by_one = [float(kendalls_tau(x, y)) for x, y in zip(a, b, strict=True)]
    assert kendalls_tau(a, b).tolist() == pytest.approx(one_by_one)


def test_krippendorffs_alpha_equals_the_published_example():
    # Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: four observers, twelve units, nominal: 0.743.
    units = ["11.1", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", ".555", "..11", ".3.."]
    counts = [[unit.count(str(value)) for value in range(1, 6)] for unit in units]
    assert krippendorffs_alpha(counts) == pytest.approx(0.743, abs=5e-4)


def test_krippendorffs_alpha_equals_the_coincidence_matrix_worked_by_hand():
    # two people, ten units, yes/no: seven agreed (four yes, three no), three not
    # coincidences: yes/yes 8, no/no 6, yes/no 3 each way; n = 20, 11 yes and 9 no; D_o = 6/20, D_e = 2·11·9/(20·19)
    counts = [[2, 0]] * 4 + [[0, 2]] * 3 + [[1, 1]] * 3
    assert krippendorffs_alpha(counts) == pytest.approx(1 - (6 / 20) / (2 * 11 * 9 / (20 * 19)), abs=1e-12)


def test_krippendorffs_alpha_is_not_made_up_where_it_is_not_defined():
    assert krippendorffs_alpha([[5, 0], [4, 0]]) is None
    assert krippendorffs_alpha([[1, 0], [0, 1]]) is None
    assert krippendorffs_alpha([]) is None
    assert krippendorffs_alpha([[3, 0], [0, 3]]) == 1


def test_cohens_kappa_equals_the_textbook_example():
    # 50 proposals: both yes 20, both no 15, only one yes 5 and 10: p_o = 0.7, p_e = 0.5·0.6 + 0.5·0.4 = 0.5
    assert cohens_kappa([[20, 5], [10, 15]]) == pytest.approx(0.4, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_cohens_kappa_equals_counting_the_units_one_by_one(pairs):
    table = [[pairs.count((row, column)) for column in range(3)] for row in range(3)]
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    crossed = sum(one == other for (one, _), (_, other) in itertools.product(pairs, pairs)) / len(pairs) ** 2
    if crossed == 1:
        assert cohens_kappa(table) is None
    else:
        assert cohens_kappa(table) == pytest.approx((agreed - crossed) / (1 - crossed), abs=1e-9)


def test_cohens_kappa_of_nothing_is_none():
    assert cohens_kappa([[0, 0], [0, 0]]) is None
    assert cohens_kappa([[4, 0], [0, 0]]) is None


# ── several means at once ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_largest_mean_difference_equals_welchs_t_and_its_exact_permutations():
    values = np.array([[1.0], [2.0], [4.0], [7.0], [8.0], [9.0], [12.0], [2.5]])
    people = {SALES: np.array([1, 1, 1, 1, 0, 0, 0, 0]), MARKETING: np.array([0, 0, 0, 0, 1, 1, 1, 1])}
    found = largest_mean_difference(values, people, Draws(np.random.default_rng(0), 20_000))
    flat = values[:, 0]

    def welch(chosen):
        inside = np.isin(np.arange(8), chosen)
        return abs(stats.ttest_ind(flat[inside], flat[~inside], equal_var=False).statistic)

    observed = welch((0, 1, 2, 3))
    exact = np.mean([welch(chosen) >= observed - 1e-9 for chosen in itertools.combinations(range(8), 4)])
    assert found.value == pytest.approx(flat[:4].mean() - flat[4:].mean())
    assert found.p == pytest.approx(exact, abs=0.012)
    assert found.interval.low < found.value < found.interval.high


def test_complete_separation_without_any_spread_is_the_strongest_difference():
    values = np.array([[1.0, 3.0], [5.0, 3.0]])
    people = {SALES: np.array([6, 0]), MARKETING: np.array([0, 6])}
    found = largest_mean_difference(values, people, Draws(np.random.default_rng(0), 2000))
    assert (found.item, found.value) == (0, -4)
    assert found.p < 0.02 and found.interval.high < 0
    same = {SALES: np.array([6, 0]), MARKETING: np.array([6, 0])}
    assert largest_mean_difference(values, same, Draws(np.random.default_rng(0), 100)) is None


# ── rankings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_opposite_orders_are_a_clear_split():
    found = one(RANKING, [order("si in po or wi")] * 8, [order("wi or po in si")] * 8)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    effects = {effect.name: effect.value for effect in (found.effect, *found.other_effects)}
    assert effects["kendall_tau"] < -0.3 and effects["largest_place_difference"] != 0
    assert "opposite directions" in found.sentence
    of = found.distributions[SALES]
    assert of.mean_places == (1, 2, 3, 4, 5) and of.concordance == 1
    assert of.counts[0] == 8


def test_one_option_that_moves_is_found_by_its_place():
    draw = random.Random(3)

    def ranked(first):
        rest = draw.sample(OPTIONS[1:], 4)
        return [OPTIONS[0], *rest] if first else [*rest, OPTIONS[0]]

    found = one(RANKING, [ranked(True) for _ in range(10)], [ranked(False) for _ in range(10)])
    assert found.verdict is Verdict.SPLIT_BETWEEN and found.evidence is Evidence.CLEAR
    names = {found.effect.name, *(effect.name for effect in found.other_effects)}
    assert {"kendall_tau", "largest_place_difference"} <= names


def test_the_same_order_is_aligned_and_a_swap_of_neighbours_still_is():
    found = one(RANKING, [order("si in po or wi")] * 7, [order("si po in or wi")] * 7)
    assert found.verdict is Verdict.ALIGNED and found.consensus is Consensus.IN
    assert "“size”" in found.sentence


def test_camps_within_a_team_divide_it_and_random_orders_are_nobody_knowing():
    camps = [order("si in po or wi"), order("wi or po in si")] * 5
    found = one(RANKING, camps, camps[:1] * 9 + camps[1:2])
    assert found.verdict is Verdict.SPLIT_WITHIN and found.divided_team is SALES
    around = [list(OPTIONS[i:] + OPTIONS[:i]) for i in range(5)] * 3
    assert one(RANKING, around, around).verdict is Verdict.UNSURE


def test_partial_rankings_are_compared_and_those_who_cannot_say_agree_with_nobody():
    found = one(RANKING, [["size"]] * 4 + [["size", "origin"]] * 4, [["origin"]] * 8, top=2)
    assert found.verdict is Verdict.SPLIT_BETWEEN
    silent = one(RANKING, [order("si in po or wi")] * 4 + [None] * 5, [order("si in po or wi")] * 9)
    assert silent.verdict is not Verdict.ALIGNED
    assert one(RANKING, [None] * 6, [None] * 6).verdict is Verdict.UNSURE


def test_how_many_places_people_fill_is_no_opinion_of_the_options():
    found = one(RANKING, [order("si in")] * 12, [order("si in po or wi")] * 12)
    assert (found.verdict, found.evidence) == (Verdict.ALIGNED, Evidence.NONE)
    assert (
        found.distributions[MARKETING].mean_places
        == found.distributions[SALES].mean_places
        == (1, 2, 4, 4, 4)
    )
    assert found.sentence == "Both teams give much the same order: “size” and “industry” come first."
    assert found.reason.endswith(
        "Only the first 2 places are compared: in a team, fewer than three quarters filled more."
    )
    draw = random.Random(5)
    alike = [[draw.sample(OPTIONS, 5) for _ in range(40)] for _ in Team]
    for short in (1, 2, 3):
        found = one(RANKING, [ranked[:short] for ranked in alike[0]], alike[1])
        assert found.evidence is Evidence.NONE, short
        assert "fewer than three quarters" in found.reason


def test_where_the_last_place_follows_from_the_others_nothing_is_left_out():
    found = one(RANKING, [order("si in po or")] * 8, [order("si in po or wi")] * 8)
    assert (
        found.distributions[SALES].mean_places
        == found.distributions[MARKETING].mean_places
        == (1, 2, 3, 4, 5)
    )
    assert "compared" not in found.reason


def test_what_a_team_leaves_out_gets_no_place_in_the_sentence():
    found = one(RANKING, [order("si in")] * 12, [order("po or")] * 12)
    assert found.evidence is Evidence.CLEAR and "against 4.0" not in found.sentence
    first = one(RANKING, [order("si")] * 12, [order("si in po or wi")] * 12)
    assert first.sentence == "Both teams give much the same order: “size” comes first."


def test_orders_of_fewer_than_the_group_are_not_shown_when_the_others_cannot_say():
    found = one(RANKING, [None] * 4 + [order("wi or po in si")], [order("si in po or wi")] * 5)
    for team in Team:
        assert found.distributions[team].labels == () and found.distributions[team].mean_places == ()
    assert "wish" not in json.dumps(found.as_dict())


# ── lead cards ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_judged_apart_is_a_clear_split_and_named():
    found = one(CARDS, [cards("+-++")] * 8, [cards("+--+")] * 8)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    assert found.effect.name == "largest_difference" and found.effect.value == 1
    assert found.sentence.startswith(
        "Card 3 of 4: 100% of sales call this lead qualified, against 0% of marketing"
    )
    third = found.differences[2]
    assert third.q < 0.1 and third.interval.low > 0
    assert [card.consensus for card in found.differences] == [
        Consensus.IN,
        Consensus.OUT,
        Consensus.NONE,
        Consensus.IN,
    ]
    effects = {effect.name: effect.value for effect in found.other_effects}
    assert effects["cohens_kappa"] == pytest.approx(0.5)
    assert effects["krippendorff_alpha_sales"] == 1 and effects["mean_difference"] == 0.25


def test_leads_judged_alike_are_aligned_and_all_agree_is_said_where_alpha_is_not_defined():
    found = one(CARDS, [cards("++++")] * 6, [cards("++++")] * 7 + [cards("+++-")])
    assert found.verdict is Verdict.ALIGNED
    assert "4 qualified and 0 not" in found.sentence
    assert not any(effect.name == "krippendorff_alpha_sales" for effect in found.other_effects)
    assert agreement_within(found.distributions[SALES], CARDS) == "all agree"
    assert agreement_within(found.distributions[MARKETING], CARDS).endswith("α 0.00)")


def test_half_against_half_within_a_team_divides_it():
    found = one(CARDS, [cards("++--"), cards("--++")] * 5, [cards("++--")] * 8 + [cards("--++")] * 2)
    assert found.verdict is Verdict.SPLIT_WITHIN and found.divided_team is SALES
    assert "0 of 4 leads" in found.sentence


def test_cannot_tell_is_a_judgement_and_mostly_cannot_tell_is_unsure():
    assert one(CARDS, [cards("????")] * 6, [cards("???+"), cards("????")] * 3).verdict is Verdict.UNSURE
    shares = one(CARDS, [cards("+???")] * 4 + [cards("????")] * 4, [cards("+---")] * 8).differences[0].shares
    assert dict(shares) == {SALES: 0.5, MARKETING: 1.0}


def test_a_card_that_too_few_judged_is_left_out_for_both_teams():
    found = one(CARDS, [cards("+-+.")] * 6 + [cards("+-+-")] * 2, [cards("+-++")] * 8)
    assert found.distributions[MARKETING].labels == ("Card 1", "Card 2", "Card 3")
    assert "1 card was judged by too few" in found.reason
    assert "Card 4" not in json.dumps(found.as_dict())
    assert one(CARDS, [cards("+...")] * 2 + [None] * 5, [cards("++++")] * 8).distributions[SALES].labels == ()


def judged_by_chance(draw, people, share, leads=10):
    """Judgements by chance, of each lead by about so many of the people."""
    drawn = [
        "".join(draw.choice("+-") if draw.random() < share else "." for _ in range(leads))
        for _ in range(people)
    ]
    return [cards(marks) for marks in drawn if marks.strip(".")]


def test_a_team_that_judges_fewer_cards_is_not_apart_by_that():
    draw, rare = random.Random(11), 0
    for _ in range(40):
        found = one(CARDS, judged_by_chance(draw, 20, 0.3), judged_by_chance(draw, 20, 1.0), count=10)
        rare += found.p < 0.05
    assert rare <= 5  # of forty, each of which has one chance in twenty


def test_the_card_that_the_evidence_is_about_is_named_with_its_number_among_all():
    sales = [cards(".+++" if person % 2 else "++++") for person in range(12)]
    found = one(CARDS, sales, [cards(".---")] * 2 + [cards(".-+-")] * 10)
    assert found.distributions[SALES].labels == ("Card 2", "Card 3", "Card 4")
    assert found.sentence.startswith("Card 2 of 4: 100% of sales")


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────

SIZE, DEMO = ("employees", ">=", 50), ("demo_requested", "=", True)


def test_a_condition_that_one_team_asks_for_is_a_clear_split():
    found = one(RULE, [rule(SIZE)] * 8, [rule(SIZE, DEMO)] * 8)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    assert (
        found.sentence == "Marketing asks for “demo requested is yes” far more often (100%) than sales (0%)."
    )
    assert condition_differences(found) == (
        "100% of marketing ask for “demo requested is yes”, against 0% of sales.",
    )
    assert sentence(found.typical_rules[SALES]) == "employees is at least 50"
    assert "demo requested is yes" in sentence(found.typical_rules[MARKETING])


def test_the_same_condition_from_another_threshold_on_is_a_split_too():
    sales = [rule(("employees", ">=", n)) for n in (80, 100, 100, 120, 150, 90, 100, 110)]
    marketing = [rule(("employees", ">", n)) for n in (10, 20, 20, 25, 15, 30, 20, 20)]
    found = one(RULE, sales, marketing)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    assert found.effect.name == "cliffs_delta" and found.effect.value == 1
    assert found.sentence == "Employees at least …: sales says 100, marketing 20 (medians)."
    assert found.distributions[SALES].thresholds == (100,)


def test_a_condition_stands_in_quotation_marks_of_its_own():
    referral = ("source", "=", "referral")
    found = one(RULE, [rule(SIZE, referral)] * 8, [rule(SIZE)] * 8)
    assert (
        found.sentence == "Sales asks for “source is ‘referral’” far more often (100%) than marketing (0%)."
    )
    assert condition_differences(found) == (
        "100% of sales ask for “source is ‘referral’”, against 0% of marketing.",
    )


def test_the_same_rule_is_aligned():
    found = one(RULE, [rule(SIZE, DEMO)] * 6, [rule(("employees", ">=", 55), DEMO)] * 6)
    assert found.verdict is Verdict.ALIGNED
    assert found.sentence == "Both teams ask for “demo requested is yes” and “employees at least 52.5”."


def test_a_team_of_several_minds_is_divided():
    found = one(RULE, [rule(SIZE), rule(DEMO)] * 5, [rule(SIZE)] * 8 + [rule(DEMO)] * 2)
    assert found.verdict is Verdict.SPLIT_WITHIN and found.divided_team is SALES
    assert "50% ask for “employees at least …”" in found.sentence


def test_rules_of_which_no_condition_is_asked_for_by_enough_people_show_none():
    everybody = [rule((f"field_{number}", "=", True)) for number in range(12)]
    found = one(RULE, everybody[:6], everybody[6:])
    assert found.distributions[SALES].labels == ()
    assert found.effect is None


def test_what_only_few_ask_for_stays_their_own():
    odd = rule(SIZE, ("company", "contains", "Kraftwerk Nord"))
    found = one(RULE, [rule(SIZE)] * 6 + [odd] * 2, [rule(SIZE)] * 8)
    told = json.dumps(found.as_dict()) + repr(found.distributions) + repr(found.differences)
    assert "Kraftwerk" not in told
    assert one(RULE, [odd] * 2 + [None] * 6, [rule(SIZE)] * 8).distributions[MARKETING].labels == ()
    few = one(RULE, [rule(("employees", ">=", 73))] * 2 + [rule(DEMO)] * 6, [rule(SIZE)] * 8)
    at = few.distributions[SALES].labels.index("employees at least …")
    assert few.distributions[SALES].thresholds[at] is None


@pytest.mark.parametrize(
    ("document", "asked"),
    [
        (rule(("employees", ">", 20)), {"employees at least …": 20}),
        (rule(("employees", "between", [10, 90])), {"employees at least …": 10, "employees at most …": 90}),
        (rule(("source", "in", ["referral", "event"])), {"source is “referral”", "source is “event”"}),
        (rule(("created_at", "within_days", 30)), {"created at within … days": 30}),
        ({"version": 1, "any": [{"field": "country", "op": "is_unknown"}]}, {"country is unknown"}),
        (
            {"version": 1, "not": {"field": "employees", "op": "<", "value": 5}},
            {"employees at least …": 5},
        ),
        (
            {
                "version": 1,
                "points": [
                    {"if": {"field": "demo_requested", "op": "=", "value": True}, "add": 40},
                    {"if": {"field": "private_email", "op": "=", "value": True}, "add": -10},
                ],
                "threshold": 30,
            },
            {"demo requested is yes", "private email is not yes"},
        ),
    ],
)
def test_a_rule_is_taken_apart_into_what_it_asks_for(document, asked):
    found = {one.label: threshold for one, threshold in asked_by(parse(document)).items()}
    if isinstance(asked, dict):
        assert found == asked
    else:
        assert set(found) == asked and all(math.isnan(threshold) for threshold in found.values())


# ── what they guess of each other ────────────────────────────────────────────────────────────────────────────────────


def guessed(kind, sales, marketing, guess_of_sales, guess_of_marketing, **own):
    sides = [
        [{"q": value, GUESS + "q": guess} for value, guess in zip(said, guesses, strict=True)]
        for said, guesses in ((sales, guess_of_sales), (marketing, guess_of_marketing))
    ]
    return one(kind, *sides, guess=True, **own)


def seen(found):
    return [perspective.seen for perspective in found.perspectives]


def test_a_real_disagreement_that_one_team_knows_and_the_other_does_not():
    found = guessed(QuestionType.YES_NO, [True] * 8, [False] * 8, [False] * 8, [False] * 8)
    assert found.verdict is Verdict.SPLIT_BETWEEN
    assert seen(found) == [Seen.DISAGREEMENT, Seen.IMAGINED_AGREEMENT]
    knows, imagines = found.perspectives
    assert knows.right == 1 and imagines.right == 0 and knows.people == 8
    assert imagines.sentence.startswith(
        "Marketing thinks that sales agrees: it expects no, but sales says yes."
    )


def test_an_imagined_disagreement():
    found = guessed(QuestionType.NUMBER, [4.0] * 8, [4.0] * 8, [40.0] * 8, [5.0] * 8, unit="hours")
    assert found.verdict is Verdict.ALIGNED
    assert seen(found) == [Seen.IMAGINED_DISAGREEMENT, Seen.AGREEMENT]
    assert "it expects 40 hours, but marketing says 4 hours, as sales does" in found.perspectives[0].sentence


@pytest.mark.parametrize(
    ("kind", "sales", "marketing", "guess", "expected"),
    [
        (QuestionType.SCALE, 5, 1, 1, Seen.DISAGREEMENT),
        (QuestionType.SCALE, 5, 1, 5, Seen.IMAGINED_AGREEMENT),
        (QuestionType.SCALE, 5, 1, 3, Seen.MISJUDGED),
        (QuestionType.CHOICE, "a", "b", "b", Seen.DISAGREEMENT),
        (QuestionType.CHOICE, "a", "b", "c", Seen.MISJUDGED),
        (QuestionType.CHOICES, ["a"], ["b", "c"], ["b", "c"], Seen.DISAGREEMENT),
        (QuestionType.CHOICES, ["a"], ["b", "c"], ["a"], Seen.IMAGINED_AGREEMENT),
        (QuestionType.NUMBER, 50.0, 10.0, 12.0, Seen.DISAGREEMENT),
        (QuestionType.NUMBER, 50.0, 10.0, 45.0, Seen.IMAGINED_AGREEMENT),
    ],
)
def test_every_closed_type_can_be_guessed(kind, sales, marketing, guess, expected):
    options = ("a", "b", "c") if kind in (QuestionType.CHOICE, QuestionType.CHOICES) else ()
    found = guessed(kind, [sales] * 7, [marketing] * 7, [guess] * 7, [sales] * 7, options=options)
    assert seen(found)[0] is expected
    assert found.perspectives[0].sentence.endswith(".")


def test_of_a_divided_team_there_is_nothing_to_guess_right():
    found = guessed(QuestionType.YES_NO, [True, False] * 4, [True] * 8, [True] * 8, [True] * 8)
    assert seen(found)[1] is Seen.OPEN and found.perspectives[1].right is None
    assert "of several minds" in found.perspectives[1].sentence


def test_no_answer_is_called_what_a_divided_team_says():
    """The median of a team in two camps is nobody's answer."""
    found = guessed(QuestionType.SCALE, [1] * 8 + [5] * 7, [1] * 3 + [3] * 9 + [5] * 3, [3] * 15, [5] * 15)
    assert Team.SALES in found.divided_teams
    of_sales = found.perspectives[1].sentence
    assert of_sales == "Marketing expects 5 of 5 of sales, which is of several minds itself."


@pytest.mark.parametrize("few", ["guesses", "answers"])
def test_guesses_of_fewer_than_the_group_tell_nothing_of_either_team(few):
    guesses = [True] * 2 + [None] * 4 if few == "guesses" else [True] * 6
    said = [True] * 2 + [None] * 4 if few == "answers" else [True] * 6
    found = guessed(QuestionType.YES_NO, [True] * 6, said, guesses, [True] * 6)
    assert found.perspectives == () and '"perspectives": []' in json.dumps(found.as_dict())


# ── how much a topic matters ─────────────────────────────────────────────────────────────────────────────────────────


def asked_importance(sales, marketing):
    sides = [[{"q": True, "importance:topic": value} for value in side] for side in (sales, marketing)]
    return one(QuestionType.YES_NO, *sides, importance=("topic",))


def test_importance_is_the_mean_of_both_teams_however_many_people_they_have():
    found = asked_importance([5] * 9, [2] * 3)
    assert found.importance == 3.5
    assert dict(found.importance_by_team) == {SALES: 5, MARKETING: 2}


@pytest.mark.parametrize("sales", [[5] * 2 + [None] * 4, [5] * 2])
def test_importance_that_too_few_gave_is_not_told(sales):
    assert asked_importance(sales, [2] * 6).importance is None


def test_what_matters_more_comes_first_among_equal_gaps():
    other = Question("other", "matters", QuestionType.YES_NO, dict.fromkeys(Team, "?"))
    sides = [
        [{"q": value, "other": value, "importance:topic": 1, "importance:matters": 5}] * 8
        for value in (True, False)
    ]
    found = whole(QuestionType.YES_NO, *sides, more=(other,), importance=("topic", "matters"))
    assert [compared.question.key for compared in found.questions] == ["other", "q"]


# ── chance ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def any_answer(kind, draw):
    match kind:
        case QuestionType.RANKING:
            return draw.sample(OPTIONS, draw.randint(1, 5))
        case QuestionType.LEAD_CARDS:
            return cards("".join(draw.choices("+-?", [5, 4, 1], k=4)))
    asked = [("employees", ">=", draw.choice([10, 20, 50, 100])), DEMO, ("source", "=", "referral")]
    return rule(*draw.sample(asked, draw.randint(1, 3)))


@pytest.mark.parametrize("kind", [RANKING, CARDS, RULE])
def test_chance_alone_seldom_makes_a_difference_of_ten_that_p_calls_rare(kind):
    draw = random.Random(7)
    rare = 0
    for _ in range(80):
        sales, marketing = ([any_answer(kind, draw) for _ in range(n)] for n in (6, 9))
        found = compare(*survey(kind, sales, marketing), permutations=300)
        rare += found.questions[0].p <= 0.05
    assert rare <= 9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([RANKING, CARDS, RULE]))
def test_swapping_the_teams_changes_no_verdict(seed, kind):
    draw = random.Random(seed)
    sales, marketing = ([any_answer(kind, draw) for _ in range(7)] for _ in range(2))
    there, back = one(kind, sales, marketing), one(kind, marketing, sales)
    assert abs(there.effect.value) == pytest.approx(abs(back.effect.value))
    assert there.verdict is back.verdict or Evidence.LIKELY in (there.evidence, back.evidence)


@pytest.mark.parametrize("kind", [RANKING, CARDS, RULE])
@pytest.mark.parametrize(("sales", "marketing"), [(0, 0), (1, 1), (3, 3), (3, 4), (0, 9), (40, 3)])
def test_few_people_give_a_verdict_and_no_exception(kind, sales, marketing):
    draw = random.Random(1)
    sides = [[any_answer(kind, draw) for _ in range(n)] for n in (sales, marketing)]
    found = one(kind, *sides)
    assert found.hidden is (min(sales, marketing) < 3)
    assert found.verdict is Verdict.TOO_FEW or min(sales, marketing) >= 3
    json.dumps(found.as_dict(), allow_nan=False)
