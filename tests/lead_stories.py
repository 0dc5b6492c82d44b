"""Made-up things that are told of leads, in no order, and the ways in which they come into the facts.

A story is a list of pairs: `lead` and some fields of one, or `event` and the columns of one as they stand in the log.
"""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from alignment import instants
from leads import live, schema
from leads.imports.direct import load_events
from leads.store import warehouse
from tests import slow_folding

NOW = datetime(2026, 7, 1, tzinfo=UTC)
# the clocks of Berlin go forward on the second of these days; the last one is yet to come
DAYS = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30), date(2027, 1, 1)]
ENTERED = "entered_stage"
DONE = ["assigned", "contact_attempted", "contacted", "accepted", "rejected", "decision_withdrawn"]
KINDS = [(ENTERED, stage) for stage in [*slow_folding.STAGES * 2, *["mql"] * 3]] + [
    (kind, None) for kind in DONE * 2
]
TIMES = {name: pa.timestamp("us") for name in ("at", "created_at")}
TYPES = {"day": pa.date32(), "day_only": pa.bool_(), "automatic": pa.bool_(), "value": pa.float64(), **TIMES}


def happened(lead_id, kind, stage=None, at=datetime(2026, 3, 28, 9), **more):
    """An event as it stands in the log."""
    words = {"reason": None, "owner": None, "automatic": False, "day_only": False}
    day = None if at is None else at.date()
    return {"lead_id": lead_id, "type": kind, "stage": stage, "at": at, "day": day, **words, **more}


def some_event(draw, lead_id):
    """An event at one of so few instants that many fall together, and as many days without a time."""
    kind, stage = draw.choice(KINDS)
    if stage in ("won", "lost") and draw.random() < 0.15:
        return happened(lead_id, kind, stage, None)
    day, day_only = draw.choice(DAYS), draw.random() < 0.3
    at = datetime(day.year, day.month, day.day, 0 if day_only else draw.choice([0, 0, 9, 9, 22, 23]))
    at -= timedelta(hours=draw.choice([0, 0, 0, 0, 1, 2]))  # which is when a day begins in Berlin
    at += timedelta(microseconds=draw.choice([0] * 9 + [1]))
    more = {"day": day, "day_only": day_only}
    if kind == "rejected":
        more["reason"] = draw.choice([None, "budget", "need"])
    if kind == "assigned":
        more["owner"] = draw.choice([None, "ann", "bob"])
    if kind in ("contact_attempted", "contacted"):
        more["automatic"] = draw.random() < 0.4
    return happened(lead_id, kind, stage, at, **more)


def some_fields(draw, lead_id, others):
    """Some fields of a lead, and where there are others perhaps the one into which it was merged."""
    fields = {"source": ["ads", "fair"], "campaign": ["spring", "autumn"], "owner": ["ann", "bob"]}
    fields |= {"currency": ["EUR", "USD"], "value": [0.0, 1.0, 2.0]}
    fields["created_at"] = [datetime(2026, 3, 1), datetime(2026, 3, 2, 9), datetime(2026, 3, 29)]
    told = {name: draw.choice(values) for name, values in fields.items() if draw.random() < 0.45}
    if others and draw.random() < 0.4:
        told["attribute_merged_into"] = draw.choice([*others, "nobody"])
    return {"lead_id": lead_id, **told}


def a_story(draw, count, merging):
    """What is told of `count` leads in no order: pairs of lead and its fields, event and its columns."""
    ids = [f"L{number:03d}" for number in range(count)]
    told = []
    for number, lead_id in enumerate(ids):
        others = ids[max(0, number - 3) : number + 4] if merging else []
        told += [("lead", some_fields(draw, lead_id, others)) for _ in range(draw.choice([0, 1, 1, 2]))]
        told += [("event", some_event(draw, lead_id)) for _ in range(draw.choice([0, 1, 2, 3, 5, 8]))]
    draw.shuffle(told)
    return told


def events_of(told):
    return [item for kind, item in told if kind == "event"]


def leads_of(told):
    """The fields of each lead that is spoken of: the first source, and of everything else the last that was told."""
    leads = {}
    for kind, item in told:
        fields = leads.setdefault(item["lead_id"], {})
        if kind == "lead":
            late = {
                name: value
                for name, value in item.items()
                if name not in ("lead_id", *({"source"} & {*fields}))
            }
            fields.update(late)
    return leads


def as_table(rows, names):
    return pa.table(
        {
            name.removeprefix("attribute_"): pa.array(
                [row.get(name) for row in rows], TYPES.get(name, pa.string())
            )
            for name in names
        }
    )


def by_table(told):
    """All at once, as an import lays it out."""
    spoken = leads_of([(kind, item) for kind, item in told if kind == "lead"])
    names = list(dict.fromkeys(["lead_id", *(name for fields in spoken.values() for name in fields)]))
    leads = as_table([{"lead_id": lead_id, **fields} for lead_id, fields in spoken.items()], names)
    load_events(leads, as_table(events_of(told), schema.EVENT.names), NOW)


def by_feed(told):
    """Piece by piece, as it comes over HTTP."""
    items, number = [], warehouse().pointer().upto
    for kind, item in told:
        number += 1
        content = {
            name: instants.to_text(value.replace(tzinfo=UTC)) if name in TIMES else value
            for name, value in item.items()
            if value is not None and not name.startswith("attribute_")
        }
        if "day" in content:
            content["day"] = content["day"].isoformat()
        if "attribute_merged_into" in item:
            content["attributes"] = {"merged_into": item["attribute_merged_into"]}
        items.append((number, kind, json.dumps(content)))
    live.apply(items, NOW)


def in_bits(told):
    """In tables and over HTTP by turns, and folded in between; what has no date comes in tables only."""
    undated = [("event", event) for event in events_of(told) if event["at"] is None]
    rest = [item for item in told if item not in undated]
    by_table(rest[:80])
    by_feed(rest[80:150])
    live.fold()
    by_table([*rest[150:200], *undated])
    by_feed(rest[200:230])
    by_feed(rest[230:])


def check(told):
    """The facts in force are what was told, folded slowly."""
    leads, events = leads_of(told), events_of(told)
    with warehouse().read() as facts:
        became, runs = facts.rows(facts.followed), facts.rows(facts.episode)
    own = [*schema.OUTCOME, *(name for name in became[0] if name in TYPES or name in ("source", "owner"))]
    wanted = slow_folding.followed(leads, events)
    assert sorted(row["lead_id"] for row in became) == sorted(wanted)
    for row in became:
        expected = wanted[row["lead_id"]]
        assert {name: row[name] for name in own} == {name: expected.get(name) for name in own}, row["lead_id"]
    expected = {(run["lead_id"], run["number"]): run for run in slow_folding.episodes(leads, events)}
    assert sorted((run["lead_id"], run["number"]) for run in runs) == sorted(expected)
    for run in runs:
        assert run == expected[run["lead_id"], run["number"]]
