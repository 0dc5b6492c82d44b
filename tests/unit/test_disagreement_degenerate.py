"""Answers that formulas stumble over, of every type: each gets a verdict in words, the right one where it is obvious."""

import json
import warnings

import pytest

from alignment.disagreement import Evidence, QuestionComparison, Verdict, compare
from alignment.people import Team
from alignment.questionnaires import WITH_OPTIONS, Mode, Question, Questionnaire, QuestionType, Response

SALES, MARKETING = Team.SALES, Team.MARKETING
CANT_SAY = None
SKIPPED = object()
OPTIONS = ("demo", "pricing", "webinar", "referral")
ALIGNED, BETWEEN, WITHIN, UNSURE, TOO_FEW = (
    Verdict.ALIGNED,
    Verdict.SPLIT_BETWEEN,
    Verdict.SPLIT_WITHIN,
    Verdict.UNSURE,
    Verdict.TOO_FEW,
)


def cards(marks):
    verdicts = {"+": "qualified", "-": "not_qualified", "?": "cant_tell"}
    return {str(number): {"verdict": verdicts[mark]} for number, mark in enumerate(marks, start=1)}


def rule(field, least):
    return {"version": 1, "all": [{"field": field, "op": ">=", "value": least}]}


OPPOSED = {
    QuestionType.CHOICE: ("demo", "webinar"),
    QuestionType.YES_NO: (True, False),
    QuestionType.CHOICES: (["demo", "pricing"], ["webinar"]),
    QuestionType.SCALE: (5, 1),
    QuestionType.NUMBER: (90.0, 2.0),
    QuestionType.RANKING: (list(OPTIONS), list(OPTIONS[::-1])),
    QuestionType.LEAD_CARDS: (cards("++--"), cards("--++")),
    QuestionType.RULE: (rule("employees", 100), rule("visits", 3)),
}
"""Two answers of each type that have nothing in common."""

EVERY = pytest.mark.parametrize("kind", OPPOSED)


