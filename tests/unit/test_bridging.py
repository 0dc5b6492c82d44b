"""The search for rules that both teams can live with finds what trying everything finds, and says what each gives up."""

import random
from itertools import product

import numpy as np
import pytest

from alignment.bridging import Limits, search, slots_of
from alignment.people import Team
from alignment.rules import AllOf, AnyOf, Condition, Operator, Points, PointsEntry, Rule, evaluate
from alignment.what_if import Outcomes

LEAST, IN = Operator.AT_LEAST, Operator.IN
SALES = Rule(
    AllOf(
        (
            Condition("size", LEAST, 50),
            Condition("source", IN, ("a", "b")),
            Condition("demo", Operator.EQUAL, True),
        )
    )
)
MARKETING = Rule(
    AllOf((Condition("size", LEAST, 10), Condition("source", IN, ("b", "c")), Condition("visits", LEAST, 3)))
)
NONE = Limits()
RULES = {Team.SALES: SALES, Team.MARKETING: MARKETING}


class Leads:
    """Made-up leads, as bitmaps and one by one."""

    def __init__(self, count=384, seed=1):
        draw = random.Random(seed)
        self.rows = [
            {
                "size": draw.choice([5, 10, 20, 30, 60, 90]),
                "source": draw.choice("abcd"),
                "demo": draw.random() < 0.4,
                "visits": draw.randrange(8),
            }
            for _ in range(count)
        ]
        self.won = [draw.random() < 0.1 + 0.005 * row["size"] for row in self.rows]

    def passing(self, node):
        return np.packbits([evaluate(Rule(node), row) is True for row in self.rows]).view(np.uint64)

    def count(self, bits):
        inside = np.unpackbits(bits.view(np.uint8)).astype(bool)
        won = int(np.sum(inside & np.array(self.won)))
        return Outcomes(int(inside.sum()), won, int(inside.sum()) - won)

    def support(self, rule, team):
        mine = {number for number, row in enumerate(self.rows) if evaluate(rule, row)}
        theirs = {number for number, row in enumerate(self.rows) if evaluate(RULES[team], row)}
        return len(mine & theirs) / len(mine | theirs)

    def find(self, limits=NONE, **options):
        return search(slots_of(RULES, between), RULES, self.passing, self.count, 10, limits, **options)


def between(field, low, high):
    return [value for value in (20.0, 30.0) if field == "size" and low < value < high]


def test_one_slot_for_what_both_speak_of_and_one_for_what_one_speaks_of():
    slots = slots_of(RULES, between)
    assert [[part.value for part in slot.forms] for slot in slots] == [
        [50, 10, 20, 30],
        [("a", "b"), ("b", "c"), ("a", "b", "c"), ("b",)],
        [True],
        [3],
    ]
    assert [slot.shared for slot in slots] == [True, True, False, False]
    plain = Condition("size", Operator.IS_KNOWN)
    [slot] = slots_of({Team.SALES: Rule(plain), Team.MARKETING: Rule(Condition("size", LEAST, 3))}, between)
    assert slot.forms[2] == AnyOf((plain, Condition("size", LEAST, 3)))
    with pytest.raises(TypeError):
        slots_of({Team.SALES: Rule(Points((PointsEntry(plain, 100),), 100)), Team.MARKETING: SALES}, between)


def test_what_is_not_in_dispute_may_be_a_step_looser_or_stricter_or_lose_a_choice():
    same = slots_of(dict.fromkeys(Team, SALES), between)
    assert [[part.value for part in slot.forms] for slot in same] == [[50, 30, 20], [("a", "b")], [True]]
    assert all(slot.shared for slot in same)
    low = slots_of({team: Rule(Condition("size", LEAST, 5)) for team in Team}, between)
    assert [part.value for part in low[0].forms] == [5, 20, 30]
    choice = AnyOf(SALES.root.parts)
    [slot] = slots_of({team: Rule(choice) for team in Team}, between)
    assert slot.forms == (
        choice,
        *(AnyOf((*choice.parts[:out], *choice.parts[out + 1 :])) for out in range(3)),
    )
    two = AnyOf(choice.parts[:2])
    [slot] = slots_of({team: Rule(two) for team in Team}, between)
    assert slot.forms == (two, two.parts[1], two.parts[0])


def test_nothing_that_can_be_built_convinces_the_less_convinced_team_more():
    leads = Leads()
    found = leads.find()
    assert found.complete
    slots = [(None, *slot.forms) for slot in slots_of(RULES, between)]
    best = 0.0
    for chosen in product(*slots):
        parts = [part for part in chosen if part is not None]
        if parts:
            best = max(best, min(leads.support(Rule(AllOf(tuple(parts))), team) for team in Team))
    assert found.bridges[0].support >= best - 1e-12
    for bridge in found.bridges:
        for team in Team:
            assert bridge.prices[team].support == pytest.approx(leads.support(bridge.rule, team))
        passed = [number for number, row in enumerate(leads.rows) if evaluate(bridge.rule, row)]
        assert bridge.passed.leads == len(passed)
        assert bridge.passed.won == sum(leads.won[number] for number in passed)
        assert bridge.a_week == len(passed) / 10
        given_up = [
            number
            for number, row in enumerate(leads.rows)
            if evaluate(SALES, row) and not evaluate(bridge.rule, row)
        ]
        assert bridge.prices[Team.SALES].gives_up.leads == len(given_up)


def test_none_of_the_list_is_worse_than_another_in_everything():
    bridges = Leads().find().bridges
    assert len(bridges) > 1
    worths = [(*(one.prices[team].support for team in Team), one.passed.win_rate) for one in bridges]
    for one in worths:
        assert not any(
            other != one and all(theirs >= mine for mine, theirs in zip(one, other, strict=True))
            for other in worths
        )


def test_limits_are_kept_to():
    leads = Leads()
    limits = Limits(least_a_week=3, most_a_week=12, least_win_rate=0.4)
    found = leads.find(limits)
    assert found.bridges
    for bridge in found.bridges:
        assert 3 <= bridge.a_week <= 12
        assert bridge.passed.win_rate >= 0.4
    assert leads.find(Limits(least_a_week=1_000)).bridges == ()


def test_a_search_too_large_for_everything_climbs_and_says_so_and_finds_the_same_again():
    leads = Leads(64 * 40)
    told = []
    found = leads.find(most_words=1, progress=told.append)
    assert not found.complete or found.tried == found.possible
    assert found.bridges[0].support == pytest.approx(leads.find().bridges[0].support)
    assert found == leads.find(most_words=1)
    assert told[-1] == 1
    assert all(0 <= one <= 1 for one in told)


def test_whoever_looks_on_may_end_it():
    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Leads(64).find(progress=stop)


def test_yes_and_the_number_one_are_two_wishes():
    sides = {
        team: Rule(Condition("demo", Operator.EQUAL, value))
        for team, value in zip(Team, (True, 1), strict=True)
    }
    [slot] = slots_of(sides, between)
    assert [repr(form) for form in slot.forms] == [
        repr(form)
        for form in (*(rule.root for rule in sides.values()), AnyOf(tuple(r.root for r in sides.values())))
    ]
