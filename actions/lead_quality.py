"""The quality of the lead data: the information that both teams want with every lead, and what is wrong with which leads."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment.errors import InvalidInput
from alignment.people import Actor
from alignment.texts import defuse
from db.queries import people, settings
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.quality import FaultyLead, Rules

PAGE = 25
MOST_FIELDS = 20
_KEY = "minimum_information"
_USUAL_SAME = (("email",), ("e_mail",), ("email_address",))


@dataclass(frozen=True)
class Minimum:
    """Which fields every lead handed over has to have, and by which fields two leads are the same prospect (none: by an
    e-mail address, where there is one), as both teams see it. `changed_by` and `changed_at` are '' while nothing was set."""

    fields: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    changed_by: str = ""
    changed_at: str = ""
    revision: int = 0


@dataclass(frozen=True)
class Quality:
    """How many leads have each kind of fault (`leads.quality.Fault` → leads), of how many in all and handed over.

    `labels` has every field a lead can have, by name; `same` are the fields by which duplicates are told."""

    faults: Mapping[str, int]
    leads: int
    handed_over: int
    labels: Mapping[str, str]
    same: tuple[str, ...]


def read_minimum(actor: Actor) -> Minimum:
    """The information that every lead handed over has to have."""
    authorise(actor, "leads:read")
    return minimum_of(store().read())


def change_minimum(actor: Actor, fields: Sequence[str], same: Sequence[str], revision: int) -> Minimum:
    """Replace what was seen at `revision`; returns what holds now.

    Raises InvalidInput for a field that leads do not have, StaleVersion when somebody was faster.
    """
    person = authorise(actor, "leads:require")
    wanted, alike = _checked(fields), _checked(same)

    def transaction(connection: Connection) -> Minimum:
        before = minimum_of(connection)
        after = {"fields": wanted, "same": alike, "by": person.id, "at": clock.now_text()}
        settings.put(connection, _KEY, after, seen=revision)
        journal(
            connection,
            person,
            "leads:require",
            "setting",
            _KEY,
            before={"fields": list(before.fields), "same": list(before.same)},
            after={"fields": wanted, "same": alike},
        )
        return minimum_of(connection)

    return store().write(transaction)


def read_quality(actor: Actor) -> Quality | None:
    """How many leads have which fault; None while there are no leads. Counted once per version of the facts and day."""
    authorise(actor, "leads:read")
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    if not revision:
        return None
    minimum = minimum_of(store().read())
    return _counted(facts.folder, revision, clock.day_text(), minimum.fields, minimum.same)


def list_faulty(actor: Actor, fault: str, page: int = 1) -> "list[FaultyLead]":
    """The leads with a kind of fault, 25 a page. Raises InvalidInput for a kind that is none."""
    authorise(actor, "leads:read")
    from leads.quality import list_faulty as listed
    from leads.store import warehouse

    kind = _fault(fault)
    with warehouse().read() as facts:
        return listed(facts, _rules(store().read(), _names(facts)), kind, page=page, size=PAGE)


def export_faulty(actor: Actor, fault: str) -> bytes:
    """All leads with a kind of fault as CSV, up to a hundred thousand, in which nothing is a formula."""
    authorise(actor, "leads:read")
    from leads.quality import export_faulty as all_of
    from leads.store import warehouse

    kind = _fault(fault)
    with warehouse().read() as facts:
        found = all_of(facts, _rules(store().read(), _names(facts)), kind)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["lead_id", "what", "handed_over_at", "source", "company", "owner"])
    for lead in found:
        at = lead.at.isoformat() + "Z" if lead.at else ""
        cells = (lead.lead_id, lead.detail, at, lead.source, lead.company, lead.owner)
        writer.writerow([defuse("" if cell is None else cell) for cell in cells])
    return buffer.getvalue().encode("utf-8-sig")


def minimum_of(connection: Connection) -> Minimum:
    """What is agreed, for actions that have authorised."""
    document, revision = settings.get(connection, _KEY)
    if document is None:
        return Minimum()
    by = people.find(connection, document["by"])
    return Minimum(
        tuple(document["fields"]),
        tuple(document["same"]),
        by.name if by else "The administrator of the machine",
        document["at"],
        revision,
    )


@lru_cache(maxsize=4)
def _counted(
    folder: Path, revision: str, day: str, required: tuple[str, ...], same: tuple[str, ...]
) -> Quality:
    from leads.quality import Rules, count_faults, count_handed_over
    from leads.store import warehouse

    with warehouse().read() as facts:
        names = _names(facts)
        alike = _same(same, names)
        rules = Rules(clock.now(), required, alike)
        return Quality(
            faults={fault.value: count for fault, count in count_faults(facts, rules).items()},
            leads=facts.value(facts.lead.count()),
            handed_over=count_handed_over(facts, rules),
            labels=names,
            same=alike,
        )


def _rules(connection: Connection, names: Mapping[str, str]) -> "Rules":
    from leads.quality import Rules

    minimum = minimum_of(connection)
    return Rules(clock.now(), minimum.fields, _same(minimum.same, names))


def _same(chosen: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """By which fields duplicates are told: as chosen, or the first usual ones that leads have here."""
    if chosen:
        return tuple(chosen)
    return next((usual for usual in _USUAL_SAME if set(usual) <= names.keys()), ())


def _names(facts: Any) -> dict[str, str]:
    return {field.name: field.label for field in facts.fields()}


def _fault(fault: str) -> Any:
    from leads.quality import Fault

    if fault not in list(Fault):
        raise InvalidInput(f"“{str(fault)[:60]}” is no kind of fault. Use one of: {', '.join(Fault)}.")
    return Fault(fault)


def _checked(fields: Sequence[str]) -> list[str]:
    from leads.store import warehouse

    if isinstance(fields, str) or not all(isinstance(name, str) for name in fields):
        raise InvalidInput("Fields are given by their names. Choose them from the list.")
    chosen = list(dict.fromkeys(fields))
    if len(chosen) > MOST_FIELDS:
        raise InvalidInput(f"{len(chosen)} fields are too many; ask for at most {MOST_FIELDS}.")
    with warehouse().read() as facts:
        known = _names(facts)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise InvalidInput(f"Leads have no field “{unknown[0][:60]}”. Choose one from the list.")
    return chosen
