"""What a version says, its hash, its time in force, and what two editors made of one draft."""

import json
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.agreements import (
    AgreementKind,
    AgreementState,
    Changed,
    Conflict,
    Difference,
    changed_words,
    hash_content,
    in_force,
    standing,
    start_of_force,
    timeline,
)
from alignment.definitions import DefinitionVersion
from alignment.promises import Answer, DeliveryTerms, PromiseKind, ResponseTerms, content_of, from_document
from alignment.rules import (
    AllOf,
    AnyOf,
    Points,
    Rule,
    canonical_hash,
    parse,
    parse_json,
    to_document,
    to_json,
)
from tests.rule_strategies import rules

FIELD = {"field": "employees", "op": ">=", "value": 50}
POINTS = {"version": 1, "points": [{"if": FIELD, "add": 20}], "threshold": 20}
MORE_POINTS = {"version": 1, "points": [{"if": FIELD, "add": 40}], "threshold": 20}
DAY = date(2026, 3, 1)


def version(number=1, text="Fifty people.", rule=None, day=DAY, state=AgreementState.DRAFT, **more):
    content = {"text": text, "rule": rule}
    return DefinitionVersion(
        id=f"v{number}",
        term_key="mql",
        term_name="MQL",
        version=number,
        text=text,
        rule=rule,
        effective_from=day,
        content_hash=hash_content(AgreementKind.DEFINITION, "mql", content, day),
        state=state,
        author_id="p",
        created_at="2026-01-01T00:00:00.000000Z",
        **more,
    )


def shuffled(node, order):
    """The same rule with its parts in another order."""
    if isinstance(node, AllOf | AnyOf):
        parts = [shuffled(part, order) for part in node.parts]
        order.shuffle(parts)
        return type(node)(tuple(parts))
    return node


# hashes


@settings(max_examples=60)
@given(rules)
def test_a_rule_survives_json_and_documents(rule):
    assert parse_json(to_json(rule)) == rule
    assert parse(json.loads(json.dumps(to_document(rule)))) == rule


@settings(max_examples=60)
@given(rules, st.randoms(use_true_random=False))
def test_what_changes_nothing_leaves_the_hash_alone(rule, order):
    again = parse_json(to_json(rule))
    if isinstance(rule.root, Points):
        entries = list(rule.root.entries)
        order.shuffle(entries)
        again = Rule(replace(rule.root, entries=tuple(entries)))
    else:
        again = Rule(shuffled(again.root, order))
    contents = [{"text": "Same words.", "rule": to_document(one)} for one in (rule, again)]
    first, second = (hash_content(AgreementKind.SCORE, "lead_score", one, DAY) for one in contents)
    assert first == second


@settings(max_examples=60)
@given(rules, rules, st.text(max_size=20), st.text(max_size=20), st.dates(), st.dates())
def test_any_edit_changes_the_hash(rule, other, text, other_text, day, other_day):
    def hashed(words, one, on, key="mql", kind=AgreementKind.DEFINITION):
        return hash_content(kind, key, {"text": words, "rule": one and to_document(one)}, on)

    whole = hashed(text, rule, day)
    same_rule = canonical_hash(rule) == canonical_hash(other)
    assert (hashed(text, other, day) == whole) is same_rule
    assert (hashed(other_text, rule, day) == whole) is (other_text == text)
    assert (hashed(text, rule, other_day) == whole) is (other_day == day)
    assert hashed(text, None, day) != whole
    assert hashed(text, rule, day, key="sal") != whole
    assert hashed(text, rule, day, kind=AgreementKind.SCORE) != whole


terms = st.one_of(
    st.builds(ResponseTerms, st.integers(1, 500), st.sampled_from(list(Answer)), at_least=st.sampled_from([0.5, 1.0])),
    st.builds(DeliveryTerms, st.integers(1, 500), st.sampled_from([0.5, 0.6])),
)  # fmt: skip


