"""The command line keeps its contract: shapes, exit codes, and a sentence for everything that is wrong."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner

from leads.store import warehouse
from manage import _value_in_words, manage
from tests.lead_histories import random_history

ROOT = Path(__file__).resolve().parents[2]
MAPPING = 'lead_id = "id"\nsource = "origin"\n[stages]\nmql = "entered"\nwon = "closed"\n[attributes]\npage = "page"\n'
FILE = (
    "id,origin,entered,closed,page\na,ads,2025-01-05,2025-01-20,x\nb,,2025-01-06,,\nc,unknown,2025-01-07,,x\n"
)
RULE = {
    "version": 1,
    "all": [{"field": "source", "op": "=", "value": "ads"}, {"field": "page", "op": "=", "value": "x"}],
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "leads.csv").write_text(FILE)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    (tmp_path / "rule.json").write_text(json.dumps(RULE))
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(manage, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def answer(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_import_reports_what_it_did(files):
    report = answer("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml")
    assert {key: report[key] for key in ("read", "new", "changed", "unchanged", "refused")} == {
        "read": 3,
        "new": 3,
        "changed": 0,
        "unchanged": 0,
        "refused": 0,
    }
    assert report["refusals"] == []
    assert {"code", "count", "text"} == set(report["warnings"][0])
    again = answer("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml")
    assert (again["new"], again["unchanged"]) == (0, 3)


def test_a_row_that_cannot_be_used_stops_the_import_unless_the_good_rows_are_to_be_kept(files):
    (files / "leads.csv").write_text(FILE + "d,ads,2025-02-30,,\n")
    asked = ("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml", "--json")
    result = run(*asked)
    assert result.exit_code == 1
    assert "1 of 4 rows cannot be used" in result.stderr
    assert "leads.csv, row 5, column entered: This is no date that exists." in result.stderr
    report = json.loads(result.stdout)
    assert report["error"].startswith("Nothing was imported")
    assert [refusal["value"] for refusal in report["refusals"]] == ["2025-02-30"]
    assert warehouse().revision() == ""
    kept = answer(*asked[:-1], "--keep-good-rows")
    assert (kept["new"], kept["refused"]) == (3, 1)


def test_the_sheet_of_a_workbook_is_named_on_the_command_line(files):
    book = files / "two.xlsx"
    rows = [line.split(",") for line in FILE.splitlines()]
    with xlsxwriter.Workbook(book) as workbook:
        for title, cells in {"Notes": [("id", "said"), ("a", "later")], "Leads": rows}.items():
            sheet = workbook.add_worksheet(title)
            for place, row in enumerate(cells):
                sheet.write_row(place, 0, row)
    asked = ("import-leads", book, "--mapping", files / "mapping.toml")
    # the first sheet is another table
    assert "no column" in run(*asked).stderr
    assert "no sheet “Deals”" in run(*asked, "--sheet", "Deals").stderr
    report = answer(*asked, "--sheet", "Leads")
    assert (report["new"], report["refused"]) == (3, 0)
    printed = answer("import-leads", book, "--sheet", "Notes", "--print-mapping")
    assert tomllib.loads(printed["mapping"])["sheet"] == "Notes"


def test_a_dry_run_keeps_nothing_and_refusals_have_their_place(files):
    (files / "leads.csv").write_text(FILE + "d,ads,2025-02-30,,\n")
    report = answer("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml", "--dry-run")
    assert (report["new"], report["refused"]) == (3, 1)
    [refusal] = report["refusals"]
    assert (refusal["file"], refusal["row"], refusal["column"], refusal["value"]) == (
        "leads.csv",
        5,
        "entered",
        "2025-02-30",
    )
    assert warehouse().revision() == ""
    shown = run("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml", "--dry-run").stdout
    assert "leads.csv, row 5, entered “2025-02-30”: This is no date that exists." in shown


def test_figures_are_printed_in_what_they_count():
    printed = [
        _value_in_words(-0.004, "growth"),
        _value_in_words(1.234, "ratio"),
        _value_in_words(9.4, "days"),
    ]
    assert printed == ["-0.4%", "1.23", "9 days"]


def test_metrics_have_the_shape_of_the_contract(files):
    run("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml")
    document = answer("metrics", "--by", "source", "--window", "30", "--as-of", "2025-03-01")
    assert document["as_of"].startswith("2025-03-01T23:59:59")
    conversion = {
        measure["group"].get("source"): measure
        for measure in document["measures"]
        if (measure["name"], measure["from_stage"], measure["to_stage"]) == ("conversion", "mql", "won")
    }
    assert set(conversion) == {None, "ads", "(blank)", "unknown"}
    assert (conversion[None]["numerator"], conversion[None]["denominator"]) == (1, 3)
    low, high = conversion[None]["interval"]
    assert low < conversion[None]["value"] < high
    assert conversion["ads"]["value"] == 1.0
    assert conversion[None]["definition_version"] is None
    early = answer("metrics", "--window", "30", "--as-of", "2025-02-05")
    [measure] = [m for m in early["measures"] if m["name"] == "conversion" and m["to_stage"] == "won"]
    assert (measure["denominator"], measure["excluded"]) == (2, {"immature": 1})
    april = answer("metrics", "--from", "2025-01-06", "--to", "2025-01-06")
    assert next(m for m in april["measures"] if m["name"] == "volume")["value"] == 1


def test_back_tests_have_the_shape_of_the_contract(files):
    run("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml")
    other = files / "other.json"
    other.write_text(json.dumps({"version": 1, "field": "source", "op": "is_known"}))
    result = answer("backtest", files / "rule.json", "--against", other)
    assert {key: result[key] for key in ("leads", "passed", "failed", "unknown")} == {
        "leads": 3,
        "passed": 1,
        "failed": 1,
        "unknown": 1,
    }
    assert (result["won_passed"], result["won_failed"], result["won_unknown"]) == (1, 0, 0)
    assert (result["precision"], result["recall"]) == (1.0, 1.0)
    against = result["against"]
    assert (against["both"], against["only_first"], against["only_second"], against["neither"]) == (
        1,
        0,
        1,
        0,
    )
    assert against["either_unknown"] == 1
    assert (against["kappa"], against["jaccard"]) == (0.0, 0.5)
    assert answer("backtest", files / "rule.json", "--from", "2025-01-06", "--to", "2025-01-06")["leads"] == 1


def test_a_field_that_is_filled_after_the_outcome_is_flagged(files):
    rows = "".join(
        f"l{n},ads,2025-01-05,{'2025-01-20' if n < 20 else ''},{'x' if n < 20 else ''}\n" for n in range(60)
    )
    (files / "leads.csv").write_text("id,origin,entered,closed,page\n" + rows)
    run("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml")
    warnings = answer("backtest", files / "rule.json")["warnings"]
    assert [(warning["code"], warning["field"]) for warning in warnings] == [("leakage", "page")]


WRONG = [
    ("leads.csv", "a,ads,2025-01-05,,x\n", ("import-leads", "leads.csv", "--mapping", "mapping.toml"), "header row"),
    ("leads.csv", "", ("import-leads", "leads.csv", "--mapping", "mapping.toml"), "empty"),
    ("leads.csv", "\x00\x01", ("import-leads", "leads.csv", "--mapping", "mapping.toml"), "NUL"),
    ("mapping.toml", MAPPING.replace("origin", "orrigin"), ("import-leads", "leads.csv", "--mapping", "mapping.toml"), "origin"),
    ("mapping.toml", MAPPING + "[x]", ("import-leads", "leads.csv", "--mapping", "mapping.toml"), "not known"),
    ("leads.csv", FILE.replace("2025-01-0", "2025-13-0"), ("import-leads", "leads.csv", "--mapping", "mapping.toml"), "no date"),
    ("x", "", ("import-leads", "missing.csv", "--mapping", "mapping.toml"), "cannot be read"),
    ("x", "", ("import-leads", "leads.csv", "--mapping", "missing.toml"), "cannot be read"),
    ("x", "", ("import-leads", "leads.csv", "--preset", "unheard of"), "no saved mapping"),
    ("rule.json", "{", ("backtest", "rule.json"), "line 1"),
    ("rule.json", json.dumps({"version": 1, "field": "source", "op": "~", "value": 1}), ("backtest", "rule.json"), "operator"),
    ("rule.json", json.dumps({"version": 1, "field": "sauce", "op": "=", "value": "x"}), ("backtest", "rule.json"), "source"),
    ("rule.json", '{"version": 1, "not": ' * 5000, ("backtest", "rule.json"), "rule"),
    ("x", "", ("backtest", "missing.json"), "cannot be read"),
    ("x", "", ("metrics", "--from", "2025-02-30"), "no day"),
    ("x", "", ("metrics", "--window", "0"), "window"),
    ("x", "", ("metrics", "--restate", "MQL v9"), "MQL v9"),
]  # fmt: skip


def test_wrong_input_gets_a_sentence_exit_code_1_and_changes_nothing(files, monkeypatch):
    monkeypatch.chdir(files)
    run("import-leads", "leads.csv", "--mapping", "mapping.toml")
    revision = warehouse().revision()
    sound = {path: path.read_text() for path in files.iterdir() if path.is_file()}
    for name, content, arguments, word in WRONG:
        (files / name).write_text(content)
        result = run(*arguments, "--json")
        assert result.exit_code == 1, arguments
        assert word in json.loads(result.stdout)["error"], arguments
        assert word in result.stderr and "Traceback" not in result.stderr
        assert warehouse().revision() == revision
        for path, text in sound.items():
            path.write_text(text)
    plain = run("import-leads", "missing.csv", "--mapping", "mapping.toml")
    assert (plain.exit_code, plain.stdout) == (1, "") and "missing.csv" in plain.stderr


@pytest.mark.parametrize(
    "arguments", [("metrics", "--by", "colour"), ("import-leads",), ("fly",), ("metrics", "--window", "x")]
)
def test_wrong_usage_is_exit_code_2(arguments):
    assert run(*arguments).exit_code == 2


def test_it_works_in_words_too(files):
    assert "3 new" in run("import-leads", files / "leads.csv", "--mapping", files / "mapping.toml").stdout
    assert "conversion mql → won" in run("metrics", "--by", "source").stdout
    assert "1 pass" in run("backtest", files / "rule.json").stdout


def test_the_command_imports_while_the_portal_has_the_facts_open(files):
    random_history(1, leads=10).load()
    with warehouse().read() as facts:
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", "--data", os.environ["CONCORD_DATA"], "import-leads", "leads.csv", "--mapping", "mapping.toml", "--json"],
            cwd=files,
            capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        assert json.loads(done.stdout)["new"] == 3
        assert facts.value(facts.lead.count()) == 10
    with warehouse().read() as facts:
        assert facts.value(facts.lead.count()) == 13
