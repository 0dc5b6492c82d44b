"""The systems that leads are pulled from: entered by administrators, tried before they are kept.

Keys are kept encrypted and never shown again, nor do they stand in the audit log. What a system calls its fields and
stages is asked when it is entered and kept beside it; how it is read can then be changed without calling it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actions import clock, connector_entries, sealed_keys
from actions.connector_entries import Entry, make_plan
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput, NotFound, Refusal, StaleVersion, WrongState
from alignment.people import Actor
from alignment.texts import required_text
from db.queries import connectors
from db.queries.connectors import ConnectorRow, Run
from db.store import Connection, data_folder, store

if TYPE_CHECKING:
    from leads.connectors.kinds import Kind
    from leads.connectors.source import Plan

MOST_CONNECTORS = 20
LATEST_RUNS = 20


@dataclass(frozen=True)
class Connector:
    """What is told of a system: never its keys. `fault` says why it cannot be pulled from at all, or is ''.

    `plan` is how it is read, `description` what it offers (documents of `leads.connectors.source`); `next_run_at` is
    None while none is planned; `begun`: something was read already, so that pulls go on from there; `last` is its latest run.
    """

    id: str
    name: str
    kind: str
    kind_name: str
    address: str
    plan: Mapping[str, Any]
    description: Mapping[str, Any]
    every_minutes: int
    enabled: bool
    next_run_at: str | None
    running: bool
    begun: bool
    revision: int
    fault: str = ""
    last: Run | None = None


@dataclass(frozen=True)
class Place:
    """A warehouse that is read in place: the name of its settings file, and why it cannot be read, or ''."""

    settings: str
    fault: str = ""


def list_kinds(actor: Actor) -> "dict[str, Kind]":
    """The kinds of systems that can be pulled from."""
    authorise(actor, "source:change")
    from leads.connectors.kinds import KINDS

    return dict(KINDS)


def list_meanings(actor: Actor) -> dict[str, str]:
    """What a value of another system can mean here: code → words."""
    authorise(actor, "source:change")
    from leads.connectors.meanings import MEANINGS

    return dict(MEANINGS)


def list_lead_fields(actor: Actor) -> dict[str, str]:
    """The fields that a lead has here: name → words."""
    authorise(actor, "source:change")
    from leads.model import CANONICAL_FIELDS

    return {one.name: one.label for one in CANONICAL_FIELDS}


def read_connector(actor: Actor, connector_id: str) -> Connector:
    """One system with its latest run. Raises NotFound."""
    authorise(actor, "source:change")
    connection = store().read()
    row = _row(connection, connector_id)
    latest = connectors.runs(connection, connector_id, 1)
    return _told(row, latest[0] if latest else None)


def list_connectors(actor: Actor) -> list[Connector]:
    """All systems by name, with their latest run."""
    authorise(actor, "source:change")
    connection = store().read()
    latest = connectors.latest_runs(connection)
    return [_told(row, latest.get(row.id)) for row in connectors.everyone(connection)]


def read_place(actor: Actor) -> Place | None:
    """The company's own warehouse that the figures are read in, after a look into it; None where there is none."""
    authorise(actor, "source:change")
    from leads.store import PLACE_FILE, warehouse

    if not (data_folder() / PLACE_FILE).exists():
        return None
    try:
        with warehouse().read() as facts:
            facts.value(facts.lead.limit(1).count())
    except Refusal as refusal:
        return Place(PLACE_FILE, str(refusal))
    return Place(PLACE_FILE)


def list_due(actor: Actor) -> list[str]:
    """Ids of the systems that are to be pulled from now."""
    authorise(actor, "source:change")
    return connectors.due(store().read(), clock.now_text())


def list_runs(actor: Actor, connector_id: str) -> list[Run]:
    """The latest pulls from a system, the newest first."""
    authorise(actor, "source:change")
    return connectors.runs(store().read(), connector_id, LATEST_RUNS)


