"""The fields that a rule can be put together from."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from histories import add_history

from actions import clock, imports, traits, what_if
from actions.fields import list_fields
from alignment.people import MACHINE
from alignment.rules import FieldType


def test_fields_come_with_the_values_that_occur_the_most_frequent_first():
    add_history(5)
    fields = {field.name: field for field in list_fields(MACHINE)}
    assert fields["source"].values == ("referral", "webinar")
    assert fields["source"].counts == (3, 2) and fields["source"].known == fields["source"].leads == 5
    employees = fields["employees"]
    assert employees.type is FieldType.NUMBER and employees.values == ()
    assert employees.lowest <= employees.middle <= employees.highest and employees.middle.is_integer()


def test_before_the_first_import_there_are_the_fields_of_the_model_without_values():
    fields = list_fields(MACHINE)
    assert {"source", "employees"} <= {field.name for field in fields}
    assert all(field.values == () for field in fields)


def test_a_number_beyond_all_measure_keeps_nobody_from_the_fields_their_spread_and_their_traits():
    at = datetime(2026, 1, 5, tzinfo=UTC)
    sizes = (50.0, 3.0, -1e300, 1e300, 0.5)
    leads = [
        {"lead_id": str(n), "employees": sizes[n % 5], "created_at": at + timedelta(days=n)}
        for n in range(80)
    ]
    events = [
        {"lead_id": lead["lead_id"], "type": "entered_stage", "stage": stage, "at": lead["created_at"]}
        for n, lead in enumerate(leads)
        for stage in ("mql", "won" if n % 2 else "lost")
    ]
    with clock.at(datetime(2026, 8, 1, tzinfo=UTC)):
        imports.add_history(MACHINE, pa.Table.from_pylist(leads), pa.Table.from_pylist(events))
        employees = next(field for field in list_fields(MACHINE) if field.name == "employees")
        assert (employees.lowest, employees.highest, employees.known) == (-1e300, 1e300, 80)
        spread = what_if.read_field_spread(MACHINE, "employees")
        assert sum(spread.won) + sum(spread.lost) == 80
        assert traits.read_traits(MACHINE)
