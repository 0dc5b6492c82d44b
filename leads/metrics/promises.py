"""Promises to answer leads in time: which were kept, which were broken and whose lead it was, and which are due soon.

Each lead is judged by the version that was in force when its clock started. Answered within the limit is kept; answered
after it, or not answered and the time has passed, is broken. What is not due yet, was closed before it was due, or was let
off does not count, and is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis

from alignment import instants
from alignment.business_hours import from_minutes, open_intervals, to_minutes
from alignment.calendars import spoken_minutes, versions_of
from alignment.lifecycle import EventType, Stage
from alignment.promises import (
    Answer,
    Clock,
    LeadInTime,
    ResponseTerms,
    Start,
    whose_in_words,
)
from alignment.statistics import kaplan_meier_counts
from leads.metrics.acceptance import start_of_clock
from leads.metrics.business_clock import due_column, elapsed_columns
from leads.metrics.delivery import Span, delivered_in, kept_to, no_such_field, population_of
from leads.metrics.population import Population, instant
from leads.metrics.question import BLANK, Measure, MetricQuestion, StartOfClock, Unit, end_of
from leads.metrics.selection import Selection, measure, select
from leads.store import warehouse

_LOOKED_BACK = timedelta(days=366)
SPLITS = ("source", "week", "owner", "version")
"""By what compliance can be split: the owner is who had the lead when the answer was due."""

_NOTHING_RECORDED = {
    Answer.ATTEMPT: "No contact attempt is recorded.",
    Answer.CONTACT: "No conversation with a lead is recorded.",
    Answer.DECISION: "No decision of sales is recorded, neither accepted nor rejected.",
    Answer.QUALIFICATION: "No lead is recorded as qualified by sales.",
}
_ANSWERED_BY = {
    Answer.ATTEMPT: "attempted_at",
    Answer.CONTACT: "contacted_at",
    Answer.QUALIFICATION: "sql_at",
}
_WHY_NOT = ("waived", "only_the_day_is_known", "closed_before_due", "not_due")
"""Why the clock of a lead that counts otherwise does not, the first that holds."""
_KEPT = ("lead_id", "number", "part", "definition", "verdict", "test", "source")


@dataclass(frozen=True)
class TermsInForce:
    """The terms of a version, by its label, and when they were in force: instants in the store's form, until None = still."""

    label: str
    terms: ResponseTerms
    from_instant: str
    until_instant: str | None = None


@dataclass(frozen=True)
class LetOff:
    """What does not count: leads, and clocks that started from an instant to before another (store's form)."""

    lead_ids: tuple[str, ...] = ()
    intervals: tuple[tuple[str, str], ...] = ()


NOTHING_LET_OFF = LetOff()


@dataclass(frozen=True)
class Tried:
    """What terms would have meant for past leads: how many would have been answered in time, and what limit it would take.

    `reachable_minutes` is the time within which the promised share was answered (Kaplan–Meier, so that those who wait
    count as waiting); None where so many were never answered.
    """

    figure: Measure
    by_week: tuple[Measure, ...]
    reachable_minutes: int | None


def measure_promise(
    question: MetricQuestion,
    versions: Sequence[TermsInForce],
    let_off: LetOff = NOTHING_LET_OFF,
    by: str | None = None,
) -> list[Measure]:
    """Kept / (kept + broken) of the leads whose clock started in the period, in total and by one of `SPLITS`."""
    return measure_promises(question, [(versions, let_off)], by)[0]


def measure_promises(
    question: MetricQuestion, promises: Sequence[tuple[Sequence[TermsInForce], LetOff]], by: str | None = None
) -> list[list[Measure]]:
    """`measure_promise` of several promises at once, from one version of the facts."""
    return measure_both_sides(question, promises, (), by)[0]


