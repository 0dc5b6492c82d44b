"""Files as the engine reads them, held against reading them slowly: the same rows, lines, refusals, and the same facts."""

import random

import ibis
import pytest

from leads import episodes, outcomes, schema
from leads.imports import wide
from leads.imports.csv_files import CsvFile, look_through
from leads.imports.files import UnreadableFile
from leads.imports.importing import import_files
from leads.imports.mapping import read_mapping
from leads.store import warehouse

SOUND = ["a", "b c", "", "  x ", "é", "日本", "=1+1", "it's", "\\", "\\n", "#c", "NULL", "17"]
QUOTED = ["q", 'a""b', "one\ntwo", "one\r\ntwo", "one\rtwo", '""', "", " ", "%"]
FAULTY = ['a"b', '"a"b', ' "a"', '"', 'a""', '"a" ', "\r", '""x', "x\ry"]


def nasty_file(draw):
    """The bytes of a file as it may come, and its delimiter."""
    delimiter, newline = draw.choice(",;\t|"), draw.choice(["\n", "\n", "\r\n"])
    width, messy, faulty = draw.choice([2, 3, 5]), draw.random() < 0.7, draw.random() < 0.3

    def cell():
        kind = draw.random()
        if messy and kind < 0.3:
            return '"' + draw.choice(QUOTED).replace("%", delimiter) + '"'
        if faulty and kind < 0.35:
            return draw.choice(FAULTY)
        return draw.choice(SOUND)

    rows = [delimiter.join(f"h{number}" for number in range(width))]
    for _ in range(draw.choice([1, 3, 20, 60])):
        cells_ = width if draw.random() < 0.95 else draw.choice([0, 1, width - 1, width + 1])
        rows.append(delimiter.join(cell() for _ in range(cells_)) if cells_ else draw.choice(["", " "]))
    text = newline.join(rows) + draw.choice([newline, ""])
    content = text.encode("latin-1", "replace") if draw.random() < 0.2 else text.encode()
    return draw.choice([b"", b"\xef\xbb\xbf"]) + content, delimiter, width


def loaded(path, delimiter, width, draft):
    """Rows with their lines, how many there were, and the ragged ones; or the sentence that refuses the file."""
    try:
        file = look_through(path, None, delimiter)
        table = file.load(draft, "nasty", range(width))
        rows = draft.old.rows(table.select("row", *(f"c{n}" for n in range(width))).order_by("row"))
        return rows, file.rows, [(ragged.row, ragged.cells, ragged.reason) for ragged in file.ragged]
    except UnreadableFile as refusal:
        return str(refusal)
    finally:
        draft.backend.drop_table("nasty", force=True)


def test_the_engine_reads_a_file_as_the_csv_module_does_or_leaves_it_to_it(tmp_path, monkeypatch):
    draw, quick, path = random.Random(5), [], tmp_path / "nasty.csv"
    by_engine = CsvFile._load_by_engine

    def watched(*arguments):
        table = by_engine(*arguments)
        quick.append(table is not None)
        return table

    monkeypatch.setattr(CsvFile, "_load_by_engine", watched)
    is_plain = CsvFile._is_plain
    with warehouse().write() as draft:
        for _ in range(60):
            content, delimiter, width = nasty_file(draw)
            path.write_bytes(content)
            monkeypatch.setattr(CsvFile, "_is_plain", is_plain)
            found = loaded(path, delimiter, width, draft)
            monkeypatch.setattr(CsvFile, "_is_plain", lambda self: False)
            assert found == loaded(path, delimiter, width, draft), content
    assert quick.count(True) >= 20
    assert quick.count(False) >= 5


def test_a_long_file_keeps_its_lines_when_several_threads_read_it(tmp_path):
    path = tmp_path / "long.csv"
    count = 120_000
    filling = "x" * 600  # over one buffer of the engine's reader
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,text\n")
        stream.writelines(f"{number},{filling}\n" for number in range(count))
    with warehouse().write() as draft:
        table = look_through(path).load(draft, "long", [0])
        wrong = table.filter(table["row"] != table.c0.cast("int64") + 2)
        assert draft.old.value(table.count()) == count
        assert draft.old.value(wrong.count()) == 0


MAPPING = """
lead_id = "id"
source = "origin"
content = "page"
owner = "who"
created_at = "created"
employees = "size"
rejection_reason = "why"
date_order = "dmy"
timezone = "Europe/Berlin"
[stages]
mql = "mql"
sal = "sal"
won = "won"
[events]
assigned = "handed"
contact_attempted = "called"
contacted = "spoke"
accepted = "yes"
rejected = "no"
[outcome]
won = { column = "is_won", equals = "1" }
lost = { column = "is_lost", equals = "1" }
"""
DATES = ["", "2026-01-05", "2026-02-07 09:30:15", "2026-03-01T10:00"]
HEADER = "id,origin,page,who,created,size,why,mql,sal,won,handed,called,spoke,yes,no,is_won,is_lost"


