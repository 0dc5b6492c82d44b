"""Dates that the engine reads with the file are what they are when they are read as texts."""

import random
from pathlib import Path
from typing import Any

import ibis
import pytest

from leads.imports import cells
from leads.imports.importing import import_files
from leads.imports.mapping import LeadMapping, read_mapping
from leads.imports.plain_dates import DAY, WrittenAlike, written_alike
from leads.imports.report import ImportReport
from leads.store import warehouse

pytestmark = pytest.mark.usefixtures("data_folder")

MAPPING = """
lead_id = "id"
source = "source"
created_at = "created"
{more}
[stages]
mql = "mql"
won = "won"
"""
FORMS = {
    DAY: "2026-01-05",
    "%Y-%m-%d %H:%M:%S": "2026-01-05 09:05:00",
    "%Y-%m-%d %H:%M": "2026-01-05 09:05",
    "%Y-%m-%dT%H:%M:%S": "2026-01-05T09:05:00",
    "%Y-%m-%dT%H:%M": "2026-01-05T09:05",
}
ODD = (
    *("2026-1-5", "epoch", "infinity", "-infinity", "0026-01-05", "26-01-05", " 2026-01-05 ", "2026-02-30", "(blank)", "today"),
    *("1969-12-31", "1970-01-01", "2100-12-31", "2100-12-31 23:59:59", "2101-01-01", "2026/01/05", "20260105", "'2026-01-05"),
    *("2026-01-05 24:00:00", "2026-01-05 23:59:60", "2026-01-05 9:5:3", "2026-01-05\t09:05:00", "2026-01-05  09:05:00"),
    *("2026-01-05 09:05:00Z", "2026-01-05 09:05:00+02", "2026-01-05 09:05:00.5", "2026-01-05 09:05:00 PM", "   "),
)  # fmt: skip


def _mapping(more: str = "") -> LeadMapping:
    return read_mapping(MAPPING.format(more=more))


def _as_text(more: str = "") -> LeadMapping:
    """The same, with a word for missing that might be a date, so that every date has to be read as text."""
    return _mapping('missing = ["0"]\n' + more)


