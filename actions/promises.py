"""How the promises stand: who kept them, what was broken and whose it was, what is due, and what terms would have meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from actions import agreements, clock, metrics, settings
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment import instants
from alignment import promises as domain
from alignment.agreements import AgreementState
from alignment.business_hours import open_days
from alignment.company import BusinessHours
from alignment.errors import InvalidInput, NotFound
from alignment.people import Actor
from alignment.promises import (
    DeliveryTerms,
    LeadInTime,
    Promise,
    PromiseKind,
    PromiseVersion,
    ResponseTerms,
    Terms,
    Verdict,
)
from db.queries import alerts, people, promises
from db.queries.alerts import AlertSetting
from db.queries.promises import Waiver
from db.store import Connection, store
from leads import figures_process

if TYPE_CHECKING:  # Ibis takes a second to load: only where figures are really asked for
    from leads.metrics.delivery import Span
    from leads.metrics.promises import LetOff, TermsInForce, Tried
    from leads.metrics.question import Measure, MetricQuestion

SPLITS = ("source", "week", "owner", "version")
FRESH = timedelta(days=1)
"""Lead facts that are older say nothing of now: what is due is then told as of the last import."""
PAGE = 50
_kept: KeptResults[Any] = KeptResults(64)


@dataclass(frozen=True)
class PromiseEntry:
    """A promise as the screen shows it: what is in force, what is open, everything there was, what is let off.

    `names` are those of people by id.
    """

    promise: Promise
    in_force: PromiseVersion | None
    upcoming: PromiseVersion | None
    open: PromiseVersion | None
    versions: tuple[PromiseVersion, ...]
    waivers: tuple[Waiver, ...]
    alerts: AlertSetting
    names: Mapping[str, str]


@dataclass(frozen=True)
class Delivery:
    """Marketing's promise over the days that one version was in force: what was wanted, delivered and accepted.

    `wanted` is the monthly number, pro-rated by business days; of the days that have passed, where not all have.
    `wanted_in_all` is that of all days asked for, `business_days` those that have passed and all.
    """

    version: PromiseVersion
    first_day: date
    last_day: date
    wanted: float
    wanted_in_all: float
    business_days: tuple[int, int]
    delivered: "Measure"
    acceptance: "Measure"
    verdict: Verdict


@dataclass(frozen=True)
class Compliance:
    """How one promise stands over a period. `versions` are those that were in force at some time of it, oldest first.

    A promise to answer has `figures`, the share that was kept: the first in total, then by group; `kept_enough` says whether
    that is at least the share that was promised by every version, None where it cannot be told. One to deliver has
    `deliveries`, one for each version.
    """

    promise: Promise
    versions: tuple[PromiseVersion, ...]
    figures: "tuple[Measure, ...]" = ()
    deliveries: tuple[Delivery, ...] = ()

    @property
    def kept_enough(self) -> bool | None:
        """Whether the promise was kept, None where it cannot be told yet."""
        if self.promise.kind is PromiseKind.DELIVERY:
            verdicts = {delivery.verdict for delivery in self.deliveries}
            if not verdicts or Verdict.CANNOT_TELL in verdicts:
                return None
            return verdicts <= {Verdict.KEPT, Verdict.ON_COURSE}
        value = self.figures[0].value if self.figures else None
        wanted = [v.terms.at_least for v in self.versions if isinstance(v.terms, ResponseTerms)]
        return None if value is None or not wanted else value >= max(wanted) - 1e-9


@dataclass(frozen=True)
class Due:
    """The leads that wait under one promise and are not due yet, the most pressing first; `count` is how many in all.

    `as_of` is the instant that this is true of: now, or the last import where that is more than a day ago.
    """

    promise: Promise
    leads: tuple[LeadInTime, ...]
    count: int
    as_of: datetime


@dataclass(frozen=True)
class WhatIf:
    """What terms would have meant from `first_day` to `last_day`: `tried` for a promise to answer, else `delivery`.

    `now` is the same under what was in force then, None where nothing was.
    """

    first_day: date
    last_day: date
    tried: "Tried | None" = None
    delivery: Delivery | None = None
    now: Compliance | None = None


def read_promises(actor: Actor) -> list[PromiseEntry]:
    """Every promise with its versions. Drafts are shown to those who may draft or sign."""
    person = authorise(actor, "promise:read")
    connection = store().read()
    names = {someone.id: someone.name for someone in people.everyone(connection)}
    alert_settings = alerts.settings(connection)
    by_promise: dict[str, list[PromiseVersion]] = {}
    for version in promises.versions(connection):
        by_promise.setdefault(version.key, []).append(version)
    entries = []
    for promise in promises.promises(connection):
        found = agreements.stand(person, by_promise.get(promise.key, []))
        entries.append(
            PromiseEntry(
                promise=promise,
                in_force=found.in_force,
                upcoming=found.upcoming,
                open=found.open,
                versions=found.versions,
                waivers=tuple(promises.waivers(connection, promise.key)),
                alerts=alert_settings[promise.key],
                names=names,
            )
        )
    return entries


def read_compliance(
    actor: Actor,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    as_of: date | None = None,
) -> list[Compliance]:
    """How every promise that was in force from `first_day` to `last_day`, both included, stands; in their order.

    Leads count whose clock started in the period, each by the version in force then. `by` is one of `SPLITS` and splits the
    promises to answer. `as_of` a day means with all that happened on it, None the last that is known. Without days, the
    promises to answer count all leads; those to deliver need both. Raises InvalidInput for a choice that is none.
    """
    authorise(actor, "promise:read")
    return compliance(store().read(), first_day=first_day, last_day=last_day, by=by, as_of=as_of)


def compliance(
    connection: Connection,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    as_of: date | None = None,
) -> list[Compliance]:
    """`read_compliance`, for actions that have authorised."""
    from leads.metrics.promises import measure_both_sides

    if by is not None and by not in SPLITS:
        raise InvalidInput(f"Promises cannot be split by “{by}”. Use one of: {', '.join(SPLITS)}.")
    if first_day is not None and last_day is not None and last_day < first_day:
        raise InvalidInput("The last day is before the first. Swap them.")
    question = metrics.ask(connection, first_day=first_day, last_day=last_day, as_of=as_of)
    histories = {
        promise: promises.history(connection, promise.key) for promise in promises.promises(connection)
    }
    histories = {promise: history for promise, history in histories.items() if history}
    responses = [promise for promise in histories if promise.kind is PromiseKind.RESPONSE]
    asked = [(terms_in_force(histories[promise]), let_off(connection, promise.key)) for promise in responses]
    spans: dict[Span, None] = {}
    if first_day is not None and last_day is not None:
        for promise, history in histories.items():
            if promise.kind is PromiseKind.DELIVERY:
                found = _days_of_versions(history, question, first_day, last_day)
                spans |= {(first, last, version.terms.only): None for version, first, last in found}

    def compute() -> Any:
        if not asked and not spans:
            return {}, {}
        figures, delivered = figures_process.run(measure_both_sides, question, asked, tuple(spans), by)
        keys = [promise.key for promise in responses]
        return dict(zip(keys, map(tuple, figures), strict=True)), delivered

    key = ("answers", _rounded(question), tuple(asked), tuple(spans), by)
    measured, delivered = _once(key, compute)
    result = []
    for promise, history in histories.items():
        versions = _during(history, question)
        if not versions:
            continue
        if promise.kind is PromiseKind.RESPONSE:
            figures = _without_leads(measured[promise.key], versions[0], question)
            result.append(Compliance(promise, versions, figures=figures))
        elif first_day is not None and last_day is not None:
            deliveries = _deliveries(history, question, first_day, last_day, delivered)
            result.append(Compliance(promise, versions, deliveries=tuple(deliveries)))
    return result


def read_due(actor: Actor, *, within_minutes: int | None = None, most: int = 100) -> list[Due]:
    """For each promise to answer, the leads that wait and are not due yet: at most `most`, the most pressing first.

    `within_minutes` keeps to those due in so many minutes of the promise's clock. With `most` 0 they are counted, all
    promises in one look at the leads.
    """
    authorise(actor, "promise:read")
    connection = store().read()
    moment = as_of_now()
    answers = []
    for promise in promises.promises(connection):
        history = promises.history(connection, promise.key)
        if promise.kind is PromiseKind.RESPONSE and history:
            answers.append((promise, history))
    if most < 1 and within_minutes is None:
        return [Due(promise, (), count, moment) for promise, count in _count_due(connection, answers, moment)]
    found = []
    for promise, history in answers:
        leads, count = leads_due(
            connection, promise.key, history, moment, within_minutes=within_minutes, most=most
        )
        found.append(Due(promise, tuple(leads), count, moment))
    return found


def _count_due(
    connection: Connection, answers: Sequence[tuple[Promise, Sequence[PromiseVersion]]], moment: datetime
) -> list[tuple[Promise, int]]:
    from leads.metrics.promises import count_due

    if not answers:
        return []
    question = replace(metrics.ask(connection), as_of=moment)
    asked = [(terms_in_force(history), let_off(connection, promise.key)) for promise, history in answers]
    minute = replace(question, as_of=moment.replace(second=0, microsecond=0))
    counts = _once(
        ("count due", minute, tuple(asked)), lambda: figures_process.run(count_due, question, asked)
    )
    return [(promise, count) for (promise, _), count in zip(answers, counts, strict=True)]


def leads_due(
    connection: Connection,
    key: str,
    history: Sequence[PromiseVersion],
    moment: datetime,
    *,
    within_minutes: int | None = None,
    most: int = 100,
) -> tuple[list[LeadInTime], int]:
    """The leads that wait under a promise and are not due at a moment (aware), for actions that have authorised."""
    from leads.metrics.promises import list_due

    question = replace(metrics.ask(connection), as_of=moment)
    versions, off = terms_in_force(history), let_off(connection, key)

    def compute() -> tuple[list[LeadInTime], int]:
        return list_due(question, versions, off, within_minutes=within_minutes, limit=most)

    minute = replace(question, as_of=moment.replace(second=0, microsecond=0))
    return _once(("due", key, minute, versions, off, within_minutes, most), compute)


def list_breaches(
    actor: Actor,
    key: str,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    still_open: bool = False,
    page: int = 1,
) -> tuple[list[LeadInTime], int]:
    """The leads for which a promise to answer was broken, the latest due first, 50 a page, and how many there are in all.

    Leads count whose clock started in the period; `still_open` keeps to those that nobody has answered. Raises NotFound
    for a promise there is not.
    """
    authorise(actor, "promise:read")
    from leads.metrics.promises import list_broken

    connection = store().read()
    promise = known(connection, key)
    history = promises.history(connection, key)
    if promise.kind is not PromiseKind.RESPONSE or not history:
        return [], 0
    question = metrics.ask(connection, first_day=first_day, last_day=last_day)
    versions, off = terms_in_force(history), let_off(connection, key)
    offset = (max(1, page) - 1) * PAGE

    def compute() -> tuple[list[LeadInTime], int]:
        return list_broken(question, versions, off, still_open=still_open, offset=offset, limit=PAGE)

    return _once(("broken", key, _rounded(question), versions, off, still_open, offset), compute)


def try_terms(actor: Actor, key: str, terms: Terms, first_day: date, last_day: date) -> WhatIf:
    """What terms would have meant for the leads of past days, beside what was in force then: to see before signing.

    Raises InvalidInput for terms that cannot be kept and for days that are in the wrong order, NotFound for an unknown
    promise.
    """
    authorise(actor, "promise:read")
    from leads.metrics.promises import try_terms as try_answers

    connection = store().read()
    promise = known(connection, key)
    if not isinstance(first_day, date) or not isinstance(last_day, date) or last_day < first_day:
        raise InvalidInput("The last day is before the first. Choose both days again.")
    question = metrics.ask(connection, first_day=first_day, last_day=last_day)
    checked = domain.check_terms(promise.kind, terms, question.hours, last_day)
    so_far = compliance(connection, first_day=first_day, last_day=last_day)
    now = next((found for found in so_far if found.promise.key == key), None)
    if isinstance(checked, ResponseTerms):
        answer_terms = checked
        tried = _once(
            ("tried", _rounded(question), checked),
            lambda: figures_process.run(try_answers, question, answer_terms),
        )
        return WhatIf(first_day, last_day, tried=tried, now=now)
    version = replace(
        _imagined(promise, checked, first_day), in_force_from=domain.FROM_THE_BEGINNING, in_force_until=None
    )
    (delivery,) = _deliveries([version], question, first_day, last_day, {})
    return WhatIf(first_day, last_day, delivery=delivery, now=now)


def last_quarter(actor: Actor) -> tuple[date, date]:
    """The first and the last day of the last whole quarter of the year, for the company."""
    authorise(actor, "promise:read")
    today = settings.today(actor)
    this = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last = this - timedelta(days=1)
    return date(last.year, last.month - 2, 1), last


def known(connection: Connection, key: str) -> Promise:
    """The promise with this key, for actions that have authorised. Raises NotFound."""
    promise = promises.find_promise(connection, key) if isinstance(key, str) else None
    if promise is None:
        raise NotFound("There is no such promise. Open the promises for those there are.")
    return promise


def as_of_now() -> datetime:
    """The moment that what is due is told of: now (aware), or the last import where that is over a day ago."""
    until, now = metrics.known_until(), clock.now()
    return now if now - until <= FRESH else until


def terms_in_force(history: Sequence[PromiseVersion]) -> "tuple[TermsInForce, ...]":
    """The terms of a promise's versions that were, are or will be in force, as the lead facts are asked by them."""
    from leads.metrics.promises import TermsInForce

    return tuple(
        TermsInForce(version.label, version.terms, version.in_force_from, version.in_force_until)
        for version in history
        if version.in_force_from is not None and isinstance(version.terms, ResponseTerms)
    )


