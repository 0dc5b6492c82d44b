"""Lead files in: what is sound is kept, what is not gets a sentence, and never half an import."""

import csv
import gzip
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.tables import Table, write_csv
from leads.imports import csv_files
from leads.imports.importing import import_files
from leads.imports.mapping import InvalidMapping, read_mapping
from leads.metrics.measuring import measure_all
from leads.metrics.question import GroupBy, MetricQuestion, end_of
from leads.store import warehouse

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

# one mapping for two files about the same leads, as a company would write it
FUNNEL = """
lead_id    = "lead_no"
source     = "origin"
date_order = "ymd"
timezone   = "America/Sao_Paulo"
missing    = ["", "Select"]
[stages]
mql = "first_contact_date"
won = "won_date"
[outcome]
won = { column = "Converted", equals = "1" }
[attributes]
landing_page = "landing_page_id"
"""
SIMPLE = 'lead_id = "id"\nsource = "origin"\nemployees = "size"\n[stages]\nmql = "entered"\n'


@pytest.fixture
def funnel(tmp_path):
    """A leads file and a deals file with every oddity of a real funnel: (leads path, deals path, rows, deals)."""
    draw = random.Random(7)
    first = date(2025, 6, 1)
    rows, deals = [], []
    for number in range(600):
        entered = first + timedelta(days=draw.randrange(330))
        source = draw.choice(["social", "referral", "unknown", "", "paid_search"])
        rows.append(
            {
                "lead_no": f"L{number:04d}",
                "first_contact_date": str(entered),
                "landing_page_id": f"p{number % 7}",
                "origin": source,
            }
        )
        if draw.random() < 0.25:
            won = datetime.combine(entered, datetime.min.time()) + timedelta(
                days=int(draw.expovariate(1 / 20)), hours=draw.randrange(24), minutes=draw.randrange(60)
            )
            if won.date() >= date(2025, 11, 20):  # wins are recorded only from some day on
                deals.append({"lead_no": f"L{number:04d}", "seller": f"s{number}", "won_date": str(won)})
    early = rows[int(deals[0]["lead_no"][1:])]
    deals[0]["won_date"] = f"{date.fromisoformat(early['first_contact_date']) - timedelta(days=2)} 10:00:00"
    leads_path, deals_path = tmp_path / "leads.csv", tmp_path / "deals.csv"
    for path, entries in ((leads_path, rows), (deals_path, deals)):
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(entries[0]))
            writer.writeheader()
            writer.writerows(entries)
    return leads_path, deals_path, rows, deals


def load(mapping, *paths, dry_run=False):
    return import_files(list(paths), read_mapping(mapping), dry_run, NOW)


def write(tmp_path, content, name="file.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def stored(*columns):
    with warehouse().read() as facts:
        return facts.rows(facts.lead.select("lead_id", *columns).order_by("lead_id"))


def events():
    with warehouse().read() as facts:
        table = facts.event
        return facts.rows(
            table.order_by("lead_id", "at", "type").select(
                "lead_id", "type", "stage", "at", "day_only", "reason"
            )
        )


def codes(report):
    return {warning.code: warning.count for warning in report.warnings}


def test_two_files_about_the_same_leads_are_two_imports_with_one_mapping(funnel):
    leads_path, deals_path, _, deals = funnel
    first = load(FUNNEL, leads_path)
    assert (first.read, first.new, first.changed, first.unchanged, first.refused) == (600, 600, 0, 0, 0)
    second = load(FUNNEL, deals_path)
    assert (second.read, second.new, second.changed) == (len(deals), 0, len(deals))
    with warehouse().read() as facts:
        assert facts.value(facts.lead.count()) == 600
        assert facts.value(facts.episode.won_at.count()) == len(deals)


def test_the_same_files_again_change_nothing(funnel):
    leads_path, deals_path, *_ = funnel
    load(FUNNEL, leads_path)
    load(FUNNEL, deals_path)
    revision, imported_at = warehouse().revision(), warehouse().imported_at()
    for paths in ((leads_path,), (deals_path,), (leads_path, deals_path)):
        again = load(FUNNEL, *paths)
        assert (again.new, again.changed, again.unchanged) == (0, 0, again.read)
    assert (warehouse().revision(), warehouse().imported_at()) == (revision, imported_at)


def test_both_files_at_once_and_the_deals_first_come_to_the_same(funnel, tmp_path, monkeypatch):
    leads_path, deals_path, _, deals = funnel
    both = load(FUNNEL, leads_path, deals_path)
    assert both.read == both.new + both.changed + both.unchanged == 600 + len(deals)
    expected, log = stored("source", "attribute_landing_page"), events()
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path / "other"))
    load(FUNNEL.replace('source     = "origin"', "").split("[attributes]")[0], deals_path)
    load(FUNNEL, leads_path)
    assert (stored("source", "attribute_landing_page"), events()) == (expected, log)


