"""The comparison of two teams: verdicts, evidence, privacy, order, and sentences that people read."""

import json
import random
import warnings
from dataclasses import replace

import pytest
import rule_strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment import rules
from alignment.disagreement import (
    Comparison,
    Consensus,
    ConsensusRule,
    Evidence,
    QuestionComparison,
    Verdict,
    compare,
    fingerprint,
)
from alignment.disagreement.answers import gather
from alignment.people import Team
from alignment.questionnaires import (
    GUESS,
    GUESSABLE,
    WITH_OPTIONS,
    CardVerdict,
    Mode,
    Question,
    Questionnaire,
    QuestionType,
    Response,
)

CHOICE, CHOICES, YES_NO = QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO
SCALE, NUMBER, TEXT = QuestionType.SCALE, QuestionType.NUMBER, QuestionType.TEXT
RANKING, LEAD_CARDS, RULE = QuestionType.RANKING, QuestionType.LEAD_CARDS, QuestionType.RULE
OPTIONS = ("demo", "pricing", "webinar")
CANT_SAY = None


def question(kind, key="q", **settings):
    options = OPTIONS if kind in WITH_OPTIONS else ()
    return Question(
        key, "traits", kind, dict.fromkeys(Team, "?"), **{"options": options, "count": 3, **settings}
    )


def survey(questions, sales, marketing, min_group=3):
    """A questionnaire and its responses; `sales` and `marketing` are lists of answer dictionaries."""
    people = [(Team.SALES, sales), (Team.MARKETING, marketing)]
    responses = [Response(f"{team}{i}", team, a) for team, side in people for i, a in enumerate(side)]
    return Questionnaire("Leads", Mode.CONFIDENTIAL, min_group, tuple(questions)), responses


def one(kind, sales, marketing, min_group=3, **settings) -> QuestionComparison:
    """The comparison of one question, answered by these people."""
    return whole(kind, sales, marketing, min_group, **settings).questions[0]


def whole(kind, sales, marketing, min_group=3, **settings) -> Comparison:
    sides = [[{"q": value} for value in side] for side in (sales, marketing)]
    return compare(*survey([question(kind, **settings)], *sides, min_group))


AGREED = [
    (CHOICE, ["demo"] * 10, ["demo"] * 9 + ["webinar"]),
    (YES_NO, [True] * 8, [True] * 6 + [False] * 2),
    (CHOICES, [["demo", "pricing"]] * 8, [["demo", "pricing"]] * 8),
    (CHOICES, [[]] * 8, [[]] * 8),
    (SCALE, [4, 5, 5, 4, 5], [5, 5, 4, 4, 3]),
    (SCALE, [1, 2, 1, 1, 2, 1], [1, 1, 2, 2, 1, 1]),
    (NUMBER, [50, 50, 45, 55, 50], [48, 50, 52, 60, 50]),
]
SPLIT = [
    (CHOICE, ["demo"] * 9 + ["pricing"], ["pricing"] * 8 + ["demo"] * 2),
    (YES_NO, [True] * 9 + [False], [True] * 2 + [False] * 8),
    (CHOICES, [["demo", "pricing"]] * 10, [["demo"]] * 10),
    (SCALE, [4, 5, 5, 4, 5, 4, 5, 5], [2, 1, 2, 1, 3, 2, 1, 2]),
    (NUMBER, [50, 60, 55, 50, 40, 70, 50, 65], [20, 10, 25, 20, 15, 20, 30, 10]),
]
DIVIDED = [
    (CHOICE, ["demo"] * 5 + ["pricing"] * 5, ["demo"] * 8 + ["pricing"] * 2, (Team.SALES,)),
    (YES_NO, [True, False] * 5, [True, False] * 5, (Team.SALES, Team.MARKETING)),
    (SCALE, [1, 5] * 5, [3] * 10, (Team.SALES,)),
    (SCALE, [2] * 10, [1, 1, 1, 1, 5, 5, 5, 1, 4, 2], (Team.MARKETING,)),
    (NUMBER, [1, 2, 4, 8, 16, 32, 64, 128], [2, 1, 4, 8, 16, 32, 64, 128], tuple(Team)),
    (CHOICES, [["demo"]] * 6 + [["pricing"]] * 4, [["demo"]] * 8 + [["pricing"]] * 2, (Team.SALES,)),
]
UNSURE = [
    (CHOICE, list(OPTIONS) * 4, list(OPTIONS) * 4),
    (SCALE, [1, 2, 3, 4, 5] * 4, [1, 2, 3, 4, 5] * 4),
    (CHOICES, [["demo"], ["pricing"], ["webinar"]] * 4, [["demo"], ["pricing"], ["webinar"]] * 4),
    (YES_NO, [CANT_SAY] * 6 + [True] * 3, [CANT_SAY] * 5 + [False] * 4),
    (NUMBER, [CANT_SAY] * 8, [CANT_SAY] * 6 + [4, 5]),
    (SCALE, [CANT_SAY] * 6, [CANT_SAY] * 6),
]