def measure_both_sides(
    question: MetricQuestion,
    promises: Sequence[tuple[Sequence[TermsInForce], LetOff]],
    spans: Sequence[Span],
    by: str | None = None,
) -> tuple[list[list[Measure]], dict[Span, tuple[Measure, Measure]]]:
    """`measure_promises`, and `measure_delivery` of spans of days within the period, from one version of the facts."""
    with warehouse().read() as facts:
        population = population_of(facts, question, by, question.first_day)
        figures = [
            [
                replace(figure, group={by: next(iter(figure.group.values()))})
                if by and figure.group
                else figure
                for figure in measure(population, kept(population, versions, let_off, by))
            ]
            for versions, let_off in promises
        ]
        return figures, {span: delivered_in(population, span) for span in spans}


def list_broken(
    question: MetricQuestion,
    versions: Sequence[TermsInForce],
    let_off: LetOff = NOTHING_LET_OFF,
    *,
    still_open: bool = False,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[LeadInTime], int]:
    """The leads of the period for which the promise was broken, the latest due first, and how many there are in all.

    `still_open` keeps to those that nobody has answered yet.
    """
    with warehouse().read() as facts:
        population = population_of(facts, question, None, question.first_day)
        table = _standing(population, versions, let_off)
        table = table.filter(table.left_out.isnull() & ~table.met)
        if still_open:
            table = table.filter(~table.answered & table.closed.isnull())
        total = facts.value(table.count())
        table = _with_due(population, table)
        order = (ibis.desc("due_at"), "lead_id", "number")
        return _leads(population, table.order_by(order).limit(limit, offset=offset), order), total


def list_due(
    question: MetricQuestion,
    versions: Sequence[TermsInForce],
    let_off: LetOff = NOTHING_LET_OFF,
    *,
    within_minutes: int | None = None,
    limit: int = 200,
) -> tuple[list[LeadInTime], int]:
    """The leads that wait for an answer which is not due yet, the most pressing first, and how many there are in all.

    `within_minutes` keeps to those that are due in so many minutes of their clock.
    """
    with warehouse().read() as facts:
        population = population_of(facts, question, None, _not_due_since(question, versions, question.as_of))
        table = _standing(population, versions, let_off)
        table = table.filter(table.left_out == "not_due")
        table = table.mutate(remaining=table.promised - table.minutes)
        if within_minutes is not None:
            table = table.filter(table.remaining <= within_minutes)
        total = facts.value(table.count())
        order = ("remaining", "start", "lead_id", "number")
        page = table.order_by(order).limit(limit)
        return _leads(population, _with_due(population, page), order), total


def count_due(
    question: MetricQuestion, promises: Sequence[tuple[Sequence[TermsInForce], LetOff]]
) -> list[int]:
    """How many leads wait for an answer that is not due yet, under each of several promises."""
    with warehouse().read() as facts:
        days = [_not_due_since(question, versions, question.as_of) for versions, _ in promises]
        known = [day for day in days if day is not None]
        since = min(known) if known and len(known) == len(days) else None
        population = population_of(facts, question, None, since)
        tables = [_standing(population, versions, let_off) for versions, let_off in promises]
        return [facts.value((table.left_out == "not_due").sum().coalesce(0)) for table in tables]


def list_waiting(
    question: MetricQuestion,
    versions: Sequence[TermsInForce],
    let_off: LetOff,
    *,
    due_from: datetime,
    limit: int,
) -> list[LeadInTime]:
    """The leads that nobody has answered and that are due at an instant (aware) or later, overdue or not, the earliest first."""
    with warehouse().read() as facts:
        population = population_of(facts, question, None, _not_due_since(question, versions, due_from))
        table = _standing(population, versions, let_off)
        counts = table.left_out.isnull() | (table.left_out == "not_due")
        table = _with_due(population, table.filter(counts & ~table.answered & table.closed.isnull()))
        table = table.filter(table.due_at >= instant(due_from))
        order = ("due_at", "lead_id", "number")
        return _leads(population, table.order_by(order).limit(limit), order)


