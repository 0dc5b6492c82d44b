"""What a team says it wants against how it judges: counts in sentences, and none where a few cards prove nothing."""

from alignment.disagreement import Distribution
from alignment.disagreement.stated_and_judged import StatedRule, majorities, put_side_by_side
from alignment.lead_cards import CardOutcome
from alignment.people import Team

SALES, MARKETING = Team.SALES, Team.MARKETING
WON, LOST, OPEN = CardOutcome.WON, CardOutcome.LOST, CardOutcome.OPEN


def judged(sales, marketing=None):
    return {
        number: {SALES: one, MARKETING: other}
        for number, (one, other) in enumerate(zip(sales, marketing or sales, strict=True), 1)
    }


def says(*verdicts):
    return dict(enumerate(verdicts, 1))


def test_the_majority_is_of_those_who_could_tell_and_a_tie_is_none():
    of = Distribution(
        ("Card 2", "Card 5", "Card 11"),
        (3, 2, 0),
        (0.5, 0.5, 0.0),
        6,
        0,
        judged=(6, 4, 6),
        not_qualified=(2, 2, 1),
    )
    assert majorities({SALES: of, MARKETING: of}) == {
        2: dict.fromkeys(Team, True),
        5: dict.fromkeys(Team, None),
        11: dict.fromkeys(Team, False),
    }


def test_a_condition_that_people_do_not_hold_to_is_named_with_its_counts():
    size = ("employees is at least 50", says(False, False, False, False, True, True))
    demo = ("demo is yes", says(True, True, False, True, True, False))
    rule = StatedRule(says(False, False, False, False, True, False), (demo, size))
    found = put_side_by_side(
        {SALES: rule, MARKETING: None}, judged([True, True, True, False, True, False]), {}
    )
    assert found.sentences[SALES] == (
        "Sales judges 3 of 6 leads as its own rule does.",
        "Sales asks that employees is at least 50, yet calls 3 of the 4 leads that fall short of this qualified.",
    )
    assert found.sentences[MARKETING] == ("Marketing has no typical rule to compare its judgements with.",)
    assert [one.number for one in found.cards] == [1, 2, 3, 4, 5, 6]
    assert found.cards[0].stated == {SALES: False, MARKETING: None}
    assert found.as_dict()["cards"][0]["judged"] == {"sales": True, "marketing": True}


def test_one_lead_judged_otherwise_is_an_accident_and_half_of_them_no_habit():
    one = ("a", says(False, True, True, True))
    half = ("b", says(False, False, False, False))
    rule = StatedRule(says(False, True, True, True), (one, half))
    found = put_side_by_side(dict.fromkeys(Team, rule), judged([True, True, False, False]), {})
    assert not [told for told in found.sentences[SALES] if "yet calls" in told]


def test_leads_that_the_rule_wants_and_people_turn_down_are_counted():
    rule = StatedRule(says(True, True, True, False))
    found = put_side_by_side(dict.fromkeys(Team, rule), judged([False, False, True, False]), {})
    assert found.sentences[MARKETING][1:] == (
        "Of 3 leads that its rule calls qualified, marketing calls 2 not qualified.",
    )


def test_rule_and_judgement_are_held_against_the_same_ended_leads():
    rule = StatedRule(says(True, True, False, False, None, True))
    ends = {1: WON, 2: LOST, 3: WON, 4: LOST, 5: WON, 6: OPEN}
    found = put_side_by_side(dict.fromkeys(Team, rule), judged([True, False, True, None, True, True]), ends)
    assert found.sentences[MARKETING][-1] == (
        "Judged by eye, marketing was right on 3 of 3 leads that were won or lost; its rule on 1."
    )
    assert "%" not in "".join(found.sentences[SALES])


def test_where_nothing_can_be_told_that_is_said():
    blank = StatedRule(says(None, None))
    found = put_side_by_side(dict.fromkeys(Team, blank), judged([True, None]), {})
    assert found.sentences[SALES] == (
        "On no card do both the rule of sales and its judgement say whether the lead is qualified.",
    )
    assert found.cards[0].outcome is None