@pytest.mark.parametrize(("kind", "sales", "marketing"), AGREED)
def test_where_seven_in_ten_of_each_team_stand_together_they_are_aligned(kind, sales, marketing):
    found = one(kind, sales, marketing)
    assert found.verdict is Verdict.ALIGNED
    assert found.evidence is Evidence.NONE
    assert found.divided_teams == ()


@pytest.mark.parametrize(("kind", "sales", "marketing"), SPLIT)
def test_a_large_gap_between_the_teams_is_a_clear_split(kind, sales, marketing):
    found = one(kind, sales, marketing)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    assert found.q < 0.10
    assert found.between_share > 0.1
    assert found.effect.interval.low > 0


@pytest.mark.parametrize(("kind", "sales", "marketing"), SPLIT)
def test_swapping_the_teams_turns_the_effect_and_nothing_else(kind, sales, marketing):
    there, back = one(kind, sales, marketing), one(kind, marketing, sales)
    assert abs(there.effect.value) == pytest.approx(abs(back.effect.value))
    if kind is not CHOICE and kind is not YES_NO:
        assert there.effect.value == pytest.approx(-back.effect.value)
    assert (there.verdict, there.evidence) == (back.verdict, back.evidence)


@pytest.mark.parametrize(("kind", "sales", "marketing", "teams"), DIVIDED)
def test_a_team_that_stands_nowhere_is_divided_and_named(kind, sales, marketing, teams):
    found = one(kind, sales, marketing)
    assert found.verdict is Verdict.SPLIT_WITHIN
    assert found.divided_teams == teams
    assert found.divided_team is (teams[0] if len(teams) == 1 else None)


@pytest.mark.parametrize(("kind", "sales", "marketing"), UNSURE)
def test_spread_evenly_or_mostly_unable_to_say_is_unsure(kind, sales, marketing):
    assert one(kind, sales, marketing).verdict is Verdict.UNSURE


def test_not_significant_is_never_read_as_agreed():
    # Nothing to tell the teams apart, but neither stands anywhere.
    found = one(YES_NO, [True, True, True, False, False], [True, True, False, False, False])
    assert found.evidence is Evidence.NONE
    assert found.verdict is Verdict.SPLIT_WITHIN


def test_complete_separation_is_clear_and_not_a_gap_in_the_numbers():
    found = one(SCALE, [5] * 8, [1] * 8)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    assert found.effect.value == 1
    assert 0 < found.effect.interval.low < 1
    assert found.between_share > 0.9


def test_all_fives_against_all_fours_is_agreement_in_the_top_band_that_differs_in_degree():
    found = one(SCALE, [5] * 8, [4] * 8)
    assert found.verdict is Verdict.ALIGNED
    assert found.consensus is Consensus.IN
    assert found.evidence is Evidence.CLEAR
    assert "differ in degree" in found.reason


@pytest.mark.parametrize(
    ("top", "bottom", "consensus"),
    [
        ((0.70, 0.70), (0.14, 0.0), Consensus.IN),
        ((0.70, 0.69), (0.0, 0.0), Consensus.NONE),
        ((0.80, 0.80), (0.15, 0.0), Consensus.NONE),
        ((0.50, 0.50), (0.0, 0.5), Consensus.OUT),
        ((0.50, 0.51), (0.0, 0.0), Consensus.NONE),
    ],
)
def test_the_consensus_rule_is_the_two_group_rule(top, bottom, consensus):
    assert ConsensusRule().of(top, bottom) is consensus


def test_a_rule_fixed_with_the_survey_can_be_stricter():
    answers = survey([question(YES_NO)], [{"q": True}] * 8, [{"q": True}] * 6 + [{"q": False}] * 2)
    assert compare(*answers).questions[0].verdict is Verdict.ALIGNED
    strict = compare(*answers, rule=ConsensusRule(agree=0.8))
    assert strict.questions[0].divided_team is Team.MARKETING


