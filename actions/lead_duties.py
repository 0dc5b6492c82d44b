"""What the leads ask of a person: decisions that wait, and promises that are not kept. For the start page.

Counting takes a moment where the engine is cold, so that a screen shows what was counted last and then has it counted anew.
What was counted holds until the facts, the decisions or the promises have moved, or time has gone on.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from actions import clock, lead_inbox, promises, settings
from actions.permissions import authorise
from actions.promises import Compliance, Delivery
from alignment import instants
from alignment.definitions import DefinitionState
from alignment.errors import Refusal
from alignment.people import Actor, Person, Role, Team
from alignment.promises import DeliveryTerms, ResponseTerms, whose_in_words
from db.queries import lead_decisions
from db.queries import promises as promise_rows
from db.store import Connection, store

PROMISED_DAYS = 90
"""Promises are judged over so many days, as on their own screen."""

_MOST = 2_000
_WAITING_KEPT = timedelta(seconds=30)
_PROMISES_KEPT = timedelta(minutes=10)


@dataclass(frozen=True)
class Duty:
    """Something that leads ask for: a sentence, what its button says, the page (address) and what its link asks for."""

    sentence: str
    label: str
    page: str
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Subject:
    """One thing that is counted: under which name it is kept, how, and for how long while only the facts move."""

    name: Hashable
    state: Hashable
    count: Callable[[], tuple[Duty, ...]]
    kept: timedelta


@dataclass(frozen=True)
class _Counted:
    state: Hashable
    facts: str
    at: datetime
    duties: tuple[Duty, ...]


_counted: OrderedDict[Hashable, _Counted] = OrderedDict()
_lock = Lock()


def last_counted(connection: Connection, person: Person) -> tuple[tuple[Duty, ...], bool]:
    """What was counted last for a person, and whether that still holds, for actions that have authorised."""
    duties: list[Duty] = []
    holds = True
    facts = _facts()
    for subject in _subjects(connection, person) if facts else ():
        found = _kept(subject)
        duties += found.duties if found else ()
        holds = holds and _holds(found, subject, facts)
    return tuple(duties), holds


def count_duties(actor: Actor) -> bool:
    """Count anew what does not hold any more; returns whether the person is to be told something else than before."""
    person = authorise(actor, "leads:read")
    connection = store().read()
    changed = False
    for subject in _subjects(connection, person):
        facts = _facts()
        before = _kept(subject)
        if not facts or _holds(before, subject, facts):
            continue
        try:
            duties = subject.count()
        except Refusal:  # the screens of the leads say why; here nothing can be said
            duties = ()
        with _lock:
            _counted[subject.name] = _Counted(subject.state, facts, clock.now(), duties)
            _counted.move_to_end(subject.name)
            while len(_counted) > _MOST:
                _counted.popitem(last=False)
        changed = changed or duties != (before.duties if before else ())
    return changed


def _facts() -> str:
    """The revision of the facts, '' where there are none or they cannot be read."""
    from leads.pointer import WarehouseUnavailable
    from leads.store import warehouse

    try:
        return warehouse().revision()
    except WarehouseUnavailable:
        return ""


def _kept(subject: _Subject) -> _Counted | None:
    with _lock:
        return _counted.get(subject.name)


def _holds(found: _Counted | None, subject: _Subject, facts: str) -> bool:
    if found is None or found.state != subject.state:
        return False
    return found.facts == facts or timedelta() <= clock.now() - found.at < subject.kept


def _subjects(connection: Connection, person: Person) -> list[_Subject]:
    """What concerns a person: who decides on leads, and who answers for a side's promises."""
    place = str(store().path)
    now = clock.now()
    found = []
    if lead_inbox.decides(person):
        quarter = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
        found.append(
            _Subject(
                (place, "waiting", person.id),
                (person, quarter, lead_decisions.last_change(connection)),
                lambda: _waiting(connection, person),
                _WAITING_KEPT,
            )
        )
    if person.role is Role.TEAM_LEAD:
        found.append(
            _Subject(
                (place, "promises"),
                (now.replace(minute=0, second=0, microsecond=0), _promised(connection)),
                lambda: _broken(connection),
                _PROMISES_KEPT,
            )
        )
    return found