def add_connector(actor: Actor, kind: str, entry: Entry) -> str:
    """Try a system and keep it; returns its id. Nothing is pulled until it is started.

    Raises InvalidInput for what cannot be, and SourceRefused or SourceUnavailable with what the system said.
    """
    person = authorise(actor, "source:change")
    from leads.connectors.kinds import KINDS

    if kind not in KINDS:
        raise InvalidInput(f"Leads can be pulled from {', '.join(one.name for one in KINDS.values())}.")
    checked = connector_entries.check(entry, KINDS[kind])
    keys = {name: text for name, text in checked.credentials.items() if text}
    plan = {"fields": dict(KINDS[kind].fields), "attributes": {}, "meanings": {}, **_bounds(checked)}
    description = connector_entries.describe(KINDS[kind], make_plan(checked.address, keys, plan))
    sealed = sealed_keys.seal(keys)

    def transaction(connection: Connection) -> str:
        there = connectors.everyone(connection)
        if len(there) >= MOST_CONNECTORS:
            raise InvalidInput(f"There are {MOST_CONNECTORS} sources already. Remove one first.")
        _refuse_doubles(there, checked, None)
        connector_id = connectors.add(
            connection,
            name=checked.name,
            kind=kind,
            address=checked.address,
            sealed=sealed,
            plan=plan,
            description=description,
            every_minutes=checked.every_minutes,
            at=clock.now_text(),
        )
        journal(
            connection,
            person,
            "add",
            "connector",
            connector_id,
            after={"name": checked.name, "kind": kind, "address": checked.address, "plan": plan},
        )
        return connector_id

    return store().write(transaction)


def change_connector(actor: Actor, connector_id: str, entry: Entry, *, revision: int) -> None:
    """Change a system after trying it with the new address and keys.

    Raises what `add_connector` raises, StaleVersion when somebody else has changed it, and WrongState for another address or
    prefix while leads are being pulled or once they have been.
    """
    person = authorise(actor, "source:change")
    row = _row(store().read(), connector_id)
    kind = _kind(row.kind)
    checked = connector_entries.check(entry, kind)
    given = {name: text for name, text in checked.credentials.items() if text}
    keys = given if given and _is_complete_change(given, kind) else {**_keys_or_none(row), **given}
    plan = {**row.plan, **_bounds(checked)}
    description = connector_entries.describe(kind, make_plan(checked.address, keys, plan))
    sealed = sealed_keys.seal(keys)

    def transaction(connection: Connection) -> None:
        before = _fresh(connection, connector_id, revision)
        _refuse_doubles(connectors.everyone(connection), checked, connector_id)
        elsewhere = (before.address, before.plan.get("prefix", "")) != (checked.address, checked.prefix)
        if elsewhere and before.claimed_until > clock.now_text():
            raise WrongState(
                f"Leads are being pulled from {before.name} right now, under the address and prefix it has. Wait until it is done, "
                "or stop it first."
            )
        if elsewhere and before.cursor:
            raise WrongState(
                "Leads have been pulled from there under their ids already. Add the other address or prefix as a source of its "
                "own."
            )
        connectors.change(
            connection,
            connector_id,
            name=checked.name,
            address=checked.address,
            sealed=sealed,
            plan=plan,
            description=description,
            every_minutes=checked.every_minutes,
        )
        journal(
            connection,
            person,
            "change",
            "connector",
            connector_id,
            before=_tellable(before),
            after={
                "name": checked.name,
                "address": checked.address,
                "plan": plan,
                "every_minutes": checked.every_minutes,
                "keys": "new" if given else "as before",
            },
        )

    store().write(transaction)


