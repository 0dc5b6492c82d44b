"""A team's typical rule says what most of its members ask for, and nothing that few of them do."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_strategies import decisions, leads, nodes, rules

from alignment.rules import AllOf, AnyOf, Points, Rule, canonical_hash, evaluate, parse, to_document
from alignment.typical_rules import _normal, _parts_of_most, typical_rule

SOURCE = {"field": "source", "op": "in", "value": ["referral", "partner"]}


def size(at_least, operator=">="):
    return {"field": "employees", "op": operator, "value": at_least}


def rule(*parts, form="all"):
    return parse({"version": 1, form: list(parts)})


def typical(*given, least=3):
    found = typical_rule(given, least)
    return None if found is None else to_document(found.rule)


def test_a_condition_that_most_ask_for_stands_at_their_median_and_others_are_left_out():
    found = typical_rule(
        [
            rule(size(20)),
            rule(size(50), SOURCE),
            rule(size(200)),
            rule({"field": "country", "op": "is_known"}),
        ],
        3,
    )
    assert to_document(found.rule) == {"version": 1, **size(50)}
    assert [(to_document(Rule(asked.part))["field"], asked.people) for asked in found.parts] == [
        ("employees", 3)
    ]
    assert (found.people, found.left_out, found.points_left_out) == (4, 2, 0)


def test_a_condition_of_exactly_half_is_not_what_most_ask_for():
    assert typical(rule(size(20)), rule(size(50)), rule(SOURCE), rule(SOURCE)) is None


def test_more_than_and_at_least_are_one_condition_and_the_usual_operator_stays():
    assert typical(rule(size(10, ">")), rule(size(20, ">")), rule(size(60))) == {
        "version": 1,
        **size(20, ">"),
    }
    assert typical(rule(size(10, ">")), rule(size(20)), rule(size(60)), rule(size(70, ">"))) == {
        "version": 1,
        **size(40),
    }
    crossed = [rule(size(10)), rule(size(20, "<=")), rule(size(35)), rule(size(60))]
    assert typical(*crossed) == {"version": 1, **size(35)}


def test_not_below_is_at_least():
    below = {"not": size(50, "<")}
    assert typical(rule(below), rule(below), rule(size(80))) == {"version": 1, **size(50)}


def test_values_are_those_that_half_of_them_chose():
    def sources(*values):
        return rule({"field": "source", "op": "in", "value": list(values)})

    chosen = [sources("a", "b"), sources("b"), sources("a", "c"), sources("b", "d"), sources("a")]
    assert typical(*chosen)["value"] == ["a", "b"]
    one = parse({"version": 1, "field": "source", "op": "=", "value": "a"})
    assert typical(one, one, sources("a", "c"))["op"] == "="
    assert typical(sources("a"), sources("b"), sources("c")) is None


def test_half_yes_and_half_no_is_nothing_that_most_ask_for():
    def budget(value):
        return rule({"field": "has_budget", "op": "=", "value": value})

    assert typical(*[budget(True), budget(False)] * 3) is None
    assert typical(budget(True), budget(True), budget(False), budget(True))["value"] is True


def test_days_have_a_median_too():
    def since(day):
        return rule({"field": "created_at", "op": ">=", "value": day})

    assert typical(since("2026-01-01"), since("2026-01-09"), since("2026-03-01"))["value"] == "2026-01-09"
    recent = [rule({"field": "created_at", "op": "within_days", "value": days}) for days in (10, 15, 30, 30)]
    assert typical(*recent)["value"] == 22


def test_conditions_are_joined_as_most_join_theirs():
    either = rule(size(50), SOURCE, form="any")
    both = rule(size(50), SOURCE)
    assert "any" in typical(either, either, both)
    assert "all" in typical(either, both, both)
    assert "all" in typical(either, both, rule(size(50)), rule(SOURCE), rule(size(50), SOURCE))


def test_groups_within_the_rule_belong_together_by_what_they_look_at():
    def nested(most, country):
        known = {"field": "country", "op": "=", "value": country}
        return rule(size(most), {"any": [SOURCE, known]})

    found = typical(nested(10, "DE"), nested(30, "DE"), nested(30, "DE"), nested(50, "FR"))
    assert found == {
        "version": 1,
        "all": [
            size(30),
            {
                "any": [
                    {"field": "country", "op": "=", "value": "DE"},
                    {"field": "source", "op": "in", "value": ["partner", "referral"]},
                ]
            },
        ],
    }


def test_between_counts_as_both_bounds():
    between = rule({"field": "employees", "op": "between", "value": [10, 500]})
    assert typical(between, rule(size(50)), rule(size(30))) == {"version": 1, **size(30)}


def test_medians_that_cross_leave_the_bound_that_more_people_ask_for():
    low, high = [rule(size(100))] * 3, [rule(size(10, "<="))] * 2
    both = rule(size(5), size(8, "<="))
    found = typical_rule([*low, *high, both], 3)
    assert to_document(found.rule) == {"version": 1, **size(100)}
    crossing = typical_rule([*low, rule(size(1), size(9, "<=")), rule(size(1), size(9, "<=")), *high], 3)
    assert to_document(crossing.rule) == {"version": 1, **size(100)} and crossing.left_out == 1


def test_fewer_people_than_the_smallest_group_have_no_typical_rule():
    assert typical(rule(size(50)), rule(size(50))) is None
    assert typical(rule(size(50)), rule(size(50)), least=2) is not None
    assert typical(least=0) is None


TWO_AND_ONE = {
    "a number": ([size(97731)], [size(50, "<")]),
    "a day": ([{"field": "created_at", "op": "within_days", "value": 97}], [size(50)]),
    "free text": ([{"field": "title", "op": "contains", "value": "Head of Ada's team"}], [size(50)]),
    "a group": ([{"any": [size(97731), SOURCE]}], [{"field": "country", "op": "is_known"}]),
}


@pytest.mark.parametrize("asked", TWO_AND_ONE)
def test_what_two_of_three_ask_for_is_said_of_no_three(asked):
    of_two, of_one = ([rule(*parts)] for parts in TWO_AND_ONE[asked])
    assert typical(*of_two * 2, *of_one) is None
    assert typical(*of_two * 3, *of_one) is not None


def test_within_what_three_ask_for_nothing_is_said_that_two_do():
    def titles(*values):
        return rule({"field": "title", "op": "in", "value": list(values)})

    found = typical(titles("Chief", "Ada's boss"), titles("Chief", "Ada's boss"), titles("Chief"))
    assert found["value"] == ["Chief"]
    assert typical(titles("Ada's boss"), titles("Ada's boss"), titles("Chief")) is None

    def either(title):
        return rule(size(50), {"any": [size(9), {"field": "title", "op": "=", "value": title}]})

    grouped = typical(either("Ada's boss"), either("Ada's boss"), either("Chief"))
    assert grouped is not None and "Ada" not in str(grouped) and "Chief" not in str(grouped)
    assert "Ada" in str(typical(*[either("Ada's boss")] * 3, either("Chief")))


def test_rules_in_points_are_left_out_and_counted_unless_most_are_in_points():
    points = parse({"version": 1, "points": [{"if": size(50), "add": 10}], "threshold": 10})
    found = typical_rule([rule(size(50))] * 3 + [points] * 2, 3)
    assert (found.people, found.points_left_out) == (3, 2)
    assert typical(*[rule(size(50))] * 3, *[points] * 4) is None
    assert typical(rule(size(50)), rule(size(50)), points) is None, "two people's conditions are not shown"


@pytest.mark.parametrize("people", [3, 4])
def test_a_scheme_of_groups_within_groups_takes_no_time(people):
    deep = size(50)
    for level in range(18):
        deep = {"not": deep} if level % 3 == 0 else {"any" if level % 2 else "all": [deep, size(level)]}
    assert typical_rule([rule(size(1)), *[rule(deep)] * people], 3)


some_rules = st.lists(rules, min_size=1, max_size=6)


@given(some_rules, st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_whatever_people_give_comes_out_as_a_rule_that_can_be_read(given_rules, least):
    found = typical_rule(given_rules, least)
    if found is not None:
        again = parse(to_document(found.rule))
        assert to_document(again) == to_document(found.rule)
        assert found.people >= least
        assert all(2 * asked.people > found.people for asked in found.parts)
        assert all(asked.people >= least for asked in found.parts)


@given(some_rules, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_people_does_not_matter(given_rules, shuffling):
    again = list(given_rules)
    shuffling.shuffle(again)
    assert typical_rule(again, 1) == typical_rule(given_rules, 1)


@given(nodes, st.integers(3, 6))
@settings(max_examples=150, deadline=None)
def test_what_all_ask_for_is_the_typical_rule(node, people):
    found = typical_rule([Rule(node)] * people, 3)
    assert found is not None and canonical_hash(found.rule) == canonical_hash(Rule(node))


@given(nodes, leads, decisions)
@settings(max_examples=300, deadline=None)
def test_putting_equal_rules_together_does_not_change_what_they_mean(node, lead, decided_at):
    plain = _normal(node, negated=False)
    parts, left_out = _parts_of_most([(plain, 2), (plain, 1)], 3)
    form = AnyOf if isinstance(plain, AnyOf) else AllOf
    merged = Rule(form(tuple(asked.part for asked in parts)))
    assert left_out == 0
    assert evaluate(merged, lead, decided_at) == evaluate(Rule(node), lead, decided_at)


def test_a_large_team_with_long_rules_is_put_together_at_once():
    draw = random.Random(1)
    team = [
        rule(*({"field": f"field_{n}", "op": ">=", "value": draw.randint(1, 9)} for n in range(60)))
        for _ in range(500)
    ]
    found = typical_rule(team, 3)
    assert len(found.parts) == 60 and not isinstance(found.rule.root, Points)