def _promised(connection: Connection) -> Hashable:
    """What was signed and what was let off."""
    return (
        tuple(v.id for v in promise_rows.versions(connection) if v.state is DefinitionState.AGREED),
        tuple(
            waiver.id
            for promise in promise_rows.promises(connection)
            for waiver in promise_rows.waivers(connection, promise.key)
        ),
    )


def _waiting(connection: Connection, person: Person) -> tuple[Duty, ...]:
    counts = lead_inbox.count_waiting(connection, person)
    if person.role is Role.TEAM_LEAD:
        if not counts.total:
            return ()
        waits = f"{_leads(counts.total)} {'waits' if counts.total == 1 else 'wait'} for sales to decide"
        late = f", {counts.overdue:,} of them overdue" if counts.overdue else ""
        if counts.overdue == counts.total:
            late = ", overdue" if counts.total == 1 else ", all of them overdue"
        return (Duty(f"{waits}{late}.", "See the leads", "leads"),)
    if counts.own:
        sentence = (
            f"{_leads(counts.own)} of yours {'waits' if counts.own == 1 else 'wait'} for your decision."
        )
        return (Duty(sentence, "Decide", "leads", (("whose", "own"),)),)
    if counts.nobodys:
        sentence = (
            f"{_leads(counts.nobodys)} that {'belongs' if counts.nobodys == 1 else 'belong'} to nobody "
            f"{'waits' if counts.nobodys == 1 else 'wait'} for a decision."
        )
        return (Duty(sentence, "Decide", "leads", (("whose", "nobody"),)),)
    return ()


def _leads(count: int) -> str:
    return f"{count:,} {'lead' if count == 1 else 'leads'}"


def _broken(connection: Connection) -> tuple[Duty, ...]:
    last = instants.local_day(clock.now_text(), settings.company_of(connection).hours.timezone)
    first = last - timedelta(days=PROMISED_DAYS - 1)
    # by week, since the screen asks for it so: what was computed for one is there for the other
    standing = promises.compliance(connection, first_day=first, last_day=last, by="week")
    of_sales = [one for one in standing if one.promise.side is Team.SALES and one.kept_enough is False]
    of_marketing = [
        one for one in standing if one.promise.side is Team.MARKETING and one.kept_enough is False
    ]
    sentences = []
    if of_sales:
        clauses = [clause for clause in map(_answered, of_sales) if clause]
        sentences.append(f"sales kept {' and '.join(clauses)}")
    sentences += [
        clause for one in of_marketing for delivery in one.deliveries[-1:] for clause in _delivered(delivery)
    ]
    if not sentences:
        return ()
    text = f"In the last {PROMISED_DAYS} days {'; '.join(sentences)}."
    return (Duty(text, "See the promises", "promises"),)


def _answered(found: Compliance) -> str:
    figure = found.figures[0]
    wanted = max(v.terms.at_least for v in found.versions if isinstance(v.terms, ResponseTerms))
    return f"‘{found.promise.name}’ for {figure.value or 0:.0%} of {_leads(figure.denominator)} (promised: {wanted:.0%})"


def _delivered(delivery: Delivery) -> list[str]:
    terms = delivery.version.terms
    assert isinstance(terms, DeliveryTerms)
    whose = f" {whose_in_words(terms)}" if terms.only else ""
    if delivery.delivered.numerator < delivery.wanted:
        return [
            f"marketing delivered {_leads(delivery.delivered.numerator)}{whose} (promised: {delivery.wanted:,.0f})"
        ]
    accepted = delivery.acceptance.value
    if accepted is None:
        return []
    return [
        f"sales accepted {accepted:.0%} of what marketing delivered{whose} (promised: {terms.acceptance:.0%})"
    ]
