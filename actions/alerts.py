"""Alerts of promises: before an answer is due, and when it is overdue. Each goes out once, whoever looks how often."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from zoneinfo import ZoneInfo

from actions import clock, messages, metrics
from actions.journal import journal
from actions.permissions import authorise
from actions.promises import FRESH, known, let_off, terms_in_force
from alignment import instants
from alignment.business_hours import open_intervals, to_minutes
from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.messages import MessageKind, promise_broken, promise_due, spoken_instant
from alignment.people import Actor, Person, Role
from alignment.promises import Clock, LeadInTime, Promise, PromiseKind, PromiseVersion, ResponseTerms
from db.queries import alerts, people, promises
from db.queries.alerts import AlertSetting
from db.store import Connection, store
from leads import figures_process

PAGE = "promises"
LISTED = 10
LONGEST_BEFORE = 7 * 24 * 60
_MOST = 500
_AT_MOST_EVERY = timedelta(seconds=60)


def set_alerts(actor: Actor, key: str, active: bool, minutes_before: int) -> None:
    """Turn the alerts of a promise to answer on or off, and say how long before it is due people are told, in its own time.

    What was due before they were turned on is not told of. Raises InvalidInput for a time that makes no sense.
    """
    person = authorise(actor, "promise:alert")
    if isinstance(minutes_before, bool) or not isinstance(minutes_before, int):
        raise InvalidInput("The minutes before have to be a whole number.")
    if not 1 <= minutes_before <= LONGEST_BEFORE:
        raise InvalidInput(f"The minutes before have to be from 1 to {LONGEST_BEFORE:,}.")

    def transaction(connection: Connection) -> None:
        promise = known(connection, key)
        if promise.kind is not PromiseKind.RESPONSE:
            raise InvalidInput(
                "Alerts are for promises to answer leads. This one is judged over whole months."
            )
        before = alerts.settings(connection)[key]
        since = before.since if before.active and active else clock.now_text()
        after = AlertSetting(key, bool(active), minutes_before, since)
        if after == before:
            return
        alerts.put_setting(connection, after)
        journal(
            connection,
            person,
            "promise:alerts",
            "promise",
            key,
            before={"active": before.active, "minutes_before": before.minutes_before},
            after={"active": after.active, "minutes_before": after.minutes_before},
        )

    store().write(transaction)


def alert_due(actor: Actor) -> int:
    """Tell people of the leads that are due soon and of those that are overdue since; returns how many messages. For the timer.

    The lead's owner is told, where the portal knows a person by that name or address; else, and of what is overdue in any
    case, the team leads of the side that promised. Nothing goes out while the lead facts are more than a day old: who was
    called since is not known.
    """
    authorise(actor, "timer:run")
    connection = store().read()
    told = 0
    for setting in alerts.settings(connection).values():
        if setting.active and clock.now() - metrics.known_until() <= FRESH:
            told += _alert(authorise(actor, "timer:run"), connection, setting)
    return told


@dataclass(frozen=True)
class _Looked:
    """The leads that waited when the facts were last looked at, and at what."""

    at: datetime
    key: object
    leads: Sequence[LeadInTime]


_looked: dict[tuple[str, str], _Looked] = {}
_looking = Lock()


def _alert(person: Person, connection: Connection, setting: AlertSetting) -> int:
    promise = known(connection, setting.promise_key)
    history = promises.history(connection, promise.key)
    if not history or setting.since is None:
        return 0
    hours = metrics.ask(connection).hours
    now = clock.now()
    found: dict[str, list[LeadInTime]] = {"before": [], "breach": []}
    by_label = {version.label: version for version in history}
    for lead in _waiting(connection, setting, history):
        if lead.due_at is None:
            continue
        left = _left(lead, by_label[lead.version], hours, now)
        if left < 0:  # as compliance counts: an answer in the very minute that it is due is in time
            found["breach"].append(lead)
        elif left <= setting.minutes_before:
            found["before"].append(lead)
    told = 0
    for moment, leads in found.items():
        if leads:
            told += _tell(person, connection, promise, moment, leads, hours.timezone)
    return told


def _waiting(
    connection: Connection, setting: AlertSetting, history: Sequence[PromiseVersion]
) -> Sequence[LeadInTime]:
    """The leads without an answer that are due since the alerts were turned on; asked anew when the facts have moved.

    While facts come in all the time they are asked once a minute, and nothing is told in between: a lead that was answered
    meanwhile must not be called overdue.
    """
    from leads.metrics.promises import list_waiting
    from leads.store import warehouse

    now = clock.now()
    facts = warehouse()
    versions, off = terms_in_force(history), let_off(connection, setting.promise_key)
    question = metrics.ask(connection)
    same = replace(question, as_of=now.replace(minute=0, second=0, microsecond=0))
    key = (facts.revision(), versions, off, setting.since, same)
    place = (str(facts.folder), setting.promise_key)
    with _looking:
        before = _looked.get(place)
        if before is not None and before.key == key:
            return before.leads
        if before is not None and timedelta() <= now - before.at < _AT_MOST_EVERY:
            return ()
        since = max(instants.from_text(setting.since or ""), now - FRESH)
        look = partial(list_waiting, due_from=since, limit=_MOST)
        leads = figures_process.run(look, replace(question, as_of=now), versions, off)
        _looked[place] = _Looked(now, key, leads)
        return leads


def _left(lead: LeadInTime, version: PromiseVersion, hours: BusinessHours, now: datetime) -> int:
    """Minutes until a lead is due, by the clock of its promise; negative where it is overdue."""
    assert lead.due_at is not None
    if isinstance(version.terms, ResponseTerms) and version.terms.clock is Clock.ROUND_THE_CLOCK:
        return to_minutes(lead.due_at) - to_minutes(now)
    days = sorted((now.date(), lead.due_at.date()))
    first, last = days[0] - timedelta(days=2), days[1] + timedelta(days=2)
    intervals = open_intervals(hours, first, last)
    return int(intervals.business_minutes(to_minutes(now), to_minutes(lead.due_at)))


def _tell(
    person: Person,
    connection: Connection,
    promise: Promise,
    moment: str,
    leads: Sequence[LeadInTime],
    zone: str,
) -> int:
    """Claim the alerts that have not gone out and put them into inboxes, one message for each person."""
    gone = alerts.sent(connection, promise.key, moment, [lead.lead_id for lead in leads])
    new = [lead for lead in leads if (lead.lead_id, lead.episode) not in gone]
    if not new:
        return 0

    def transaction(connection: Connection) -> int:
        everyone = [someone for someone in people.everyone(connection) if someone.active]
        heads = [
            someone for someone in everyone if someone.role is Role.TEAM_LEAD and someone.team is promise.side
        ]
        of_person: dict[str, list[LeadInTime]] = {}
        claimed = 0
        for lead in new:
            recipients = _recipients(lead, moment, everyone, heads)
            now = clock.now_text()
            if not recipients or not alerts.claim(
                connection, promise.key, lead.lead_id, lead.episode, moment, now
            ):
                continue
            claimed += 1
            for recipient in recipients:
                of_person.setdefault(recipient.id, []).append(lead)
        by_id = {someone.id: someone for someone in everyone}
        say = promise_due if moment == "before" else promise_broken
        for person_id, theirs in of_person.items():
            lines = [_line(lead, zone) for lead in theirs[:LISTED]]
            wording = say(promise.name, lines, len(theirs) - len(lines))
            messages.notify(connection, [by_id[person_id]], MessageKind.ALERT, wording, PAGE)
        if claimed:
            journal(
                connection,
                person,
                "promise:alert",
                "promise",
                promise.key,
                after={"moment": moment, "leads": claimed, "people": len(of_person)},
            )
        return len(of_person)

    return store().write(transaction)


def _recipients(
    lead: LeadInTime, moment: str, everyone: Iterable[Person], heads: Sequence[Person]
) -> list[Person]:
    owner = lead.owner.strip().casefold()
    owners = [
        someone
        for someone in everyone
        if owner and owner in (someone.name.strip().casefold(), someone.email.strip().casefold())
    ]
    if moment == "before" and owners:
        return owners
    return list({someone.id: someone for someone in [*owners, *heads]}.values())


def _line(lead: LeadInTime, zone: str) -> str:
    assert lead.due_at is not None
    name = f"{lead.company} ({lead.lead_id})" if lead.company else lead.lead_id
    return f"{name}: due {spoken_instant(lead.due_at.astimezone(ZoneInfo(zone)))}, {lead.owner or 'nobody has it'}"
