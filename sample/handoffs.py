"""What becomes of the sample company's leads: handed over, called, taken on or turned down, won or lost.

The agreement takes effect here: from `agreed` on marketing hands over mostly what the rule asks for, and sales calls
sooner and decides more often. The shares in `BEFORE` and `AFTER` are reached whatever the seed, because chances are
calibrated to them; which lead meets which fate follows from how well it fits and what it wants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from alignment.business_hours import OpenIntervals
from alignment.lifecycle import EventType, RejectionReason, Stage
from sample.arrivals import Flags, Numbers, Profiles, Texts, Whole, pick_among

MIN_EMPLOYEES = 50
MIN_PRICING_VIEWS = 3
_DAY = 1440.0  # minutes
_WORKDAY = 480.0


@dataclass(frozen=True)
class Habits:
    """How both teams work for a while. Shares are of what is there at that step; times are business minutes."""

    handed_over: tuple[float, float, float]  # of leads that meet the rule, leave it open, fail it
    called_within_hour: float
    never_called: float
    undecided: float
    accepted: float
    judgement: float  # how much the decision depends on the lead, and not on who decides
    decision_minutes: float  # median after the call
    not_now_weight: float  # how often 'not now' and 'no budget' are the reason, against others
    market: float  # what times do to the chances at each step of a sale, as a logit


BEFORE = Habits((0.8, 0.42, 0.35), 0.37, 0.05, 0.14, 0.59, 0.1, 330, 1.0, 0.0)
AFTER = Habits((0.92, 0.4, 0.13), 0.60, 0.03, 0.07, 0.735, 0.95, 170, 2.2, -0.15)
LATELY = Habits((0.9, 0.42, 0.17), 0.55, 0.04, 0.1, 0.7, 0.95, 200, 2.0, -0.15)

# of the accepted, of those, and of those, before the agreement
_SQL, _OPPORTUNITY, _WON = 0.59, 0.67, 0.35


@dataclass(frozen=True)
class Happenings:
    """Things that happened to leads, one entry each, in no order.

    `lead` is the lead's position; `kind` an `EventType`; `detail` the `Stage` entered or the `RejectionReason`, else
    ''; `at` minutes since 1970 in UTC; `by` the position of the salesperson, -1 for nobody.
    """

    lead: Whole
    kind: Texts
    detail: Texts
    at: Numbers
    by: Whole

    def only(self, chosen: Flags | Whole) -> "Happenings":
        """Those at which `chosen` is true, or in the order of positions that it lists."""
        return Happenings(
            self.lead[chosen], self.kind[chosen], self.detail[chosen], self.at[chosen], self.by[chosen]
        )


class _Log:
    """Gathers happenings as they are drawn."""

    def __init__(self) -> None:
        self._parts: list[Happenings] = []

    def enter(self, stage: Stage, lead: Whole, at: Numbers) -> None:
        details = np.full(len(lead), stage.value, dtype=object)
        self._add(EventType.ENTERED_STAGE, lead, at, np.full(len(lead), -1), details)

    def note(
        self, kind: EventType, lead: Whole, at: Numbers, by: Whole, details: Texts | None = None
    ) -> None:
        empty = np.full(len(lead), "", dtype=object)
        self._add(kind, lead, at, by, empty if details is None else details)

    def _add(self, kind: EventType, lead: Whole, at: Numbers, by: Whole, details: Texts) -> None:
        self._parts.append(Happenings(lead, np.full(len(lead), kind.value, dtype=object), details, at, by))

    def all(self) -> Happenings:
        parts = self._parts
        return Happenings(
            np.concatenate([part.lead for part in parts]),
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.detail for part in parts]),
            np.concatenate([part.at for part in parts]),
            np.concatenate([part.by for part in parts]),
        )


def meets_rule(leads: Profiles) -> Whole:
    """What the agreed rule says of each lead as recorded: 1 meets it, 0 leaves it open, -1 fails it."""
    acted = leads.demo_requested | leads.webinar | (leads.pricing_page_views >= MIN_PRICING_VIEWS)
    unknown = np.isnan(leads.employees)
    large = np.where(unknown, MIN_EMPLOYEES, leads.employees) >= MIN_EMPLOYEES
    return np.where(~acted | ~large, -1, np.where(unknown, 0, 1))


def happenings(
    rng: Generator, leads: Profiles, clock: OpenIntervals, agreed: float, lately: float, salespeople: int
) -> Happenings:
    """Everything that happens to the leads, future included: the caller cuts it off at today.

    From `agreed` on people work as in `AFTER`, from `lately` on a little less well. `clock` has to reach far beyond
    the last lead, some years. `salespeople` is how many share the leads.
    """
    desk = _Desk(rng, leads, clock, agreed, lately, salespeople)
    desk.log.enter(Stage.LEAD, np.arange(len(leads)), leads.created)
    qualified = _qualified(rng, leads, _period(leads.created, agreed, lately))
    count = len(qualified)
    asked = leads.demo_requested[qualified]
    wait = np.where(asked, rng.uniform(2, 12, count), rng.exponential(5 * _DAY, count) + 60)
    turned_down, since = desk.hand_over(qualified, leads.created[qualified] + wait)
    returns = rng.random(len(turned_down)) < 0.35
    again = since[returns] + rng.uniform(45, 150, int(returns.sum())) * _DAY
    desk.hand_over(turned_down[returns], again)
    return _with_oddities(rng, desk.log.all())


def _qualified(rng: Generator, leads: Profiles, period: Whole) -> Whole:
    """The positions of the leads that marketing will hand over."""
    verdict = meets_rule(leads)
    shares = np.array([habits.handed_over[::-1] for habits in (BEFORE, AFTER, LATELY)])
    chance = shares[period, verdict + 1]
    engaged = leads.demo_requested | leads.trial_started | leads.webinar
    engaged |= (leads.guide_downloads >= 2) | (leads.pricing_page_views >= 2)
    chance = np.where((verdict < 1) & ~engaged, chance * 0.4, chance)
    return np.flatnonzero(rng.random(len(leads)) < chance)


class _Desk:
    """The salespeople, who take what is handed over and note in `log` what they do with it."""

    def __init__(
        self,
        rng: Generator,
        leads: Profiles,
        clock: OpenIntervals,
        agreed: float,
        lately: float,
        salespeople: int,
    ) -> None:
        self.log = _Log()
        self._rng = rng
        self._leads = leads
        self._clock = clock
        self._turns = (agreed, lately)
        self._salespeople = salespeople
        self._levels: dict[str, float] = {}

    def hand_over(self, who: Whole, mql: Numbers) -> tuple[Whole, Numbers]:
        """The leads `who` become MQL at `mql`; returns those whose time had not come yet, and when that was said."""
        rng, log, n = self._rng, self.log, len(who)
        period = _period(mql, *self._turns)
        quality = self._leads.fit[who] + 0.7 * self._leads.intent[who]
        seller = rng.integers(0, self._salespeople, n)
        assigned = mql + rng.uniform(0.5, 4, n)
        log.enter(Stage.MQL, who, mql)
        log.note(EventType.ASSIGNED, who, assigned, seller)
        called, reached, first, last = self._call(who, assigned, seller, period)

        # a decision follows the call, or the reading of the record where nobody called
        undecided = rng.random(n) < _of(period, "undecided") * np.where(called, 0.85, 4)
        wait = _of(period, "decision_minutes") * np.exp(rng.normal(0, 1.1, n))
        leaning = _of(period, "judgement") * (quality + 0.5 * reached)
        judged = ~undecided & called
        accepted = _by_share(rng, leaning, _of(period, "accepted"), period, judged)
        rejected = ~undecided & ~accepted
        decided = _later(self._clock, np.where(accepted | ~called, first, last), wait)
        log.note(EventType.ACCEPTED, who[accepted], decided[accepted], seller[accepted])
        log.enter(Stage.SAL, who[accepted], decided[accepted])
        reason = self._reasons(who, reached, period)
        log.note(EventType.REJECTED, who[rejected], decided[rejected], seller[rejected], reason[rejected])
        self._sell(who[accepted], mql[accepted], decided[accepted], period[accepted])

        later = rejected & (reason == RejectionReason.BAD_TIMING.value)
        return who[later], decided[later]

    def _call(
        self, who: Whole, assigned: Numbers, seller: Whole, period: Whole
    ) -> tuple[Flags, Flags, Numbers, Numbers]:
        """Attempts to reach the leads; returns who was called, who was reached, the first and the last attempt."""
        rng, n = self._rng, len(who)
        called = rng.random(n) >= _of(period, "never_called")
        # log-normal waiting times that put the right share of all hand-overs below an hour
        within = np.minimum(_of(period, "called_within_hour") / (1 - _of(period, "never_called")), 0.95)
        pace = rng.normal(0, 0.12, self._salespeople)[seller]
        wait = np.exp(np.log(60) - 1.5 * _normal_quantile(within) + pace + rng.normal(0, 1.5, n))
        first = _later(self._clock, assigned, np.minimum(wait, 12 * _WORKDAY))
        keen = rng.random(n) < 0.03  # some call in the evening or on a Saturday
        first = np.where(keen, assigned + rng.uniform(8, 90, n), first)
        attempts = rng.integers(2, 6, n)
        reached = np.zeros(n, dtype=bool)
        at, last = first, first
        for number in range(5):
            trying = called & ~reached & (attempts > number)
            if number:
                at = np.where(trying, _later(self._clock, at, rng.uniform(0.5, 2.2, n) * _WORKDAY), at)
            success = trying & (rng.random(n) < np.where(self._leads.phone_known[who], 0.42, 0.28))
            missed = trying & ~success
            self.log.note(EventType.CONTACT_ATTEMPTED, who[missed], at[missed], seller[missed])
            self.log.note(EventType.CONTACTED, who[success], at[success], seller[success])
            reached |= success
            last = np.where(trying, at, last)
        return called, reached, first, last

    def _reasons(self, who: Whole, reached: Flags, period: Whole) -> Texts:
        """Why each of the leads would be turned down."""
        leads, n = self._leads, len(who)
        later = _of(period, "not_now_weight")
        junior = np.isin(leads.job_level[who], ("specialist", "trainee"))
        weights = np.stack(
            [
                np.where(leads.true_employees[who] < MIN_EMPLOYEES, 2.6, 0.1)
                + np.where(leads.served[who], 0.0, 8.0),
                np.where(junior, 1.3, 0.25),
                np.where(reached, 0.02, 1.6),
                0.9 * later,
                0.55 * later,
                np.where(leads.intent[who] < 0, 1.2, 0.5),
                np.where(leads.private_email[who], 0.9, 0.15),
                np.full(n, 0.15),
                np.full(n, 0.3),
            ],
            axis=1,
        )
        return np.array([reason.value for reason in RejectionReason], dtype=object)[
            pick_among(self._rng, weights)
        ]

    def _sell(self, who: Whole, mql: Numbers, sal: Numbers, period: Whole) -> None:
        """From accepted to won or lost, or to nothing yet."""
        rng, log, n = self._rng, self.log, len(who)
        score = 0.4 * self._leads.fit[who] + 0.6 * self._leads.intent[who]
        sql = self._goes_on("sql", _SQL, score, period, np.ones(n, dtype=bool))
        opportunity = self._goes_on("opportunity", _OPPORTUNITY, score, period, sql)
        won = self._goes_on("won", _WON, score, period, opportunity)
        spread = np.where(won, 0.78, 0.75) * rng.normal(0, 1, n)
        days = np.exp(np.where(won, np.log(30), np.log(44)) + spread)
        end = np.maximum(mql + days * _DAY, sal + 2 * _DAY)
        at_sql = _later(self._clock, sal + (end - sal) * rng.uniform(0.1, 0.3, n), np.zeros(n))
        at_opportunity = _later(self._clock, sal + (end - sal) * rng.uniform(0.35, 0.6, n), np.zeros(n))
        at_end = _later(self._clock, end, rng.uniform(0, 60, n))
        log.enter(Stage.SQL, who[sql], at_sql[sql])
        log.enter(Stage.OPPORTUNITY, who[opportunity], at_opportunity[opportunity])
        log.enter(Stage.WON, who[won], at_end[won])
        lost = (opportunity & ~won & (rng.random(n) < 0.9)) | (~opportunity & (rng.random(n) < 0.6))
        log.enter(Stage.LOST, who[lost], at_end[lost])

    def _goes_on(self, step: str, share: float, score: Numbers, period: Whole, among: Flags) -> Flags:
        """Who of `among` takes a step: of those before the agreement the share given, later ones as hard times let them."""
        if step not in self._levels:
            earliest = among & (period == period.min(initial=2))
            self._levels[step] = _level(score[earliest], share)
        chance = _chance(score + self._levels[step] + _of(period, "market"))
        return among & (self._rng.random(len(score)) < chance)


def _with_oddities(rng: Generator, seen: Happenings) -> Happenings:
    """The same with what real records have: skipped stages, a win entered before the first call, a late entry."""
    won = np.unique(seen.lead[seen.detail == Stage.WON.value])
    skipping = rng.choice(won, len(won) // 40, replace=False)
    skipped = np.isin(seen.lead, skipping) & np.isin(seen.detail, (Stage.SAL.value, Stage.SQL.value))
    kept = seen.only(~skipped)

    hasty = rng.choice(np.setdiff1d(won, skipping), min(8, len(won) // 40), replace=False)
    at = kept.at.copy()
    for lead in hasty:  # a handful of leads: their calls were entered after the deal
        mine = kept.lead == lead
        end = at[mine & (kept.detail == Stage.WON.value)].max()
        calls = mine & np.isin(kept.kind, (EventType.CONTACT_ATTEMPTED.value, EventType.CONTACTED.value))
        at[calls] = end + 60 + 1500 * np.arange(int(calls.sum()))
    entered_sql = np.flatnonzero(kept.detail == Stage.SQL.value)
    mistyped = rng.choice(entered_sql, len(entered_sql) // 250, replace=False)
    at[mistyped] -= 40 * _DAY
    return Happenings(kept.lead, kept.kind, kept.detail, at, kept.by)


def _period(at: Numbers, agreed: float, lately: float) -> Whole:
    return (at >= agreed).astype(np.int64) + (at >= lately)


def _of(period: Whole, habit: str) -> Numbers:
    return np.array([getattr(habits, habit) for habits in (BEFORE, AFTER, LATELY)])[period]


def _by_share(rng: Generator, score: Numbers, share: Numbers, period: Whole, among: Flags) -> Flags:
    """Who of `among` it happens to: likelier with a higher score, and within each period to the share asked for."""
    chance = np.zeros(len(score))
    for number in np.unique(period[among]):
        mine = among & (period == number)
        chance[mine] = _chance(score[mine] + _level(score[mine], float(share[mine][0])))
    return among & (rng.random(len(score)) < chance)


def _level(score: Numbers, share: float) -> float:
    """What to add to scores, as logits, so that their chances come to `share` on average."""
    low, high = -12.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        reached = _chance(score + middle).mean() if len(score) else share
        low, high = (middle, high) if reached < share else (low, middle)
    return low


def _chance(logit: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-logit))


def _later(clock: OpenIntervals, at: Numbers, minutes: Numbers) -> Numbers:
    """The instants after so many open minutes; an instant out of hours moves to the next opening."""
    worked = clock.elapsed(np.floor(at).astype(np.int64)) + minutes + at % 1
    index = np.searchsorted(clock.before, worked, side="right") - 1
    return clock.opens[index] + (worked - clock.before[index])


def _normal_quantile(share: Numbers) -> Numbers:
    from statistics import NormalDist

    values, where = np.unique(share, return_inverse=True)
    return np.array([NormalDist().inv_cdf(float(value)) for value in values])[where]