def test_random_answers_of_five_a_team_seldom_look_agreed():
    draw = random.Random(5)
    aligned = sum(
        one(SCALE, [draw.randint(1, 5) for _ in range(5)], [draw.randint(1, 5) for _ in range(5)]).verdict
        is Verdict.ALIGNED
        for _ in range(60)
    )
    assert aligned <= 5


# What a team cannot say


def test_cant_say_is_an_answer_of_its_own():
    found = one(CHOICE, ["demo"] * 10, ["demo"] * 2 + [CANT_SAY] * 8)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    shown = found.distributions[Team.MARKETING]
    assert (shown.cant_say, shown.answered, shown.shares[0]) == (8, 10, 0.2)


@pytest.mark.parametrize(("kind", "answer"), [(SCALE, 5), (NUMBER, 40)])
def test_one_team_that_cannot_say_differs_from_one_that_can(kind, answer):
    found = one(kind, [answer] * 8, [CANT_SAY] * 8)
    assert (found.verdict, found.evidence) == (Verdict.SPLIT_BETWEEN, Evidence.CLEAR)
    assert found.effect.name == "difference_cant_say"
    assert found.effect.value == -1
    assert found.sentence == "100% of marketing can't say, against 0% of sales."


def test_cant_say_counts_towards_the_group_and_skipping_does_not():
    answered = survey([question(YES_NO)], [{"q": True}] * 4 + [{"q": CANT_SAY}], [{"q": True}] * 5, 5)
    skipped = survey([question(YES_NO)], [{"q": True}] * 4 + [{}], [{"q": True}] * 5, 5)
    assert not compare(*answered).questions[0].hidden
    assert compare(*skipped).questions[0].hidden


# Small groups


@pytest.mark.parametrize("kind", [CHOICE, CHOICES, YES_NO, SCALE, NUMBER])
def test_below_the_minimum_group_nothing_of_either_team_is_told(kind):
    value = {CHOICE: "demo", CHOICES: ["demo"], YES_NO: True, SCALE: 5, NUMBER: 77_777}[kind]
    comparison = whole(kind, [value] * 9, [value] * 2)
    found = comparison.questions[0]
    assert found.hidden
    assert (found.verdict, found.evidence) == (Verdict.TOO_FEW, Evidence.TOO_FEW)
    assert found.distributions is None and found.differences == () and found.effect is None
    # Not even how many: with the total, the one team gives away the other.
    assert dict(found.n) == {Team.SALES: None, Team.MARKETING: None}
    told = json.dumps(comparison.as_dict("s")) + repr(replace(found, question=None)) + comparison.sentence
    assert "77" not in told and "9" not in told.replace('"p": null', "")


def test_the_minimum_group_holds_to_the_person():
    assert one(YES_NO, [True] * 5, [True] * 4, min_group=5).hidden
    assert not one(YES_NO, [True] * 5, [True] * 5, min_group=5).hidden


def test_three_against_four_can_be_shown_but_proves_nothing():
    found = one(SCALE, [5] * 3, [1] * 4)
    assert (found.verdict, found.evidence) == (Verdict.TOO_FEW, Evidence.TOO_FEW)
    assert not found.hidden and found.distributions is not None
    assert found.p is None and found.q is None


def test_numbers_of_fewer_than_the_group_are_not_shown_when_the_others_cannot_say():
    found = one(NUMBER, [CANT_SAY] * 4 + [77_777], [20, 20, 30, 20, 20], min_group=3)
    for team in Team:
        shown = found.distributions[team]
        assert shown.labels == shown.counts == () and shown.median is None
    assert "77777" not in repr(found) and "77,777" not in repr(found)
    assert "another unit" not in found.reason


def test_quartiles_of_small_teams_and_odd_numbers_of_single_people_stay_out():
    found = one(NUMBER, [37, 41, 52, 68, 73], [38, 44, 59, 61, 1013])
    for team in Team:
        assert found.distributions[team].quartiles is None
    assert "1013" not in repr(found.distributions) and "1,013" not in repr(found)
    many = one(NUMBER, [37, 41, 52, 68, 73, 80, 81, 90], [38, 44, 59, 61, 70, 71, 72, 90])
    assert many.distributions[Team.SALES].quartiles is not None


