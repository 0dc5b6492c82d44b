"""The baseline that leaving Identify freezes, and the recap that compares with it, like with like.

Frozen are the figures together with the question they answered: periods, as-of day, conversion window, definition,
promises and business hours. When not all of the baseline was judged by the definition in force at the recap, or the
promises or hours are others by then, the baseline's period is asked again under those of now, with what was known on
the same day, so that a new definition or an easier promise is never mistaken for an improvement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from actions import clock, metrics, settings
from actions.permissions import authorise
from alignment import definitions as agreements
from alignment import instants, recap
from alignment.cycles import Cycle
from alignment.errors import NotFound
from alignment.people import Actor
from alignment.recap import FEWEST_LEADS, RecapVerdict, Share, doubt, judge
from db.queries import cycles, definitions
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where figures are really asked for
    from leads.metrics.question import Measure

BASELINE_DAYS = 90
_UNDER_WAY = ("immature", "undecided", "not_due")


@dataclass(frozen=True)
class Compared:
    """A measure of the recap: its key among the lead metrics, and how sentences and headings name it."""

    key: str
    name: str
    heading: str


MEASURES = {
    "conversion": Compared("conversion:mql:won", "Conversion from MQL to won", "MQLs that are won"),
    # of those whose decision is due: who is turned down may hear of it later than who is accepted
    "acceptance": Compared("acceptance_of_due:mql:sal", "Acceptance", "MQLs that sales accepts"),
    "speed": Compared(
        "followed_up_in_time:mql", "Follow-up within the promised time", "MQLs followed up in time"
    ),
}
_ASKED = {key: {key: measure.key} for key, measure in MEASURES.items()}
"""What is asked in the period of each compared measure: names as in `_figures` → keys of lead metrics."""
_ASKED["acceptance"]["coverage"] = "feedback_coverage:mql"
_ASKED["speed"]["median"] = "speed_to_lead_median:mql"


@dataclass(frozen=True)
class Recap:
    """Before against after. `medians` are of the speed to lead in business minutes, None where they cannot be told;
    `coverage` is the share of the leads due for a decision that sales decided on, before and after.

    `restated_under` is the definition that the baseline was judged by anew, None where it still is the one it was
    frozen under; `promises_changed` says whether promises or business hours did. Where either made the baseline be
    asked again, `as_frozen` has its verdict-free figures as they were.
    """

    sentence: str
    verdicts: tuple[RecapVerdict, ...]
    coverage: tuple[Share, Share]
    as_of: str
    window_days: int | None
    before_period: tuple[date, date]
    after_period: tuple[date, date | None]
    medians: tuple[float | None, float | None]
    definition: str | None
    restated_under: str | None
    as_frozen: Mapping[str, Share]
    promises_changed: bool = False

    def as_document(self) -> dict[str, Any]:
        """The recap as plain values, to be kept with the cycle."""
        return {
            "sentence": self.sentence,
            "sentences": [verdict.sentence for verdict in self.verdicts],
            "verdicts": [verdict.as_document() for verdict in self.verdicts],
            "coverage": [[share.hits, share.n, share.waiting] for share in self.coverage],
            "as_of": self.as_of,
            "window_days": self.window_days,
            "before_period": [day.isoformat() for day in self.before_period],
            "after_period": [day.isoformat() if day else None for day in self.after_period],
            "medians": list(self.medians),
            "definition": self.definition,
            "restated_under": self.restated_under,
            "promises_changed": self.promises_changed,
            "as_frozen": {key: [share.hits, share.n, share.waiting] for key, share in self.as_frozen.items()},
        }


def read_recap(actor: Actor, cycle_id: str | None = None) -> tuple[Cycle, Recap | None]:
    """A cycle, by default the running one, and its recap: as it was written down, or as it reads now.

    The recap is None while there is no baseline or nothing has been put into practice yet. Raises NotFound.
    """
    authorise(actor, "cycle:read")
    connection = store().read()
    cycle = cycles.find(connection, cycle_id) if cycle_id else cycles.current(connection)
    if cycle is None:
        raise NotFound("There is no such cycle.")
    if cycle.closed_at is not None and cycle.recap is not None:
        return cycle, _from_document(cycle.recap)
    if cycle.baseline is None or cycle.execute_at is None:
        return cycle, None
    return cycle, compute(connection, cycle)


def freeze_baseline(connection: Connection) -> dict[str, Any]:
    """The figures as they are now, with the question they answer. For the action that leaves Identify."""
    as_of = _last_known_day(connection) - timedelta(days=1)
    conversion = MEASURES["conversion"].key
    window = _find(metrics.measure(connection, [conversion], as_of=as_of), conversion).window_days
    recent = (as_of - timedelta(days=BASELINE_DAYS - 1), as_of)
    mature = recent
    if window is not None:
        mature = (recent[0] - timedelta(days=window), as_of - timedelta(days=window))
    periods = {"conversion": mature, "acceptance": recent, "speed": recent}
    figures = _figures(connection, periods, as_of, window, None)
    return {
        "as_of": as_of.isoformat(),
        "window_days": window,
        "definition": _label_in_force(connection),
        "promises": _promises(connection),
        "periods": {key: [first.isoformat(), last.isoformat()] for key, (first, last) in periods.items()},
        "figures": {key: figure.to_document() for key, figure in figures.items()},
    }


def compute(connection: Connection, cycle: Cycle) -> Recap:
    """The recap of a cycle as it reads now. For actions that have authorised; the cycle has a baseline."""
    baseline = cycle.baseline or {}
    zone = settings.company_of(connection).hours.timezone
    as_of = date.fromisoformat(baseline["as_of"])
    window = baseline["window_days"]
    periods = {
        key: (date.fromisoformat(first), date.fromisoformat(last))
        for key, (first, last) in baseline["periods"].items()
    }
    frozen = {key: _share(figure) for key, figure in baseline["figures"].items()}
    label = _label_in_force(connection)
    judged_by = {baseline["figures"][key]["definition_version"] for key in MEASURES}
    restated = label if label is not None and judged_by != {label} else None
    promises_changed = baseline["promises"] != _promises(connection)
    before, median_before = frozen, baseline["figures"]["median"]["value"]
    if restated is not None or promises_changed:
        asked = _figures(connection, periods, as_of, window, restated)
        before = {key: _share(figure.to_document()) for key, figure in asked.items()}
        median_before = asked["median"].value
    began = instants.local_day(cycle.execute_at or cycle.started_at, zone)
    ended = instants.local_day(cycle.recap_at, zone) if cycle.recap_at else None
    asked = _figures(connection, dict.fromkeys(MEASURES, (began, ended)), None, window, restated)
    after = {key: _share(figure.to_document()) for key, figure in asked.items()}
    today = _today(connection)
    verdicts = [
        judge(
            key,
            measure.name,
            before[key],
            after[key],
            _readable_on(
                before[key], after[key], began, ended, today, _days_to_wait(connection, key, window)
            ),
            over=ended is not None,
        )
        for key, measure in MEASURES.items()
    ]
    coverage = (before["coverage"], after["coverage"])
    verdicts = [doubt(found, *coverage) if found.measure == "acceptance" else found for found in verdicts]
    return Recap(
        sentence=recap.summarise(verdicts),
        verdicts=tuple(verdicts),
        coverage=coverage,
        as_of=clock.now_text(),
        window_days=window,
        before_period=periods["acceptance"],
        after_period=(began, ended),
        medians=(median_before, asked["median"].value),
        definition=label,
        restated_under=restated,
        as_frozen={key: frozen[key] for key in MEASURES} if restated is not None or promises_changed else {},
        promises_changed=promises_changed,
    )


def _figures(
    connection: Connection,
    periods: Mapping[str, tuple[date, date | None]],
    as_of: date | None,
    window: int | None,
    restate: str | None,
) -> "dict[str, Measure]":
    """The compared measures, each in its period, and what stands beside them: `median` of the speed to lead, and
    `coverage`, the share of the due leads that were decided."""
    by_period: dict[tuple[date, date | None], list[str]] = {}
    for key, period in periods.items():
        by_period.setdefault(period, []).extend(_ASKED[key].values())
    answers: dict[str, Measure] = {}
    for (first, last), keys in by_period.items():
        told = metrics.measure(
            connection, keys, first_day=first, last_day=last, as_of=as_of, window_days=window, restate=restate
        )
        answers |= {key: _find(told, key) for key in keys}
    return {name: answers[key] for asked in _ASKED.values() for name, key in asked.items()}


def _find(measures: "list[Measure]", key: str) -> "Measure":
    return next(found for found in measures if found.key == key and not found.group)


def _share(figure: Mapping[str, Any]) -> Share:
    excluded = figure["excluded"]
    waiting = sum(excluded.get(reason, 0) for reason in _UNDER_WAY)
    return Share(figure["numerator"], figure["denominator"], waiting)


def _readable_on(
    before: Share, after: Share, began: date, ended: date | None, today: date, days_to_wait: int
) -> date | None:
    """When the after side will have enough leads, at the pace of the baseline. None where nothing tells the pace.

    A lead counts `days_to_wait` after it came; after `ended` none comes any more.
    """
    if after.n >= FEWEST_LEADS or not before.n:
        return None
    if ended is not None:
        last = ended + timedelta(days=days_to_wait)
        return last if after.n + after.waiting >= FEWEST_LEADS and last > today else None
    days = ceil((FEWEST_LEADS - after.n) * BASELINE_DAYS / before.n)
    return max(today, began + timedelta(days=days_to_wait)) + timedelta(days=days)


def _days_to_wait(connection: Connection, key: str, window: int | None) -> int:
    """How many days after it came a lead counts for a measure, about."""
    company = settings.company_of(connection)
    if key == "conversion":
        return window or 0
    minutes = company.feedback_hours * 60 if key == "acceptance" else company.follow_up_minutes
    a_week = sum(closes - opens for day in company.hours.shifts for opens, closes in day)
    return minutes * 7 // a_week if a_week else 0


def _promises(connection: Connection) -> dict[str, Any]:
    """The marks that the figures are measured by, as plain values."""
    company = settings.company_of(connection)
    return {
        "follow_up_minutes": company.follow_up_minutes,
        "feedback_hours": company.feedback_hours,
        "timezone": company.hours.timezone,
        "shifts": [[list(shift) for shift in day] for day in company.hours.shifts],
        "country": company.hours.country,
    }


def _label_in_force(connection: Connection) -> str | None:
    force = agreements.in_force(definitions.in_force_history(connection, "mql"), clock.now_text())
    return force.label if force else None


def _last_known_day(connection: Connection) -> date:
    """The day of the last import, or today: no later day is known as a whole."""
    from leads.store import warehouse

    imported_at = warehouse().imported_at() or clock.now_text()
    zone = settings.company_of(connection).hours.timezone
    return min(_today(connection), instants.local_day(imported_at, zone))


def _today(connection: Connection) -> date:
    return instants.local_day(clock.now_text(), settings.company_of(connection).hours.timezone)


def _from_document(document: Mapping[str, Any]) -> Recap:
    first, last = (date.fromisoformat(day) for day in document["before_period"])
    began, ended = document["after_period"]
    return Recap(
        sentence=document["sentence"],
        verdicts=tuple(recap.from_document(verdict) for verdict in document["verdicts"]),
        coverage=(Share(*document["coverage"][0]), Share(*document["coverage"][1])),
        as_of=document["as_of"],
        window_days=document["window_days"],
        before_period=(first, last),
        after_period=(date.fromisoformat(began), date.fromisoformat(ended) if ended else None),
        medians=(document["medians"][0], document["medians"][1]),
        definition=document["definition"],
        restated_under=document["restated_under"],
        as_frozen={key: Share(*counts) for key, counts in document["as_frozen"].items()},
        promises_changed=document["promises_changed"],
    )