@given(terms, terms, st.text(max_size=5), st.text(max_size=5))
def test_promises_differ_in_their_hash_exactly_where_they_say_something_else(one, other, note, other_note):
    def hashed(content):
        return hash_content(AgreementKind.PROMISE, "x", json.loads(json.dumps(content)), DAY)

    kind = PromiseKind.DELIVERY if isinstance(one, DeliveryTerms) else PromiseKind.RESPONSE
    assert from_document(kind, json.loads(json.dumps(content_of(one, note)))["terms"]) == one
    same = (one, note) == (other, other_note)
    assert (hashed(content_of(one, note)) == hashed(content_of(other, other_note))) is same


# time


@given(
    st.dates(date(1, 1, 1), date(9999, 12, 30)),
    st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]),
)
def test_nothing_is_in_force_before_it_was_agreed_or_before_its_day(day, zone):
    agreed_at = "2026-03-01T12:00:00.000000Z"
    begins = start_of_force(day, agreed_at, zone)
    assert begins >= agreed_at
    if day <= date(2026, 2, 27):
        assert begins == agreed_at
    if day >= date(2026, 3, 4):
        assert begins[:10] >= (day - timedelta(days=1)).isoformat()


def agreed(number, begins):
    return version(number, state=AgreementState.AGREED, agreed_at=begins, in_force_from=begins)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 10))
def test_at_each_moment_the_latest_version_that_has_begun_holds(begins, at):
    instant = "2026-01-{:02}T00:00:00.000000Z".format
    versions = [agreed(number, instant(start)) for number, start in enumerate(begins, 1)]
    found = in_force(timeline(versions), instant(at))
    begun = [one for one in versions if one.in_force_from <= instant(at)]
    assert (found and found.id) == (begun[-1].id if begun else None)


def test_drafts_and_what_was_dropped_are_for_those_who_may_see_them():
    versions = [
        agreed(1, "2026-01-01T00:00:00.000000Z"),
        version(2, state=AgreementState.DROPPED),
        version(3),
    ]
    seen, hidden = (standing(versions, "2026-02-01", sees_drafts=may) for may in (True, False))
    assert (seen.in_force.id, seen.open.id, [one.id for one in seen.dropped]) == ("v1", "v3", ["v2"])
    assert (hidden.in_force.id, hidden.open, hidden.dropped) == ("v1", None, ())


# two editors


def test_words_are_told_apart_in_order():
    assert changed_words("a b c", "a x c d") == (
        ("same", "a"), ("out", "b"), ("in", "x"), ("same", "c"), ("in", "d")
    )  # fmt: skip
    assert changed_words("", "new words") == (("in", "new words"),)


some = st.sampled_from(["a", "b", "c"])


@given(*[st.builds(lambda text, rule, day: (text, rule, day), some, st.sampled_from([None, POINTS, MORE_POINTS]), st.sampled_from([DAY, date(2026, 4, 1)]))] * 3)  # fmt: skip
def test_both_changes_are_kept_wherever_they_do_not_clash(base, mine, theirs):
    conflict = Conflict(*(version(1, *one) for one in (base, mine, theirs)))
    merged = conflict.merged
    clash = any(m != b and t != b and m != t for b, m, t in zip(base, mine, theirs, strict=True))
    assert (merged is None) is clash
    assert [one.changed is Changed.BOTH for one in conflict.differences].count(True) == sum(
        m != b and t != b and m != t for b, m, t in zip(base, mine, theirs, strict=True)
    )
    if merged is not None:
        for b, m, t, found in zip(
            base, mine, theirs, (merged.text, merged.rule, merged.effective_from), strict=True
        ):
            assert found == (m if m != b else t)
        content = {"text": merged.text, "rule": merged.rule}
        assert merged.content_hash == hash_content(
            AgreementKind.DEFINITION, "mql", content, merged.effective_from
        )
    assert conflict.only_moved_on is (theirs == base)


def test_a_difference_says_who_changed_it():
    said = {(b, m, t): Difference("", b, m, t).changed for b in "ab" for m in "abc" for t in "abc"}
    assert said["a", "a", "a"] is Changed.NOBODY and said["a", "b", "b"] is Changed.ALIKE
    assert said["a", "b", "a"] is Changed.MINE and said["a", "a", "b"] is Changed.THEIRS
    assert said["a", "b", "c"] is Changed.BOTH
