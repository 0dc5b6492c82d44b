"""A comparison as files: what stands in them, whatever people have written; and the commands that make them."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from all_kinds import GIVEN, open_all_kinds
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from people import make_actor

from actions import answers, clock, comparison_documents, surveys
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.people import MACHINE, Team
from alignment.surveys import Survey
from alignment.texts import file_slug
from manage import manage
from reports import comparison as reports
from reports.page import _TURNS, css_string

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
EVIL = (
    "<script>document.title='x'</script><img src=https://evil.example/i.png onerror=alert(1)>\"'`}</style>*/;"
)
TURNED = "\u202egnp.exe\u2066 =1+1"
HOSTILE = f"""
title = '''../../etc/passwd\\r\\nX: 1 {EVIL[:60]}</style>'''
mode = "confidential"
min_group = 3
[topics]
t = '''{EVIL}'''
[[questions]]
key = "kind"
topic = "t"
type = "choice"
options = ['''=cmd' /C calc'!A0 {EVIL[:40]}''', '''{TURNED}''', "@two"]
title = '''=HYPERLINK("https://evil.example")'''
wording = {{ sales = '''{EVIL}''', marketing = '''{"long " * 99}''' }}
[[questions]]
key = "weight"
topic = "t"
type = "scale"
ends = ['''<b>{EVIL[:20]}''', "-2"]
text = '''+1+1 {EVIL}'''
[[questions]]
key = "hours"
topic = "t"
type = "number"
unit = "</td><script>"
text = "How many?"
[[questions]]
key = "words"
topic = "t"
type = "text"
text = "Anything?"
"""
PAGE_PARTS = {"script", "img", "iframe", "form", "input", "link", "object", "embed", "base", "audio", "video"}


def answered(survey: Survey, given_by: dict[str, dict], people: int = 5) -> Survey:
    for team in Team:
        for _ in range(people):
            who = make_actor(team=team.value)
            for key, value in given_by[team].items():
                answers.save_answer(who, survey.id, key, value)
            answers.submit_answers(who, survey.id)
    return surveys.close_survey(MACHINE, survey.id)


@pytest.fixture
def everything():
    """A closed questionnaire with a question of every kind, answered alike but for one."""
    with clock.at(NOW):
        survey = open_all_kinds()
        return answered(survey, {Team.SALES: GIVEN, Team.MARKETING: GIVEN | {"kind": "They have a budget"}})


@pytest.fixture
def hostile():
    with clock.at(NOW):
        return _hostile()


def _hostile():
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=HOSTILE).id)
    options = survey.questionnaire.question("kind").options
    said = {"weight": 5, "hours": 3, "words": EVIL}
    return answered(
        survey,
        {Team.SALES: said | {"kind": options[0]}, Team.MARKETING: said | {"kind": options[1], "weight": 1}},
    )


class Parts(HTMLParser):
    """The elements and the attributes of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data):
        self.text += data


def parsed(page: bytes) -> Parts:
    parts = Parts()
    parts.feed(page.decode())
    return parts


# ── what stands in the files ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_document_has_the_contract_and_everything_that_is_told_besides(everything):
    document = comparison_documents.comparison_document(MACHINE, everything.id)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert {"survey", "questions", "sentence", "title", "mode", "closed_on", "submitted", "alignment"} <= set(
        document
    )
    assert document["closed_on"] == "2026-07-01"
    assert document["submitted"] == {team.value: {"submitted": 5, "invited": 5} for team in Team}
    assert [question["place"] for question in document["questions"]] == list(
        range(1, len(document["questions"]) + 1)
    )
    contract = {"key", "type", "n", "verdict", "evidence", "effect", "p", "q", "between_share"}
    for question in document["questions"]:
        assert contract <= set(question)
        assert set(question["n"]) == {"sales", "marketing"}
        if question["effect"]:
            assert {"name", "value", "interval"} == set(question["effect"])
    assert {entry["key"] for entry in document["own_words"]} == {"why", "wish"}
    assert document["own_words"][1]["comments"]["sales"] == ["More context"] * 5


def test_the_page_tells_every_question_in_the_order_of_the_agenda_with_both_wordings(everything):
    name, page = reports.make_html(MACHINE, everything.id)
    parts = parsed(page)
    document = comparison_documents.comparison_document(MACHINE, everything.id)
    assert re.fullmatch(r"all-kinds-comparison-\d{4}-\d\d-\d\d\.html", name)
    places = [parts.text.index(f"{one['place']}. {one['name']}") for one in document["questions"]]
    assert places == sorted(places)
    for question in document["questions"]:
        assert question["sentence"] in parts.text and question["reason"] in parts.text
        assert all(text in parts.text for text in question["wording"].values())
    assert document["sentence"] in parts.text and "5 of 5 in sales and 5 of 5 in marketing" in parts.text
    assert "More context" in parts.text


def test_the_page_loads_nothing_runs_nothing_and_says_so_in_its_policy(everything):
    parts = parsed(reports.make_html(MACHINE, everything.id)[1])
    assert not parts.tags & PAGE_PARTS
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("content", policy) in parts.attributes
    assert not any(name.startswith("on") or name in ("src", "action") for name, _ in parts.attributes)
    assert all(value.startswith("#") for name, value in parts.attributes if name == "href")
    assert "url(" not in re.sub(r"url\(#hatch\)", "", reports.make_html(MACHINE, everything.id)[1].decode())