def test_oddities_are_reported_and_nothing_is_hidden(funnel):
    leads_path, deals_path, rows, _ = funnel
    first = load(FUNNEL, leads_path)
    blank = sum(row["origin"] == "" for row in rows)
    assert codes(first)["blank_source"] == blank
    assert "unknown" in next(w.text for w in first.warnings if w.code == "blank_source")
    second = load(FUNNEL, deals_path)
    assert codes(second)["outcome_before_contact"] == 1
    assert codes(second)["unmapped_columns"] == 1
    assert codes(second)["missing_columns"] == 4
    assert "left_truncation" in codes(second)
    assert sum(row["source"] is None for row in stored("source")) == blank


def test_cohort_conversion_by_source_equals_a_calculation_from_the_files(funnel):
    leads_path, deals_path, rows, deals = funnel
    load(FUNNEL, leads_path)
    load(FUNNEL, deals_path)
    won = {deal["lead_no"]: date.fromisoformat(deal["won_date"][:10]) for deal in deals}
    as_of, window = date(2026, 4, 10), 30
    expected = {}
    for row in rows:
        entered = date.fromisoformat(row["first_contact_date"])
        if entered > as_of:
            continue
        counts = expected.setdefault(row["origin"] or "(blank)", [0, 0, 0])
        if entered + timedelta(days=window) > as_of:
            counts[2] += 1
            continue
        counts[1] += 1
        closed = won.get(row["lead_no"])
        counts[0] += closed is not None and closed <= as_of and (closed - entered).days <= window
    zone = "America/Sao_Paulo"
    question = MetricQuestion(
        as_of=end_of(as_of, zone),
        window_days=window,
        by=GroupBy.SOURCE,
        timezone=zone,
        hours=BusinessHours(zone),
    )
    found = {
        measure.group["source"]: [measure.numerator, measure.denominator, measure.excluded.get("immature", 0)]
        for measure in measure_all(question, ("conversion",))
        if measure.group and measure.to_stage == "won"
    }
    assert found == expected


def test_a_dry_run_counts_and_keeps_nothing(funnel):
    leads_path = funnel[0]
    report = load(FUNNEL, leads_path, dry_run=True)
    assert report.dry_run and report.new == 600
    assert warehouse().revision() == ""
    assert load(FUNNEL, leads_path).new == 600


def test_faulty_rows_are_named_with_line_column_value_and_reason_and_the_others_kept(tmp_path):
    path = write(
        tmp_path,
        "id,origin,size,entered\n"
        'a,"first line\nsecond line",5,2026-01-05\n'
        "\n"
        "b,ads,many,2026-01-05\n"
        ",ads,5,2026-01-05\n"
        "c,ads,5,2026-02-30\n"
        "d,ads,5\n"
        "e,ads,5,2026-01-05,more\n"
        f"{'x' * 300},ads,5,2026-01-05\n"
        "f,ads,,\n",
    )
    report = load(SIMPLE, path)
    assert (report.read, report.new, report.refused) == (8, 2, 6)
    assert [(refusal.row, refusal.column, refusal.value) for refusal in report.refusals][:3] == [
        (5, "size", "many"),
        (6, "id", ""),
        (7, "entered", "2026-02-30"),
    ]
    assert [refusal.row for refusal in report.refusals][3:] == [8, 9, 10]
    assert all(refusal.reason and refusal.file == "file.csv" for refusal in report.refusals)
    assert [row["lead_id"] for row in stored()] == ["a", "f"]


