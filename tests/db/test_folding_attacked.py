"""What is folded from events, by whatever way and in whatever order they came, equals a slow fold in plain Python."""

import csv
import json
import random
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from leads import in_place, live, schema
from leads.episodes import TOLD
from leads.imports.importing import import_files
from leads.imports.mapping import read_mapping
from leads.pointer import FORMAT
from leads.store import warehouse
from tests import slow_folding
from tests.lead_stories import (
    DONE,
    ENTERED,
    NOW,
    a_story,
    as_table,
    by_feed,
    by_table,
    check,
    events_of,
    happened,
    in_bits,
    leads_of,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("seed", "merging"), [(1, False), (2, True)])
def test_whatever_comes_in_whatever_order_and_by_whatever_way_is_folded_alike(seed, merging):
    told = a_story(random.Random(seed), 80, merging)
    assert len(told) > 300
    in_bits(told)
    check(told)
    live.fold()
    check(told)
    before = warehouse().revision()
    by_table([(kind, item) for kind, item in told if kind == "event"])
    by_feed([("event", item) for item in events_of(told) if item["at"] is not None])
    assert warehouse().revision() == before, "the same again changes nothing"


def make_older(format):
    """Turn the facts in force into what an earlier version of the program wrote."""
    facts = warehouse()
    facts.close()
    pointer = json.loads((facts.folder / "current.json").read_text())
    files = {"base": pointer["file"], "live": (pointer["live"] or {}).get("file")}
    for name in filter(None, files.values()):
        with duckdb.connect(facts.folder / name) as engine:
            if format == 3:  # which folded otherwise
                engine.execute("UPDATE lead SET worked = NOT worked")
                engine.execute("DELETE FROM episode WHERE number > 1")
                continue
            for column in schema.OUTCOME:
                engine.execute(f"ALTER TABLE lead DROP COLUMN {column}")
            for column in TOLD:
                engine.execute(f"ALTER TABLE episode DROP COLUMN {column}")
            engine.execute("UPDATE lead SET source = '' WHERE source IS NULL")
    (facts.folder / "current.json").write_text(json.dumps({**pointer, "format": format}))


@pytest.mark.parametrize(("format", "merging"), [(2, True), (3, False)])
def test_facts_of_an_earlier_program_are_folded_anew_with_what_was_laid_over_them(format, merging):
    told = a_story(random.Random(3), 40, merging)
    last = [(kind, item) for kind, item in told[-20:] if kind == "lead" or item["at"] is not None]
    told = [*told[:-20], *last]
    by_table(told[: -len(last)])
    by_feed(last)
    assert warehouse().pointer().live is not None
    make_older(format)
    check(told)
    assert warehouse().pointer().live is None


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

WIDE = """
lead_id = "id"
created_at = "created"
source = "source"
owner = "owner"
rejection_reason = "reason"
timezone = "Europe/Berlin"
[stages]
""" + "".join(f'{stage} = "{stage} date"\n' for stage in slow_folding.STAGES)
WIDE += "[events]\n" + "".join(f'{kind} = "{kind}"\n' for kind in DONE[:-1])
WIDE += "[outcome]\n" + "".join(
    f'{stage} = {{ column = "{stage}", equals = "yes" }}\n' for stage in ("won", "lost")
)
BERLIN = ZoneInfo("Europe/Berlin")
TOLD_IN_A_FILE = [
    "",
    "",
    "2026-03-28",
    "2026-03-29",
    "2026-03-29 00:00",
    "2026-03-29 03:30:01",
    "2026-10-25 02:30",
    "2027-01-01",
]