def try_terms(question: MetricQuestion, terms: ResponseTerms) -> Tried:
    """What `terms` would have meant for the leads of the period, had they always been in force and nothing been let off."""
    always = [TermsInForce("as proposed", terms, "")]
    with warehouse().read() as facts:
        population = population_of(facts, question, "week", question.first_day)
        selection = kept(population, always, NOTHING_LET_OFF, "week")
        figures = measure(population, selection)
        table = selection.table.filter(
            selection.table.left_out.isnull()
            | selection.table.left_out.isin(["not_due", "closed_before_due"])
        )
        rows = facts.rows(table.group_by("minutes", "answered").aggregate(n=table.count()))
    reachable = None
    if rows:
        curve = kaplan_meier_counts(
            [row["minutes"] for row in rows],
            [row["n"] if row["answered"] else 0 for row in rows],
            [0 if row["answered"] else row["n"] for row in rows],
        )
        # a quantile of the curve is where it falls to 1 − q; of everybody there is none while anybody waits
        found = curve.quantile(min(terms.at_least, 0.999))
        reachable = None if found is None else int(found)
    return Tried(figures[0], tuple(figures[1:]), reachable)


def kept(
    population: Population, versions: Sequence[TermsInForce], let_off: LetOff, by: str | None = None
) -> Selection:
    """The leads whose clock started in the period; those that were answered in time hit."""
    table = _standing(population, versions, let_off)
    if by == "version":
        table = table.mutate(part=table.version)
    elif by == "week":
        table = table.mutate(part=population.local_day(table.start).truncate("W").strftime("%Y-%m-%d"))
    elif by == "source":
        table = table.mutate(part=table.source.coalesce(BLANK))
    elif by == "owner":
        table = _with_owner(population, _with_due(population, table))
        table = table.mutate(part=(table.owner == "").ifelse(BLANK, table.owner))
    answers = {version.terms.answer for version in versions}
    nothing = [
        _NOTHING_RECORDED[answer] for answer in sorted(answers) if not _is_recorded(population, answer)
    ]
    unknown = [no_such_field(population, version.terms.only) for version in versions]
    return Selection(
        name="promise_kept",
        choice=select(
            population,
            table,
            counts=ibis.literal(True),
            hit=table.met,
            left_out=[(table.left_out == reason, reason) for reason in _WHY_NOT],
            flags={"early": table.early},
            beside={"minutes": table.minutes, "answered": table.answered},
        ),
        unit=Unit.SHARE,
        formula="answered in time / (answered in time or late, or not answered and the time has passed); "
        + "; ".join(f"{version.label}: {_in_short(version.terms)}" for version in versions),
        from_stage=Stage.MQL,
        impossible=unknown[0] if all(unknown) else nothing[0] if len(nothing) == len(answers) else None,
    )


def _not_due_since(
    question: MetricQuestion, versions: Sequence[TermsInForce], moment: datetime
) -> date | None:
    """A day before which no clock can have started that has not run out at a moment (aware); None where there is no telling.

    Clocks run slowest at the longest limit. One that stood still for longer than a year is none that anybody waits for.
    """
    today = moment.astimezone(UTC).date()
    days = [today]
    for terms in (version.terms for version in versions):
        if terms.clock is Clock.ROUND_THE_CLOCK:
            days.append((moment - timedelta(minutes=terms.limit_minutes + 1)).astimezone(UTC).date())
            continue
        intervals = open_intervals(question.hours, today - _LOOKED_BACK, today + timedelta(days=1))
        passed = int(intervals.elapsed(to_minutes(moment)))
        began = intervals.due(int(intervals.opens[0]), passed - terms.limit_minutes - 1) if passed else None
        if began is None or passed <= terms.limit_minutes + 1:
            return None
        days.append(from_minutes(began).date())
    return min(days)


def _standing(population: Population, versions: Sequence[TermsInForce], let_off: LetOff) -> ibis.Table:
    """Each episode whose clock started in the period, under the version that was in force then.

    Columns: those of `_KEPT`, `start`, `version`, `promised`, `round_the_clock`, `answered`, `answered_at`, `closed`, `minutes`,
    `elapsed_start` (null round the clock), `early`, `met`, and `left_out`, why it does not count, null where it does.
    """
    name = f"promised:{hash((tuple(versions), let_off))}"
    return population.once(name, lambda: _judged(population, _at_some_time(population, versions), let_off))


