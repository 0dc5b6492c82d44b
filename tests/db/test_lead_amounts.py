"""Amounts in files: with a currency, with either decimal sign, and never another number in silence."""

import random
from collections import Counter
from datetime import UTC, datetime

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from actions import lead_mappings
from alignment.errors import InvalidInput
from alignment.people import MACHINE
from leads.imports import amounts, cells
from leads.imports.importing import import_files
from leads.imports.mapping import InvalidMapping, read_mapping
from leads.store import warehouse

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DEALS = 'lead_id = "id"\nvalue = "amount"\n'
WITH_CURRENCY = DEALS + 'currency = "in"\n'

# what amounts are made of
PIECES = (
    *("€", "$", "US$", "EUR", "EU", "kr", "kr.", "Fr.", "zł", "Mio", "₹", "%", "e5"),
    *(".", ",", ".", ",", " ", "'", "\u00a0", "\u202f", "\u2019", "-", "\u2212", ",-", ".\u2013", "\u2014"),
    *("0", "1", "12", "007", "200", "500", "300", "3000", "1234567", "00", "1", "12", "200", "500", "300"),
)


def load(mapping, path, **options):
    return import_files([path], read_mapping(mapping), False, NOW, **options)


def write(tmp_path, amounts_, header="id;amount", name="deals.csv"):
    path = tmp_path / name
    rows = "".join(f"{number};{text}\n" for number, text in enumerate(amounts_))
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return path


def stored(*columns):
    with warehouse().read() as facts:
        rows = facts.rows(facts.lead.select("lead_id", *(columns or ("value",))).order_by("lead_id"))
        return [tuple(row[name] for name in columns) if columns else row["value"] for row in rows]


def said(report, code):
    return [warning.text for warning in report.warnings if warning.code == code]


def test_the_engine_reads_as_python_does():
    draw = random.Random(7)
    texts = sorted({"".join(draw.choices(PIECES, k=draw.randint(1, 8))) for _ in range(20_000)})
    engine = ibis.duckdb.connect()
    rows = ibis.memtable(pa.table({"place": range(len(texts)), "text": texts}))
    bare = cells.bare_number(rows.text)
    table = rows.select(
        "place",
        bare=bare,
        sign=cells.decimal_of(bare),
        as_point=cells.number(bare, amounts.POINT),
        as_comma=cells.number(bare, amounts.COMMA),
    ).order_by("place")
    kinds = Counter()
    for text, row in zip(texts, engine.to_pyarrow(table).to_pylist(), strict=True):
        number = amounts.bare(text)
        assert (row["bare"] or "") == number, text
        sign = amounts.decimal_of(number)
        assert (row["sign"] or "") == sign, text
        for decimal, value in ((amounts.POINT, row["as_point"]), (amounts.COMMA, row["as_comma"])):
            assert value == slowly(number, decimal), text
        kinds[sign if number else "none"] += 1
    assert min(kinds[one] for one in (amounts.EITHER, amounts.POINT, amounts.COMMA, "", "none")) >= 20


def slowly(number, decimal):
    """A bare number as a person would work it out with this decimal sign; None where it cannot be one."""
    other = "," if decimal == "." else "."
    whole, _, cents = number.lstrip("-").partition(decimal)
    if not whole or (decimal in number and not cents.isdecimal()):
        return None
    groups = whole.split(other)
    thousands = all(len(group) == 3 for group in groups[1:])
    lakhs = len(groups) > 2 and all(len(group) == 2 for group in groups[1:-1]) and len(groups[-1]) == 3
    if len(groups) > 1 and not (
        whole[0] != "0" and ((thousands and 1 <= len(groups[0]) <= 3) or (lakhs and 1 <= len(groups[0]) <= 2))
    ):
        return None
    digits = "".join(groups)
    if not digits.isdecimal() or (len(groups) == 1 and len(digits) > 15):
        return None
    value = float(f"{digits}.{cents or 0}")
    return -value if number.startswith("-") else value


@pytest.mark.parametrize(
    ("written", "values"),
    [
        (["12.500,50 €", "1.200", "EUR 3.000", "7"], [12500.5, 1200, 3000, 7]),
        (["$12,500.50", "1,200", "$3,000"], [12500.5, 1200, 3000]),
        (["1.5", "1.200", "3"], [1.5, 1.2, 3]),
        (["CHF 1'200.-", "1'234'567.05"], [1200, 1234567.05]),
        (["1\u00a0200,50 €", "1\u202f200 €", "-3 €"], [1200.5, 1200, -3]),
    ],
)
def test_the_decimal_sign_is_found_in_the_other_values_of_the_column(tmp_path, written, values):
    report = load(DEALS, write(tmp_path, written))
    assert (report.refused, stored()) == (0, values)