def a_row(draw, lead_id):
    """A row of a wide file, and what it tells."""
    row = {"id": lead_id, "created": draw.choice(TOLD_IN_A_FILE), "source": draw.choice(["", "ads"])}
    row |= {"owner": draw.choice(["", "ann", "bob"]), "reason": draw.choice(["", "Budget"])}
    fields = {"lead_id": lead_id, "created_at": read(row["created"]), "source": row["source"] or None}
    told = [
        ("lead", {name: value for name, value in {**fields, "owner": row["owner"] or None}.items() if value})
    ]
    for stage in slow_folding.STAGES:
        text = row[f"{stage} date"] = draw.choice(TOLD_IN_A_FILE)
        if text:
            told.append(("event", happened(lead_id, ENTERED, stage, read(text), **said_as(text))))
        if stage in ("won", "lost"):
            row[stage] = draw.choice(["yes", "", "no"])
            if row[stage] == "yes" and not text:
                told.append(("event", happened(lead_id, ENTERED, stage, None)))
    for kind in DONE[:-1]:
        text = row[kind] = draw.choice(TOLD_IN_A_FILE)
        if text:
            who = {
                "owner": row["owner"] or None,
                "reason": row["reason"].lower() or None if kind == "rejected" else None,
            }
            told.append(("event", happened(lead_id, kind, None, read(text), **said_as(text), **who)))
    return row, told


def read(text):
    """The instant of a time in Berlin, of a day its beginning; naive UTC. Of an hour that comes twice it is the later one."""
    if not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=1).astimezone(UTC).replace(tzinfo=None)


def said_as(text):
    return {"day": date.fromisoformat(text[:10]), "day_only": len(text) == 10}


def import_rows(folder, rows, mapping=WIDE):
    path = folder / "leads.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return import_files([path], read_mapping(mapping), now=NOW)


def test_a_wide_file_what_comes_over_it_and_the_next_file_are_folded_alike(tmp_path):
    draw = random.Random(4)
    rows, told = zip(*(a_row(draw, f"L{number:03d}") for number in range(60)), strict=True)
    import_rows(tmp_path, rows[:50])
    first = [item for of_one in told[:50] for item in of_one]
    check(first)
    story = [
        (kind, item) for kind, item in a_story(draw, 30, False) if kind == "lead" or item["at"] is not None
    ]
    by_feed(story)
    check([*first, *story])
    # a file with leads that are known, new, and changed
    changed, told_of_changed = zip(*(a_row(draw, f"L{number:03d}") for number in range(3)), strict=True)
    report = import_rows(tmp_path, [*changed, *rows[40:]])
    later = [item for of_one in [*told_of_changed, *told[40:]] for item in of_one]
    check([*first, *story, *later])
    assert report.new == 10
    again = import_rows(tmp_path, [*changed, *rows[40:]])
    assert (again.new, again.changed) == (0, 0)


def test_rows_that_say_into_which_lead_theirs_was_merged_are_folded_with_it(tmp_path):
    draw = random.Random(7)
    rows, told = zip(*(a_row(draw, f"L{number:03d}") for number in range(12)), strict=True)
    for number, row in enumerate(rows):
        into = row["into"] = f"L{number + 1:03d}" if number in (1, 2, 5) else ""
        told[number][0][1].update({"attribute_merged_into": into} if into else {})
    import_rows(tmp_path, rows[:8], WIDE + '[attributes]\nmerged_into = "into"\n')
    first = [item for of_one in told[:8] for item in of_one]
    check(first)
    import_rows(tmp_path, rows[8:])  # of leads that are new, by a mapping that knows nothing of merges
    check([*first, *(item for of_one in told[8:] for item in of_one)])


def test_a_flag_says_nothing_beside_a_date_that_is_known(tmp_path):
    dated = 'lead_id = "id"\n[stages]\nwon = "won on"\n[outcome]\nlost = { column = "lost", equals = "1" }\n'
    flags = 'lead_id = "id"\n[outcome]\nwon = { column = "won", equals = "1" }\nlost = { column = "lost", equals = "1" }\n'
    import_rows(
        tmp_path,
        [{"id": "a", "won on": "2026-03-28", "lost": ""}, {"id": "b", "won on": "", "lost": "1"}],
        dated,
    )
    report = import_rows(
        tmp_path, [{"id": "a", "won": "1", "lost": ""}, {"id": "b", "won": "", "lost": "1"}], flags
    )
    assert (report.new, report.changed) == (0, 0)
    report = import_rows(
        tmp_path, [{"id": "a", "won": "1", "lost": ""}, {"id": "b", "won": "1", "lost": "1"}], flags
    )
    assert (report.new, report.changed) == (0, 1)
    with warehouse().read() as facts:
        assert facts.value(facts.event.count()) == 3


