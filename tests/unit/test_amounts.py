"""Numbers as people write them, and which sign in them is the decimal one."""

import pytest

from leads.imports.amounts import (
    COMMA,
    EITHER,
    POINT,
    Signs,
    UnclearDecimals,
    bare,
    decimal_of,
    decimals,
    signs,
)

WRITTEN = [
    # a text, the number in it, its decimal sign
    ("12.500,50 €", "12.500,50", COMMA),
    ("$12,500.50", "12,500.50", POINT),
    ("EUR 3.000", "3.000", EITHER),
    ("1.200", "1.200", EITHER),
    ("1,200", "1,200", EITHER),
    ("1200", "1200", ""),
    ("0,500", "0,500", COMMA),
    ("0.125", "0.125", POINT),
    ("1234,567", "1234,567", COMMA),
    ("1.200.300", "1.200.300", COMMA),
    ("₹12,34,567", "12,34,567", POINT),
    ("1\u202f200,50 EUR", "1200,50", COMMA),
    ("1 200 300 Kč", "1200300", ""),
    ("CHF 1'200.-", "1200.00", POINT),
    ("1.200,\u2013 Euro", "1.200,00", COMMA),
    ("-€5.5", "-5.5", POINT),
    ("€-5.5", "-5.5", POINT),
    ("\u22123,5", "-3,5", COMMA),
    ("R$ 1.200,00", "1.200,00", COMMA),
    ("$1,200.00 USD", "1,200.00", POINT),
    ("kr. 950", "950", ""),
    # what is none, or stands for another number than its digits
    *(
        (text, "", "")
        for text in ("--5", "-€-5", "($5)", "5 Mio", "5k", "12 people", "1e5", "nan", "50%", "€", "")
    ),
    *((text, "", "") for text in ("1 20", "1'2'3", "50¢", "12.500 eggs", "Infinity", "½")),
    *((text, text, "") for text in ("1,2,3", "1.2.3", "12,345,6", "1.200,50,3")),
]


@pytest.mark.parametrize(("text", "number", "sign"), WRITTEN)
def test_a_number_is_found_beside_currencies_and_says_what_its_sign_is(text, number, sign):
    assert (bare(text), decimal_of(bare(text))) == (number, sign)


def test_a_column_is_read_as_its_own_numbers_say_else_as_the_others_of_the_file():
    value = signs(["1.200", "99", "12,5", "much"])
    assert value == Signs(comma="12,5", either="1.200")
    assert decimals({"value": value, "employees": signs(["1.200"])}) == {"value": COMMA, "employees": COMMA}
    # each by itself where both tell
    apart = {"value": value, "score": signs(["12.5"])}
    assert decimals(apart) == {"value": COMMA, "score": POINT}
    assert decimals({"size": signs(["1200", "none"])}) == {"size": POINT}


@pytest.mark.parametrize(
    ("columns", "column", "examples"),
    [
        ({"value": ["1.200"], "size": ["70"]}, "value", ("1.200",)),
        ({"value": ["1.200,50", "1.200.5", "1,200.50"]}, "value", ("1,200.50", "1.200,50")),
        # the others contradict each other
        ({"a": ["1,5"], "b": ["1.5"], "c": ["1,200"]}, "c", ("1,200",)),
    ],
)
def test_what_nothing_tells_is_asked(columns, column, examples):
    with pytest.raises(UnclearDecimals) as unclear:
        decimals({name: signs(texts) for name, texts in columns.items()})
    assert (unclear.value.column, unclear.value.examples) == (column, examples)