def _at_some_time(population: Population, versions: Sequence[TermsInForce]) -> Sequence[TermsInForce]:
    """The versions that were in force at some time of the period; one at least."""
    question = population.question
    first = instants.day_start(question.first_day, question.timezone) if question.first_day else ""
    last = instants.to_text(end_of(question.last_day, question.timezone)) if question.last_day else "9"
    found = [
        version
        for version in versions
        if version.from_instant <= last and (version.until_instant is None or version.until_instant > first)
    ]
    return found or versions[:1]


def _judged(population: Population, versions: Sequence[TermsInForce], let_off: LetOff) -> ibis.Table:
    parts = [_under(population, version) for version in versions]
    table = ibis.union(*parts) if len(parts) > 1 else parts[0]
    waived = ibis.literal(False)
    for first, until in let_off.intervals:
        first_at, until_at = instants.from_text(first), instants.from_text(until)
        waived = waived | ((table.start >= instant(first_at)) & (table.start < instant(until_at)))
    if let_off.lead_ids:
        waived = waived | table.lead_id.isin(list(let_off.lead_ids))
    in_time = table.minutes <= table.promised
    not_due = ~table.answered & in_time
    return table.mutate(
        met=table.answered & in_time,
        left_out=ibis.cases(
            # first what never counts: for such a lead nobody has promised anything, so that none is due either
            *population.reasons_to_leave_out(table),
            *zip((waived, table.day_only, not_due & table.closed.notnull(), not_due), _WHY_NOT, strict=True),
            else_=ibis.null().cast("string"),
        ),
    )


def _under(population: Population, version: TermsInForce) -> ibis.Table:
    """The episodes whose clock started while a version was in force."""
    terms = version.terms
    table = kept_to(population, population.episodes, terms.only)
    started_by = replace(
        population, question=replace(population.question, start=StartOfClock(terms.start.value))
    )
    table = table.mutate(start=start_of_clock(started_by, table), answered_at=_answer(table, terms.answer))
    table = table.filter(population.in_period(table.start))
    if version.from_instant:
        table = table.filter(table.start >= instant(_moment(version.from_instant)))
    if version.until_instant is not None:
        table = table.filter(table.start < instant(_moment(version.until_instant)))
    closing = [table.lost_at, table.until_at]
    if terms.answer is not Answer.DECISION:
        closing.append(table.rejected_at)
    answered = table.answered_at.notnull()
    closed = ibis.least(*closing)
    day_only = ibis.literal(False)
    if terms.start is not Start.CREATED and terms.limit_minutes < _longest_day(population):
        day_only = table.mql_day_only.fill_null(False)
    table = table.mutate(
        answered=answered,
        closed=closed,
        end=answered.ifelse(table.answered_at, closed.coalesce(population.as_of)),
        early=answered & (table.answered_at < table.start),
        version=ibis.literal(version.label),
        promised=ibis.literal(terms.limit_minutes).cast("int64"),
        round_the_clock=ibis.literal(terms.clock is Clock.ROUND_THE_CLOCK),
        day_only=day_only,
    )
    if terms.clock is Clock.ROUND_THE_CLOCK:
        passed = (
            table.end.epoch_seconds().cast("int64") // 60 - table.start.epoch_seconds().cast("int64") // 60
        )
        table = table.mutate(minutes=ibis.greatest(passed, 0), elapsed_start=ibis.null().cast("int64"))
    else:
        table = elapsed_columns(population, table, {"minutes": ("start", "end")})
    return table.select(
        *_KEPT,
        "start",
        "version",
        "promised",
        "round_the_clock",
        "day_only",
        "answered",
        "answered_at",
        "closed",
        "early",
        minutes=table.minutes.cast("int64"),
        elapsed_start=table.elapsed_start.cast("int64"),
    )


def _answer(table: ibis.Table, answer: Answer) -> ibis.Value:
    """When the answer came, null where it has not."""
    return table.decided_at if answer is Answer.DECISION else table[_ANSWERED_BY[answer]]