def one(kind, sales, marketing, min_group=3, **own) -> QuestionComparison:
    """The comparison of one question; fails on any warning, on what JSON has no word for, and on a missing sentence."""
    settings = {"options": OPTIONS if kind in WITH_OPTIONS else (), "count": 4, **own}
    asked = Question("q", "topic", kind, dict.fromkeys(Team, "?"), **settings)
    responses = [
        Response(f"{team}{index}", team, {} if answer is SKIPPED else {"q": answer})
        for team, side in ((SALES, sales), (MARKETING, marketing))
        for index, answer in enumerate(side)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        comparison = compare(Questionnaire("Q", Mode.CONFIDENTIAL, min_group, (asked,)), responses)
        told = json.dumps(comparison.as_dict("survey"), allow_nan=False)
    found = comparison.question("q")
    assert found.sentence.endswith(".") and found.reason and comparison.sentence.endswith(".")
    assert "nan" not in (told + found.sentence + found.reason).casefold().replace("finance", "")
    for effect in filter(None, (found.effect, *found.other_effects)):
        if effect.interval:
            assert effect.interval.low - 1e-9 <= effect.value <= effect.interval.high + 1e-9
    return found


@EVERY
@pytest.mark.parametrize("people", [(8, 8), (4, 4), (5, 30), (200, 200)])
def test_where_everyone_says_the_same_the_teams_are_aligned(kind, people):
    for answer in OPPOSED[kind]:
        found = one(kind, *([answer] * count for count in people))
        assert (found.verdict, found.evidence) == (ALIGNED, Evidence.NONE)
        assert found.between_share == 0 and found.strength == 0 and found.p == 1


@EVERY
@pytest.mark.parametrize("people", [(8, 8), (12, 8), (30, 30)])
def test_complete_separation_is_a_clear_split_between_the_teams(kind, people):
    first, second = OPPOSED[kind]
    for answers in ((first, second), (second, first)):
        found = one(kind, *([answer] * count for answer, count in zip(answers, people, strict=True)))
        assert (found.verdict, found.evidence) == (BETWEEN, Evidence.CLEAR)
        assert found.between_share > 0.3 and found.strength > 0.5 and found.divided_teams == ()


@EVERY
def test_three_against_three_hundred_get_the_verdict_that_their_answers_have(kind):
    first, second = OPPOSED[kind]
    assert one(kind, [first] * 3, [first] * 300).verdict is ALIGNED
    apart = one(kind, [first] * 3, [second] * 300)
    assert apart.verdict is BETWEEN and apart.n == {SALES: 3, MARKETING: 300}
    assert one(kind, [first] * 300, [second] * 3).verdict is BETWEEN


@EVERY
@pytest.mark.parametrize("people", [(0, 0), (1, 0), (1, 1), (2, 9), (300, 2), (0, 9)])
def test_nobody_one_person_and_an_empty_team_are_too_few_and_tell_nothing(kind, people):
    first, second = OPPOSED[kind]
    found = one(kind, [first] * people[0], [second] * people[1])
    assert (found.verdict, found.evidence, found.hidden) == (TOO_FEW, Evidence.TOO_FEW, True)
    assert found.effect is found.p is found.q is found.distributions is None and not found.differences
    assert set(found.n.values()) == {None}


@EVERY
@pytest.mark.parametrize("people", [(1, 1), (1, 2), (2, 2), (1, 9)])
def test_even_without_a_minimum_group_one_person_proves_nothing(kind, people):
    first, second = OPPOSED[kind]
    for answers in ((first, second), (first, first), (CANT_SAY, first)):
        found = one(
            kind, *([answer] * count for answer, count in zip(answers, people, strict=True)), min_group=1
        )
        assert found.evidence is Evidence.TOO_FEW and found.p is None and not found.hidden


@EVERY
def test_where_nobody_can_say_everyone_is_unsure(kind):
    found = one(kind, [CANT_SAY] * 8, [CANT_SAY] * 8)
    assert (found.verdict, found.divided_teams) == (UNSURE, ())
    assert found.evidence in (Evidence.NONE, Evidence.TOO_FEW)


@EVERY
def test_a_team_that_cannot_say_differs_clearly_from_one_that_can(kind):
    first, _ = OPPOSED[kind]
    for sides in (([first] * 8, [CANT_SAY] * 8), ([CANT_SAY] * 8, [first] * 8)):
        found = one(kind, *sides)
        assert (found.verdict, found.evidence) == (BETWEEN, Evidence.CLEAR)
    for sides in (([first] * 8, [CANT_SAY] * 7 + [first]), ([first] * 3, [CANT_SAY] * 300)):
        assert one(kind, *sides).verdict in (BETWEEN, WITHIN)


@EVERY
def test_two_camps_in_each_team_are_a_split_within_both_and_no_difference(kind):
    first, second = OPPOSED[kind]
    found = one(kind, [first, second] * 4, [second, first] * 5)
    assert found.verdict is WITHIN and found.divided_teams == (SALES, MARKETING)
    assert found.evidence is Evidence.NONE and found.p > 0.5


@EVERY
def test_a_question_that_everybody_skipped_has_too_few_answers(kind):
    found = one(kind, [SKIPPED] * 8, [SKIPPED] * 8)
    assert found.verdict is TOO_FEW and found.hidden


@EVERY
@pytest.mark.parametrize("silent", [(0, 1), (1, 0), (3, 3), (7, 0), (5, 6)])
def test_any_mixture_of_those_who_can_and_cannot_say_gets_a_verdict(kind, silent):
    for answers in (OPPOSED[kind], OPPOSED[kind][:1] * 2):
        sides = [
            [answer] * (8 - quiet) + [CANT_SAY] * quiet for answer, quiet in zip(answers, silent, strict=True)
        ]
        assert one(kind, *sides).verdict in Verdict


@pytest.mark.parametrize(
    ("sales", "marketing", "verdict"),
    [
        ([1e12] * 8, [-1e12] * 8, BETWEEN),
        ([1e15] * 8, [1e15] * 8, ALIGNED),
        ([0.0] * 8, [-0.0] * 8, ALIGNED),
        ([0.0] * 8, [0.0] * 8, ALIGNED),
        ([5e-324] * 8, [1e15] * 8, BETWEEN),
        ([-1e15, 1e15] * 4, [0.0] * 8, None),
        ([1e-300, 1e300, 0.0, 1e12, -5.0, 3.0], [float("inf"), float("nan"), 1.0, 2.0, 3.0, 4.0, 5.0], None),
        ([1.0, 1.0 + 1e-15] * 4, [1.0 - 1e-16] * 8, None),
        (list(map(float, range(300))), [150.0] * 3, None),
        ([10**400, 1, 2, 3], [True, 4, 5, 6, 7], None),
    ],
)
def test_extreme_numbers_are_numbers(sales, marketing, verdict):
    found = one(QuestionType.NUMBER, sales, marketing, unit="euros")
    assert verdict is None or found.verdict is verdict
    for distribution in (found.distributions or {}).values():
        assert all(0 <= share <= 1 for share in distribution.shares)


@pytest.mark.parametrize(
    ("kind", "answer", "other", "own"),
    [
        (QuestionType.CHOICE, "demo", "demo", {"options": ("demo",)}),
        (QuestionType.CHOICES, [], [], {}),
        (QuestionType.CHOICES, ["demo"], [], {"options": ("demo",)}),
        (QuestionType.CHOICES, list(OPTIONS), [], {}),
        (QuestionType.SCALE, 1, 2, {"points": 2}),
        (QuestionType.SCALE, 1, 1, {"points": 1}),
        (QuestionType.RANKING, ["demo"], ["demo"], {"options": ("demo",)}),
        (QuestionType.RANKING, ["demo"], ["pricing"], {"options": ("demo", "pricing"), "top": 1}),
        (QuestionType.LEAD_CARDS, cards("+"), cards("-"), {"count": 1}),
        (QuestionType.LEAD_CARDS, cards("????"), cards("????"), {}),
        (QuestionType.LEAD_CARDS, cards("????"), cards("++++"), {}),
        (QuestionType.LEAD_CARDS, {"1": {"verdict": "qualified"}}, {"4": {"verdict": "qualified"}}, {}),
        (QuestionType.RULE, {"version": 1, "all": []}, rule("visits", 1), {}),
        (QuestionType.RULE, rule("visits", 1e300), rule("visits", -1e300), {}),
        (QuestionType.RULE, rule("visits", 0), rule("visits", 5e-324), {}),
    ],
)
def test_questions_with_hardly_anything_to_choose_get_a_verdict(kind, answer, other, own):
    for sides in (
        ([answer] * 8, [other] * 8),
        ([answer] * 3, [other] * 40),
        ([answer, other] * 3, [other] * 6),
    ):
        found = one(kind, *sides, **own)
        if answer == other:
            assert found.verdict is not BETWEEN and found.evidence is not Evidence.CLEAR


@EVERY
def test_one_person_of_hundreds_who_says_otherwise_changes_nothing(kind):
    first, second = OPPOSED[kind]
    found = one(kind, [first] * 199 + [second], [first] * 200)
    assert (found.verdict, found.evidence) == (ALIGNED, Evidence.NONE)