def test_a_row_that_takes_back_the_decision_it_tells_is_no_work_and_no_decision(tmp_path):
    mapping = (
        'lead_id = "id"\n[stages]\nmql = "m"\n[events]\naccepted = "yes"\ndecision_withdrawn = "undone"\n'
    )
    rows = [
        {"id": "kept", "m": "2026-03-01", "yes": "2026-03-02 09:00", "undone": ""},
        {"id": "undone", "m": "2026-03-01", "yes": "2026-03-02 09:00", "undone": "2026-03-02 09:00"},
        {"id": "another", "m": "2026-03-01", "yes": "2026-03-02 09:00", "undone": "2026-03-02 10:00"},
    ]
    for part in (rows[:2], rows):
        import_rows(tmp_path, part, mapping)
        with warehouse().read() as facts:
            worked = {row["lead_id"]: row["worked"] for row in facts.rows(facts.followed)}
            decided = {row["lead_id"]: row["decision"] for row in facts.rows(facts.episode)}
        assert worked == {row["id"]: row["id"] != "undone" for row in part}
        assert decided == {row["id"]: int(row["id"] != "undone") for row in part}


# ── a warehouse in place ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_warehouse_in_place_is_folded_alike(tmp_path, data_folder):
    told = [
        item for item in a_story(random.Random(5), 60, True) if item[0] == "lead" or item[1]["at"] is not None
    ]
    for _, item in told:
        if "day" in item:
            item["day"] = item["at"].date()  # it has no days of its own
    leads = leads_of(told)
    columns = ["lead_id", "source", "campaign", "owner", "value", "currency", "created_at"]
    rows = [{"lead_id": lead_id, **fields} for lead_id, fields in leads.items()]
    with duckdb.connect(tmp_path / "house.duckdb") as engine:
        engine.register("leads", as_table(rows, [*columns, "attribute_merged_into"]))
        engine.register("events", as_table(events_of(told), schema.EVENT.names))
        engine.execute("CREATE TABLE lead AS FROM leads")
        engine.execute("CREATE TABLE happened AS FROM events")
    text = f'[warehouse]\npath = "{tmp_path / "house.duckdb"}"\n[lead]\ntable = "lead"\n'
    text += "".join(f'{name} = "{name}"\n' for name in columns)
    text += '[lead.attributes]\nmerged_into = "merged_into"\n[lead_event]\ntable = "happened"\n'
    text += "".join(f'{name} = "{name}"\n' for name in schema.EVENT.names if name != "day")
    data_folder.mkdir(parents=True, exist_ok=True)
    (data_folder / in_place.SETTINGS).write_text(text, encoding="utf-8")
    try:
        check(told)
    finally:
        in_place.close_all()