@pytest.mark.parametrize("written", [["1.200", "3.500", "70"], ["1,200 €"], ["12,5", "12.5"]])
def test_numbers_of_which_nothing_tells_their_sign_are_asked_for_and_nothing_is_kept(tmp_path, written):
    path = write(tmp_path, written)
    with pytest.raises(InvalidMapping, match=r"deals.csv, column “amount”: .* decimal = "):
        load(DEALS, path)
    assert not warehouse().revision()
    assert load('decimal = ","\n' + DEALS, path).read == len(written)


def test_the_command_line_asks_for_a_mapping_that_says_it(tmp_path):
    path = write(tmp_path, ["1.200 €", "70"])
    with pytest.raises(InvalidInput, match=r"numbers such as 1\.200 € of the column “amount” .* decimal = "):
        lead_mappings.recognise_files(MACHINE, [("deals.csv", path)])
    write(tmp_path, ["1.200 €", "70,5"])
    assert "decimal" not in lead_mappings.recognise_files(MACHINE, [("deals.csv", path)]).toml


def test_said_once_the_sign_counts_for_every_row_and_what_does_not_fit_is_refused(tmp_path):
    report = load(
        'decimal = ","\n' + DEALS, write(tmp_path, ["1.200", "12,5 €", "12.5", "$1,200.50", "5 Mio"])
    )
    assert [refusal.value for refusal in report.refusals] == ["12.5", "$1,200.50", "5 Mio"]
    assert stored() == [1200, 12.5]


def test_another_column_of_the_file_tells_the_sign_where_this_one_does_not(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('id,size,amount\na,1.200,"12,50"\nb,950,"3.000"\n')
    load('employees = "size"\n' + DEALS, path)
    assert stored("employees", "value") == [(1200, 12.5), (950, 3000)]


def test_the_currency_beside_an_amount_is_kept_where_no_column_has_it(tmp_path):
    load(DEALS, write(tmp_path, ["12,50 €", "EUR 3", "$7", "5 kr", "zł 9,00", "8", "10 USD"]))
    assert stored("currency") == [("EUR",), ("EUR",), ("$",), ("kr",), ("PLN",), (None,), ("USD",)]


def test_a_column_of_the_currency_prevails_and_contradictions_are_said(tmp_path):
    path = write(tmp_path, ["12,50 €;EUR", "EUR 3;usd", "$7;CAD", "9;GBP"], "id;amount;in")
    report = load(WITH_CURRENCY, path)
    assert stored("currency") == [("EUR",), ("usd",), ("CAD",), ("GBP",)]
    (text,) = said(report, "other_currency")
    assert text.startswith("deals.csv: 1 amount stands beside another currency than “in” says")


def test_numbers_of_a_workbook_are_numbers_and_its_texts_are_read_as_people_write(tmp_path):
    path = tmp_path / "deals.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        rows = [("id", "amount"), ("a", 1.2), ("b", 1200), ("c", "12.500,50 €"), ("d", "1.200"), ("e", 0.125)]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    load(DEALS, path)
    assert stored() == [1.2, 1200, 12500.5, 1200, 0.125]


def test_a_column_of_numbers_in_parquet_needs_no_sign_and_one_of_texts_does(tmp_path):
    path = tmp_path / "deals.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "amount": [1.234, 5.0]}), path)
    load(DEALS, path)
    assert stored() == [1.234, 5]
    pq.write_table(pa.table({"id": ["a", "b"], "amount": ["1.234", "5"]}), path)
    with pytest.raises(InvalidMapping, match=r"in numbers such as 1\.234"):
        load(DEALS, path)


def test_amounts_of_a_long_file_are_read_alike(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(
        "id;property;value;at\n0;Amount;1.200 €;2026-01-05\n1;Amount;7;2026-01-06\n1;amount;3.000;2026-01-07\n2;Amount;12,50;2026-01-06\n"
    )
    layout = '[long]\nproperty = "property"\nvalue = "value"\nat = "at"\n'
    load('lead_id = "id"\nvalue = "Amount"\n' + layout, path)
    assert stored("value", "currency") == [(1200, "EUR"), (3000, None), (12.5, None)]


def test_the_same_amounts_again_change_nothing(tmp_path):
    path = write(tmp_path, ["12.500,50 €", "1.200"])
    load(DEALS, path)
    report = load(DEALS, path)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 2)