def let_off(connection: Connection, key: str) -> "LetOff":
    """What is let off of a promise, as the lead facts are asked by it."""
    from leads.metrics.promises import LetOff

    waived = promises.waivers(connection, key)
    return LetOff(
        tuple(sorted(waiver.lead_id for waiver in waived if waiver.lead_id)),
        tuple(
            sorted(
                (waiver.first_at, waiver.until_at) for waiver in waived if waiver.first_at and waiver.until_at
            )
        ),
    )


def _without_leads(
    figures: "tuple[Measure, ...]", version: PromiseVersion, question: "MetricQuestion"
) -> "tuple[Measure, ...]":
    """The figures of a promise; of the total that no lead counts in, why there is none in place of that there are no leads."""
    from leads.metrics.selection import NO_LEADS

    total = figures[0]
    if NO_LEADS not in total.notes:
        return figures
    begins, first = version.in_force_from or "", question.first_day
    waiting = total.excluded.get("not_due", 0)
    if waiting:
        told = f"No answer is due yet: {waiting:,} {'lead waits' if waiting == 1 else 'leads wait'}."
    elif first is not None and begins > instants.day_start(first, question.timezone):
        since = instants.local_day(begins, question.timezone)
        told = f"It holds since {since.day} {since:%B %Y}, and no lead that counts has come since then."
    else:
        told = "No lead that counts came in these days."
    return replace(total, notes=(told,)), *figures[1:]


