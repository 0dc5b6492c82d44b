"""Every kind of file: the same leads come of it, and what is hostile or broken gets a sentence."""

import csv
import random
import zipfile
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from alignment.errors import InvalidInput
from leads.imports import excel_files, parquet_files
from leads.imports.files import open_file
from leads.imports.importing import import_files
from leads.imports.mapping import InvalidMapping, read_mapping
from leads.store import warehouse

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WIDE = """
lead_id = "id"
source = "origin"
employees = "size"
[stages]
mql = "entered"
[attributes]
demo = "demo"
"""
HEADER = ("id", "origin", "size", "entered", "demo")
ROWS = (
    ("1001", "ads", "50", "2026-01-05 09:30:00", "true"),
    ("1002", "", "12.5", "2026-01-06", "false"),
    ("1003", "=cmd|' /C calc'!A0", "", "", ""),
)


def load(mapping, *paths, **options):
    return import_files(list(paths), read_mapping(mapping), now=NOW, **options)


def facts():
    with warehouse().read() as found:
        leads = found.rows(
            found.lead.select("lead_id", "source", "employees", "attribute_demo").order_by("lead_id")
        )
        return leads, events()


def events():
    with warehouse().read() as found:
        log = found.event.select("lead_id", "type", "stage", "at", "day_only")
        return {tuple(row.values()) for row in found.rows(log)}


