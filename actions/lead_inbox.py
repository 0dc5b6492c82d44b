"""Sales' inbox: the leads that were handed over and wait for a decision, and everything known of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from actions import clock, settings
from actions.lead_quality import Minimum, minimum_of
from actions.permissions import authorise, may
from alignment import definitions as agreements
from alignment import instants, rules
from alignment.definitions import DefinitionVersion
from alignment.errors import InvalidInput, NotFound
from alignment.lead_decisions import LONGEST_LEAD_ID, Decision, HandedOver, overdue_before
from alignment.people import Actor, Person, Team
from alignment.rules.explaining import Explanation, explain
from db.queries import definitions, lead_decisions, lead_feedback, lead_inflow
from db.queries.lead_feedback import Given
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.inbox import LeadRecord, Moment, WaitingCounts, WaitingLead, Wanted
    from leads.store import Facts

PAGE = 25
# a reader may have opened the facts so long ago, and what is read besides be newer
_BEHIND = timedelta(minutes=15)
_MOST_BEHIND = 100_000


class Whose(StrEnum):
    """Whose waiting leads: one's own, those of nobody, or all."""

    ALL = "all"
    OWN = "own"
    NOBODY = "nobody"


class Age(StrEnum):
    """How long they have waited: in time, overdue, or either."""

    ALL = "all"
    IN_TIME = "in_time"
    OVERDUE = "overdue"


class Order(StrEnum):
    """Which waiting lead comes first."""

    LATEST = "latest"
    LONGEST = "longest"


@dataclass(frozen=True)
class InboxRow:
    """A waiting lead, whether it has waited longer than agreed, and what the definition says of it.

    `definition` is the version in force at the hand-over, None where none was; `meets` what it says, None where that is
    open or there is no rule. `missing` are labels of agreed fields that are not filled in.
    """

    lead: "WaitingLead"
    overdue: bool
    definition: str | None
    meets: bool | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Inbox:
    """One page of waiting leads, how many match the filters, how many wait in all, and the hours in which one is due: what is agreed, or else the usual.

    `decides` is whether the person may decide. `revision` moves with whatever changes the inbox.
    """

    rows: tuple[InboxRow, ...]
    matching: int
    page: int
    counts: "WaitingCounts"
    limit_hours: int
    decides: bool
    revision: str


@dataclass(frozen=True)
class LeadView:
    """Everything about one lead: its record, the labels of its fields, what the definition in force at the hand-over says
    and why, what agreed information is missing, the decisions on it, and the feedback on its latest hand-over."""

    record: "LeadRecord"
    labels: Mapping[str, str]
    custom: frozenset[str]
    definition: DefinitionVersion | None
    explanation: Explanation | None
    missing: tuple[str, ...]
    decisions: tuple[Decision, ...]
    given: Given | None
    decides: bool


def read_inbox(
    actor: Actor,
    *,
    whose: str = Whose.ALL,
    age: str = Age.ALL,
    source: str | None = None,
    order: str = Order.LATEST,
    page: int = 1,
) -> Inbox | None:
    """The leads that wait for a decision, a page at a time; None while there are no leads at all.

    `source` is where they came from, `(blank)` for none. Raises InvalidInput for a choice that is none.
    """
    person = authorise(actor, "leads:read")
    connection = store().read()
    limit = settings.company_of(connection).feedback_hours
    wanted = _wanted(connection, person, whose, age, source, order)
    from leads.inbox import count_waiting, find_waiting
    from leads.store import warehouse

    if not warehouse().revision():
        return None
    revision = _revision(connection)
    moment = moment_of(connection)
    assert wanted.overdue_before is not None
    with warehouse().read() as facts:
        counts = count_waiting(facts, moment, wanted.overdue_before, owner_names(person))
        found, matching = find_waiting(facts, moment, wanted, page=page, size=PAGE)
        rows = _rows(connection, facts, found, wanted.overdue_before)
    return Inbox(tuple(rows), matching, max(1, page), counts, limit, decides(person), revision)


def list_waiting(
    actor: Actor,
    *,
    whose: str = Whose.ALL,
    age: str = Age.ALL,
    source: str | None = None,
    order: str = Order.LATEST,
) -> list[str]:
    """Ids of the waiting leads that match, in their order, at most a thousand. The choices are those of `read_inbox`."""
    person = authorise(actor, "leads:read")
    connection = store().read()
    wanted = _wanted(connection, person, whose, age, source, order)
    from leads.inbox import waiting_ids
    from leads.store import warehouse

    with warehouse().read() as facts:
        return waiting_ids(facts, moment_of(connection), wanted)