def _during(history: Sequence[PromiseVersion], question: "MetricQuestion") -> tuple[PromiseVersion, ...]:
    """The versions in force at some time of the period asked for."""
    zone = question.timezone
    first = instants.day_start(question.first_day, zone) if question.first_day else ""
    last = instants.day_start(question.last_day + timedelta(days=1), zone) if question.last_day else "9"
    return tuple(
        version
        for version in history
        if (version.in_force_from or "") < last
        and (version.in_force_until is None or version.in_force_until > first)
    )


def _deliveries(
    history: Sequence[PromiseVersion],
    question: "MetricQuestion",
    first_day: date,
    last_day: date,
    measured: "Mapping[Span, tuple[Measure, Measure]]",
) -> list[Delivery]:
    found = []
    for version, first, last in _days_of_versions(history, question, first_day, last_day):
        terms = version.terms
        if isinstance(terms, DeliveryTerms):
            known = measured.get((first, last, terms.only))
            found.append(_delivery(version, terms, question, first, last, known))
    return found


def _days_of_versions(
    history: Sequence[PromiseVersion], question: "MetricQuestion", first_day: date, last_day: date
) -> list[tuple[PromiseVersion, date, date]]:
    """The days of a span by the version that was in force when each began."""
    zone = question.timezone
    spans: list[tuple[PromiseVersion, date, date]] = []
    for version in history:
        first, last = first_day, last_day
        if (version.in_force_from or "") > instants.day_start(first_day, zone):
            begins = instants.local_day(version.in_force_from or "", zone)
            late = instants.day_start(begins, zone) < (version.in_force_from or "")
            first = begins + timedelta(days=1) if late else begins
        if version.in_force_until is not None:
            ends = instants.local_day(version.in_force_until, zone)
            late = instants.day_start(ends, zone) < version.in_force_until
            last = min(last_day, ends if late else ends - timedelta(days=1))
        if first <= last:
            spans.append((version, first, last))
    return spans


