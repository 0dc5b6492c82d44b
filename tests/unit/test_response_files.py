"""Answers as rows of a file: whatever was answered reads back as it was, and what cannot be used is told by its cell."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from questionnaire_strategies import answers_to, questionnaires, texts

from alignment.answers import check_answer
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaires import Mode, Question, Questionnaire, QuestionType, Response
from alignment.response_files import (
    columns_of,
    read_cell,
    read_label,
    read_responses,
    to_table,
    write_cell,
    write_label,
)
from alignment.tables import LARGEST_FILE, Table, read_csv, write_csv, write_xlsx
from alignment.texts import defuse, optional_text


def question(kind: QuestionType, **more) -> Question:
    return Question("q", "t", kind, dict.fromkeys(Team, "What?"), **more)


def asked(*questions: Question) -> Questionnaire:
    return Questionnaire("Ours", Mode.NAMED, 3, questions)


def read(questionnaire, text, encoding="utf-8"):
    return read_responses(questionnaire, read_csv(text.encode(encoding)))


# ── any answer, there and back ───────────────────────────────────────────────────────────────────────────────────────


@st.composite
def answered(draw):
    """A questionnaire and a few people's answers, as they are stored; people have any name."""
    questionnaire = draw(questionnaires())
    labels = draw(st.lists(texts(), min_size=1, max_size=3, unique=True))
    responses = []
    for label in labels:
        answers = {
            q.key: check_answer(q, draw(answers_to(q)))
            for q in questionnaire.everything
            if draw(st.booleans())
        }
        if answers:
            responses.append(Response(label, draw(st.sampled_from(Team)), answers))
    return questionnaire, responses


@settings(max_examples=150, deadline=None)
@given(answered())
def test_any_response_written_to_a_file_reads_back_the_same(drawn):
    questionnaire, responses = drawn
    found = read_responses(questionnaire, read_csv(write_csv(to_table(questionnaire, responses))))
    assert found.refusals == ()
    assert [Response(row.person, Team(row.team), row.answers) for row in found.rows] == responses


tricky = st.sampled_from(["'", "\\", "=", "+", "-", "@", " ", "a", "can't say", "CAN’T SAY", "1"])


@settings(max_examples=300, deadline=None)
@given(st.lists(tricky, min_size=1, max_size=6).map("".join).map(str.strip).filter(bool))
def test_text_that_looks_like_something_else_is_still_the_same_text(text):
    words = question(QuestionType.TEXT)
    table = read_csv(write_csv(Table(("person", "q"), ((write_label(text), write_cell(words, text)),))))
    [(_, (person, cell))] = table.rows
    assert read_label(person) == text and read_cell(words, cell) == text


@settings(max_examples=300)
@given(st.text(max_size=20))
def test_nothing_in_a_file_is_taken_for_a_formula_not_even_after_it_was_read_and_written_again(text):
    kept = optional_text("".join(c for c in text if c.isprintable() or c in "\n\t"), "x")
    once = write_csv(Table(("person", "q"), ((kept, kept),)))
    again = read_csv(once)
    twice = write_csv(Table(again.columns, tuple(cells for _, cells in again.rows)))
    for data in (once, twice):
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            assert all(defuse(cell) == cell for cell in row)
    assert once == twice or not kept


def test_an_option_called_cannot_say_is_not_taken_for_it():
    choice = question(QuestionType.CHOICE, options=("can't say", "\\x"))
    assert [write_cell(choice, value) for value in ("can't say", "\\x", None)] == [
        "\\can't say",
        "\\\\x",
        "can't say",
    ]
    for value in ("can't say", "\\x", None):
        assert read_cell(choice, str(write_cell(choice, value))) == value


@pytest.mark.parametrize("value", [0.1, -0.0, 1e-300, 123456789012.345, 1e12, -7.0, 0.30000000000000004])
def test_a_number_reads_back_exactly(value):
    number = question(QuestionType.NUMBER)
    assert repr(read_cell(number, str(write_cell(number, value)))) == repr(value)