def test_an_outcome_in_place_of_which_no_day_is_known_counts_as_one_in_a_file_does(tmp_path, data_folder):
    with duckdb.connect(tmp_path / "house.duckdb") as engine:
        engine.execute("CREATE TABLE lead AS SELECT unnest(['a', 'b', 'c']) AS id")
        engine.execute(
            "CREATE TABLE happened AS SELECT 'a' AS id, 'won' AS stage, TIMESTAMP '2026-03-28 09:00:00' AS t"
        )
        engine.execute(
            "CREATE TABLE deal AS FROM (VALUES ('a', 'won', NULL::DATE), ('b', 'won', NULL), ('b', 'won', NULL),"
            " ('c', 'lost', NULL), ('c', 'lost', DATE '2026-03-29'), ('c', 'open', NULL)) t(id, state, day)"
        )
    data_folder.mkdir(parents=True, exist_ok=True)
    (data_folder / in_place.SETTINGS).write_text(
        f'[warehouse]\npath = "{tmp_path / "house.duckdb"}"\n[lead]\ntable = "lead"\nlead_id = "id"\n'
        '[lead_event]\ntable = "happened"\nlead_id = "id"\nstage = "stage"\nat = "t"\n'
        '[lead_outcome]\ntable = "deal"\nlead_id = "id"\noutcome = "state"\nat = "day"\n',
        encoding="utf-8",
    )
    won, lost = datetime(2026, 3, 28, 9), datetime(2026, 3, 29)
    told = [happened("a", ENTERED, "won", won), happened("b", ENTERED, "won", None)]
    told += [happened("c", ENTERED, "lost", lost, day_only=True)]
    try:
        check([("event", event) for event in told])
        with warehouse().read() as facts:
            assert facts.value(facts.event.count()) == 3
    finally:
        in_place.close_all()


# ── single cases ─────────────────────────────────────────────────────────────────────────────────────────────────────


def decided_leads():
    with warehouse().read() as facts:
        return {row["lead_id"]: row for row in facts.rows(facts.followed)}


def runs_of(lead_id):
    with warehouse().read() as facts:
        runs = facts.rows(facts.episode.filter(facts.episode.lead_id == lead_id))
    return sorted(runs, key=lambda run: run["number"])


def test_neither_an_automatic_reply_nor_a_decision_taken_back_is_work():
    at = datetime(2026, 3, 28, 9)
    told = [
        happened("replied", "contacted", automatic=True),
        happened("called", "contacted"),
        happened("undone", "accepted", at=at),
        happened("undone", ENTERED, "sal", at),
        happened("undone", "decision_withdrawn", at=at),
        happened("decided", "rejected", at=at),
        happened("decided", "decision_withdrawn", at=at + timedelta(hours=1)),
        happened("handed", "assigned"),
        happened("qualified", ENTERED, "mql"),
    ]
    for deliver in (by_table, by_feed):
        deliver([("event", event) for event in told])
        worked = {lead_id for lead_id, row in decided_leads().items() if row["worked"]}
        assert worked == {"called", "decided"}


def test_a_time_at_midnight_is_a_time_on_the_day_that_begins_with_it():
    midnight = datetime(2026, 3, 28)
    day = happened("a", ENTERED, "mql", midnight, day_only=True)
    for event in (day, happened("a", ENTERED, "mql", midnight)):
        by_feed([("event", event)])
    (run,) = runs_of("a")
    assert (run["mql_at"], run["mql_day_only"], run["handed_day_only"]) == (midnight, False, False)


def test_of_what_machines_and_people_did_on_one_day_that_of_people_counts():
    day = {"at": datetime(2026, 3, 28), "day_only": True}
    by_table(
        [
            ("event", happened("a", "contacted", **day)),
            ("event", happened("a", "contacted", **day, automatic=True, owner="robot")),
        ]
    )
    (run,) = runs_of("a")
    assert run["contacted_at"] == run["attempted_at"] == day["at"]


@pytest.mark.parametrize("names", [("x", "y"), ("y", "x")])
def test_a_prospect_who_stood_twice_and_came_again_on_a_day_both_tell_has_come_twice(names):
    first, second = names
    days = {first: [date(2026, 1, 10), date(2026, 3, 5)], second: [date(2026, 3, 5)]}
    told = [("lead", {"lead_id": second, "attribute_merged_into": first})]
    told += [
        ("event", happened(name, ENTERED, "mql", datetime(day.year, day.month, day.day), day_only=True))
        for name in names
        for day in days[name]
    ]
    by_table(told)
    assert [run["mql_day"] for run in runs_of(first)] == days[first]


