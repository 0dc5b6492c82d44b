"""Business hours over time: what holds from which day on. An administrator changes them, everybody may read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.agreements import in_force
from alignment.business_hours import open_days
from alignment.calendars import (
    HoursFrom,
    calendar_of,
    check_hours,
    to_document,
    versions_of,
)
from alignment.company import BusinessHours
from alignment.errors import InvalidInput, NotFound, StaleVersion
from alignment.people import Actor, Person
from alignment.promises import check_terms
from db.queries import calendars, promises
from db.queries.calendars import KeptHours
from db.store import Connection, store

LATEST_START = timedelta(days=366)


@dataclass(frozen=True)
class CalendarView:
    """Every version, oldest first, the one that holds today, and a mark to pass to the next change."""

    versions: tuple[KeptHours, ...]
    today: BusinessHours
    day: date
    seen: str


def read_calendar(actor: Actor) -> CalendarView:
    """The business hours and their versions; where none were ever set, the usual ones."""
    authorise(actor, "setting:read")
    connection = store().read()
    kept = calendars.versions(connection)
    hours = hours_of(connection)
    day = instants.local_day(clock.now_text(), hours.timezone)
    return CalendarView(tuple(kept), hours, day, _mark(kept))


def hours_of(connection: Connection) -> BusinessHours:
    """The hours that hold now, with their versions, for actions that have authorised already."""
    kept = calendars.versions(connection)
    if not kept:
        return BusinessHours()
    return calendar_of(
        calendars.hours_of(kept), instants.local_day(clock.now_text(), kept[-1].hours.timezone)
    )


def change_hours(actor: Actor, hours: BusinessHours, from_day: date | None, seen: str) -> None:
    """Let hours hold from a day on (None: from the beginning), in the place of a version that begins on the same day.

    `seen` is the mark of the `CalendarView` that was shown. Figures of days before `from_day` stay as they are. Raises
    InvalidInput with the field at fault or the promise in force that could not be kept any more, and StaleVersion when
    someone else was faster.
    """
    person = authorise(actor, "setting:change")

    def transaction(connection: Connection) -> None:
        kept = calendars.versions(connection)
        if _mark(kept) != seen:
            raise StaleVersion(
                "Not saved: someone else has changed the business hours since you opened them. Look at what they are now."
            )
        if from_day is not None and not kept:
            write_hours(connection, person, BusinessHours(), None)
        write_hours(connection, person, hours, from_day)

    store().write(transaction)


def remove_hours(actor: Actor, from_day: date, seen: str) -> None:
    """Take a version away, so that the one before it goes on. The first one stays: it can only be changed."""
    person = authorise(actor, "setting:change")

    def transaction(connection: Connection) -> None:
        kept = calendars.versions(connection)
        if _mark(kept) != seen:
            raise StaleVersion(
                "Not removed: someone else has changed the business hours since you opened them. Look at what they are now."
            )
        found = next((one for one in kept if one.from_day is not None and one.from_day == from_day), None)
        if found is None:
            raise NotFound("There are no business hours that begin on this day.")
        calendars.remove(connection, from_day)
        _check_promises(connection)
        journal(
            connection,
            person,
            "remove business hours",
            "calendar",
            from_day.isoformat(),
            before=to_document(found.hours),
        )

    store().write(transaction)


def count_open_days(actor: Actor, hours: BusinessHours, first_day: date, last_day: date) -> int:
    """How many days of a span, both ends included, are business days by these hours: to see before saving."""
    authorise(actor, "setting:read")
    return len(open_days(check_hours(hours), first_day, last_day))


def write_hours(connection: Connection, person: Person, hours: BusinessHours, from_day: date | None) -> None:
    """Keep hours from a day on, within a transaction of an action that has authorised. Raises as `change_hours` does."""
    checked = check_hours(hours)
    if from_day is not None:
        today = instants.local_day(clock.now_text(), checked.timezone)
        if not isinstance(from_day, date) or not date(2000, 1, 1) <= from_day <= today + LATEST_START:
            raise InvalidInput(
                "The first day of the new hours is before the year 2000 or more than a year ahead. Choose another."
            )
    before = next((one for one in calendars.versions(connection) if one.from_day == from_day), None)
    if before is not None and before.hours == checked:
        return
    calendars.put(connection, from_day, checked, person.id, clock.now_text())
    _check_promises(connection)
    journal(
        connection,
        person,
        "change business hours",
        "calendar",
        from_day.isoformat() if from_day else "beginning",
        before=to_document(before.hours) if before else None,
        after=to_document(checked),
    )


def _check_promises(connection: Connection) -> None:
    """Raise InvalidInput when a promise in force could not be kept by the hours as they are now."""
    hours = hours_of(connection)
    now = clock.now_text()
    today = instants.local_day(now, hours.timezone)
    for promise in promises.promises(connection):
        current = in_force(promises.history(connection, promise.key), now)
        if current is None:
            continue
        for day in (today, *_first_days(versions_of(hours), today)):
            try:
                check_terms(promise.kind, current.terms, hours, day)
            except InvalidInput as impossible:
                raise InvalidInput(
                    f"{current.label} is in force and could not be kept by these hours. {impossible} The teams have to sign "
                    "another version first."
                ) from None


def _first_days(versions: Sequence[HoursFrom], after: date) -> list[date]:
    return [found.from_day for found in versions if found.from_day is not None and found.from_day > after]


def _mark(kept: Sequence[KeptHours]) -> str:
    return "|".join(f"{one.from_day or ''}@{one.changed_at}" for one in kept)