def _delivery(
    version: PromiseVersion,
    terms: DeliveryTerms,
    question: "MetricQuestion",
    first: date,
    last: date,
    measured: "tuple[Measure, Measure] | None",
) -> Delivery:
    from leads.metrics.delivery import measure_delivery

    today = instants.local_day(instants.to_text(question.as_of), question.timezone)
    over = last < today
    until = min(last, today - timedelta(days=1))
    asked = replace(question, first_day=first, last_day=last)
    delivered, acceptance = measured or _once(
        ("delivery", _rounded(asked), terms.only),
        lambda: figures_process.run(measure_delivery, asked, terms.only),
    )
    hours: BusinessHours = question.hours
    wanted = domain.target(terms.leads_a_month, hours, first, until) if until >= first else 0.0
    return Delivery(
        version=version,
        first_day=first,
        last_day=last,
        wanted=wanted,
        wanted_in_all=domain.target(terms.leads_a_month, hours, first, last),
        business_days=(len(open_days(hours, first, until)), len(open_days(hours, first, last))),
        delivered=delivered,
        acceptance=acceptance,
        verdict=Verdict.CANNOT_TELL
        if delivered.value is None
        else domain.judge_delivery(
            delivered.numerator,
            wanted,
            acceptance.numerator,
            acceptance.denominator,
            terms.acceptance,
            over=over,
        ),
    )


def _imagined(promise: Promise, terms: Terms, day: date) -> PromiseVersion:
    return PromiseVersion(
        id="",
        promise=promise,
        version=0,
        terms=terms,
        note="",
        effective_from=day,
        content_hash="",
        state=AgreementState.DRAFT,
        author_id="",
        created_at="",
    )


def _rounded(question: "MetricQuestion") -> "MetricQuestion":
    """The question as results are kept under: 'now' is at most five minutes old."""
    moment = question.as_of
    return replace(
        question, as_of=moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
    )


def _once(key: tuple[Any, ...], compute: Any) -> Any:
    """What `compute` returns, computed once per version of the facts and question."""
    from leads.store import warehouse

    facts = warehouse()
    return _kept.get((facts.folder, facts.revision(), *key), compute)
