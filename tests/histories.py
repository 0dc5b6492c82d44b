"""Made-up lead histories for tests of the actions and the screens."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from actions import imports
from alignment.people import MACHINE
from leads import pointer
from leads.imports import direct
from leads.store import warehouse
from tests.loaded_once import load_once

START = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday


def morning(days_ago):
    """Nine o'clock UTC, that many days before today. To be asked within a test: a suite may begin on the day before."""
    return datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)


def monday(weeks_ago):
    """Nine o'clock UTC on the Monday of the week, that many weeks before this one."""
    return morning(datetime.now(UTC).weekday() + 7 * weeks_ago)


def add_history(
    count,
    *,
    start=START,
    accepted=0.6,
    prefix="lead",
    per_day=10,
    big=0.5,
    won=0.1,
    minutes=30,
    undecided=0.0,
):
    """`count` leads, `per_day` a day from `start`: MQL at 9:00, called after `minutes`, decided after a day.

    Shares are exact and spread evenly: `big` have 100 employees (else 10), `accepted` are accepted, `won` are won
    after ten days. On the share `undecided` sales says nothing. Returns the ids.
    """
    import pyarrow as pa

    def turn(number, share):
        return int((number + 1) * share) > int(number * share)

    rows, events, ids = [], [], []
    for number in range(count):
        lead_id = f"{prefix}-{number:05}"
        ids.append(lead_id)
        at = start + timedelta(days=number // per_day)
        rows.append(
            {
                "lead_id": lead_id,
                "source": ("referral", "webinar")[number % 2],
                "employees": 100.0 if turn(number, big) else 10.0,
                "created_at": at,
            }
        )

        def event(kind, when, stage=None, reason=None, lead=lead_id):
            events.append({"lead_id": lead, "type": kind, "stage": stage, "at": when, "reason": reason})

        event("entered_stage", at, "mql")
        event("contact_attempted", at + timedelta(minutes=minutes))
        if turn(number // 3, undecided):
            continue
        if turn(number // 2, accepted):  # halves the pace, so that size and acceptance do not go together
            event("accepted", at + timedelta(days=1))
            if turn(number // 4, won):
                event("entered_stage", at + timedelta(days=10), "won")
        else:
            event("rejected", at + timedelta(days=1), reason="no_budget")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "load_events", load_once)
        imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))
    return ids


def make_facts_old():
    """Leave the lead facts as if an earlier version of the program had written them."""
    warehouse().close()
    path = warehouse().folder / pointer.NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": pointer.FORMAT - 1}))
