"""The company's settings."""

import re
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.company import BusinessHours, Company
from alignment.errors import InvalidInput
from alignment.people import Actor
from alignment.texts import required_text
from db.queries import settings
from db.store import Connection, store

_KEY = "company"
_DAY = 24 * 60
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def read_company(actor: Actor) -> Company:
    """The company's settings as they are now."""
    authorise(actor, "setting:read")
    return company_of(store().read())


def company_with_revision(actor: Actor) -> tuple[Company, int]:
    """The company's settings and their revision, to pass to `change_company`; 0 while nothing was set."""
    authorise(actor, "setting:read")
    document, revision = settings.get(store().read(), _KEY)
    return _company(document), revision


@cache
def holiday_countries() -> dict[str, str]:
    """The countries whose public holidays are known: code → English name, by name."""
    from holidays.registry import COUNTRIES

    names = {entry[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entry[0]) for entry in COUNTRIES.values()}
    return dict(sorted(names.items(), key=lambda item: item[1]))


def local_time(actor: Actor, instant: str) -> datetime:
    """A stored instant as the clocks of the company show it (aware)."""
    authorise(actor, "setting:read")
    zone = ZoneInfo(company_of(store().read()).hours.timezone)
    return instants.from_text(instant).astimezone(zone)


def today(actor: Actor) -> date:
    """The calendar day it is for the company."""
    return local_time(actor, clock.now_text()).date()


def company_of(connection: Connection) -> Company:
    """The settings as a connection sees them, for actions that have authorised already."""
    return _company(settings.get(connection, _KEY)[0])


def company_name() -> str:
    """The company's name, for screens that are shown before anybody has signed in."""
    return company_of(store().read()).name


def change_company(actor: Actor, company: Company, revision: int) -> int:
    """Replace the settings that were seen at `revision`; returns the new revision.

    Raises InvalidInput with the field at fault, and StaleVersion when someone else was faster.
    """
    person = authorise(actor, "setting:change")
    checked = _checked(company)

    def transaction(connection: Connection) -> int:
        before, _ = settings.get(connection, _KEY)
        after = _document(checked)
        new = settings.put(connection, _KEY, after, seen=revision)
        journal(connection, person, "change settings", "setting", _KEY, before=before, after=after)
        return new

    return store().write(transaction)


def _checked(company: Company) -> Company:
    hours = company.hours
    if hours.timezone not in available_timezones():
        raise InvalidInput(
            f"The time zone '{hours.timezone}' is not known. Choose one such as Europe/Berlin."
        )
    if len(hours.shifts) != 7:
        raise InvalidInput("Business hours need one entry for each of the seven weekdays.")
    for day, shifts in zip(_DAYS, hours.shifts, strict=True):
        last = -1
        for opens, closes in shifts:
            if not last < opens < closes <= _DAY:
                raise InvalidInput(
                    f"The hours on {day} do not fit: each has to open before it closes, after the one before."
                )
            last = closes
    if not any(hours.shifts):
        raise InvalidInput("There are no business hours at all. Open at least one weekday.")
    if hours.country:
        from holidays import list_supported_countries

        if hours.country not in list_supported_countries():
            raise InvalidInput(
                f"The holidays of '{hours.country}' are not known. Choose a country code such as DE, or none."
            )
    return Company(
        name=required_text(company.name, "The company's name", 100),
        hours=hours,
        follow_up_minutes=_within(company.follow_up_minutes, 1, 10_000, "The follow-up time in minutes"),
        feedback_hours=_within(company.feedback_hours, 1, 1_000, "The feedback time in hours"),
        sample=company.sample,
    )


def _within(value: Any, least: int, most: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{what} has to be a whole number from {least:,} to {most:,}.")
    return value


def _document(company: Company) -> dict[str, Any]:
    return {
        "name": company.name,
        "timezone": company.hours.timezone,
        "shifts": [[list(shift) for shift in day] for day in company.hours.shifts],
        "country": company.hours.country,
        "follow_up_minutes": company.follow_up_minutes,
        "feedback_hours": company.feedback_hours,
        "sample": company.sample,
    }


def _company(document: dict[str, Any] | None) -> Company:
    if document is None:
        return Company()
    return Company(
        name=document["name"],
        hours=BusinessHours(
            timezone=document["timezone"],
            shifts=tuple(tuple((opens, closes) for opens, closes in day) for day in document["shifts"]),
            country=document["country"],
        ),
        follow_up_minutes=document["follow_up_minutes"],
        feedback_hours=document["feedback_hours"],
        sample=document["sample"],
    )
