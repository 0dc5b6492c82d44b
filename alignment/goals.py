"""Goals that both teams share: an outcome for a period, what each side puts in, and the pace by business days.

A goal is registered when the team leads of both sides have agreed to it, and that has to be before its period begins: one
that is set when the figures are already there says nothing. It cannot be edited afterwards. What is behind or ahead is said
only where chance does not explain it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import inf, sqrt
from zoneinfo import ZoneInfo

from alignment import business_hours, instants
from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.statistics import Interval, critical_value
from alignment.texts import required_text

LONGEST_PERIOD = timedelta(days=731)
LARGEST_TARGET = 1e12
LEAST_DAYS = 5
"""Before so many business days are over, no pace is told."""


class GoalMeasure(StrEnum):
    """What a goal counts, each by the day on which it happened."""

    QUALIFIED = "qualified"
    ACCEPTED = "accepted"
    OPPORTUNITIES = "opportunities"
    WON = "won"
    REVENUE = "revenue"

    @property
    def label(self) -> str:
        """What is counted, as it stands behind a number."""
        return {
            GoalMeasure.QUALIFIED: "qualified leads",
            GoalMeasure.ACCEPTED: "leads accepted by sales",
            GoalMeasure.OPPORTUNITIES: "opportunities",
            GoalMeasure.WON: "leads won",
            GoalMeasure.REVENUE: "value of won leads",
        }[self]

    @property
    def formula(self) -> str:
        """How it is counted."""
        return {
            GoalMeasure.QUALIFIED: "leads that became an MQL in the period and meet the definition in force when they did",
            GoalMeasure.ACCEPTED: "leads that sales accepted in the period",
            GoalMeasure.OPPORTUNITIES: "leads that became an opportunity in the period",
            GoalMeasure.WON: "leads that were won in the period",
            GoalMeasure.REVENUE: "sum of the value of the leads that were won in the period",
        }[self]


CONTRIBUTIONS: Mapping[Team, tuple[GoalMeasure, ...]] = {
    Team.MARKETING: (GoalMeasure.QUALIFIED, GoalMeasure.ACCEPTED, GoalMeasure.OPPORTUNITIES),
    Team.SALES: (GoalMeasure.ACCEPTED, GoalMeasure.OPPORTUNITIES, GoalMeasure.WON),
}
"""What each side can promise to put in."""


class GoalState(StrEnum):
    """Where a goal stands. `LAPSED` was not agreed by both sides before its period began."""

    PROPOSED = "proposed"
    LAPSED = "lapsed"
    REGISTERED = "registered"
    RUNNING = "running"
    OVER = "over"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Target:
    """So much of a measure."""

    measure: GoalMeasure
    amount: float


@dataclass(frozen=True)
class Agreement:
    """The yes of one side: who, and when (instant in the store's form)."""

    team: Team
    person_id: str
    at: str


@dataclass(frozen=True)
class Goal:
    """A shared goal from `first_day` to `last_day`, both included, as days of the company.

    `definition` is the label of the definition of an MQL that was in force when the goal was registered, '' for none.
    """

    id: str
    title: str
    outcome: Target
    contributions: Mapping[Team, Target]
    first_day: date
    last_day: date
    author_id: str
    created_at: str
    registered_at: str | None = None
    withdrawn_at: str | None = None
    withdrawn_because: str = ""
    definition: str = ""
    agreements: tuple[Agreement, ...] = ()

    def agreed_by(self, team: Team) -> Agreement | None:
        """The agreement of a side, if it has agreed."""
        return next((one for one in self.agreements if one.team is team), None)

    def state(self, today: date) -> GoalState:
        """Where the goal stands on a day of the company."""
        if self.withdrawn_at is not None:
            return GoalState.WITHDRAWN
        if self.registered_at is None:
            return GoalState.PROPOSED if today < self.first_day else GoalState.LAPSED
        if today < self.first_day:
            return GoalState.REGISTERED
        return GoalState.RUNNING if today <= self.last_day else GoalState.OVER


class Verdict(StrEnum):
    """What a pace says."""

    NOT_BEGUN = "not begun"
    TOO_EARLY = "too early"
    AHEAD = "ahead"
    ON_COURSE = "on course"
    BEHIND = "behind"
    REACHED = "reached"
    MISSED = "missed"


@dataclass(frozen=True)
class Counted:
    """What there is of a measure: the amount, and the sum of the squares of its parts (of a count, the count itself)."""

    amount: float
    squares: float

    @classmethod
    def leads(cls, count: int) -> "Counted":
        """So many leads."""
        return cls(float(count), float(count))


@dataclass(frozen=True)
class Elapsed:
    """How much of a period is over, in business days; the present day counts by its business minutes."""

    days: float
    of: int

    @property
    def share(self) -> float:
        """The share that is over, from 0 to 1."""
        return min(1.0, self.days / self.of) if self.of else 0.0

    @property
    def left(self) -> float:
        """Business days that are left."""
        return max(0.0, self.of - self.days)


@dataclass(frozen=True)
class Pace:
    """Actual against target × elapsed share of business days.

    `expected` is what an even pace would have brought by now; `interval` the 95 % one of what the pace so far could as well
    have brought by chance.
    """

    target: Target
    actual: float
    expected: float
    elapsed: Elapsed
    verdict: Verdict
    interval: Interval = field(default_factory=lambda: Interval(0.0, inf))

    @property
    def missing(self) -> float:
        """What is missing to the target, at least 0."""
        return max(0.0, self.target.amount - self.actual)


def pace(target: Target, counted: Counted, elapsed: Elapsed, *, begun: bool, over: bool) -> Pace:
    """Judge what there is against an even pace over the business days of the period.

    Ahead or behind only where the even pace lies outside of the 95 % interval of what is there: the
    interval of a Poisson count, and likewise for sums of values. While nothing at all was sold, how much one sale brings is not
    known: then it is too early in the first half of the period, and behind in the second.
    """
    expected = target.amount * (1.0 if over else elapsed.share)
    interval = chance_interval(counted, of_values=target.measure is GoalMeasure.REVENUE)
    nothing_to_judge_by = interval.high == inf
    if counted.amount >= target.amount:
        verdict = Verdict.REACHED
    elif over:
        verdict = Verdict.MISSED
    elif not begun:
        verdict = Verdict.NOT_BEGUN
    elif elapsed.days < min(LEAST_DAYS, elapsed.of / 4) or (nothing_to_judge_by and elapsed.share < 0.5):
        verdict = Verdict.TOO_EARLY
    elif interval.high < expected or nothing_to_judge_by:
        verdict = Verdict.BEHIND
    elif interval.low > expected:
        verdict = Verdict.AHEAD
    else:
        verdict = Verdict.ON_COURSE
    return Pace(target, counted.amount, expected, elapsed, verdict, interval)


def chance_interval(counted: Counted, *, of_values: bool = False) -> Interval:
    """The 95 % interval of the mean behind a Poisson count, or, `of_values`, behind a sum of values that come at random.

    Byar's approximation of the exact interval (Breslow & Day 1987, vol. II, eq. 2.10), which holds from a count of 0 on; of a
    sum, the same of the equivalent count (amount² / squares), scaled (as Dobson et al. 1991 do with weighted sums of Poisson
    counts). The high end of a sum without any part is open.
    """
    if counted.amount <= 0 or counted.squares <= 0:
        return Interval(0.0, inf if of_values else _upper(0.0))
    scale = counted.squares / counted.amount
    count = counted.amount / scale
    return Interval(_lower(count) * scale, _upper(count) * scale)


def _lower(count: float) -> float:
    z = critical_value(0.95)
    return max(0.0, count * (1 - 1 / (9 * count) - z / (3 * sqrt(count))) ** 3) if count else 0.0


def _upper(count: float) -> float:
    z, above = critical_value(0.95), count + 1
    return float(above * (1 - 1 / (9 * above) + z / (3 * sqrt(above))) ** 3)


def business_days(hours: BusinessHours, first_day: date, last_day: date) -> tuple[date, ...]:
    """The days of a period, both ends included, with any open minute."""
    intervals = business_hours.open_intervals(hours, first_day, last_day)
    zone = ZoneInfo(hours.timezone)
    days = {business_hours.from_minutes(int(opens)).astimezone(zone).date() for opens in intervals.opens}
    return tuple(sorted(day for day in days if first_day <= day <= last_day))


def elapsed(hours: BusinessHours, first_day: date, last_day: date, at: datetime) -> Elapsed:
    """How many of a period's business days are over at an instant (aware)."""
    days = business_days(hours, first_day, last_day)
    today = at.astimezone(ZoneInfo(hours.timezone)).date()
    passed = float(sum(day < today for day in days))
    if today in days:
        intervals = business_hours.open_intervals(hours, today, today)
        open_today = int((intervals.closes - intervals.opens).sum())
        gone = int(intervals.elapsed(business_hours.to_minutes(at)))
        passed += min(1.0, gone / open_today)
    return Elapsed(passed, len(days))


def checked_title(title: object) -> str:
    """A goal's name. Raises InvalidInput."""
    return required_text(title, "What the goal is called", 120)


def checked_target(team: Team | None, measure: object, amount: object) -> Target:
    """What a side promises, or, for None, the outcome. Raises InvalidInput with what has to be changed."""
    allowed = tuple(GoalMeasure) if team is None else CONTRIBUTIONS[team]
    whose = "the goal itself" if team is None else f"what {team.label} puts in"
    if measure not in allowed:
        raise InvalidInput(f"For {whose}, choose one of: {', '.join(one.label for one in allowed)}.")
    known = GoalMeasure(str(measure))
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= LARGEST_TARGET:
        raise InvalidInput(
            f"The target of {whose} has to be a number above 0, at most {LARGEST_TARGET:,.0f}."
        )
    if known is not GoalMeasure.REVENUE and amount != int(amount):
        raise InvalidInput(f"The target of {whose} counts leads, so it has to be a whole number.")
    return Target(known, float(amount))


def checked_period(hours: BusinessHours, first_day: object, last_day: object, today: date) -> None:
    """Raises InvalidInput for a period that has begun, is none, or has no business day."""
    if not isinstance(first_day, date) or not isinstance(last_day, date):
        raise InvalidInput("A goal needs its first and its last day.")
    if last_day < first_day:
        raise InvalidInput(
            f"The goal ends on {last_day} and begins on {first_day}, after that. Swap the days."
        )
    if first_day <= today:
        raise InvalidInput(
            f"The period begins on {first_day}. A goal has to be there before its period: choose a first day from "
            f"{today + timedelta(days=1)} on."
        )
    if last_day - first_day > LONGEST_PERIOD:
        raise InvalidInput("A goal can be for two years at most. Choose an earlier last day.")
    if not business_days(hours, first_day, last_day):
        raise InvalidInput("There is no business day in this period. Choose a longer one.")


def can_still_be_agreed(goal: Goal, now: str, zone: str) -> bool:
    """Whether the period has not begun at an instant (store's form) in an IANA zone."""
    return now < instants.day_start(goal.first_day, zone)


def amount_in_words(target_or_amount: Target, amount: float | None = None) -> str:
    """`90 qualified leads`; with `amount`, that much of the same measure."""
    number = target_or_amount.amount if amount is None else amount
    return f"{number:,.0f} {target_or_amount.measure.label}"


def pace_in_words(found: Pace, states: Sequence[Verdict] = tuple(Verdict)) -> str:
    """One sentence about a pace, without the team: `84 of 90 qualified leads, on course`."""
    words = f"{found.actual:,.0f} of {amount_in_words(found.target)}"
    return f"{words}, {found.verdict.value}" if found.verdict in states else words