def read_lead(actor: Actor, lead_id: str) -> LeadView:
    """Everything known of a lead. Raises NotFound when there is none with this id."""
    person = authorise(actor, "leads:read")
    if not isinstance(lead_id, str) or len(lead_id) > LONGEST_LEAD_ID:
        raise NotFound("There is no lead with this id. Go back to the list.")
    connection = store().read()
    from leads.inbox import read_record
    from leads.store import warehouse

    with warehouse().read() as facts:
        record = read_record(facts, moment_of(connection), lead_id)
        if record is None:
            raise NotFound(
                f"There is no lead “{lead_id[:60]}”. It may stand under another id; go back to the list."
            )
        fields = facts.fields()
    labels = {field.name: field.label for field in fields}
    definition, explanation = None, None
    if record.handed_over is not None:
        definition = agreements.in_force(
            definitions.in_force_history(connection, "mql"), record.handed_over.at
        )
        if definition is not None and definition.rule is not None:
            explanation = explain(
                rules.parse(definition.rule),
                record.fields,
                instants.from_text(record.handed_over.at),
                labels,
            )
    given = (
        lead_feedback.find(connection, lead_id, record.handed_over.at)
        if record.handed_over is not None
        else None
    )
    return LeadView(
        record=record,
        labels=labels,
        custom=frozenset(field.name for field in fields if field.custom),
        definition=definition,
        explanation=explanation,
        missing=_missing(minimum_of(connection), record.fields, labels),
        decisions=tuple(lead_decisions.of_lead(connection, lead_id)),
        given=given,
        decides=decides(person),
    )


def read_revision(actor: Actor) -> str:
    """A text that changes with whatever changes the inbox: what live screens poll."""
    authorise(actor, "leads:read")
    return _revision(store().read())


def decides(person: Person) -> bool:
    """Whether a person decides on leads: members and the team lead of sales."""
    return person.team is Team.SALES and may(person, "lead:decide")


def count_waiting(connection: Connection, person: Person) -> "WaitingCounts":
    """How many leads wait, for a person who was authorised to see them."""
    company = settings.company_of(connection)
    overdue = overdue_before(company.hours, company.feedback_hours * 60, clock.now())
    from leads.inbox import count_waiting as count
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count(facts, moment_of(connection), overdue, owner_names(person))


def owner_names(person: Person) -> tuple[str, ...]:
    """How a lead's owner may be written when it is this person: in lower case."""
    return tuple({person.name.strip().lower(), person.email.strip().lower()} - {""})


def moment_of(connection: Connection) -> "Moment":
    """Now, and what was decided or taken back that the facts may not show yet, for actions that have authorised.

    Facts that are read in place never show what was decided here, and nothing that was taken back.
    """
    from leads.inbox import Moment
    from leads.store import warehouse

    now = clock.now()
    lately = instants.to_text(now - _BEHIND)
    if warehouse().takes_in:
        _, waits_since = lead_inflow.waiting(connection, warehouse().pointer().upto)
        if waits_since is not None:
            # decided and taken in one transaction, by one clock
            lately = min(lately, instants.to_text(instants.from_text(waits_since) - timedelta(minutes=1)))
        since = lately
    else:
        since = ""
    return Moment(
        now,
        lead_decisions.decided_since(connection, since, _MOST_BEHIND),
        lead_decisions.undone_since(connection, lately, _MOST_BEHIND),
    )


def _revision(connection: Connection) -> str:
    from leads.store import warehouse

    return " ".join(
        (
            warehouse().revision(),
            lead_decisions.last_change(connection),
            lead_feedback.last_change(connection),
        )
    )


def _wanted(
    connection: Connection, person: Person, whose: str, age: str, source: str | None, order: str
) -> "Wanted":
    from leads.inbox import NOBODY, Wanted

    for value, choices, what in (
        (whose, Whose, "whose leads"),
        (age, Age, "an age"),
        (order, Order, "an order"),
    ):
        if value not in list(choices):
            raise InvalidInput(f"“{str(value)[:60]}” does not say {what}. Use one of: {', '.join(choices)}.")
    company = settings.company_of(connection)
    owners: Sequence[str] | None = {Whose.OWN: owner_names(person), Whose.NOBODY: (NOBODY,)}.get(Whose(whose))
    return Wanted(
        owners=owners,
        source=source,
        overdue={Age.OVERDUE: True, Age.IN_TIME: False}.get(Age(age)),
        overdue_before=overdue_before(company.hours, company.feedback_hours * 60, clock.now()),
        longest_first=order == Order.LONGEST,
    )


def _rows(
    connection: Connection, facts: "Facts", found: Sequence["WaitingLead"], overdue: datetime
) -> list[InboxRow]:
    history = definitions.in_force_history(connection, "mql")
    parsed = {v.id: rules.parse(v.rule) for v in history if v.rule is not None}
    minimum = minimum_of(connection)
    labels = {field.name: field.label for field in facts.fields()}
    rows = []
    for lead in found:
        at = lead.handed_over_at.replace(tzinfo=UTC)
        version = agreements.in_force(history, instants.to_text(at))
        rule = parsed.get(version.id) if version else None
        rows.append(
            InboxRow(
                lead=lead,
                overdue=at <= overdue,
                definition=version.label if version else None,
                meets=rules.evaluate(rule, lead.fields, at) if rule else None,
                missing=_missing(minimum, lead.fields, labels),
            )
        )
    return rows


def _missing(minimum: Minimum, fields: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        labels.get(name) or name.replace("_", " ")
        for name in minimum.fields
        if fields.get(name) is None or fields.get(name) == "" or fields[name] != fields[name]
    )


def find_handed_over(connection: Connection, lead_ids: Sequence[str]) -> dict[str, tuple[HandedOver, bool]]:
    """The latest hand-over of each lead and whether it waits, for actions that have authorised."""
    from leads.inbox import find_handed_over as find
    from leads.store import warehouse

    with warehouse().read() as facts:
        return find(facts, moment_of(connection), lead_ids)