def write_workbook(path, sheets, hidden=()):
    """A workbook of sheets, given as {title: rows}; texts are written as texts, nothing as a formula."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        stamp, day = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"))
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(place, column, cell, stamp)
                    elif isinstance(cell, date):
                        sheet.write_datetime(place, column, cell, day)
                    elif cell is not None:
                        sheet.write(place, column, cell)
            if title in hidden:
                sheet.hide()
    return path


def test_the_same_leads_from_text_workbook_and_parquet_are_the_same_leads(tmp_path):
    text = tmp_path / "leads.csv"
    with text.open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *ROWS])
    book = write_workbook(
        tmp_path / "leads.xlsx",
        {
            "Notes": [],
            "Leads": [
                HEADER,
                (1001, "ads", 50, datetime(2026, 1, 5, 9, 30), True),
                (1002, None, 12.5, date(2026, 1, 6), False),
                (1003, "=cmd|' /C calc'!A0", None, None, None),
            ],
        },
    )
    table = tmp_path / "leads.parquet"
    columns = {
        "id": pa.array([1001.0, 1002.0, 1003.0]),
        "origin": ["ads", None, "=cmd|' /C calc'!A0"],
        "size": [50.0, 12.5, None],
        "entered": ["2026-01-05T09:30:00Z", "2026-01-06", None],
        "demo": [True, False, None],
    }
    pq.write_table(pa.table(columns), table)
    first = load(WIDE, text)
    assert (first.read, first.new, first.refused) == (3, 3, 0)
    before, revision = facts(), warehouse().revision()
    assert before[0][1] == {
        "lead_id": "1002",
        "source": None,
        "employees": 12.5,
        "attribute_demo": "false",
    }
    for path in (book, table):
        again = load(WIDE, path)
        assert (again.read, again.unchanged, again.refused) == (3, 3, 0), path.name
    assert (facts(), warehouse().revision()) == (before, revision)


def test_numbers_of_a_workbook_are_numbers_whatever_sign_people_write(tmp_path):
    rows = [HEADER[:3], ("a", "ads", 1.234), ("b", "ads", "1.200,5"), ("c", "ads", 7), ("d", "ads", "12,5")]
    book = write_workbook(tmp_path / "leads.xlsx", {"Leads": rows})
    report = load('decimal = ","\nlead_id = "id"\nsource = "origin"\nemployees = "size"', book)
    assert (report.new, report.refused) == (4, 0)
    with warehouse().read() as found:
        sizes = found.rows(found.lead.select("lead_id", "employees"))
    assert {row["lead_id"]: row["employees"] for row in sizes} == {"a": 1.234, "b": 1200.5, "c": 7, "d": 12.5}


def test_times_of_a_parquet_file_are_read_in_their_own_zone(tmp_path):
    moment = datetime(2026, 1, 5, 12, tzinfo=UTC)
    table = pa.table(
        {
            "id": ["a", "b", "c"],
            "zoned": pa.array([moment, None, None], pa.timestamp("us", "America/Sao_Paulo")),
            "plain": pa.array([None, datetime(2026, 1, 5, 9), None], pa.timestamp("ns")),
            "day": pa.array([None, None, date(2026, 1, 5)]),
        }
    )
    pq.write_table(table, tmp_path / "times.parquet")
    mapping = (
        'lead_id = "id"\ntimezone = "America/Sao_Paulo"\n[stages]\nmql = "zoned"\nsql = "plain"\nwon = "day"'
    )
    load(mapping, tmp_path / "times.parquet")
    naive = moment.replace(tzinfo=None)
    assert events() == {
        ("a", "entered_stage", "mql", naive, False),
        ("b", "entered_stage", "sql", naive, False),
        ("c", "entered_stage", "won", naive.replace(hour=3), True),
    }


def test_a_workbook_as_people_send_it(tmp_path):
    """A report title above the table, other sheets, errors of formulas, blank rows, a cell beyond the header."""
    rows = [
        ("Leads of the quarter",),
        (),
        HEADER[:4],
        ("a", "ads", 5, datetime(2026, 1, 5, 9, 30)),
        (),
        ("b", "#N/A", "many", date(2026, 1, 6)),
        ("c", "ads", 7, date(2026, 1, 7), None, "a note"),
        (None, "ads", 1, None),
    ]
    book = write_workbook(
        tmp_path / "report.xlsx", {"Leads": rows, "Secret": [("x",)], "Deals": [("y",)]}, hidden=("Secret",)
    )
    file = open_file(book)
    assert (file.header, file.rows) == (HEADER[:4], 4)
    assert file.first_rows(1) == [("a", "ads", "5", "2026-01-05 09:30:00")]
    said = {remark.code: remark.text for remark in file.remarks}
    assert set(said) == {"other_sheets", "rows_above_header", "error_cells"}
    assert "Deals" in said["other_sheets"] and "Secret" not in said["other_sheets"]
    assert "row 3" in said["rows_above_header"]
    report = load(WIDE.partition("[attributes]")[0], book)
    assert [(refusal.row, refusal.column) for refusal in report.refusals] == [(6, "size"), (7, ""), (8, "id")]
    assert (report.read, report.new, report.refused) == (4, 1, 3)
    # the child wrote the cells aside, and they go with the file
    cells = file.cells
    assert cells.exists()
    del file
    assert not cells.exists()


TWO_SHEETS = {
    "Notes": [("id", "origin"), ("x", "phone")],
    "Leads": [HEADER[:4], ("a", "ads", 5, date(2026, 1, 5)), ("b", "fair", 6, date(2026, 1, 6))],
    "Secret": [HEADER[:4], ("z", "ads", 5, date(2026, 1, 5))],
}


def test_of_several_sheets_the_one_that_is_named_is_read(tmp_path):
    book = write_workbook(tmp_path / "two.xlsx", TWO_SHEETS, hidden=("Secret",))
    first = open_file(book)
    assert (first.sheet, first.sheets, first.header) == ("Notes", ("Notes", "Leads"), HEADER[:2])
    (remark,) = first.remarks
    assert remark.code == "other_sheets" and "“Notes” was read" in remark.text and "“Leads”" in remark.text
    named = open_file(book, sheet=" leads ")
    assert (named.sheet, named.sheets, named.header) == ("Leads", ("Notes", "Leads"), HEADER[:4])
    assert not named.remarks
    report = load('sheet = "Leads"\n' + WIDE.partition("[attributes]")[0], book)
    assert (report.new, report.refused) == (2, 0)
    assert "other_sheets" not in {warning.code for warning in report.warnings}


def test_a_sheet_that_is_not_there_or_hidden_is_refused_with_those_that_are(tmp_path):
    book = write_workbook(tmp_path / "two.xlsx", TWO_SHEETS, hidden=("Secret",))
    for name in ("Deals", "Secret"):
        with pytest.raises(InvalidInput, match=f"no sheet “{name}” .* It has: “Notes”, “Leads”"):
            open_file(book, sheet=name)


def test_a_workbook_with_one_sheet_is_read_beside_another_whose_sheet_is_named(tmp_path):
    book = write_workbook(tmp_path / "one.xlsx", {"Leads": TWO_SHEETS["Leads"], "Empty": []})
    file = open_file(book, sheet="Deals")
    assert (file.sheet, file.sheets, file.rows) == ("Leads", ("Leads",), 2)
    (remark,) = file.remarks
    assert "no sheet “Deals”" in remark.text and "“Leads”, was read" in remark.text
    # a name of a sheet says nothing about other kinds of files
    (tmp_path / "leads.csv").write_text("id,origin\na,ads\n")
    assert open_file(tmp_path / "leads.csv", sheet="Deals").header == ("id", "origin")


OPEN_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="Leads">
<table:table-row><table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>entered</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="7"><text:p>7.00</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-01-05T09:30:00"><text:p>5 Jan</text:p></table:table-cell>
</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""


def test_an_open_document_is_a_workbook_too(tmp_path):
    path = tmp_path / "leads.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", OPEN_DOCUMENT.replace("\n<", "<"))
    file = open_file(path)
    assert (file.header, file.first_rows(5)) == (("id", "entered"), [("7", "2026-01-05 09:30:00")])


def far_sheet(tmp_path):
    """A small workbook whose two cells span the largest sheet there can be."""
    good = write_workbook(tmp_path / "good.xlsx", {"Leads": [HEADER, ROWS[0]]})
    far = tmp_path / "far.xlsx"
    cells = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>'
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(far, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                start, end = content.index("<sheetData>"), content.index("</sheetData>")
                content = content[: start + len("<sheetData>")] + cells + content[end:]
            target.writestr(name, content)
    return far


def damaged(tmp_path, path, keep):
    cut = tmp_path / f"cut-{path.name}"
    cut.write_bytes(path.read_bytes()[:keep])
    return cut


def zipped(tmp_path, **members):
    path = tmp_path / f"{'-'.join(members)}.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def test_what_is_no_sound_workbook_or_table_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(excel_files, "LARGEST_UNPACKED", 50_000_000)
    good = write_workbook(tmp_path / "sound.xlsx", {"Leads": [HEADER, ROWS[0]]})
    table = tmp_path / "sound.parquet"
    pq.write_table(pa.table({"id": ["a"]}), table)
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "none.parquet")
    old = tmp_path / "locked.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    faults = [
        (far_sheet(tmp_path), "more memory or time"),
        (zipped(tmp_path, xl__worksheets=b"0" * 60_000_000), "would unpack to"),
        (zipped(tmp_path, notes="hello"), "ZIP archive, not a workbook"),
        (damaged(tmp_path, good, 900), "Excel workbook|damaged"),
        (write_workbook(tmp_path / "blank.xlsx", {"Leads": []}), "no sheet that is filled in"),
        (write_workbook(tmp_path / "broad.xlsx", {"Leads": [range(2_001)]}), "2,000"),
        (old, "Excel workbook"),
        (damaged(tmp_path, table, 200), "cannot be read as a Parquet file"),
        (tmp_path / "none.parquet", "no rows"),
    ]
    for path, word in faults:
        with pytest.raises(InvalidInput, match=word) as refused:
            open_file(path)
        assert path.name in str(refused.value)
    with monkeypatch.context() as broken:
        broken.setattr(excel_files, "_ROOT", tmp_path)  # where there is nothing that could read it
        with pytest.raises(
            InvalidInput, match=r"sound.xlsx holds something that its reader stumbles over\. Save"
        ):
            open_file(good)
    monkeypatch.setattr(excel_files, "LARGEST_WORKBOOK", 100)
    with pytest.raises(InvalidInput, match="MB"):
        open_file(good)


def test_parquet_columns_whose_names_differ_in_capitals_only_are_kept_apart(tmp_path):
    path = tmp_path / "capitals.parquet"
    days = ["2026-01-05"]
    pq.write_table(pa.table({"ID": ["9"], "Id": ["a1"], "id_1": ["x"], "entered": days}), path)
    assert open_file(path).first_rows(5) == [("9", "a1", "x", "2026-01-05")]
    load('lead_id = "Id"\ncompany = "ID"\nsource = "id_1"\n[stages]\nmql = "entered"\n', path)
    with warehouse().read() as found:
        lead = found.lead.select("lead_id", "company", "source")
        assert found.rows(lead) == [{"lead_id": "a1", "company": "9", "source": "x"}]
    for name in ("file_row_number", "File_Row_Number"):
        pq.write_table(pa.table({"Id": ["a"], name: [1]}), path)
        with pytest.raises(
            InvalidInput, match=f"capitals.parquet: a column cannot be called “{name}”.*Rename"
        ):
            open_file(path)


def test_a_small_parquet_file_that_stands_for_too_much_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch
):
    path, rows = tmp_path / "bomb.parquet", 30_000
    same = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * 100_000]))
    days = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["2026-01-05"]))
    pq.write_table(
        pa.table({"id": days, "note": same, "entered": days}), path, store_schema=False, compression="zstd"
    )
    assert path.stat().st_size < 100_000
    mapping = 'lead_id = "id"\ncompany = "note"\n[stages]\nmql = "entered"\n'
    with pytest.raises(InvalidInput, match=r"bomb.parquet would unpack to 3.0 GB of text"):
        load(mapping, path)
    with monkeypatch.context() as patched:
        patched.setattr(parquet_files, "MOST_ROWS", rows - 1)
        with pytest.raises(InvalidInput, match=r"30,000 rows; at most 29,999"):
            open_file(path)
    assert load(mapping.replace('company = "note"\n', ""), path, dry_run=True).read == rows, (
        "what is not read counts for nothing"
    )


LONG = """
lead_id = "record"
source = "origin"
employees = "Size"
created_at = "createdate"
[long]
property = "what"
value = "to"
at = "when"
[stages]
mql = { property = "Stage", equals = ["mql", "Marketing Qualified"] }
won = { property = "stage", equals = "customer" }
[events]
contacted = { property = "status", equals = "connected" }
"""
PROPERTIES = {
    "stage": ("lead", "MQL", "marketing qualified", "customer"),
    "origin": ("ads", "fair", ""),
    "size": ("5", "70", "Select"),
    "status": ("new", "CONNECTED"),
}


FORMS = {
    "mixed": None,
    "iso": "{at:%Y-%m-%dT%H:%M:%SZ}",
    "salesforce": "{at:%Y-%m-%dT%H:%M:%S}.000+0000",
    "american": "{at:%m/%d/%Y %H:%M:%S}",
}


def history(draw, form, leads=60):
    """Random changes of properties as rows of a long file, and what a slow reading of them gives."""
    rows, told, latest, first = [], set(), {}, {}
    names = {"mql": "mql", "marketing qualified": "mql", "customer": "won"}
    for lead in range(leads):
        for second in sorted(draw.sample(range(10**6), draw.randrange(1, 12))):
            name = draw.choice(list(PROPERTIES))
            value = draw.choice(PROPERTIES[name])
            at = datetime(2025, 1, 1) + timedelta(seconds=second)
            shown = f"{at}Z" if draw.random() < 0.5 else str(int(at.replace(tzinfo=UTC).timestamp() * 1000))
            shown = shown if form is None else form.format(at=at)
            rows.append((f"L{lead}", draw.choice([name, name.upper()]), value, shown))
            if name == "stage" and value.lower() in names:
                told.add((f"L{lead}", "entered_stage", names[value.lower()], at, False))
            if name == "status" and value == "CONNECTED":
                told.add((f"L{lead}", "contacted", None, at, False))
            if value not in ("", "Select"):
                latest[f"L{lead}", name] = value
                first.setdefault((f"L{lead}", name), value)
    fields = {
        f"L{lead}": (
            first.get((f"L{lead}", "origin")),
            float(latest[f"L{lead}", "size"]) if (f"L{lead}", "size") in latest else None,
        )
        for lead in range(leads)
    }
    return rows, told, fields


@pytest.mark.parametrize("form", FORMS)
def test_a_long_file_in_any_order_says_what_a_slow_reading_of_it_says(tmp_path, form):
    draw = random.Random(form)
    rows, told, fields = history(draw, FORMS[form])
    revision = ""
    if form != "mixed":
        draw.shuffle(rows)
    for name in ("one", "another") if form == "mixed" else ("one",):
        path = tmp_path / f"{name}.csv"
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([("record", "what", "to", "when"), *rows])
        options = 'missing = ["Select"]\ndate_order = "mdy"\n'
        report = load(options + LONG.replace('created_at = "createdate"', ""), path)
        assert (report.read, report.refused) == (len(rows), 0)
        assert events() == told
        with warehouse().read() as found:
            stored = found.rows(found.lead.select("lead_id", "source", "employees"))
        assert {row["lead_id"]: (row["source"], row["employees"]) for row in stored} == fields
        assert revision in ("", warehouse().revision()), "the same changes in another order changed something"
        revision = warehouse().revision()
        draw.shuffle(rows)


def test_rows_of_a_long_file_that_cannot_be_used_are_named_and_what_never_happens_is_said(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(
        "record,what,to,when\n"
        "a,stage,MQL,2026-01-05\n"
        "a,size,many,2026-01-05\n"
        ",stage,MQL,2026-01-05\n"
        "b,stage,mql,soon\n"
        "b,createdate,1767225600000,2026-01-05\n"
        "b,score,7,2026-01-05\n"
    )
    report = load(LONG.replace('source = "origin"\n', ""), path)
    assert [(refusal.row, refusal.column) for refusal in report.refusals] == [
        (3, "Size"),
        (4, "record"),
        (5, "Stage is mql or marketing qualified"),
    ]
    said = {warning.code: warning.text for warning in report.warnings}
    assert "stage is customer" in said["values_not_found"]
    assert "score" in said["unmapped_columns"] and "stage" not in said["unmapped_columns"]
    with warehouse().read() as found:
        assert found.value(found.lead.created_at.max()) == datetime(2026, 1, 1)


def test_a_property_is_found_by_its_name_whatever_letters_it_has(tmp_path):
    names = ("Größe", "GRÖSSE", "İl", "ΣΑΣ", "Ǆ", "ŉ")
    mapping = 'lead_id = "record"\n[long]\nproperty = "what"\nvalue = "to"\nat = "when"\n'
    mapping += '[stages]\nmql = { property = "Stufe", equals = "abgeschloßen" }\n[attributes]\n'
    mapping += "".join(f'own_{number} = "{name}"\n' for number, name in enumerate(names))
    rows = [("Stufe", "Abgeschloßen"), *((name, f"said {name}") for name in names)]
    path = tmp_path / "letters.csv"
    path.write_text(
        "record,what,to,when\n" + "".join(f"1,{what},{to},2026-01-05\n" for what, to in rows), "utf-8"
    )
    load(mapping, path)
    with warehouse().read() as found:
        (lead,) = found.rows(found.lead)
        assert [lead[f"attribute_own_{number}"] for number in range(len(names))] == [to for _, to in rows[1:]]
        assert found.value(found.event.count()) == 1


def test_a_date_that_counts_on_some_rows(tmp_path):
    path = tmp_path / "odoo.csv"
    path.write_text("ID,Probability,Closed,Note\n1,100.0,2026-03-01,x\n2,0,2026-03-02,y\n3,20,,z\n")
    mapping = 'lead_id = "id"\n[stages]\n'
    mapping += 'won = { column = "Closed", where = "Probability", equals = [100, "100.0"] }\n'
    mapping += 'lost = { column = "Closed", where = "Probability", equals = "0" }\n'
    report = load(mapping, path)
    assert report.new == 3
    assert {(lead, stage) for lead, _, stage, *_ in events()} == {("1", "won"), ("2", "lost")}
    left_out = next(warning for warning in report.warnings if warning.code == "unmapped_columns")
    assert left_out.text.endswith("left out: Note.")


MISTAKES = [
    ('lead_id = "record"\n[long]\nproperty = "what"\nvalue = "to"', "column is the at"),
    (
        'lead_id = "record"\n[long]\nproperty = "what"\nvalue = "to"\nat = "then"\n[stages]\nmql = "mql"',
        "then",
    ),
    (
        'lead_id = "record"\n[long]\nproperty = "record"\nvalue = "to"\nat = "when"\n[stages]\nmql = "x"',
        "2,000 different values",
    ),
    ('lead_id = "record"\n[stages]\nmql = { property = "what", equals = "x" }', "not known in"),
    ('lead_id = "record"\n[stages]\nmql = { column = "when", where = "what" }', "lacks equals"),
    ('lead_id = "record"\n[stages]\nmql = { column = "when", where = "what", equals = [] }', "no value"),
]


def test_a_mapping_for_a_long_file_that_cannot_be_used_is_refused_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr("leads.imports.long_files.MOST_PROPERTIES", 3)
    path = tmp_path / "long.csv"
    rows = "".join(f"r{number},stage,mql,2026-01-05\n" for number in range(5))
    path.write_text(f"record,what,to,when\n{rows}")
    for mapping, word in MISTAKES:
        with pytest.raises(InvalidInput, match=word.replace("2,000", "3")):
            load(mapping, path)
    path.write_text("record,what,to,when\na,stage,mql,03/04/2026\n")
    with pytest.raises(InvalidMapping, match="date_order"):
        load(LONG, path)
    assert warehouse().revision() == ""