def set_reading(
    actor: Actor,
    connector_id: str,
    *,
    fields: Mapping[str, str],
    attributes: Mapping[str, str],
    dates: Mapping[str, str],
    meanings: Mapping[str, Mapping[str, str]],
    revision: int,
) -> None:
    """Set what is read of a lead (canonical field, or name of one's own → their field), which of their fields tell when
    something happened (meaning → their field), and what their values mean.

    An empty field or meaning is left out. It holds from the next pull on. Raises InvalidInput and StaleVersion.
    """
    person = authorise(actor, "source:change")
    from leads.connectors.meanings import check_meaning
    from leads.model import CANONICAL_NAMES, MOST_ATTRIBUTES, is_attribute_name

    read_fields = {name: _their_field(theirs) for name, theirs in fields.items() if theirs}
    for name in read_fields:
        if name not in CANONICAL_NAMES:
            raise InvalidInput(f"“{name}” is no field of a lead. Give it as a field of your own.")
    read_attributes = {name: _their_field(theirs) for name, theirs in attributes.items() if theirs}
    for name in read_attributes:
        if not is_attribute_name(name):
            raise InvalidInput(
                f"“{name[:60]}” cannot be a field's name. Use letters, digits and underscores, and no canonical field's name."
            )
    if len(read_attributes) > MOST_ATTRIBUTES:
        raise InvalidInput(
            f"{len(read_attributes)} fields of your own are too many: {MOST_ATTRIBUTES} are kept."
        )
    read_dates = {
        check_meaning(meaning, "a date"): _their_field(theirs) for meaning, theirs in dates.items() if theirs
    }
    read_meanings = {
        tracked: {value: check_meaning(meaning, f"“{value}”") for value, meaning in values.items() if meaning}
        for tracked, values in meanings.items()
    }

    def transaction(connection: Connection) -> None:
        before = _fresh(connection, connector_id, revision)
        plan = {
            **before.plan,
            "fields": read_fields,
            "attributes": read_attributes,
            "dates": read_dates,
            "meanings": read_meanings,
        }
        connectors.change(
            connection,
            connector_id,
            name=before.name,
            address=before.address,
            sealed=before.sealed,
            plan=plan,
            description=before.description,
            every_minutes=before.every_minutes,
        )
        journal(
            connection,
            person,
            "change reading",
            "connector",
            connector_id,
            before={"plan": before.plan},
            after={"plan": plan},
        )

    store().write(transaction)


def look_again(actor: Actor, connector_id: str) -> None:
    """Ask the system anew what fields and values it has. Raises SourceRefused or SourceUnavailable."""
    person = authorise(actor, "source:change")
    row = _row(store().read(), connector_id)
    description = connector_entries.describe(_kind(row.kind), plan_of(row))

    def transaction(connection: Connection) -> None:
        now = _row(connection, connector_id)
        connectors.change(
            connection,
            connector_id,
            name=now.name,
            address=now.address,
            sealed=now.sealed,
            plan=now.plan,
            description=description,
            every_minutes=now.every_minutes,
        )
        journal(connection, person, "look again", "connector", connector_id)

    store().write(transaction)


def start_pulling(actor: Actor, connector_id: str) -> None:
    """Pull from the system now, and from then on by itself."""
    person = authorise(actor, "source:change")

    def transaction(connection: Connection) -> None:
        _row(connection, connector_id)
        connectors.set_schedule(connection, connector_id, enabled=True, next_run_at=clock.now_text())
        journal(connection, person, "start", "connector", connector_id)

    store().write(transaction)


def pause_pulling(actor: Actor, connector_id: str) -> None:
    """Pull no more until it is started again; a pull under way stops after its page."""
    person = authorise(actor, "source:change")

    def transaction(connection: Connection) -> None:
        _row(connection, connector_id)
        connectors.set_schedule(connection, connector_id, enabled=False, next_run_at=None)
        connectors.let_go(connection, connector_id)
        journal(connection, person, "pause", "connector", connector_id)

    store().write(transaction)


def run_now(actor: Actor, connector_id: str) -> None:
    """Have the portal pull within a few seconds, whatever the plan says. Raises WrongState while a pull is under way."""
    person = authorise(actor, "source:change")

    def transaction(connection: Connection) -> None:
        row = _row(connection, connector_id)
        if row.claimed_until > clock.now_text():
            raise WrongState(f"Leads are being pulled from {row.name} right now. Wait until it is done.")
        connectors.set_next_run(connection, connector_id, clock.now_text())
        journal(connection, person, "run now", "connector", connector_id)

    store().write(transaction)


def stop_run(actor: Actor, connector_id: str) -> None:
    """Have the pull that is under way stop after its page; what was read stays, and the next one goes on from there."""
    person = authorise(actor, "source:change")

    def transaction(connection: Connection) -> None:
        row = _row(connection, connector_id)
        if not connectors.let_go(connection, connector_id):
            raise WrongState(f"Nothing is being pulled from {row.name}.")
        later = instants.to_text(clock.now() + timedelta(minutes=row.every_minutes))
        connectors.set_next_run(connection, connector_id, later if row.enabled else None)
        journal(connection, person, "stop", "connector", connector_id)

    store().write(transaction)


