"""The search for rules that both teams can live with finds what trying everything finds, and says what each gives up."""

import random
from itertools import product

import numpy as np
import pytest

from alignment.bridging import Limits, one_half, search, slots_of
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

    def half(self, searched):
        """The numbers of the leads that rules are chosen by, or of those that figures are told of."""
        drawn = np.unpackbits(one_half(len(self.rows) // 64).view(np.uint8)).astype(bool)
        return {number for number, is_drawn in enumerate(drawn) if is_drawn is np.bool_(searched)}

    def passed(self, rule, half):
        return {number for number in half if evaluate(rule, self.rows[number])}

    def support(self, rule, team, half):
        mine, theirs = self.passed(rule, half), self.passed(RULES[team], half)
        return len(mine & theirs) / len(mine | theirs)

    def rate(self, rule, half):
        passed = self.passed(rule, half)
        return sum(self.won[number] for number in passed) / len(passed)

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
    searched, told = leads.half(True), leads.half(False)
    assert (found.searched, found.told) == (len(searched), len(told))
    slots = [(None, *slot.forms) for slot in slots_of(RULES, between)]
    best = 0.0
    for chosen in product(*slots):
        parts = [part for part in chosen if part is not None]
        if parts:
            rule = Rule(AllOf(tuple(parts)))
            best = max(best, min(leads.support(rule, team, searched) for team in Team))
    first = found.bridges[0].rule
    assert min(leads.support(first, team, searched) for team in Team) >= best - 1e-12


def test_what_is_told_of_a_rule_is_counted_on_the_other_half():
    leads = Leads()
    told = leads.half(False)
    for bridge in leads.find().bridges:
        for team in Team:
            assert bridge.prices[team].support == pytest.approx(leads.support(bridge.rule, team, told))
        passed = leads.passed(bridge.rule, told)
        assert bridge.passed.leads == len(passed)
        assert bridge.passed.won == sum(leads.won[number] for number in passed)
        assert bridge.a_week == pytest.approx(len(passed) / 10 * len(leads.rows) / len(told))
        sales = leads.passed(SALES, told)
        assert bridge.prices[Team.SALES].gives_up.leads == len(sales - passed)
        assert bridge.prices[Team.SALES].takes.leads == len(passed - sales)


def test_none_of_the_list_is_worse_than_another_in_everything():
    leads = Leads()
    bridges, half = leads.find().bridges, leads.half(True)
    assert len(bridges) > 1
    worths = [
        (*(leads.support(one.rule, team, half) for team in Team), leads.rate(one.rule, half))
        for one in bridges
    ]
    for one in worths:
        assert not any(
            other != one and all(theirs >= mine for mine, theirs in zip(one, other, strict=True))
            for other in worths
        )


def test_limits_are_kept_to_by_the_leads_that_rules_are_chosen_by():
    leads = Leads()
    half = leads.half(True)
    limits = Limits(least_a_week=3, most_a_week=12, least_win_rate=0.4)
    found = leads.find(limits)
    assert found.bridges
    for bridge in found.bridges:
        a_week = len(leads.passed(bridge.rule, half)) / 10 * len(leads.rows) / len(half)
        assert limits.kept(a_week, leads.rate(bridge.rule, half))
    assert leads.find(Limits(least_a_week=1_000)).bridges == ()
    assert not Limits(least_win_rate=0.1).kept(5, None)
    assert not Limits(most_a_week=4).kept(5, None)
    assert Limits(5, 5, 0.1).kept(5, 0.1)


def test_the_half_that_is_chosen_by_is_half_of_any_stretch():
    drawn = np.unpackbits(one_half(1_000).view(np.uint8)).reshape(10, -1)
    assert np.abs(drawn.mean(axis=1) - 0.5).max() < 4 * 0.5 / np.sqrt(drawn.shape[1])
    every = [drawn.reshape(-1)[place::step].mean() for step in (2, 3, 7, 64) for place in range(step)]
    assert np.abs(np.array(every) - 0.5).max() < 0.06


def test_the_best_of_many_tells_no_better_win_rate_than_it_has():
    """Every lead is won alike, so that whatever wins more on the leads it was chosen by does so by chance."""
    chosen, told = [], []
    for seed in range(25):
        leads = Leads(512, seed)
        draw = random.Random(seed)
        leads.won = [draw.random() < 0.2 for _ in leads.rows]
        lucky = max(leads.find().bridges, key=lambda one: leads.rate(one.rule, leads.half(True)))
        chosen.append(leads.rate(lucky.rule, leads.half(True)))
        told.append(lucky.passed.win_rate)
    assert np.mean(chosen) > 0.23
    assert abs(np.mean(told) - 0.2) < 0.02


def test_a_search_too_large_for_everything_climbs_and_says_so_and_finds_the_same_again():
    leads = Leads(64 * 40)
    told = []
    found = leads.find(most_words=1, progress=told.append)
    assert not found.complete or found.tried == found.possible
    assert found.bridges[0].rule == leads.find().bridges[0].rule
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