UNUSABLE = [
    (b"", "empty"),
    (b"\n\n  \n", "empty"),
    (b"a,ads,5,2026-01-05\nb,ads,5,2026-01-05\n", "no header row"),
    (b"id,origin,entered\na,ads,2026-01-05\n", "size"),
    (b"id,orign,size,entered\na,ads,5,2026-01-05\n", "orign"),
    (b"id,id,origin,size,entered\na,a,ads,5,2026-01-05\n", "2 times"),
    (b"PK\x03\x04whatever", "Excel workbook"),
    (gzip.compress(bytes(50_000_000)), "a compressed file"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "picture"),
    (b"\x7fELF\x02\x01\x01" + bytes(200), "NUL"),
    (bytes(range(1, 32)) * 20, "binary"),
    ("id,origin,size,entered\na,b,1,2026-01-05\n".encode("utf-16"), "UTF-16"),
    (b"id,origin,size,entered\na,a\x00ds,5,2026-01-05\n", "line 2"),
    (b"id,origin,size,entered\na," + b"x" * 1_100_000 + b",5,2026-01-05\n", "line 2"),
    (b"id,origin,size,entered\n" + b"x" * 5_000_000, "line 2"),
    (",".join(f"c{n}" for n in range(2_001)).encode() + b"\n", "2,000"),
    (b"id,origin,size,entered\na,ads,5,03/04/2026\n", "date_order"),
    (b"id,origin,size,entered\na,ads,5,13/04/2026\nb,ads,5,04/13/2026\n", "date_order"),
    (b"id,origin,size,entered\na,ads,x,2026-01-05\n", "None of the 1 rows"),
]


def test_a_file_that_cannot_be_used_is_refused_and_leaves_the_store_as_it_was(tmp_path):
    good = write(tmp_path, "id,origin,size,entered\nz,ads,5,2026-01-05\n", "good.csv")
    load(SIMPLE, good)
    revision = warehouse().revision()
    for number, (content, word) in enumerate(UNUSABLE):
        bad = write(tmp_path, content, f"bad-{number}.csv")
        with pytest.raises(InvalidInput, match=word):
            load(SIMPLE, bad)
    assert warehouse().revision() == revision
    assert [row["lead_id"] for row in stored()] == ["z"]


