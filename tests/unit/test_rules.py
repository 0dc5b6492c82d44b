"""Rules: what a document may say, what it means, and the laws that hold for every rule."""

import json
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.errors import InvalidInput
from alignment.rules import (
    AllOf,
    AnyOf,
    Condition,
    FieldType,
    InvalidRule,
    Not,
    Operator,
    Rule,
    canonical_hash,
    conditions_of,
    distinct,
    evaluate,
    fields_of,
    parse,
    parse_json,
    sentence,
    to_document,
    with_conditions,
)
from tests.rule_strategies import decisions, leads, nodes, rules

EXAMPLE = {
    "version": 1,
    "all": [
        {"field": "employees", "op": ">=", "value": 50},
        {
            "any": [
                {"field": "source", "op": "in", "value": ["referral", "organic_search"]},
                {"field": "demo_requested", "op": "=", "value": True},
            ]
        },
        {"not": {"field": "country", "op": "is_unknown"}},
    ],
}
SCORE = {
    "version": 1,
    "points": [
        {"if": {"field": "job_level", "op": "in", "value": ["vp", "c-level"]}, "add": 20},
        {"if": {"field": "demo_requested", "op": "=", "value": True}, "add": 40},
        {"if": {"field": "country", "op": "=", "value": "XX"}, "add": -15},
    ],
    "threshold": 50,
}
FIELDS = {
    "employees": FieldType.NUMBER,
    "source": FieldType.TEXT,
    "created_at": FieldType.DATE,
    "demo_requested": FieldType.ANY,
    "country": FieldType.TEXT,
}


def condition(field, op, *value):
    return {"version": 1, "field": field, "op": op, **({"value": value[0]} if value else {})}


def test_a_lead_that_meets_every_part_passes():
    lead = {"employees": 80, "source": "referral", "country": "DE"}
    assert evaluate(parse(EXAMPLE), lead) is True


def test_one_false_part_fails_the_lead_even_where_others_are_unknown():
    assert evaluate(parse(EXAMPLE), {"employees": 10}) is False


def test_a_missing_field_that_could_decide_leaves_the_lead_open():
    assert evaluate(parse(EXAMPLE), {"employees": 80, "country": "DE"}) is None
    assert (
        evaluate(parse(EXAMPLE), {"employees": 80, "country": "DE", "source": "ads", "demo_requested": None})
        is None
    )


def test_blank_is_missing_and_the_word_unknown_is_a_value():
    rule = parse(condition("source", "is_known"))
    assert evaluate(rule, {"source": ""}) is False
    assert evaluate(rule, {"source": "unknown"}) is True


def test_points_are_open_only_if_the_unknown_ones_could_change_the_result():
    rule = parse(SCORE)
    assert evaluate(rule, {"job_level": "vp", "demo_requested": True, "country": "DE"}) is True
    assert evaluate(rule, {"job_level": "intern", "demo_requested": False}) is False
    assert evaluate(rule, {"job_level": "vp", "country": "DE"}) is None
    assert evaluate(rule, {"job_level": "vp", "demo_requested": True}) is None, "the malus could still apply"
    assert evaluate(rule, {"demo_requested": False}) is False, "20 points at most"


@pytest.mark.parametrize(
    ("op", "value", "found", "expected"),
    [
        ("=", 50, 50.0, True),
        ("=", 50, "50", True),
        ("=", 50, "fifty", None),
        ("!=", 50, 51, True),
        ("=", True, "yes", True),
        ("=", True, "0", False),
        ("=", True, "perhaps", None),
        ("=", "50", 50, None),
        ("in", ["a", "b"], "b", True),
        ("not_in", ["a", "b"], "c", True),
        (">", 5, 5, False),
        (">=", 5, 5, True),
        ("<", 5, 4.9, True),
        ("<=", 5, 5.1, False),
        ("between", [5, 7], 7, True),
        ("between", ["2026-01-01", "2026-01-31"], datetime(2026, 1, 31, 23, 59, tzinfo=UTC), True),
        (">", "2026-01-31", "2026-02-01T00:00:00Z", True),
        (">", "2026-01-31", "2026-02-30", None),
        ("=", "2026-01-31", datetime(2026, 1, 31, 12, tzinfo=UTC), True),
        ("in", ["2026-01-30", "2026-01-31"], date(2026, 1, 31), True),
        ("=", "soon", date(2026, 1, 31), None),
        ("contains", "manager", "sales manager", True),
        ("contains", "Manager", "sales manager", False),
        ("contains", "x", 5, None),
    ],
)
def test_each_operator_compares_as_written(op, value, found, expected):
    assert evaluate(parse(condition("f", op, value)), {"f": found}) is expected