def _is_recorded(population: Population, answer: Answer) -> bool:
    profile = population.profile
    match answer:
        case Answer.DECISION:
            return bool(profile.decided)
        case Answer.QUALIFICATION:
            return bool(profile.entered[Stage.SQL])
    return bool(profile.attempted)


def _longest_day(population: Population) -> int:
    """Open minutes of the longest business day: a limit below it cannot be judged where only the day is known."""
    versions = versions_of(population.question.hours)
    return max(
        sum(closes - opens for opens, closes in day) for version in versions for day in version.hours.shifts
    )


def _with_due(population: Population, table: ibis.Table) -> ibis.Table:
    """Add `due_at`, the instant by which the promised time had passed; null where it lies beyond the calendar."""
    by_hours = due_column(population, table, "elapsed_start", "promised")
    minute = by_hours.start.truncate("m")
    later = minute + by_hours.promised.as_interval("m")
    return by_hours.mutate(due_at=by_hours.round_the_clock.ifelse(later, by_hours.due_at))


def _with_owner(population: Population, table: ibis.Table) -> ibis.Table:
    """Add `owner`, who had the lead when the answer was due (or by now, if that is earlier); '' for nobody.

    It is the last assignment until then; where none is recorded at all, the owner that the lead came with.
    """
    event = population.facts.event
    assigned = event.filter(
        (event.type == EventType.ASSIGNED.value) & event.owner.notnull() & (event["at"] <= population.as_of)
    ).select("lead_id", assigned_at="at", assigned_to="owner")
    until = table.mutate(owned_until=ibis.least(table.due_at, population.as_of))
    until = until.mutate(owned_until=until.owned_until.coalesce(population.as_of))
    columns = until.columns
    matched = until.asof_join(
        assigned, on=until.owned_until >= assigned.assigned_at, predicates=until.lead_id == assigned.lead_id
    ).select(*columns, "assigned_to")
    ever = assigned.select("lead_id").distinct().mutate(ever_assigned=True)
    lead = population.facts.lead.select("lead_id", came_with="owner")
    joined = (
        matched.left_join(lead, "lead_id")
        .drop("lead_id_right")
        .left_join(ever, "lead_id")
        .drop("lead_id_right")
    )
    came_with = joined.ever_assigned.fill_null(False).ifelse(ibis.null().cast("string"), joined.came_with)
    return joined.mutate(owner=joined.assigned_to.coalesce(came_with).coalesce("")).drop(
        "assigned_to", "came_with", "ever_assigned", "owned_until"
    )


def _leads(population: Population, page: ibis.Table, order: Sequence[Any]) -> list[LeadInTime]:
    """A page of leads with what people want to know of them; `order` is that of the page, which joins do not keep."""
    table = _with_owner(population, page)
    lead = population.facts.lead.select("lead_id", named="company")
    rows = population.facts.rows(table.left_join(lead, "lead_id").drop("lead_id_right").order_by(order))
    return [
        LeadInTime(
            lead_id=row["lead_id"],
            episode=row["number"],
            company=row["named"] or "",
            source=row["source"] or BLANK,
            owner=row["owner"],
            version=row["version"],
            start_at=_aware(row["start"]),
            due_at=_aware(row["due_at"]) if row["due_at"] else None,
            answered_at=_aware(row["answered_at"]) if row["answered_at"] else None,
            minutes=row["minutes"],
            limit_minutes=row["promised"],
        )
        for row in rows
    ]


def _in_short(terms: ResponseTerms) -> str:
    clock = "business time" if terms.clock is Clock.BUSINESS else "round the clock"
    short = f"{terms.answer.value} within {spoken_minutes(terms.limit_minutes)} ({clock}) after {terms.start.words}"
    whose = whose_in_words(terms)
    return f"{short}, for leads {whose}" if whose else short


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _moment(text: str) -> datetime:
    """An instant of the store's form, not before what the engine can hold."""
    return max(instants.from_text(text), datetime(1900, 1, 1, tzinfo=UTC))