def test_both_teams_numbers_are_counted_in_the_same_classes():
    found = one(NUMBER, [10, 20, 30, 40], [50, 60, 70, 15])
    sales, marketing = (found.distributions[team] for team in Team)
    assert sales.labels == marketing.labels
    assert sum(sales.counts) == sum(marketing.counts) == 4


# Oddities


def test_answers_that_do_not_fit_are_left_out_but_not_in_silence():
    found = one(CHOICE, ["demo"] * 5 + ["fax"], ["demo"] * 5 + [7, ["demo"]])
    assert found.n == {Team.SALES: 5, Team.MARKETING: 5}
    assert "3 answers do not fit the question" in found.reason
    for kind, wrong in [
        (SCALE, [6, 0, 2.5, True, "4"]),
        (NUMBER, [float("nan"), float("inf"), "9", True]),
        (YES_NO, [1, "yes"]),
    ]:
        good = {SCALE: 4, NUMBER: 9, YES_NO: True}[kind]
        assert f"{len(wrong)} answers do not fit" in one(kind, [good] * 5 + wrong, [good] * 5).reason


def test_a_slip_of_units_is_flagged_and_kept():
    found = one(NUMBER, [1, 2, 1, 2, 120], [1, 2, 2, 1, 1])
    assert "another unit" in found.reason
    assert found.n[Team.SALES] == 5
    assert "another unit" not in one(NUMBER, [1, 2, 1, 2, 3], [1, 2, 2, 1, 1]).reason


def test_free_text_is_not_compared():
    questions = [question(TEXT, "t"), question(YES_NO)]
    comparison = compare(*survey(questions, [{"q": True, "t": "x"}] * 5, [{"q": True, "t": "y"}] * 5))
    assert [found.question.key for found in comparison.questions] == ["q"]
    assert [skipped.key for skipped in comparison.not_compared] == ["t"]


judgements = st.sampled_from(CardVerdict).map(lambda verdict: {"verdict": verdict.value})
VALUES = {
    CHOICE: st.sampled_from([*OPTIONS, "unknown"]),
    CHOICES: st.lists(st.sampled_from(OPTIONS), unique=True),
    YES_NO: st.booleans(),
    SCALE: st.integers(1, 5),
    NUMBER: st.one_of(st.floats(), st.integers(-3, 3), st.sampled_from([0, 1e14, -1e15, 1e-300, 10**400])),
    RANKING: st.lists(st.sampled_from(OPTIONS), unique=True, min_size=1)
    | st.sampled_from([["unknown"], [], ["demo", "demo"], "demo"]),
    LEAD_CARDS: st.dictionaries(st.sampled_from(["1", "2", "3"]), judgements, min_size=1)
    | st.sampled_from([{}, {"4": {"verdict": "qualified"}}, {"1": {"verdict": "good"}}, {"1": 1}, {"²": {}}]),
    RULE: rule_strategies.rules.map(rules.to_document) | st.sampled_from([{}, {"version": 9}, "employees"]),
    TEXT: st.text(max_size=3),
}
EVERY_TYPE = tuple(question(kind, kind.value, guess=kind in GUESSABLE) for kind in VALUES)
person = st.fixed_dictionaries(
    {},
    optional={k.value: st.one_of(st.none(), VALUES[k]) for k in VALUES}
    | {GUESS + k.value: st.one_of(st.none(), VALUES[k]) for k in GUESSABLE}
    | {"importance:traits": st.one_of(st.none(), st.integers(0, 6))},
)


@settings(max_examples=250, deadline=None)
@given(
    st.lists(person, max_size=12), st.lists(person, max_size=12), st.integers(0, 5), st.sampled_from([1, 6])
)
def test_whatever_people_answer_there_is_a_verdict_and_no_nan_and_no_warning(sales, marketing, least, times):
    questionnaire, responses = survey(EVERY_TYPE, sales * times, marketing * times, least)
    questionnaire = replace(questionnaire, importance=("traits",))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        comparison = compare(questionnaire, responses, permutations=60)
        shuffled = compare(questionnaire, responses[::-1], permutations=60)
    assert comparison == shuffled
    json.dumps(comparison.as_dict("survey"), allow_nan=False)
    assert len(comparison.questions) == 8
    for found in comparison.questions:
        assert found.sentence.endswith(".") and found.reason
        assert found.hidden == (
            min(len([p for p in side if answers_to(p, found)]) for side in (sales * times, marketing * times))
            < max(least, 1)
        )
        if found.effect and found.effect.interval:
            assert found.effect.interval.low <= found.effect.value + 1e-9
            assert found.effect.value <= found.effect.interval.high + 1e-9
        assert found.between_share is None or 0 <= found.between_share <= 1