def test_what_is_told_twice_of_one_instant_does_not_depend_on_the_order():
    at = datetime(2026, 3, 28, 23, 30)
    one = [happened("a", "assigned", at=at, owner="bob"), happened("a", "rejected", at=at, reason="need")]
    one += [happened("a", ENTERED, "mql", at, day=date(2026, 3, 29))]
    other = [happened("a", "assigned", at=at, owner="ann"), happened("a", "rejected", at=at, reason="budget")]
    other += [happened("a", ENTERED, "mql", at, day=date(2026, 3, 28))]
    for first, second in ((one, other), (other, one)):
        by_feed(
            [("event", event) for event in first] + [("event", {**event, "lead_id": "b"}) for event in second]
        )
    for lead_id in ("a", "b"):
        (run,) = runs_of(lead_id)
        assert (run["assigned_to"], run["reason"], run["mql_day"]) == ("ann", "budget", date(2026, 3, 28))


def test_a_merge_that_breaks_up_a_circle_or_a_chain_reaches_all_who_were_in_it():
    cases = [
        ("ab ba", "ac"),
        ("ab bc cb", "cd"),
        ("ab bc cb", "da"),
        ("ab bc", "bd"),
        ("ab", "aa"),
        ("az", "bz zc"),
    ]
    told, more = [], []
    for number, (before, after) in enumerate(cases):
        told += [
            ("event", happened(f"{number}{name}", ENTERED, "mql", datetime(2026, 1, day + 1)))
            for day, name in enumerate("abcd")
        ]
        for merges, into in ((before, told), (after, more)):
            into += [
                ("lead", {"lead_id": f"{number}{one}", "attribute_merged_into": f"{number}{other}"})
                for one, other in merges.split()
            ]
    by_table(told)
    by_feed(more)
    check([*told, *more])


def test_what_is_in_force_is_not_told_again_and_of_sources_told_at_once_the_first_stays():
    def lead(number, **fields):
        return number, "lead", json.dumps({"lead_id": "a", **fields})

    both = [lead(1, source="ads", owner="ann"), lead(2, source="fair", owner="bob")]
    assert live.apply(both, NOW).items == 2
    assert live.apply(both[:1], NOW).items == 0
    (row,) = decided_leads().values()
    assert (row["source"], row["owner"]) == ("ads", "bob")


# ── cut off ──────────────────────────────────────────────────────────────────────────────────────────────────────────

KILLED_AT_EACH_STEP = """
import os, sys
from leads import pointer
from leads.store import warehouse
import leads.live, leads.imports.merging

def look(step):
    left = [step]
    def counted(call):
        def instead(*given):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), 9)
            return call(*given)
        return instead
    pointer.flush, pointer.write, os.replace = counted(pointer.flush), counted(pointer.write), counted(os.replace)
    with warehouse().read() as facts:
        facts.value(facts.followed.count())

for folder in sys.argv[1:]:
    child = os.fork()
    if not child:
        os.environ["CONCORD_DATA"] = folder
        look(int(folder[-1]))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_killed_at_any_step_of_making_facts_anew_they_are_as_before_or_made_anew(tmp_path, monkeypatch):
    told = [
        (kind, item) for kind, item in a_story(random.Random(6), 20, True) if kind == "lead" or item["at"]
    ]
    by_table(told[:40])
    by_feed(told[40:])
    make_older(3)
    made = warehouse().folder
    # before the pointer is written, and after it was put in the place of the old one
    copies = [tmp_path / f"step-{step}" for step in (3, 6)]
    for copy in copies:
        shutil.copytree(made, copy / "leads")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EACH_STEP, *map(str, copies)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.stdout.split() == ["-9"] * 2, ended.stderr
    formats = []
    for copy in copies:
        monkeypatch.setenv("CONCORD_DATA", str(copy))
        pointer = warehouse().pointer()
        formats.append(pointer.format)
        assert (copy / "leads" / pointer.file).exists()
    assert formats == [3, FORMAT]
    for copy in copies:
        monkeypatch.setenv("CONCORD_DATA", str(copy))
        check(told)
        assert not [*(copy / "leads").glob("*.building*"), *(copy / "leads").glob("*.laying*")]
