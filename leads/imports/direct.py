"""Lead facts straight from Arrow tables, in one version: for the sample company and for tests.

`leads` has one row per lead:

- `lead_id` (string, required, unique);
- any of the canonical fields of `leads.model.CANONICAL_FIELDS`: text as string, `employees` and `value` as numbers,
  `created_at` as timestamp (with a zone, or naive UTC);
- any further column is a custom attribute under its name (a letter, then letters, digits, underscores): string,
  boolean, integer, float, date or timestamp. It is kept as text (`true`/`false`, `12`, ISO instants).

`events` has one row per event:

- `lead_id` (string, required); `type` (string, required: a value of `leads.model.EventType`);
- `stage` (string: a value of `leads.model.Stage`; required for `entered_stage`, else null);
- `at` (timestamp with a zone, or naive UTC; null only for an outcome of which no date is known);
- optional: `day` (date: the calendar day in the source's zone, default that of `at` in UTC), `day_only` (bool, default false: the source knows the day only), `reason` (string: a rejection's code),
  `owner` (string: who was assigned, or acted), `automatic` (bool, default false: an automatic reply, which is no contact).

A lead should have `entered_stage lead` at its creation, `entered_stage mql` when marketing qualifies it, `assigned`,
`contact_attempted` and `contacted`, `accepted` or `rejected` with a reason, and further stages up to `won` or `lost`.
Entering SAL counts as accepting; accepting does not enter SAL, so write both. A second `entered_stage mql`
starts a new episode (a recycled lead).
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from alignment.errors import InvalidInput
from alignment.lifecycle import EventType, Stage
from leads.model import CANONICAL_NAMES, column_of, is_attribute_name
from leads.store import warehouse

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from leads.imports.merging import Merged


def load_events(leads: "pa.Table", events: "pa.Table", now: datetime | None = None) -> "Merged":
    """Add leads and events to what is known, in one new version; see the module for the columns.

    Returns what changed; the same tables again change nothing. Raises InvalidInput for a column, event type or
    stage that is not known, an event without a lead, or ids that are missing or stand twice.
    """
    import ibis

    from leads import schema
    from leads.imports.merging import merge
    from leads.imports.notes import carry

    _check(leads, events)
    with warehouse().write() as draft:
        staged = draft.backend.create_table("staged_lead", leads, temp=True)
        staged = schema.known_of(staged)
        lead = staged.select(**{column_of(name): _typed(staged[name], name) for name in staged.columns})
        log = draft.backend.create_table("staged_event", events, temp=True)
        blank = {
            "stage": ibis.null().cast("string"),
            "reason": ibis.null().cast("string"),
            "owner": ibis.null().cast("string"),
            "day": ibis.null().cast("date"),
            "day_only": ibis.literal(False),
            "automatic": ibis.literal(False),
        }
        columns = {}
        for name, kind in schema.EVENT.items():
            value = log[name] if name in log.columns else blank[name]
            if kind.is_boolean():
                value = value.fill_null(False)
            columns[name] = _utc(value) if name == "at" else value.cast(kind)
        columns["day"] = columns["day"].coalesce(columns["at"].date())
        merged = merge(draft, lead, log.select(**columns), (), whole=True)
        if merged.changed_anything:
            carry(draft)
            draft.publish(now or datetime.now(UTC))
        return merged


def _typed(column: "ibis.Column", name: str) -> "ibis.Value":
    kind = column.type()
    if name == "created_at":
        return _utc(column)
    if name in ("employees", "value"):
        return column.cast("float64")
    if kind.is_timestamp():
        return _utc(column).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind.is_floating():
        # whole numbers without a decimal point, so that they read as they were meant
        return (column == column.floor()).ifelse(column.cast("int64").cast("string"), column.cast("string"))
    return column.cast("string")


def _utc(column: "ibis.Value") -> "ibis.Value":
    return column.cast("timestamp('UTC')").cast("timestamp(6)")


def _check(leads: "pa.Table", events: "pa.Table") -> None:
    import pyarrow.compute as pc

    for table, required, what in (
        (leads, ("lead_id",), "leads"),
        (events, ("lead_id", "type", "at"), "events"),
    ):
        for name in required:
            if name not in table.column_names:
                raise InvalidInput(f"The table of {what} has no column “{name}”. Add it.")
        if table["lead_id"].null_count:
            raise InvalidInput(f"The table of {what} has rows without a lead_id. Fill it in.")
    for name in leads.column_names:
        if name != "lead_id" and name not in CANONICAL_NAMES and not is_attribute_name(name):
            raise InvalidInput(f"“{name}” cannot be a field. Use letters, digits and underscores.")
    spelt: dict[str, str] = {}
    for name in leads.column_names:
        other = spelt.setdefault(name.lower(), name)
        if other != name:
            raise InvalidInput(
                f"“{other}” and “{name}” are one field, for small and capital letters do not tell names apart. Leave one out."
            )
    if pc.count_distinct(leads["lead_id"]).as_py() != len(leads):
        raise InvalidInput("The table of leads has a lead_id twice. Give one row per lead.")
    types = set(pc.unique(events["type"]).to_pylist())
    unknown = types - set(EventType)
    if unknown:
        raise InvalidInput(f"Event types that are not known: {unknown}. Known: {', '.join(EventType)}.")
    if "stage" in events.column_names:
        unknown = set(pc.unique(events["stage"]).to_pylist()) - {*Stage, None}
        if unknown:
            raise InvalidInput(f"Stages that are not known: {unknown}. Known: {', '.join(Stage)}.")
