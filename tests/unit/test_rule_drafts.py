"""Drafts of rules: every step and its undoing, and that nothing is lost on the way through the editor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.rules import Fading, Operator, canonical_hash, evaluate, parse, to_document
from alignment.rules.drafting import (
    ROOT,
    History,
    Kind,
    add,
    as_conditions,
    as_points,
    begin,
    change,
    change_decay,
    find,
    finish,
    is_blank,
    parts_of,
    remove,
    shift,
    unwrap,
    wrap,
)
from tests.rule_strategies import decisions, leads, rules

SIZE = {"field": "employees", "op": ">=", "value": 50}
SOURCE = {"field": "source", "op": "in", "value": ["referral", "event"]}
DEMO = {"field": "demo", "op": "=", "value": True}
NESTED = {"version": 1, "all": [SIZE, {"any": [SOURCE, {"not": {"all": [DEMO, SIZE]}}]}]}
SCORE = {
    "version": 1,
    "points": [
        {"if": SIZE, "add": 20},
        {"if": {"any": [SOURCE, DEMO]}, "add": -5, "decay": {"since": "created_at", "linear_days": 30}},
    ],
    "threshold": 15,
}


@given(rules, leads, decisions)
def test_a_draft_means_what_its_rule_means(rule, lead, decided_at):
    written = finish(begin(to_document(rule)))
    assert isinstance(written, dict)
    assert evaluate(parse(written), lead, decided_at) is evaluate(rule, lead, decided_at)


@pytest.mark.parametrize("document", [NESTED, SCORE])
def test_what_is_not_changed_is_written_as_it_was(document):
    assert finish(begin(document)) == document


def test_parts_are_added_changed_and_taken_out():
    draft = begin(None)
    assert is_blank(draft) and "not complete" in finish(draft)
    draft = change(draft, 0, field="employees", operator=Operator.AT_LEAST)
    assert "not complete" in finish(draft) and not is_blank(draft)
    draft = change(draft, 0, value=50)
    assert finish(draft) == {"version": 1, "all": [SIZE]}
    draft = add(draft, ROOT, group=True)
    group = draft.root.parts[1]
    assert group.kind is Kind.ANY, "the same as its surroundings would say nothing new"
    draft = change(draft, group.parts[0].number, field="source", operator=Operator.IN, value=["a"])
    assert finish(draft)["all"][1] == {"any": [{"field": "source", "op": "in", "value": ["a"]}]}
    emptied = remove(draft, group.parts[0].number)
    assert finish(emptied) == {"version": 1, "all": [SIZE]}, "an empty group goes with its last condition"
    assert finish(remove(emptied, 0)) == "Add at least one condition."
    assert len({part.number for part in parts_of(add(draft, group.number).root)}) == 5


def test_moving_and_grouping():
    draft = begin({"version": 1, "all": [SIZE, SOURCE, DEMO]})
    assert finish(shift(draft, 2, -1))["all"] == [SIZE, DEMO, SOURCE]
    assert shift(draft, 0, -1) == draft and shift(draft, 2, 1) == draft
    wrapped = wrap(draft, 1)
    assert finish(wrapped)["all"] == [SIZE, {"any": [SOURCE]}, DEMO]
    (group,) = (part for part in wrapped.root.parts if part.kind is Kind.ANY)
    assert finish(unwrap(wrapped, group.number)) == finish(draft)
    assert wrap(draft, 99).root == draft.root and unwrap(draft, ROOT) == draft
    negated = change(draft, ROOT, kind=Kind.ANY, negated=True)
    assert finish(negated) == {"version": 1, "not": {"any": [SIZE, SOURCE, DEMO]}}
    with pytest.raises(KeyError):
        find(draft, 99)


def test_points_fade_move_and_become_conditions_and_back():
    draft = begin(SCORE)
    first, second = draft.root.parts
    draft = change_decay(draft, first.number, since="created_at", fading=Fading.HALF_LIFE, days=7)
    assert finish(draft)["points"][0]["decay"] == {"since": "created_at", "half_life_days": 7}
    open_ = change_decay(draft, first.number, since=None, fading=Fading.LINEAR, days=7)
    assert "fade" in finish(open_)
    stays = change_decay(draft, second.number, since="created_at", fading=None, days=7)
    assert "decay" not in finish(stays)["points"][1]
    assert finish(unwrap(draft, second.number))["points"][2] == {
        "if": DEMO,
        "add": -5,
        "decay": {"since": "created_at", "linear_days": 30},
    }
    assert finish(wrap(draft, first.number))["points"][0]["if"] == {"all": [SIZE]}
    assert "how many points it adds" in finish(change(draft, first.number, add=None))
    plain = as_conditions(draft)
    assert finish(plain) == {"version": 1, "all": [SIZE, {"any": [SOURCE, DEMO]}]}
    scored = as_points(plain)
    assert "from how many" in finish(scored)
    assert [part.add for part in scored.root.parts] == [10, 10]
    assert as_points(scored) == scored and as_conditions(plain) == plain
    turned = as_points(begin({"version": 1, "not": {"any": [SIZE, DEMO]}}))
    assert turned.root.parts[0].negated and find(turned, turned.root.parts[0].number).add == 10


@given(
    rules,
    st.lists(
        st.tuples(st.sampled_from(["add", "group", "remove", "wrap", "unwrap", "up"]), st.integers(-1, 8))
    ),
)
def test_undoing_all_steps_leads_back_and_redoing_them_forth(rule, taken):
    steps = {
        "add": lambda draft, number: add(draft, number),
        "group": lambda draft, number: add(draft, number, group=True),
        "remove": remove,
        "wrap": wrap,
        "unwrap": unwrap,
        "up": lambda draft, number: shift(draft, number, -1),
    }
    begun = begin(to_document(rule))
    history = History(begun)
    for name, number in taken:
        history = history.step(steps[name](history.now, number))
        numbers = [part.number for part in parts_of(history.now.root)]
        assert len(set(numbers)) == len(numbers)
    ended = history.now
    while history.past:
        history = history.undo()
    assert history.now == begun and history.undo() == history
    assert canonical_hash(parse(finish(begun))) == canonical_hash(parse(finish(begin(finish(begun)))))
    while history.undone:
        history = history.redo()
    assert history.now == ended and history.redo() == history
