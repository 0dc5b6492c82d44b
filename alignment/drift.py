"""Drift: do the leads that are handed over, and what sales says of them, still fit the signed rule?

Two things are watched by week: of the leads handed over, the share that breaks the rule in force when they came; and of the
decisions on leads that meet the rule, the share that sales rejects all the same, for a reason that the rule does not cover.
Decisions count in the week in which they fall. By the week of the hand-over, the last weeks would show mostly what is decided
fast: where leads are turned down sooner than taken on, an alert would come for no other reason (simulated: every year).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from alignment.errors import InvalidInput
from alignment.lifecycle import RejectionReason
from alignment.statistics import Interval, wilson

WEEKS_JUDGED = 4
"""So many of the last complete weeks are looked at together."""
NO_REASON = "(none)"
LEAST_LEADS = 20
"""Of fewer leads nothing is said."""
SURE = 0.998
"""How sure a share has to be above its limit. Weeks are looked at all year, so 95 % would call a share that lies at its limit
above it in two years of three; with this it is about one in twenty (simulated, see the tests)."""
QUIET = timedelta(weeks=WEEKS_JUDGED)
"""After an alert nothing more of the same kind is told for so long: until the weeks that were judged are other ones."""


class DriftKind(StrEnum):
    """What drifts: leads that break the rule, or rejections that it does not cover."""

    BREAKS = "breaks"
    UNCOVERED = "uncovered"


@dataclass(frozen=True)
class DriftLimits:
    """The shares, as fractions of 1, above which people are told."""

    breaks: float = 0.1
    uncovered: float = 0.4

    def of(self, kind: DriftKind) -> float:
        """The limit of one kind."""
        return self.breaks if kind is DriftKind.BREAKS else self.uncovered


@dataclass(frozen=True)
class DriftWeek:
    """What happened in one week (`monday` is its first day) with leads that are judged by the versions of `labels`.

    `passed`, `failed` and `unknown` add up to those handed over. `decided` are the leads that had passed, whenever they came,
    and that sales decided on in this week, `rejected` how many of these it rejected, by reason.
    """

    monday: date
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    decided: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class DriftShare:
    """A share over some weeks: hits of `n` leads, and the 95 % Wilson interval; None of too few."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """hits / n, None of fewer than `LEAST_LEADS`."""
        return self.hits / self.n if self.n >= LEAST_LEADS else None

    @property
    def interval(self) -> Interval | None:
        """The Wilson interval, None of fewer than `LEAST_LEADS`."""
        return wilson(self.hits, self.n) if self.n >= LEAST_LEADS else None

    def is_over(self, limit: float) -> bool:
        """Whether the share is above the limit by more than chance explains in a year of looking: see `SURE`."""
        interval = wilson(self.hits, self.n, SURE) if self.n >= LEAST_LEADS else None
        return interval is not None and interval.low > limit


def share_of(kind: DriftKind, weeks: Sequence[DriftWeek]) -> DriftShare:
    """The share of a kind over weeks: of unknown leads, and of undecided ones, nothing is known, so they do not count."""
    if kind is DriftKind.BREAKS:
        failed = sum(week.failed for week in weeks)
        return DriftShare(failed, failed + sum(week.passed for week in weeks))
    return DriftShare(sum(sum(week.rejected.values()) for week in weeks), sum(week.decided for week in weeks))


def reasons_of(weeks: Sequence[DriftWeek]) -> dict[str, int]:
    """The reasons for which leads that meet the rule were rejected, the most frequent first."""
    counts: dict[str, int] = {}
    for week in weeks:
        for reason, count in week.rejected.items():
            counts[reason] = counts.get(reason, 0) + count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def reason_label(code: str) -> str:
    """A rejection's reason as it stands on screen; the codes of a company's own are kept as they come."""
    known = {reason.value: reason.label for reason in RejectionReason} | {NO_REASON: "No reason given"}
    return known.get(code, code)


def judged_weeks(weeks: Sequence[DriftWeek], today: date) -> list[DriftWeek]:
    """The last complete weeks before a day, at most `WEEKS_JUDGED`, oldest first; weeks without leads are not among them."""
    this_monday = today - timedelta(days=today.weekday())
    first = this_monday - WEEKS_JUDGED * timedelta(weeks=1)
    return [week for week in weeks if first <= week.monday < this_monday]


def check_limits(breaks: object, uncovered: object) -> DriftLimits:
    """Limits as people set them, as fractions of 1. Raises InvalidInput."""
    for value in (breaks, uncovered):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise InvalidInput("A limit has to be a share between 0% and 100%, and neither of the two.")
    assert isinstance(breaks, int | float) and isinstance(uncovered, int | float)
    return DriftLimits(float(breaks), float(uncovered))


def drift_in_words(kind: DriftKind, share: DriftShare, limit: float) -> str:
    """What a share says, in one sentence without names."""
    if share.value is None or share.interval is None:
        return f"Too few leads to say: {share.n} of at least {LEAST_LEADS}."
    what = (
        "of the leads handed over break the signed rule"
        if kind is DriftKind.BREAKS
        else "of the leads decided on that meet the signed rule were rejected all the same"
    )
    figure = (
        f"{share.value:.0%} {what} ({share.hits:,} of {share.n:,}; "
        f"{share.interval.low:.0%} to {share.interval.high:.0%})"
    )
    if share.is_over(limit):
        return f"{figure}: above the limit of {limit:.0%} by more than chance explains."
    if share.value > limit:
        return f"{figure}: above the limit of {limit:.0%}, which chance could explain."
    return f"{figure}: within the limit of {limit:.0%}."