def test_guesses_and_importance_have_columns_of_their_own():
    questionnaire = Questionnaire(
        "Ours", Mode.NAMED, 3, (question(QuestionType.YES_NO, guess=True),), importance=("t",)
    )
    assert columns_of(questionnaire) == ("person", "team", "q", "guess:q", "importance:t")


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def cells_of(workbook: bytes) -> dict[str, tuple[str, str]]:
    """Cell → (its type in the file, its text or number); fails when there is a formula, a link or a second part."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in parts.namelist() if "vba" in name.lower() or "external" in name.lower()]
    assert "<f>" not in sheet and "<f " not in sheet and "hyperlink" not in sheet
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    return {
        cell.attrib["r"]: (
            cell.attrib.get("t", "n"),
            "".join(part.text or "" for part in cell.iter() if part.text),
        )
        for cell in ElementTree.fromstring(sheet).iterfind(".//m:c", space)
    }


def test_a_workbook_has_texts_and_numbers_and_nothing_that_runs():
    found = cells_of(
        write_xlsx(
            Table(("person", "=n"), (("=1+1", 7.5), ("https://evil.example", ""), ("@x", -3))), "Answers"
        )
    )
    assert found["A2"][1] == "'=1+1" and found["B1"][1] == "'=n" and found["A4"][1] == "'@x"
    assert found["B2"] == ("n", "7.5") and found["B4"] == ("n", "-3")
    assert found["A3"][0] != "n" and "B3" not in found


def test_a_text_that_excel_cannot_hold_is_said_and_not_left_out_in_silence():
    found = cells_of(write_xlsx(Table(("q",), (("x" * 40_000,),)), "Answers"))
    assert "too long" in found["A2"][1]


# ── files as people send them ────────────────────────────────────────────────────────────────────────────────────────

SIZE = question(QuestionType.NUMBER, minimum=0, maximum=100)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("person,team,q\na@x.example,sales,2.5\n", "utf-8"),
        ("person,team,q\r\na@x.example,sales,2.5\r\n", "utf-8-sig"),
        ("sep=;\nperson;team;q\na@x.example;sales;2,5\n", "utf-8"),
        ("person;team;q\na@x.example;Sales;2,5\n;;\n", "utf-8"),
        ("person\tteam\tq\na@x.example\tsales\t2.5\n", "utf-16"),
        ('q,"team","person",\n"2.5",sales,a@x.example,\n\n,,\n', "utf-8"),
    ],
)
def test_a_file_is_read_whatever_program_wrote_it(text, encoding):
    [row] = read(asked(SIZE), text, encoding).rows
    assert (row.person, row.team, row.answers) == ("a@x.example", "sales", {"q": 2.5})


@pytest.mark.parametrize("cell", ["1.234", "-1.234", "12.345.678", "0.125"])
def test_a_point_before_three_digits_is_not_guessed_at_where_numbers_may_have_a_comma(cell):
    size = question(QuestionType.NUMBER)
    found = read(asked(size), f"person;q\na;{cell}\nb;1,234\nc;12.5\n")
    [refusal] = found.refusals
    assert (refusal.row, refusal.column, refusal.value) == (2, "q", cell)
    assert cell.replace(".", "") in refusal.reason and "thousands" in refusal.reason
    assert [row.answers["q"] for row in found.rows] == [1.234, 12.5]
    if cell.count(".") == 1:
        assert read(asked(size), f"person,q\na,{cell}\n").rows[0].answers["q"] == float(cell)


def test_windows_text_is_read_and_that_is_said():
    found = read(asked(question(QuestionType.TEXT)), "person,q\na,Ärger\n", "cp1252")
    assert found.rows[0].answers == {"q": "Ärger"} and "accents" in found.note


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"PK\x03\x04....", "Excel workbook"),
        (b"SQLite format 3\x00", "a database"),
        (b"person,q\na,\x00\n", "number 0"),
        (bytes(range(256)) * 10, "no CSV file|no text"),
        (b'person,q\na,"1\n', "Line 2 .* quotation marks"),
        (b'person,q\na,"1"2\n', "Line 2 .* quotation marks"),
        (b"x" * (LARGEST_FILE + 1), "20 MB are allowed"),
        (b"person" + b",q" * 1_000_000, "columns"),
        (b"person" + b",q" * 2_000, "columns"),
        (b"person,q\na" + b",1" * 1_000_000, "columns"),
        (b"person,q\n" + b"a,1\n" * 5_001, "5,001 rows"),
        (b"\n" * 1_000_000, "too many rows"),
        (b"person,q,q\na,1,1\n", "twice"),
        (b"name,q\na,1\n", "no column ‘person’"),
        (b"person,other\na,1\n", "No column has the key"),
        ("person,q\n", "no CSV"),
    ],
)
def test_what_is_no_file_of_answers_gets_a_sentence(data, reason):
    if isinstance(data, str):
        with pytest.raises(InvalidInput, match="There is no file"):
            read_csv(data)
        return
    with pytest.raises(InvalidInput, match=reason):
        read_responses(asked(SIZE), read_csv(data))


REFUSED = [
    (question(QuestionType.CHOICE, options=("a", "b")), "c", "one of the answers offered"),
    (question(QuestionType.CHOICES, options=("a", "b")), "a|c", "among the answers offered"),
    (question(QuestionType.RANKING, options=("a", "b", "c"), top=2), "a>b>c", "2 places at most"),
    (question(QuestionType.RANKING, options=("a", "b")), "a>a", "one place only"),
    (question(QuestionType.YES_NO), "maybe", "yes or no"),
    (question(QuestionType.SCALE), "6", "from 1 to 5"),
    (question(QuestionType.SCALE), "2.5", "from 1 to 5"),
    (SIZE, "101", "from 0 to 100"),
    (SIZE, "1_0", "a number such as"),
    (SIZE, "nan", "a number such as"),
    (SIZE, "1e999", "ordinary size"),
    (SIZE, "1,000", "a number such as"),
    (question(QuestionType.TEXT), "x" * 2001, "2,000 are allowed"),
    (question(QuestionType.RULE), '{"version":1,"field":"x"}', "In the rule"),
    (question(QuestionType.RULE), "[" * 10_000, "In the rule"),
    (question(QuestionType.LEAD_CARDS), "qualified", "judged cards as JSON"),
    (question(QuestionType.LEAD_CARDS), '{"99":{"verdict":"qualified"}}', "cards 1 to 12"),
    (question(QuestionType.LEAD_CARDS), '{"a":' * 10_000, "judged cards as JSON"),
]


@pytest.mark.parametrize(("asks", "cell", "reason"), REFUSED)
def test_a_cell_that_cannot_be_used_is_named_and_the_other_rows_are_kept(asks, cell, reason):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("person", "team", "q"), ("a", "sales", cell), ("b", "sales", "can't say")])
    found = read(asked(asks), text.getvalue())
    [refusal] = found.refusals
    assert (refusal.row, refusal.column) == (2, "q") and reason in refusal.reason
    assert cell.startswith(refusal.value.rstrip("…"))
    assert [row.person for row in found.rows] == ["b"] and found.read == 2


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",sales,5", "person", "does not say whose"),
        ("a,sales,", "", "no answer"),
        ("a,sales,5,6", "", "4 cells"),
    ],
)
def test_a_row_that_says_too_little_or_too_much_is_refused(row, column, reason):
    found = read(asked(SIZE), f"person,team,q\n{row}\nb,sales,5\n")
    [refusal] = found.refusals
    assert (refusal.row, refusal.column) == (2, column) and reason in refusal.reason
    assert [one.person for one in found.rows] == ["b"]


def test_a_column_that_no_question_has_is_told_and_left_out():
    other = Question("budget", "t", QuestionType.YES_NO, dict.fromkeys(Team, "Budget?"))
    found = read(asked(SIZE, other), "person,q,bugdet\na,5,yes\n")
    assert found.refusals == ()
    [warning] = found.warnings
    assert (warning.row, warning.column) == (1, "bugdet") and "‘budget’" in warning.reason
    assert found.rows[0].answers == {"q": 5.0}