def answers_to(person, found):
    key, kind = found.question.key, found.question.type
    if key not in person:
        return False
    value = person[key]
    if value is None:
        return True
    if kind in (RANKING, LEAD_CARDS, RULE):
        return gather(found.question, [Response("x", Team.SALES, {key: value})])[Team.SALES].answered == 1
    if kind is NUMBER:
        return abs(value) <= 1e15
    return value != "unknown"


def test_the_same_answers_give_the_same_comparison_and_fingerprint():
    draw = random.Random(1)
    sides = [[{"q": draw.randint(1, 5)} for _ in range(12)] for _ in range(2)]
    questionnaire, responses = survey([question(SCALE)], *sides)
    assert compare(questionnaire, responses) == compare(questionnaire, responses)
    mixed = draw.sample(responses, len(responses))
    assert fingerprint(questionnaire, responses) == fingerprint(questionnaire, mixed)
    renamed = [replace(response, respondent="x") for response in responses]
    assert fingerprint(questionnaire, responses) == fingerprint(questionnaire, renamed)
    other = [replace(responses[0], answers={"q": CANT_SAY}), *responses[1:]]
    assert fingerprint(questionnaire, responses) != fingerprint(questionnaire, other)
    assert fingerprint(questionnaire, responses) != fingerprint(questionnaire, responses, seed=5)


# Order and words


def many(*columns):
    """A comparison of several questions: each column is (type, sales answers, marketing answers) of equal lengths."""
    questions = [question(kind, f"q{i}") for i, (kind, _, _) in enumerate(columns)]
    sides = [
        [
            {f"q{i}": column[side][person] for i, column in enumerate(columns)}
            for person in range(len(columns[0][side]))
        ]
        for side in (1, 2)
    ]
    return compare(*survey(questions, *sides))


def test_the_agenda_goes_from_split_to_divided_to_unsure_to_agreed_and_by_effect_within():
    ten = [True] * 10
    comparison = many(
        (YES_NO, ten, ten),
        (SCALE, [1, 2, 3, 4, 5] * 2, [1, 2, 3, 4, 5] * 2),
        (YES_NO, [True, False] * 5, [True, False] * 5),
        (YES_NO, [True] * 9 + [False], [False] * 8 + [True] * 2),
        (YES_NO, ten, [False] * 10),
    )
    assert [found.question.key for found in comparison.questions] == ["q4", "q3", "q2", "q1", "q0"]
    assert comparison.question("q0").verdict is Verdict.ALIGNED
    assert comparison.count(Verdict.SPLIT_BETWEEN) == 2
    with pytest.raises(KeyError):
        comparison.question("q9")


def test_effect_size_ranks_before_p():
    # A gap of 60 points among 10 is larger than one of 32 points among the same people on a finer p.
    wide = many(
        (YES_NO, [True] * 8 + [False] * 2, [True] * 2 + [False] * 8), (YES_NO, [True] * 10, [False] * 10)
    )
    assert [found.question.key for found in wide.questions] == ["q1", "q0"]


def test_the_summary_counts_every_kind():
    ten = [True] * 10
    comparison = many(
        (YES_NO, ten, ten),
        (YES_NO, ten, [False] * 10),
        (YES_NO, [True] * 9 + [False], [True] * 5 + [False] * 5),
        (YES_NO, ten, ten),
        (CHOICE, [CANT_SAY] * 10, [CANT_SAY] * 10),
        (YES_NO, [True, False] * 5, [True, False] * 5),
    )
    assert comparison.sentence == (
        "You agree on 2 of 6 topics, differ clearly on 1, marketing is divided on 1, "
        "each team is divided within itself on 1, and nobody is sure on 1."
    )


def test_the_summary_is_grammatical_for_none_one_and_all():
    assert (
        many((YES_NO, [True] * 5, [True] * 5), (YES_NO, [True] * 5, [True] * 5)).sentence
        == "You agree on all 2 topics."
    )
    assert whole(YES_NO, [True] * 5, [True] * 5).sentence == "You agree on the one topic compared."
    assert whole(YES_NO, [True] * 9, [False] * 9).sentence == "You differ clearly on the one topic compared."
    assert whole(YES_NO, [True], [False] * 9).sentence == (
        "Too few answers to compare: each team needs at least 3."
    )
    assert compare(*survey([question(TEXT)], [], [])).sentence.startswith("There is no question to compare")


