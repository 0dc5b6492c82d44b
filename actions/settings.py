"""The company's settings, its business hours and the limits of its promises put together."""

import re
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from actions import calendars, clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.calendars import check_hours, to_document, versions_of
from alignment.company import Company
from alignment.errors import InvalidInput, WrongState
from alignment.people import Actor, Person
from alignment.promises import FEEDBACK, FOLLOW_UP, Answer, PromiseKind, ResponseTerms, check_terms
from alignment.texts import required_text
from db.queries import promises, settings
from db.store import Connection, store

_KEY = "company"


def read_company(actor: Actor) -> Company:
    """The company's settings as they are now."""
    authorise(actor, "setting:read")
    return company_of(store().read())


def company_with_revision(actor: Actor) -> tuple[Company, int]:
    """The company's settings and their revision, to pass to `change_company`; 0 while nothing was set."""
    authorise(actor, "setting:read")
    connection = store().read()
    return company_of(connection), settings.get(connection, _KEY)[1]


@cache
def holiday_regions() -> dict[str, tuple[str, ...]]:
    """The countries of which some holidays are those of a region: code → codes of the regions, in order."""
    from holidays import list_supported_countries

    return {code: tuple(sorted(regions)) for code, regions in list_supported_countries().items() if regions}


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
    """The settings as a connection sees them, for actions that have authorised already.

    The hours are those that hold today, with their versions; the limits those of the promises in force.
    """
    document = settings.get(connection, _KEY)[0]
    if document is None:
        return replace(Company(), hours=calendars.hours_of(connection), **_limits(connection))
    return Company(
        name=document["name"],
        hours=calendars.hours_of(connection),
        sample=document["sample"],
        **_limits(connection),
    )


def company_name() -> str:
    """The company's name, for screens that are shown before anybody has signed in."""
    return company_of(store().read()).name


def change_company(actor: Actor, company: Company, revision: int) -> int:
    """Replace the settings that were seen at `revision`; returns the new revision.

    Hours and limits can be set here only while nothing else has been agreed: hours that have versions are changed by
    `actions.calendars`, promises that were signed by their next version. Raises InvalidInput with the field at fault,
    WrongState for hours and limits that are not to be changed here, and StaleVersion when someone else was faster.
    """
    person = authorise(actor, "setting:change")
    name = required_text(company.name, "The company's name", 100)
    limits = {
        FOLLOW_UP: _within(company.follow_up_minutes, 1, 10_000, "The follow-up time in minutes"),
        FEEDBACK: _within(company.feedback_hours, 1, 1_000, "The feedback time in hours") * 60,
    }
    check_hours(company.hours)

    def transaction(connection: Connection) -> int:
        before = company_of(connection)
        is_new = settings.get(connection, _KEY)[1] == 0
        new = settings.put(connection, _KEY, {"name": name, "sample": company.sample}, seen=revision)
        if company.hours != before.hours or is_new:
            _set_hours(connection, person, company)
        for key, minutes in limits.items():
            known = {FOLLOW_UP: before.follow_up_minutes, FEEDBACK: before.feedback_hours * 60}[key]
            if minutes != known or is_new:
                _set_limit(connection, person, key, minutes)
        journal(
            connection,
            person,
            "change settings",
            "setting",
            _KEY,
            before=_document(before),
            after=_document(company_of(connection)),
        )
        return new

    return store().write(transaction)


def _set_hours(connection: Connection, person: Person, company: Company) -> None:
    if len(versions_of(calendars.hours_of(connection))) > 1:
        raise WrongState(
            "The business hours have versions. Change them where each says from which day it holds."
        )
    calendars.write_hours(connection, person, company.hours, None)


def _set_limit(connection: Connection, person: Person, key: str, minutes: int) -> None:
    history = promises.history(connection, key)
    if len(history) > 1 or any(not version.taken_over for version in history):
        raise WrongState(
            "Both teams have signed this promise. It changes with its next version, which they sign as well."
        )
    answer = Answer.ATTEMPT if key == FOLLOW_UP else Answer.DECISION
    hours = calendars.hours_of(connection)
    today_there = instants.local_day(clock.now_text(), hours.timezone)
    terms = check_terms(PromiseKind.RESPONSE, ResponseTerms(minutes, answer), hours, today_there)
    promises.take_over(connection, key, terms, person.id, clock.now_text())


def _limits(connection: Connection) -> dict[str, Any]:
    minutes = promises.limits(connection, clock.now_text())
    found = {}
    if FOLLOW_UP in minutes:
        found["follow_up_minutes"] = minutes[FOLLOW_UP]
    if FEEDBACK in minutes:
        found["feedback_hours"] = ceil(minutes[FEEDBACK] / 60)
    return found


def _within(value: Any, least: int, most: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{what} has to be a whole number from {least:,} to {most:,}.")
    return value


def _document(company: Company) -> dict[str, Any]:
    return {
        "name": company.name,
        **to_document(company.hours),
        "follow_up_minutes": company.follow_up_minutes,
        "feedback_hours": company.feedback_hours,
        "sample": company.sample,
    }