def test_within_days_looks_back_from_the_decision():
    rule = parse(condition("created_at", "within_days", 7))
    decided = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert evaluate(rule, {"created_at": decided - timedelta(days=7)}, decided) is True
    assert evaluate(rule, {"created_at": decided - timedelta(days=7, seconds=1)}, decided) is False
    assert evaluate(rule, {"created_at": decided + timedelta(seconds=1)}, decided) is False
    assert evaluate(rule, {"created_at": decided}, None) is None


@pytest.mark.parametrize(
    ("document", "place", "word"),
    [
        ([], "", "object"),
        ({"all": []}, "version", "version"),
        ({"version": 2, "all": []}, "version", "version"),
        ({"version": 1}, "", "missing"),
        ({"version": 1, "all": []}, "all", "empty"),
        ({"version": 1, "all": {}}, "all", "list"),
        ({"version": 1, "all": [{"any": []}]}, "all[0].any", "empty"),
        ({"version": 1, "all": [{"field": "a", "op": "=", "value": 1}], "x": 1}, "", "x"),
        (
            {"version": 1, "all": [condition("a", "=", 1) | {"version": 1}]},
            "all[0]",
            "version",
        ),
        ({"version": 1, "all": [{"any": [{"field": "a", "op": "≈", "value": 1}]}]}, "all[0].any[0].op", "≈"),
        ({"version": 1, "not": {"field": "a", "op": ["="], "value": 1}}, "not.op", "operator"),
        (condition("a", "is_known", 5), "value", "no value"),
        (condition("a", "="), "", "value"),
        (condition("a", "=", None), "value", "compared"),
        (condition("a", "=", {"x": 1}), "value", "compared"),
        (condition("a", "=", ""), "value", "empty"),
        (condition("a", ">", "many"), "value", "day"),
        (condition("a", ">", True), "value", "compares"),
        (condition("a", "in", "x"), "value", "list"),
        (condition("a", "in", []), "value", "list"),
        (condition("a", "in", ["x", 1]), "value", "kinds"),
        (condition("a", "in", ["x"] * 1001), "value", "1,001"),
        (condition("a", "between", [2, 1]), "value", "above"),
        (condition("a", "between", [2]), "value", "two"),
        (condition("a", "contains", 5), "value", "text"),
        (condition("a", "within_days", -1), "value", "days"),
        (condition("a", "within_days", 1.5), "value", "days"),
        (condition("a", "=", 10**400), "value", "large"),
        (condition("a", "=", float("inf")), "value", "large"),
        (condition("a", "=", "x\x00y"), "value", "characters"),
        (condition("", "=", 5), "field", "field name"),
        (condition(5, "=", 5), "field", "field name"),
        ({"version": 1, "points": [], "threshold": 1}, "points", "no entries"),
        (
            {"version": 1, "points": [{"if": EXAMPLE["all"][0], "add": "x"}], "threshold": 1},
            "points[0].add",
            "points",
        ),
        ({"version": 1, "points": [{"if": EXAMPLE["all"][0], "add": 1}]}, "", "threshold"),
        ({"version": 1, "points": [{"if": EXAMPLE["all"][0]}], "threshold": 1}, "points[0]", "add"),
        ({"version": 1, "all": [{"points": []}]}, "all[0]", "points"),
        ({"version": 1, "all": ["x"]}, "all[0]", "no condition"),
    ],
)
def test_a_faulty_document_is_refused_with_its_place(document, place, word):
    with pytest.raises(InvalidRule) as refusal:
        parse(document)
    assert refusal.value.place == place
    assert word in str(refusal.value)
    assert refusal.value.remedy
    assert isinstance(refusal.value, InvalidInput)


@pytest.mark.parametrize(
    ("field", "op", "value", "word"),
    [
        ("employes", ">", 5, "employees"),
        ("employees", "=", "50", "without quotes"),
        ("employees", "=", True, "number"),
        ("source", "=", 5, "in quotes"),
        ("source", ">", 5, "text"),
        ("created_at", "=", "yesterday", "2026-01-31"),
        ("employees", "contains", "5", "text field"),
        ("employees", "within_days", 5, "date field"),
    ],
)
def test_with_known_fields_names_and_types_are_checked(field, op, value, word):
    with pytest.raises(InvalidRule, match=word):
        parse(condition(field, op, value), FIELDS)


def test_custom_fields_take_any_kind_of_value():
    for value in ("yes", 1, True):
        assert parse(condition("demo_requested", "=", value), FIELDS)


def test_a_rule_nested_too_deeply_is_refused_however_it_comes():
    document = {"field": "a", "op": "is_known"}
    for _ in range(19):
        document = {"not": document}
    assert parse({"version": 1, **document})
    with pytest.raises(InvalidRule, match="deep"):
        parse({"version": 1, "not": document})
    for _ in range(3_000):
        document = {"all": [document]}
    with pytest.raises(InvalidRule, match="deep"):
        parse({"version": 1, **document})
    with pytest.raises(InvalidRule, match="deep"):
        parse_json('{"version": 1, "not": ' + '{"not":' * 10_000 + "1" + "}" * 10_001)