def _write(path: Path, rows: list[str]) -> Path:
    path.write_text("id,source,created,mql,won\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def _plain(count: int = 200) -> list[str]:
    """Rows with moments, some empty, and days."""
    return [
        f"lead-{n},ads,2026-01-{n % 28 + 1:02} {n % 24:02}:30:00,{'' if n % 3 else f'2026-02-{n % 28 + 1:02} 00:00:00'},2026-05-01"
        for n in range(count)
    ]


def _imported(path: Path, mapping: LeadMapping) -> tuple[ImportReport, list[list[dict[str, Any]]]]:
    """The report, and everything that is known after it."""
    report = import_files([path], mapping)
    with warehouse().read() as facts:
        tables = [facts.rows(table) for table in (facts.followed, facts.event, facts.episode)]
    return report, [sorted(rows, key=str) for rows in tables]


def _both_ways(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: str = "") -> ImportReport:
    """Import a file with its dates read by the engine and read as texts, and expect the same."""
    found = []
    for name, mapping in (("by_engine", _mapping(more)), ("as_text", _as_text(more))):
        monkeypatch.setenv("CONCORD_DATA", str(tmp_path / name))
        found.append(_imported(path, mapping))
    assert found[0] == found[1]
    return found[0][0]


def test_any_text_that_the_engine_reads_is_read_so_from_the_text_as_well(tmp_path: Path) -> None:
    draw = random.Random(7)
    texts = [*ODD, *FORMS.values()]
    for _ in range(4_000):
        letters = list(draw.choice(list(FORMS.values())))
        for _ in range(draw.choice((1, 1, 2, 3))):
            place, letter = (
                draw.randrange(len(letters) or 1),
                draw.choice("0123456789-:T Zz+./\t\x0b'aPM\u00a0\u0663"),
            )
            letters[place : place + draw.randrange(2)] = draw.choice(([letter], []))
        texts.append("".join(letters))
    texts = list(dict.fromkeys(texts))
    path = tmp_path / "dates.csv"
    path.write_text("".join(f"{number},{text}\n" for number, text in enumerate(texts)), encoding="utf-8")
    backend = ibis.duckdb.connect()

    def read(kind: str, moment: str) -> ibis.Table:
        table_name = f"read_{kind}_{abs(hash(moment))}"
        return backend.read_csv(
            str(path), table_name=table_name, columns={"number": "INT", "cell": kind}, header=False,
            auto_detect=False, delim=",", quote='"', dateformat=DAY, timestampformat=moment, ignore_errors=True,
        )  # fmt: skip

    raw = read("VARCHAR", DAY)
    trimmed = cells.trimmed(raw.cell)
    slow = cells.instant(trimmed, "ymd", "UTC")
    shown = raw.select("number", text=trimmed, at=slow.at, day_only=slow.day_only)
    expected = {row["number"]: row for row in backend.to_pyarrow(shown).to_pylist()}
    for form in FORMS:
        typed = read("DATE" if form == DAY else "TIMESTAMP", WrittenAlike().moment if form == DAY else form)
        typed = typed.filter(cells.of_our_time(typed.cell)).select("number", at=typed.cell.cast("timestamp"))
        rows = backend.to_pyarrow(typed).to_pylist()
        assert any(row["at"] for row in rows)
        for row in rows:
            text = expected[row["number"]]
            assert row["at"] == text["at"], text
            assert (row["at"] is None) == (text["text"] is None), text
            assert row["at"] is None or text["day_only"] == (form == DAY), text


def test_what_the_first_rows_show_of_each_column() -> None:
    moment, other = "2026-01-05 09:05:00", "2026-01-05T09:05"
    rows = [("", "2026-01-05", moment, other, moment, "soon"), ("", "", moment, "", "", "2026-01-05")]
    assert written_alike(rows, range(6)) == WrittenAlike(
        {1: "DATE", 2: "TIMESTAMP", 4: "TIMESTAMP"}, "%Y-%m-%d %H:%M:%S"
    )
    assert written_alike([(moment, "2026-01-05")], [1]) == WrittenAlike({1: "DATE"})
    assert written_alike([], [0]) == WrittenAlike()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_file_of_plain_dates(zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path / "leads.csv", _plain())
    report = _both_ways(path, monkeypatch, tmp_path, f'timezone = "{zone}"')
    assert (report.new, report.refused) == (200, 0)


@pytest.mark.parametrize("odd", ["2101-01-01 00:00:00", "2026-02-30 10:00:00", "(blank)", "2026-01-05"])
def test_one_date_of_another_kind_far_down(odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _plain()
    rows.insert(150, f"lead-odd,ads,{odd},,2026-05-01")
    report = _both_ways(_write(tmp_path / "leads.csv", rows), monkeypatch, tmp_path)
    read = odd in ("(blank)", "2026-01-05")
    assert (report.read, report.refused) == (201, 0 if read else 1)
    assert read or (report.refusals[0].row, report.refusals[0].column) == (152, "created")


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_date_left_out_beside_a_row_let_pass(
    quote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row with an empty cell too many, which the engine reads, makes up for one whose date it does not."""
    rows = _plain()
    rows.insert(50, f"{quote}lead-long{quote},ads,2026-01-05 10:00:00,,2026-05-01,")
    rows.insert(150, "lead-odd,ads,2026-02-30 10:00:00,,2026-05-01")
    report = _both_ways(_write(tmp_path / "leads.csv", rows), monkeypatch, tmp_path)
    assert [(one.row, one.column) for one in report.refusals] == [(52, ""), (152, "created")]


def test_dates_that_are_words_for_missing(data_folder: Path, tmp_path: Path) -> None:
    rows = ["a,ads,1970-01-01,,", "b,ads,2026-01-05,,"]
    _, (leads, *_) = _imported(_write(tmp_path / "leads.csv", rows), _mapping('missing = ["1970-01-01"]'))
    assert [lead["created_at"] is None for lead in leads] == [True, False]