def test_one_file_that_cannot_be_used_stops_the_others(tmp_path):
    good = write(tmp_path, "id,origin,size,entered\nz,ads,5,2026-01-05\n", "good.csv")
    for content, word in ((b"", "empty"), (b"id,orign,size,entered\na,ads,5,2026-01-05\n", "orign")):
        with pytest.raises(InvalidInput, match=word):
            load(SIMPLE, good, write(tmp_path, content))
    assert warehouse().revision() == ""


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "LARGEST_FILE", 50)
    with pytest.raises(InvalidInput, match="MB"):
        load(SIMPLE, write(tmp_path, "id,origin,size,entered\n" + "a,ads,5,2026-01-05\n" * 9))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(SIMPLE, tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ("", "lead_id"),
        ("lead_id = ", "TOML"),
        ("lead_id = 5", "quotes"),
        ('lead_id = "id"\nsorce = "x"', "source"),
        ('lead_id = "id"\n[stages]\nmpl = "x"', "mql"),
        ('lead_id = "id"\nstages = "x"', "table"),
        ('lead_id = "id"\n[outcome]\nwon = "x"', "column"),
        ('lead_id = "id"\n[outcome]\nwon = { column = "x" }', "equals"),
        ('lead_id = "id"\n[attributes]\n"a b" = "x"', "letters"),
        ('lead_id = "id"\n[attributes]\nsource = "x"', "canonical"),
        ('lead_id = "id"\ndate_order = "american"', "mdy"),
        ('lead_id = "id"\ntimezone = "Berlin"', "IANA"),
        ('lead_id = "id"\ntimezone = "../../etc/passwd"', "IANA"),
        ('lead_id = "id"\nmissing = "x"', "list"),
        ('lead_id = "id"\ndelimiter = "ab"', "one character"),
        ('lead_id = "id"\nsheet = " "', "name of a sheet"),
        ('lead_id = "id"\nsheet = 2', "name of a sheet"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_faulty_mapping_is_refused_with_what_to_change(mapping, word):
    with pytest.raises(InvalidMapping, match=word):
        read_mapping(mapping)


@pytest.mark.parametrize(
    ("content", "mapping"),
    [
        (b"\xef\xbb\xbfid,origin,size,entered\na,caf\xc3\xa9,5,2026-01-05\n", SIMPLE),
        ("id;origin;size;entered\na;café;5;2026-01-05\n", SIMPLE),
        ("id\torigin\tsize\tentered\na\tcafé\t5\t2026-01-05\n", SIMPLE),
        ("id|origin|size|entered\na|café|5|2026-01-05\n", SIMPLE),
        ("id,origin,size,entered\r\na,café,5,2026-01-05\r\n", SIMPLE),
        ("\nid,origin,size,entered\na,café,5,2026-01-05", SIMPLE),
        (" ID , Origin,SIZE,Entered\n a , café ,5,2026-01-05\n", SIMPLE),
        ("id,origin,size,entered\na,café,5,2026-01-05\n".encode("latin-1"), SIMPLE),
        ('"id","origin","size","entered"\n"a","café","5","05.01.2026"\n', 'date_order = "dmy"\n' + SIMPLE),
        ("id~origin~size~entered\na~café~5~2026-01-05\n", 'delimiter = "~"\n' + SIMPLE),
    ],
)
def test_files_are_read_as_people_send_them(tmp_path, content, mapping):
    report = load(mapping, write(tmp_path, content))
    assert report.new == 1
    assert stored("source", "employees") == [{"lead_id": "a", "source": "café", "employees": 5.0}]
    assert events()[0]["at"] == datetime(2026, 1, 5)
    assert ("encoding" in codes(report)) == (b"\xe9" in content if isinstance(content, bytes) else False)


def test_what_windows_writes_in_one_byte_is_read_as_windows_writes_it(tmp_path):
    content = "id,origin,size,entered\na,„Messe“ – 5 €,5,2026-01-05\nb,plain,6,2026-01-05\n".encode("cp1252")
    report = load(SIMPLE, write(tmp_path, content))
    assert [one["source"] for one in stored("source")] == ["„Messe“ – 5 €", "plain"]
    assert "Windows-1252" in next(one.text for one in report.warnings if one.code == "encoding")
    # five bytes are no letter there either: such a cell shows that, and the rest is read
    load(SIMPLE, write(tmp_path, b"id,origin,size,entered\nc,\x81\x80,5,2026-01-05\n"))
    assert stored("source")[-1]["source"] == "\ufffd€"


DATES = [
    ("2026-01-05", None, "UTC", datetime(2026, 1, 5)),
    ("2026-1-5 9:07", None, "UTC", datetime(2026, 1, 5, 9, 7)),
    ("2026-01-05T09:07:08.25Z", None, "UTC", datetime(2026, 1, 5, 9, 7, 8, 250000)),
    ("2026-01-05 09:07:08+02:00", None, "America/Sao_Paulo", datetime(2026, 1, 5, 7, 7, 8)),
    ("2026-01-05 09:07:08 -0330", None, "UTC", datetime(2026, 1, 5, 12, 37, 8)),
    ("2026-01-05 09:07", None, "America/Sao_Paulo", datetime(2026, 1, 5, 12, 7)),
    ("2026-07-05", None, "Europe/Berlin", datetime(2026, 7, 4, 22)),
    ("2026/01/05", None, "UTC", datetime(2026, 1, 5)),
    ("3/15/2026 2:30 PM", None, "UTC", datetime(2026, 3, 15, 14, 30)),
    ("03/04/2026", "mdy", "UTC", datetime(2026, 3, 4)),
    ("03/04/2026 12:00 am", "dmy", "UTC", datetime(2026, 4, 3)),
    ("3.4.2026 08:00", "dmy", "UTC", datetime(2026, 4, 3, 8)),
    ("03/04/2026", "ymd", "UTC", None),
    ("2026-02-30", None, "UTC", None),
    ("2026-13-01", None, "UTC", None),
    ("0001-01-01", None, "UTC", None),
    ("9999-01-01", None, "UTC", None),
    ("yesterday", None, "UTC", None),
    ("20260105", None, "UTC", None),
    ("2026-01-05 25:00", None, "UTC", None),
]


@pytest.mark.parametrize(("order", "zone"), sorted({(order or "", zone) for _, order, zone, _ in DATES}))
def test_a_date_is_the_instant_it_says_or_none(tmp_path, order, zone):
    cases = [
        (text, expected) for text, its, in_zone, expected in DATES if (its or "", in_zone) == (order, zone)
    ]
    rows = "".join(f'{number:02d},x,1,"{text}"\n' for number, (text, _) in enumerate(cases))
    options = f'timezone = "{zone}"\n' + (f'date_order = "{order}"\n' if order else "")
    report = load(options + SIMPLE, write(tmp_path, f"id,origin,size,entered\nlast,x,1,2026-01-05\n{rows}"))
    found = {event["lead_id"]: (event["at"], event["day_only"]) for event in events()}
    for number, (text, expected) in enumerate(cases):
        assert found.get(f"{number:02d}") == (expected and (expected, ":" not in text)), text
    assert [refusal.value for refusal in report.refusals] == [
        text for text, expected in cases if not expected
    ]


NUMBERS = [
    ("1200", ".", 1200.0),
    ("1,200", ".", 1200.0),
    ("1,200,300.5", ".", 1200300.5),
    ("-3.5", ".", -3.5),
    ("1,5", ".", None),
    ("1.200,5", ",", 1200.5),
    ("1,5", ",", 1.5),
    ("1.5", ",", None),
    ("12 people", ".", None),
    ("1e5", ".", None),
    ("nan", ".", None),
]


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_number_is_what_it_says_or_none(tmp_path, decimal):
    cases = [(text, expected) for text, sign, expected in NUMBERS if sign == decimal]
    rows = "".join(f'{number:02d},x,"{text}",\n' for number, (text, _) in enumerate(cases))
    report = load(f'decimal = "{decimal}"\n' + SIMPLE, write(tmp_path, f"id,origin,size,entered\n{rows}"))
    found = {row["lead_id"]: row["employees"] for row in stored("employees")}
    for number, (text, expected) in enumerate(cases):
        assert found.get(f"{number:02d}") == expected, text
    assert [refusal.value for refusal in report.refusals] == [
        text for text, expected in cases if expected is None
    ]


def test_words_for_missing_are_missing_and_blank_stays_blank(tmp_path):
    path = write(
        tmp_path, "id,origin,size,entered\na,Select,,\nb,unknown,,\nc,  ,,\nd,(blank),(blank),(blank)\n"
    )
    load('missing = ["", "Select"]\n' + SIMPLE, path)
    assert [row["source"] for row in stored("source")] == [None, "unknown", None, None]
    # what tables of people and of ours write for nothing cannot be told from a source of that name
    load(SIMPLE, write(tmp_path, "id,origin,size,entered\ne,(blank),7,\n"))
    assert stored("source", "employees")[-1] == {"lead_id": "e", "source": None, "employees": 7.0}


def test_a_later_file_fills_in_and_changes_but_the_first_source_stays(tmp_path):
    load(SIMPLE, write(tmp_path, "id,origin,size,entered\na,ads,5,2026-01-05\nb,,,\n"))
    report = load(SIMPLE, write(tmp_path, "id,origin,size,entered\na,referral,9,\nb,ads,,2026-01-06\n"))
    assert (report.new, report.changed) == (0, 2)
    assert codes(report)["source_kept"] == 1
    assert [(row["source"], row["employees"]) for row in stored("source", "employees")] == [
        ("ads", 9.0),
        ("ads", None),
    ]
    assert len(events()) == 2


def test_an_id_that_stands_twice_is_kept_once_and_reported(tmp_path):
    path = write(tmp_path, "id,origin,size,entered\na,ads,5,2026-01-05\na,referral,7,\nb,x,1,\nb,x,1,\n")
    report = load(SIMPLE, path)
    assert (report.read, report.new, report.changed, report.unchanged) == (4, 2, 1, 1)
    assert codes(report)["duplicate_ids"] == 1
    assert stored("source", "employees")[0] == {"lead_id": "a", "source": "ads", "employees": 7.0}


def test_a_flag_without_a_date_is_an_undated_outcome(tmp_path):
    mapping = 'lead_id = "id"\n[stages]\nmql = "m"\n[outcome]\nwon = { column = "Converted", equals = ["1", "Yes"] }\n'
    day = "2026-01-05"
    path = write(tmp_path, f"id,m,Converted\na,{day},1\nb,{day},0\nc,{day},yes\nd,{day},\n")
    report = load(mapping, path)
    assert codes(report)["undated_outcomes"] == 2
    assert "2 outcomes have no date" in next(
        one.text for one in report.warnings if one.code == "undated_outcomes"
    )
    won = [event for event in events() if event["stage"] == "won"]
    assert [(event["lead_id"], event["at"]) for event in won] == [("a", None), ("c", None)]
    again = load(mapping, path)
    assert again.unchanged == 4
    notes = {m.key: m.notes for m in measure_all(MetricQuestion(as_of=NOW))}
    assert notes["conversion:mql:won"] == (
        "No entry to won is recorded with a date (2 outcomes have no date).",
    )


def test_decisions_and_contacts_come_from_their_own_columns(tmp_path):
    mapping = (
        'lead_id = "id"\nowner = "who"\nrejection_reason = "why"\n[stages]\nmql = "m"\n'
        '[events]\nassigned = "handed"\ncontact_attempted = "called"\nrejected = "no"\n'
    )
    path = write(
        tmp_path,
        "id,who,why,m,handed,called,no\n"
        "a,kim,No_Budget,2026-01-05,2026-01-06 10:00,2026-01-06 11:00,2026-01-07 10:00\n",
    )
    load(mapping, path)
    assert [(event["type"], event["reason"]) for event in events()] == [
        ("entered_stage", None),
        ("assigned", None),
        ("contact_attempted", None),
        ("rejected", "no_budget"),
    ]


def test_text_that_looks_like_code_is_kept_as_text(tmp_path):
    attack = "'); DROP TABLE lead; --"
    formula = "=cmd|' /C calc'!A0"
    path = write(tmp_path, f'id,origin,size,entered\n"{attack}","{formula}",5,2026-01-05\n')
    load(SIMPLE, path)
    assert stored("source") == [{"lead_id": attack, "source": formula}]


def test_what_was_taken_along_as_a_table_comes_back_as_it_was(tmp_path):
    rows = [
        ("=1+1", "=cmd|' /C calc'!A0"),
        ("-7", "@sum"),
        ("+49", "+ads"),
        ("plain", "o'clock"),
        ("quoted", "'ads'"),
    ]
    columns = Table(("id", "origin", "size", "entered"), tuple((*row, 5, "2026-01-05") for row in rows))
    path = write(tmp_path, write_csv(columns))
    assert b"\n'-7," in path.read_bytes()
    load(SIMPLE, path)
    assert {(row["lead_id"], row["source"]) for row in stored("source")} == set(rows)
    load(SIMPLE, write(tmp_path, "id,origin,size,entered\n-7,@sum,5,2026-01-05\n"))
    assert len(stored("source")) == len(rows)


def test_custom_fields_are_told_apart_by_what_they_hold(tmp_path):
    mapping = 'lead_id = "id"\n[attributes]\nflag = "f"\npages = "p"\nseen = "s"\nword = "w"\n'
    load(
        mapping,
        write(tmp_path, "id,f,p,s,w\na,true,3,2026-01-05,x\nb,no,2.5,,7\nc,,,2026-01-06T10:00:00Z,\n"),
    )
    with warehouse().read() as facts:
        custom = {found.name: found.type.value for found in facts.fields() if found.custom}
    assert custom == {"flag": "boolean", "pages": "number", "seen": "date", "word": "text"}


def test_dates_of_the_future_are_reported(tmp_path):
    report = load(SIMPLE, write(tmp_path, "id,origin,size,entered\na,ads,5,2027-01-05\n"))
    assert codes(report)["future_dates"] == 1