def test_size_is_bounded():
    part = {"field": "a", "op": "is_known"}
    assert parse({"version": 1, "all": [part] * 500})
    with pytest.raises(InvalidRule, match="500"):
        parse({"version": 1, "all": [part] * 501})
    with pytest.raises(InvalidRule, match="too many"):
        parse({"version": 1, "all": [{"any": [part] * 300}, {"any": [part] * 300}]})
    with pytest.raises(InvalidRule, match="characters"):
        parse_json('{"version": 1}' + " " * 600_000)
    with pytest.raises(InvalidRule, match="digits"):
        parse_json('{"version": 1, "field": "a", "op": "=", "value": ' + "9" * 5000 + "}")
    long = [f"{number:04}{'x' * 400}" for number in range(1000)]
    lists = [{"field": f"f{number}", "op": "in", "value": long} for number in range(2)]
    parse({"version": 1, "all": lists[:1]})
    with pytest.raises(InvalidRule, match=r"all\[1\].*too long together"):
        parse({"version": 1, "all": lists})


@pytest.mark.parametrize("text", ["", "{", "'; DROP TABLE lead; --", '{"version": NaN}', b"\xff\xfe\x00"])
def test_text_that_is_no_json_is_refused_with_a_place(text):
    with pytest.raises(InvalidRule):
        parse_json(text)


def test_a_rule_reads_as_a_sentence():
    assert sentence(parse(EXAMPLE)) == (
        "employees is at least 50, and (source is “referral” or “organic_search”, or demo requested is yes), "
        "and country is known"
    )
    assert sentence(parse(SCORE)) == (
        "at least 50 points: +20 if job level is “vp” or “c-level”; +40 if demo requested is yes; "
        "-15 if country is “XX”"
    )
    assert sentence(parse({"version": 1, "not": condition_part("a", "in", ["x", "y"])})) == (
        "a is not “x” nor “y”"
    )
    assert sentence(parse(condition("created_at", "between", ["2026-01-01", "2026-02-01"]))) == (
        "created at is between 1 January 2026 and 1 February 2026"
    )


@pytest.mark.parametrize(
    ("op", "words"), [(">", "after"), (">=", "on or after"), ("<", "before"), ("<=", "on or before")]
)
def test_days_are_compared_in_the_words_of_days(op, words):
    part = condition_part("created_at", op, "2026-01-05")
    assert sentence(parse({"version": 1, **part})) == f"created at is {words} 5 January 2026"
    assert sentence(parse({"version": 1, "not": part})) == f"created at is not {words} 5 January 2026"


def test_sentence_and_hash_do_not_change_where_equal_parts_change_places():
    size, source = condition_part("employees", ">=", 50), condition_part("source", "in", ["a", "b"])
    one = parse({"version": 1, "any": [size, {"all": [source, size]}, size]})
    other = parse({"version": 1, "any": [dict(size), {"all": [dict(source), dict(size)]}, size]})
    assert sentence(one) == sentence(other) and canonical_hash(one) == canonical_hash(other)


def test_rules_that_read_alike_ask_for_the_same():
    a_list = [f"country {number}" for number in range(30)]
    spoof = "small”, and employees is at least “50"
    parts = [
        condition_part("source", "in", a_list),
        condition_part("source", "in", [*a_list[:-1], "anywhere"]),
        condition_part("size", "=", spoof),
        condition_part("size", "in", ["small”, “large", "x"]),
        condition_part("size", "in", ["small", "large", "x"]),
        condition_part("size", "=", "50"),
        condition_part("size", "=", "yes"),
        condition_part("size", "=", True),
        condition_part("employees", ">=", "2026-01-05"),
        *(condition_part("employees", ">=", value) for value in (50, 12_345.123456789, 12_345.1234567, 0.12345678901, 0.1234567890)),
    ]  # fmt: skip
    documents = [{"version": 1, **part} for part in parts]
    documents += [
        {"version": 1, group: [one, other]} for group in ("all", "any") for one in parts for other in parts
    ]
    documents += [
        {"version": 1, "points": [{"if": parts[5], "add": add}], "threshold": least}
        for add, least in ((999_999.99, 1), (1_000_000, 1), (12_345.67, 12_345.66), (12_345.67, 12_345.67))
    ]
    by_sentence = {}
    for document in documents:
        by_sentence.setdefault(sentence(parse(document)), set()).add(canonical_hash(parse(document)))
    assert all(len(hashes) == 1 for hashes in by_sentence.values())
    assert "country 29" in sentence(parse(documents[0]))


def condition_part(field, op, value):
    return {"field": field, "op": op, "value": value}


