"""Points that fade with age: what is left of them, what a document may say, and what a missing day leaves open."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.rules import (
    InvalidRule,
    Points,
    Score,
    canonical_hash,
    evaluate,
    parse,
    score_of,
    sentence,
    to_document,
)
from alignment.rules.explaining import explain

DECIDED = datetime(2026, 3, 31, 9, tzinfo=UTC)
DEMO = {"field": "demo", "op": "=", "value": True}


def rule(add, threshold, **decay):
    entry = {"if": DEMO, "add": add, **({"decay": {"since": "seen", **decay}} if decay else {})}
    return {"version": 1, "points": [entry], "threshold": threshold}


def points_after(days, add, **decay):
    root = parse(rule(add, 0, **decay)).root
    assert isinstance(root, Points)
    score = score_of(root, {"demo": True, "seen": DECIDED - timedelta(days=days)}, DECIDED)
    assert score.lowest == score.highest
    return score.lowest / 100


@pytest.mark.parametrize(
    ("days", "linear", "halving"),
    [
        (0, 20, 20),
        (1, 19.78, 19.54),
        (30, 13.33, 10),
        (45, 10, 7.07),
        (60, 6.67, 5),
        (90, 0, 2.5),
        (4000, 0, 0),
    ],
)
def test_points_fade_evenly_or_by_half_from_the_original_points(days, linear, halving):
    assert points_after(days, 20, linear_days=90) == linear
    assert points_after(days, 20, half_life_days=30) == halving
    assert points_after(days, -20, linear_days=90) == -linear
    assert points_after(days, -20, half_life_days=30) == -halving
    assert points_after(days, 20) == 20


def test_age_is_counted_in_days_in_utc_and_what_comes_later_adds_nothing():
    root = parse(rule(20, 0, linear_days=2)).root
    late = datetime(2026, 3, 30, 23, 59, tzinfo=UTC)
    assert score_of(root, {"demo": True, "seen": late}, late + timedelta(minutes=2)).lowest == 1000
    assert score_of(root, {"demo": True, "seen": "2026-03-31"}, DECIDED).lowest == 2000
    assert score_of(root, {"demo": True, "seen": DECIDED + timedelta(seconds=1)}, DECIDED) == Score(0, 0)


@pytest.mark.parametrize(
    ("lead", "decided_at", "expected"),
    [
        ({"demo": True}, DECIDED, Score(0, 2000)),
        ({"demo": True, "seen": DECIDED}, None, Score(0, 2000)),
        ({"demo": True, "seen": "soon"}, DECIDED, Score(0, 2000)),
        ({"demo": None, "seen": DECIDED - timedelta(days=30)}, DECIDED, Score(0, 1000)),
        ({"demo": False}, DECIDED, Score(0, 0)),
    ],
)
def test_an_unknown_day_leaves_open_what_it_could_change(lead, decided_at, expected):
    document = rule(20, 15, half_life_days=30)
    assert score_of(parse(document).root, lead, decided_at) == expected
    assert evaluate(parse(document), lead, decided_at) is (None if expected.highest >= 1500 else False)


def test_what_fades_is_read_back_said_and_explained():
    document = rule(20, 15, half_life_days=30)
    read = parse(document)
    assert to_document(read) == document
    assert sentence(read) == ("at least 15 points: +20 if demo is yes (halving every 30 days from seen)")
    assert "fading to nothing within 1 day from seen" in sentence(parse(rule(20, 15, linear_days=1)))
    [found] = explain(read, {"demo": True, "seen": DECIDED - timedelta(days=30)}, DECIDED).findings
    assert (found.points, found.outcome) == (10, True)
    assert [label for label, _ in found.found] == ["demo", "seen"]


def test_each_part_of_the_fading_is_part_of_what_is_signed():
    documents = [
        rule(20, 15),
        rule(20, 15, half_life_days=30),
        rule(20, 15, half_life_days=31),
        rule(20, 15, linear_days=30),
    ]
    documents.append(rule(20, 15, linear_days=30))
    documents[-1]["points"][0]["decay"]["since"] = "created_at"
    assert len({canonical_hash(parse(document)) for document in documents}) == 5


@pytest.mark.parametrize(
    ("decay", "place", "word"),
    [
        (5, "points[0].decay", "object"),
        ({"linear_days": 5}, "points[0].decay", "since"),
        ({"since": "seen"}, "points[0].decay", "one way"),
        ({"since": "seen", "linear_days": 5, "half_life_days": 5}, "points[0].decay", "one way"),
        ({"since": "seen", "linear_days": 0}, "points[0].decay.linear_days", "from 1"),
        ({"since": "seen", "linear_days": True}, "points[0].decay.linear_days", "days"),
        ({"since": "seen", "half_life_days": 1.5}, "points[0].decay.half_life_days", "days"),
        ({"since": "", "linear_days": 5}, "points[0].decay.since", "field name"),
        ({"since": "seen", "linear_days": 5, "per": "day"}, "points[0].decay", "per"),
    ],
)
def test_a_faulty_decay_is_refused_with_its_place(decay, place, word):
    document = rule(20, 15)
    document["points"][0]["decay"] = decay
    with pytest.raises(InvalidRule, match=word) as refusal:
        parse(document)
    assert refusal.value.place == place


def test_points_fade_from_a_day_only():
    from alignment.rules import FieldType

    fields = {"demo": FieldType.ANY, "seen": FieldType.NUMBER}
    with pytest.raises(InvalidRule, match="not a day"):
        parse(rule(20, 15, linear_days=30), fields)
    with pytest.raises(InvalidRule, match="not known"):
        parse(rule(20, 15, linear_days=30), {"demo": FieldType.ANY})


def test_a_threshold_that_no_lead_can_reach_is_refused():
    with pytest.raises(
        InvalidRule, match="no lead can reach 50 points, for all of them together are 20"
    ) as refusal:
        parse(rule(20, 50))
    assert refusal.value.place == "threshold"
    assert parse(rule(20, 20))


@given(st.integers(0, 5000), st.integers(1, 400), st.integers(-100_000_000, 100_000_000))
def test_points_never_grow_with_age_and_keep_their_sign(age, days, hundredths):
    for way in ("linear_days", "half_life_days"):
        now, later = (points_after(days_old, hundredths / 100, **{way: days}) for days_old in (age, age + 1))
        assert abs(later) <= abs(now) <= abs(hundredths) / 100
        assert now * hundredths >= 0