@pytest.mark.parametrize(
    ("kind", "sales", "marketing", "sentence"),
    [
        (
            CHOICE,
            ["demo"] * 9 + ["webinar"] * 2,
            ["demo"] * 3 + ["pricing"] * 4 + ["webinar"] * 4,
            "Sales says “demo” far more often (82%) than marketing (27%).",
        ),
        (
            CHOICE,
            ["demo"] * 9 + ["pricing"],
            ["pricing"] * 8 + ["demo"] * 2,
            "Sales mostly says “demo” (90%), marketing mostly says “pricing” (80%).",
        ),
        (
            YES_NO,
            [True] * 9 + [False],
            [True] * 2 + [False] * 8,
            "90% of sales say yes, against 20% of marketing.",
        ),
        (
            CHOICES,
            [["demo"]] * 10,
            [["demo", "pricing"]] * 10,
            "Marketing says “pricing” far more often (100%) than sales (0%).",
        ),
        (SCALE, [5] * 8, [1] * 8, "Sales rates it higher than marketing: 100% choose 4 or 5, against 0%."),
        (
            SCALE,
            [2, 3] * 4,
            [3, 2] * 4,
            "Neither team rates it high: 0% of sales and 0% of marketing choose 4 or 5.",
        ),
        (
            SCALE,
            [1] * 8,
            [3] * 8,
            "Marketing rates it higher than sales: median 3 against 1.",
        ),
        (NUMBER, [50] * 8, [20] * 8, "Sales says 50 employees, marketing 20 (medians)."),
        (
            NUMBER,
            [50] * 8,
            [50] * 8,
            "Both teams say 50 employees (the median of each).",
        ),
        (
            CHOICE,
            ["demo"] * 8,
            ["demo"] * 7 + ["webinar"],
            "Both teams say “demo”: 100% of sales and 88% of marketing.",
        ),
        (SCALE, [1, 5] * 5, [3] * 10, "Sales is divided within itself: 50% for 4 or 5 and 50% for 1 or 2."),
        (
            YES_NO,
            [CANT_SAY] * 6 + [True] * 4,
            [CANT_SAY] * 7 + [True] * 3,
            "Most people in both teams can't say: 60% of sales and 70% of marketing.",
        ),
        (YES_NO, [True] * 2, [True] * 9, "Too few answers to show: each team needs at least 3."),
    ],
)
def test_each_verdict_is_a_sentence_with_its_numbers(kind, sales, marketing, sentence):
    assert one(kind, sales, marketing, unit="employees" if kind is NUMBER else "").sentence == sentence


def test_the_document_has_the_shape_that_was_agreed():
    document = whole(SCALE, [5] * 8, [1] * 8).as_dict("s1")
    assert document["survey"] == "s1"
    (found,) = document["questions"]
    assert found["key"] == "q" and found["type"] == "scale"
    assert found["n"] == {"sales": 8, "marketing": 8}
    assert (found["verdict"], found["evidence"]) == ("split_between", "clear")
    assert found["effect"]["name"] == "cliffs_delta" and found["effect"]["value"] == 1.0
    assert len(found["effect"]["interval"]) == 2
    assert 0 < found["p"] <= found["q"] < 0.1
    assert found["between_share"] > 0.9


def test_the_options_of_several_choices_are_judged_one_by_one():
    found = one(CHOICES, [["demo", "pricing"]] * 10, [["demo"]] * 10)
    demo, pricing, webinar = found.differences
    assert (demo.consensus, webinar.consensus, pricing.consensus) == (
        Consensus.IN,
        Consensus.OUT,
        Consensus.NONE,
    )
    assert pricing.difference == 1 and pricing.interval.low > 0 and pricing.q < 0.1
    assert demo.difference == 0 and demo.q == 1
    assert dict(pricing.shares) == {Team.SALES: 1.0, Team.MARKETING: 0.0}
    assert found.other_effects[0].name == "mean_difference"
    assert found.other_effects[0].value == pytest.approx(1 / 3)


def test_raw_divergence_is_never_shown():
    # Two teams of five that answer alike have a raw share of divergence far above 0.
    draw = random.Random(2)
    found = [
        one(CHOICE, draw.choices(OPTIONS, k=5), draw.choices(OPTIONS, k=5)).between_share for _ in range(40)
    ]
    assert sum(found) / len(found) < 0.1