def test_fields_are_listed_once():
    assert fields_of(parse(EXAMPLE)) == ("country", "demo_requested", "employees", "source")


# laws -------------------------------------------------------------------------------------------------------------


@given(rules)
def test_writing_and_reading_give_the_same_rule(rule):
    again = parse_json(json.dumps(to_document(rule)))
    assert to_document(again) == to_document(rule)
    assert canonical_hash(again) == canonical_hash(rule)


@given(rules, leads, decisions)
def test_written_and_read_again_it_decides_the_same(rule, lead, decided_at):
    assert evaluate(parse(to_document(rule)), lead, decided_at) is evaluate(rule, lead, decided_at)


def shuffled(document, draw):
    if isinstance(document, dict):
        out = {key: shuffled(value, draw) for key, value in document.items()}
        for key in ("all", "any", "points"):
            if key in out:
                out[key] = draw.sample(out[key], len(out[key]))
        if document.get("op") in ("in", "not_in"):
            out["value"] = draw.sample(out["value"], len(out["value"]))
        return dict(draw.sample(list(out.items()), len(out)))
    if isinstance(document, list):
        return [shuffled(item, draw) for item in document]
    return document


@given(rules, st.integers(0, 1000), leads, decisions)
def test_order_changes_neither_the_hash_nor_the_outcome(rule, seed, lead, decided_at):
    other = parse(shuffled(to_document(rule), random.Random(seed)))
    assert canonical_hash(other) == canonical_hash(rule)
    assert evaluate(other, lead, decided_at) is evaluate(rule, lead, decided_at)


@given(nodes, nodes, leads, decisions)
def test_de_morgan_and_double_negation_hold_in_three_values(left, right, lead, decided_at):
    def of(node):
        return evaluate(Rule(node), lead, decided_at)

    assert of(Not(Not(left))) is of(left)
    assert of(Not(AllOf((left, right)))) is of(AnyOf((Not(left), Not(right))))
    assert of(Not(AnyOf((left, right)))) is of(AllOf((Not(left), Not(right))))


@settings(max_examples=200)
@given(rules, leads, leads, decisions)
def test_learning_a_missing_field_never_overturns_what_was_decided(rule, lead, more, decided_at):
    """The monotony of Kleene's logic. It does not hold for is_known and is_unknown, which ask about the gap itself."""
    if any(part.operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN) for part in conditions_of(rule)):
        return
    known = {name: value for name, value in lead.items() if value not in (None, "")}
    before = evaluate(rule, known, decided_at)
    if before is not None:
        assert evaluate(rule, {**more, **known}, decided_at) is before


@given(nodes)
def test_different_rules_have_different_hashes(node):
    assert canonical_hash(Rule(node)) != canonical_hash(Rule(Not(node)))


@given(rules)
def test_every_rule_has_a_sentence(rule):
    assert sentence(rule)


@pytest.mark.parametrize("sign", ["\ud800", "\x00", "\n", "\x85", "\u2028", "\u2029", "\u202e", "\u2066"])
def test_a_field_name_that_cannot_be_shown_in_a_line_is_refused(sign):
    with pytest.raises(InvalidRule, match="cannot be shown") as refused:
        parse({"version": 1, "all": [{"field": f"a{sign}b", "op": "is_known"}]})
    assert refused.value.place == "all[0].field"
    str(refused.value).encode()
    points = [{"if": EXAMPLE["all"][0], "add": 5, "decay": {"since": f"a{sign}", "linear_days": 3}}]
    with pytest.raises(InvalidRule, match="cannot be shown"):
        parse_json(json.dumps({"version": 1, "points": points, "threshold": 1}))


@pytest.mark.parametrize(
    "inner", ['"value": "a", "value": "b"', '"value": "a"}], "all": [{"field": "d", "op": "is_known"']
)
def test_a_key_that_stands_twice_is_refused(inner):
    with pytest.raises(InvalidRule, match="stands twice"):
        parse_json('{"version": 1, "all": [{"field": "c", "op": "=", ' + inner + "}]}")


def test_yes_and_the_number_one_are_told_apart():
    one, yes = (Condition("a", Operator.EQUAL, value) for value in (1, True))
    listed = [Condition("a", Operator.IN, values) for values in ((1, 2), (True, 2), (1,))]
    parts = [one, yes, Not(one), Not(yes), AnyOf((one,)), AnyOf((yes,)), AllOf((one,)), *listed]
    assert list(map(repr, distinct([*parts, *reversed(parts)]))) == list(map(repr, parts))


@given(rule=rules)
def test_a_rule_of_which_no_condition_changes_stays_the_same(rule):
    seen = []
    assert with_conditions(rule, lambda condition: seen.append(condition) or condition) == rule
    assert seen == list(conditions_of(rule))
