"""What is asked of the lead facts, and what a figure answers with: the metric and its passport."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from alignment import instants
from alignment.company import BusinessHours
from alignment.lifecycle import Stage
from alignment.rules import Rule
from alignment.statistics import Interval

BLANK = "(blank)"
NO_DEFINITION = "(none)"
OTHERS = "(others)"


class GroupBy(StrEnum):
    """By what figures are often split. Any other field of the leads can be asked for by its name."""

    SOURCE = "source"
    CAMPAIGN = "campaign"
    CONTENT = "content"
    OWNER = "owner"
    WEEK = "week"
    MONTH = "month"
    DEFINITION = "definition"


class Unit(StrEnum):
    """What a value counts."""

    LEADS = "leads"
    SHARE = "share"
    RATIO = "ratio"
    """Of two different groups of leads, so that it may be above 1."""
    GROWTH = "growth"
    """Against the time before: 0.1 is a tenth more, -0.1 a tenth less."""
    BUSINESS_MINUTES = "business minutes"
    DAYS = "days"
    MONEY_PER_DAY = "money per day"
    """In the `currency` of the measure."""


class StartOfClock(StrEnum):
    """From when the follow-up clock runs."""

    MQL = "mql"
    ASSIGNED = "assigned"
    CREATED = "created"


@dataclass(frozen=True)
class DefinitionInForce:
    """A version of the definition of an MQL and when it was in force: instants in the store's form, until None = still.

    `rule` is None where the definition is text only: then every lead that entered MQL counts as one.
    """

    label: str
    rule: Rule | None
    from_instant: str
    until_instant: str | None = None


@dataclass(frozen=True)
class MetricQuestion:
    """What is asked. The period holds leads that entered MQL (or were closed) from `first_day` to `last_day`, both
    included, as days of `timezone`; None leaves it open. Only what had happened by `as_of` (aware) counts.

    `window_days` is the time a lead gets to convert; None takes the 90th percentile of the time it has taken so far.
    Business time runs by `hours`. `restate` judges all leads by the definition of that label, whenever it was in force.

    `by` is one of `GroupBy` or the name of a field. `only` keeps to the leads that pass this rule. Those that pass
    `exclude`, the filter of test and internal leads that both teams agreed, are left out and counted as `test_or_internal`.
    `cycle_start` is the stage at which the sales cycle begins; None takes the opportunity, or what is recorded of it.
    `currency` is that of all amounts; None takes the one in which most leads have a value.
    """

    as_of: datetime
    first_day: date | None = None
    last_day: date | None = None
    window_days: int | None = None
    by: str | None = None
    hours: BusinessHours = field(default_factory=BusinessHours)
    follow_up_minutes: int = 60
    feedback_hours: int = 48
    timezone: str = "UTC"
    definitions: tuple[DefinitionInForce, ...] = ()
    restate: str | None = None
    start: StartOfClock = StartOfClock.MQL
    only: Rule | None = None
    exclude: Rule | None = None
    cycle_start: Stage | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Measure:
    """One figure with its passport.

    `value` is `numerator / denominator` for a share, the numerator for a count, and an estimate in business minutes
    for speed; None where it cannot be told, and then a note says why. Where it is worked out from more than these two
    counts, the `formula` says how, and `parts` has numbers that went into it (and is empty otherwise). `group` has the part it is about, empty for the
    total. `excluded` says how many leads were left out, by reason; `flags` how many of those that count are unusual
    in some way. `definition_version` is the version all of them were judged by, None if there were several or none;
    `definitions` counts them by version. `interval` is the 95 % one.
    """

    name: str
    unit: Unit
    formula: str
    as_of: str
    value: float | None
    numerator: int
    denominator: int
    from_stage: str | None = None
    to_stage: str | None = None
    group: Mapping[str, str] = field(default_factory=dict)
    interval: Interval | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)
    flags: Mapping[str, int] = field(default_factory=dict)
    definition_version: str | None = None
    definitions: Mapping[str, int] = field(default_factory=dict)
    window_days: int | None = None
    data_from: str | None = None
    notes: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    currency: str | None = None

    @property
    def key(self) -> str:
        """What measure this is, whatever the group: such as `conversion:mql:won`."""
        return ":".join(part for part in (self.name, self.from_stage, self.to_stage) if part)

    def to_document(self) -> dict[str, Any]:
        """The measure as plain dicts and lists, in the shape of the command line's contract."""
        return {
            "name": self.name,
            "from_stage": self.from_stage,
            "to_stage": self.to_stage,
            "group": dict(self.group),
            "value": self.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "interval": _interval(self.interval),
            "excluded": dict(self.excluded),
            "flags": dict(self.flags),
            "definition_version": self.definition_version,
            "definitions": dict(self.definitions),
            "window_days": self.window_days,
            "as_of": self.as_of,
            "data_from": self.data_from,
            "unit": self.unit.value,
            "formula": self.formula,
            "notes": list(self.notes),
            "parts": dict(self.parts),
            "currency": self.currency,
        }


def end_of(day: date, timezone: str) -> datetime:
    """The last instant of a calendar day: 'as of' a day means with all that happened on it."""
    following = date.fromordinal(day.toordinal() + 1)
    start = instants.from_text(instants.day_start(following, timezone))
    return datetime.fromtimestamp(start.timestamp() - 1e-6, UTC)


def _interval(interval: Interval | None) -> list[float | None] | None:
    if interval is None:
        return None
    return [None if math.isinf(bound) else bound for bound in (interval.low, interval.high)]