def test_the_list_has_a_row_for_each_question_with_its_figures(everything):
    _, content = reports.make_csv(MACHINE, everything.id)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    document = comparison_documents.comparison_document(MACHINE, everything.id)
    assert [row["question"] for row in rows] == [one["key"] for one in document["questions"]]
    for row, one in zip(rows, document["questions"], strict=True):
        assert row["verdict"] == one["verdict"] and row["sentence"] == one["sentence"]
        if one["effect"]:
            assert float(row["effect_value"]) == pytest.approx(one["effect"]["value"])


def test_the_json_file_is_what_the_command_prints(everything):
    _, content = reports.make_json(MACHINE, everything.id)
    printed = CliRunner().invoke(manage, ["compare", everything.id, "--json"])
    assert printed.exit_code == 0 and json.loads(printed.stdout) == json.loads(content)


def test_each_answer_has_its_number_and_its_bar(everything):
    page = parsed(reports.make_html(MACHINE, everything.id)[1]).text
    assert "100% (5)" in page and "0% (0)" in page and "place 1.0 (first for 5)" in page


def test_agreement_is_not_told_as_a_lack_of_evidence(everything):
    page = parsed(reports.make_html(MACHINE, everything.id)[1]).text
    assert "none found" not in page
    assert "Evidence of a difference" in page


def test_differences_are_in_points_and_minus_signs_are_minus_signs(everything):
    page = parsed(reports.make_html(MACHINE, everything.id)[1]).text
    assert re.search(
        r"Largest difference on one answer: −?\d+ points, 95% interval −?\d+ to −?\d+ points", page
    )
    assert not re.search(r"(?<![\w.–-])-\d", page)


def test_the_first_page_says_what_is_only_imagined_and_the_method_what_lies_between(everything):
    page = reports.make_html(MACHINE, everything.id)[1].decode()
    first, _, rest = page.partition('class="new-page"')
    assert "5 of 5 in sales" in first and "What to talk about first" in first
    assert "lies between the teams on average" in rest and "lies between" not in first


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_prints_the_list_and_writes_each_file(everything, tmp_path):
    said = CliRunner().invoke(manage, ["compare", everything.id]).stdout
    assert said.splitlines()[1] == "5 of 5 in sales and 5 of 5 in marketing submitted."
    assert "kind " in said and "split_between" in said
    for form in comparison_documents.FORMS:
        done = CliRunner().invoke(
            manage, ["export-comparison", everything.id, str(tmp_path / f"x.{form}"), "--json"]
        )
        assert json.loads(done.stdout)["bytes"] == (tmp_path / f"x.{form}").stat().st_size > 500
    for target in (tmp_path / "x.pdf", tmp_path / "nowhere" / "x.csv"):
        done = CliRunner().invoke(manage, ["export-comparison", everything.id, str(target), "--json"])
        assert done.exit_code == 1 and "error" in json.loads(done.stdout)


def test_what_is_not_closed_or_not_there_is_refused(everything):
    is_open = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template="pulse").id)
    for make in reports.MAKE.values():
        with pytest.raises(WrongState):
            make(make_actor(), is_open.id)
        with pytest.raises(NotFound):
            make(make_actor(), "01NOWHERE")
    with pytest.raises(InvalidInput, match="html, csv or json"):
        comparison_documents.export_comparison(MACHINE, everything.id, "exe")


# ── what people write ────────────────────────────────────────────────────────────────────────────────────────────────


def test_hostile_texts_are_texts_in_the_page(hostile):
    _, page = reports.make_html(MACHINE, hostile.id)
    parts = parsed(page)
    assert not parts.tags & PAGE_PARTS and "b" not in parts.tags
    assert not any(name.startswith("on") for name, _ in parts.attributes)
    assert EVIL in parts.text, "it is there as what was written"
    style = page.decode().partition("<style>")[2]
    assert style.count("</style>") == 1 and "<script" not in style.partition("</style>")[0]
    assert "\u202e" not in page.decode() and "\u2066" not in page.decode()


def test_hostile_texts_are_no_formulas_in_the_list(hostile):
    _, content = reports.make_csv(MACHINE, hostile.id)
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    for cell in cells:
        numeric = re.fullmatch(r"-?[\d.e-]+", cell)
        assert numeric or not cell.lstrip("\t\r\n\0 ").startswith(("=", "+", "-", "@")), cell


def test_hostile_texts_come_back_from_the_json_as_they_were(hostile):
    document = json.loads(reports.make_json(MACHINE, hostile.id)[1])
    kind = next(question for question in document["questions"] if question["key"] == "kind")
    assert kind["wording"]["sales"] == EVIL
    assert document["title"] == hostile.title


def test_the_names_of_the_files_stay_in_their_folder_and_in_one_line(hostile):
    names = reports.file_names(MACHINE, hostile.id)
    assert names == {form: make(MACHINE, hostile.id)[0] for form, make in reports.MAKE.items()}
    assert all(
        re.fullmatch(r"[a-z0-9-]+-comparison-2026-07-01\.(html|csv|json)", name) for name in names.values()
    )


@given(st.text(max_size=90))
def test_a_slug_is_safe_whatever_the_title(title):
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", file_slug(title, "questionnaire"))


@given(st.text(max_size=40))
def test_a_text_in_the_style_sheet_ends_neither_its_string_nor_the_element(text):
    written = str(css_string(text))
    assert re.fullmatch(r'"([A-Za-z0-9]|\\[0-9a-f]{6} )*"', written)
    kept = "".join(sign for sign in text if sign != "\0" and ord(sign) not in _TURNS)
    read = re.sub(r"\\([0-9a-f]{6}) ", lambda found: chr(int(found[1], 16)), written[1:-1])
    assert read == kept


def test_a_name_has_the_day_of_closing():
    assert (
        reports.file_name(open_all_kinds(), "csv", date(2026, 3, 9)) == "all-kinds-comparison-2026-03-09.csv"
    )