def start_over(actor: Actor, connector_id: str) -> None:
    """Have the next pull read everything there is once more. What is known stays, and nothing is counted twice."""
    person = authorise(actor, "source:change")

    def transaction(connection: Connection) -> None:
        row = _row(connection, connector_id)
        connectors.let_go(connection, connector_id)
        connectors.set_cursor(connection, connector_id, {})
        if row.enabled:
            connectors.set_next_run(connection, connector_id, clock.now_text())
        journal(connection, person, "start over", "connector", connector_id)

    store().write(transaction)


def remove_connector(actor: Actor, connector_id: str) -> None:
    """Forget a system and its keys. The leads that came from it stay."""
    person = authorise(actor, "source:change")

    def transaction(connection: Connection) -> None:
        row = _row(connection, connector_id)
        connectors.remove(connection, connector_id)
        journal(connection, person, "remove", "connector", connector_id, before=_tellable(row))

    store().write(transaction)


def plan_of(row: ConnectorRow) -> "Plan":
    """How to read a system, with its keys, for actions that have authorised. Raises InvalidInput when they cannot be read."""
    return make_plan(row.address, keys_of(row), row.plan)


def keys_of(row: ConnectorRow) -> dict[str, str]:
    """The keys of a system, for actions that have authorised. Raises InvalidInput when they cannot be read."""
    return sealed_keys.unseal(row.sealed)


def _bounds(entry: Entry) -> dict[str, Any]:
    return {"prefix": entry.prefix, "since": entry.since.isoformat() if entry.since else None}


def _refuse_doubles(there: list[ConnectorRow], entry: Entry, own_id: str | None) -> None:
    for row in there:
        if row.id == own_id:
            continue
        if row.name.casefold() == entry.name.casefold():
            raise InvalidInput(f"There is a source called {row.name} already. Choose another name.")
        if row.plan.get("prefix", "") == entry.prefix:
            raise InvalidInput(
                f"Two systems can have leads of the same number, and {row.name} has "
                f"{'no prefix' if not entry.prefix else 'the same prefix'}. Give the ids of this one a prefix of their own, "
                "such as b-."
            )


def _is_complete_change(given: Mapping[str, str], kind: "Kind") -> bool:
    """Whether the keys are of the other way in than those before, so that none of those stay."""
    return "token" in kind.credentials and ("token" in given or len(given) == len(kind.credentials) - 1)


def _keys_or_none(row: ConnectorRow) -> dict[str, str]:
    try:
        return keys_of(row)
    except InvalidInput:
        return {}


def _their_field(theirs: object) -> str:
    return required_text(theirs, "The name of a field", 200)


def _kind(kind: str) -> "Kind":
    from leads.connectors.kinds import KINDS

    return KINDS[kind]


def _row(connection: Connection, connector_id: str) -> ConnectorRow:
    row = connectors.find(connection, connector_id)
    if row is None:
        raise NotFound("This source is gone. Somebody may have removed it.")
    return row


def _fresh(connection: Connection, connector_id: str, revision: int) -> ConnectorRow:
    row = _row(connection, connector_id)
    if row.revision != revision:
        raise StaleVersion(
            "Not saved: someone else has changed this source since you opened it. Look at what it is now first."
        )
    return row


def _told(row: ConnectorRow, last: Run | None) -> Connector:
    fault = ""
    try:
        keys_of(row)
    except InvalidInput as refusal:
        fault = str(refusal)
    return Connector(
        id=row.id,
        name=row.name,
        kind=row.kind,
        kind_name=_kind(row.kind).name,
        address=row.address,
        plan=row.plan,
        description=row.description,
        every_minutes=row.every_minutes,
        enabled=row.enabled,
        next_run_at=row.next_run_at,
        running=row.claimed_until > clock.now_text(),
        begun=bool(row.cursor),
        revision=row.revision,
        fault=fault,
        last=last,
    )


def _tellable(row: ConnectorRow) -> dict[str, Any]:
    """What of a system may stand in the audit log."""
    return {
        "name": row.name,
        "kind": row.kind,
        "address": row.address,
        "plan": row.plan,
        "every_minutes": row.every_minutes,
    }