def rows_of(draw, numbers, dates):
    for number in numbers:
        moments = ",".join(draw.choice(dates) for _ in range(8))
        yield (
            f"L{number},{draw.choice(['ads', 'fair', ''])},{draw.choice(['guide', ''])},"
            f"{draw.choice(['kim', ''])},{draw.choice(dates)},{draw.choice(['', '5', '1,500.5'])!r},"
            f"{draw.choice(['No_Need', ''])},{moments},{draw.choice('01')},{draw.choice('01')}"
        ).replace("'", '"')


def facts():
    with warehouse().read() as known:
        return {
            name: sorted(known.rows(table), key=repr)
            for name, table in (("lead", known.followed), ("event", known.event), ("episode", known.episode))
        }


def folded_again():
    """What all the events tell of the leads."""
    with warehouse().read() as known:
        built = {"lead": outcomes.build(known.lead, known.event), "event": known.event}
        built["episode"] = episodes.build(known.lead, known.event)
        return {name: sorted(known.rows(table), key=repr) for name, table in built.items()}


def import_rows(tmp_path, rows):
    path = tmp_path / "leads.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return import_files([path], read_mapping(MAPPING))


@pytest.mark.parametrize(
    "dates", [DATES, [*DATES, "05.01.2026", "2026-03-01 10:00+05:30", "3/2/2026 2:30 PM"]]
)
def test_episodes_straight_from_the_rows_are_those_of_the_events(tmp_path, monkeypatch, dates):
    used = []
    straight = wide.episodes_of
    monkeypatch.setattr(
        "leads.imports.merging.episodes_of", lambda *given: used.append(straight(*given)) or used[-1]
    )
    rows = list(rows_of(random.Random(3), range(120), dates))
    report = import_rows(tmp_path, rows)
    assert (report.new, report.refused) == (120, 0)
    assert used and used[0] is not None
    assert facts() == folded_again()
    became = {(row["won"], row["lost"], row["worked"], row["closed_at"] is None) for row in facts()["lead"]}
    assert (True, False, True, True) in became and (False, False, True, True) in became, (
        "won, of an unknown day"
    )
    assert {row["content"] for row in facts()["lead"]} == {"guide", None}


def test_leads_that_come_bit_by_bit_are_those_that_come_at_once(tmp_path, monkeypatch):
    draw = random.Random(4)
    rows = list(rows_of(draw, range(150), DATES))
    import_rows(tmp_path, rows[:100])
    import_rows(tmp_path, rows[95:120])  # some known, some new: the others are taken over
    import_rows(tmp_path, rows[110:])
    again = import_rows(tmp_path, rows[40:60])
    assert (again.new, again.changed, again.unchanged) == (0, 0, 20)
    found = facts()
    assert found == folded_again()
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path / "other"))
    import_rows(tmp_path, rows)
    assert facts() == found


def test_a_date_is_read_alike_in_a_column_of_plain_ones_and_among_others(tmp_path, monkeypatch):
    texts = [
        "2026-01-05",
        "2026-06-30 23:59:59",
        "2026-06-30T00:00",
        "1969-12-31",
        "2101-01-01 00:00",
        "2026-03-29 02:30:00",
    ]
    rows = [f'L{number},,,,"{text}",,,,,,,,,,,0,0' for number, text in enumerate(texts)]
    found = []
    for extra in ([], ['other,,,,"05.01.2026",,,,,,,,,,,0,0']):
        monkeypatch.setenv("CONCORD_DATA", str(tmp_path / f"data-{len(extra)}"))
        report = import_rows(tmp_path, rows + extra)
        refused = [(refusal.row, refusal.value) for refusal in report.refusals]
        leads = [(row["lead_id"], row["created_at"]) for row in facts()["lead"] if row["lead_id"] != "other"]
        found.append((refused, leads))
    assert found[0] == found[1]
    assert [row for row, _ in found[0][0]] == [5, 6]


def test_what_is_folded_has_the_columns_that_are_written_down():
    lead, event = (
        ibis.table(types, name=name) for name, types in (("l", schema.lead(())), ("e", schema.EVENT))
    )
    assert episodes.build(lead, event).schema() == schema.EPISODE
    assert outcomes.build(lead, event).schema() == schema.followed(())


@pytest.mark.parametrize("dates", [DATES, [*DATES, " 2026-02-07 09:30:15 ", "05.01.2026"]])
def test_the_quick_way_keeps_what_the_long_way_keeps(tmp_path, monkeypatch, dates):
    draw = random.Random(len(dates))
    # some files hold known leads only, some new ones only, some both; the last says again what was said
    files = [list(rows_of(draw, numbers, dates)) for numbers in (range(60), range(60, 75), range(50, 90))]
    files.append(files[-1][:20])
    kept, told = [], []
    for quick in (True, False):
        monkeypatch.setenv("CONCORD_DATA", str(tmp_path / str(quick)))
        if not quick:
            monkeypatch.setattr("leads.imports.staging._each_once", lambda *given: False)
        reports = [import_rows(tmp_path, rows) for rows in files]
        told.append([(one.new, one.changed, one.unchanged, one.warnings) for one in reports])
        kept.append(facts())
    assert kept[0] == kept[1]
    assert told[0] == told[1]
    assert [new for new, *_ in told[0]] == [60, 15, 15, 0]
    assert kept[0] == folded_again()
