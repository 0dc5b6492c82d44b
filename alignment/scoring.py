"""How well a score tells leads that are won from leads that are lost, and how far two proposed scores are apart.

Everything is counted from the leads by their points: `ScoreCell`s, a handful of numbers however many leads there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alignment.statistics import Interval, critical_value
from alignment.texts import number_text
from alignment.what_if import LEAST_WINS, Outcomes

MOST_PROFILES = 60
SECONDS = 5.0
_STEP = 1.0


@dataclass(frozen=True)
class ScoreCell:
    """The leads with so many points: the least that what is known of them is worth."""

    points: float
    outcomes: Outcomes


@dataclass(frozen=True)
class Roc:
    """The receiver operating characteristic of a score among leads that were won or lost.

    `curve` has (share of the lost, share of the won) that reach each number of points, from none to all. `area` is how
    often a won lead has more points than a lost one, ties counted half (Mann–Whitney), `interval` its 95 % score interval.
    """

    curve: tuple[tuple[float, float], ...]
    area: float
    interval: Interval
    won: int
    lost: int

    @property
    def tells(self) -> bool:
        """Whether there are wins enough to say anything."""
        return self.won >= LEAST_WINS and self.lost >= LEAST_WINS


@dataclass(frozen=True)
class Lift:
    """The leads with the most points, as many as sales can work, beside all.

    `taken` is how many these are; `rate` the win rate among those of them that ended, `base` among all. Of leads with the
    same points at the edge a share is taken, so that the order among them does not matter.
    """

    taken: int
    rate: float
    base: float
    won: float

    @property
    def lift(self) -> float:
        """How many times as often these are won."""
        return self.rate / self.base


@dataclass(frozen=True)
class Band:
    """Leads from `low` points (None: any) to under `high` (None: any), and what became of them."""

    low: float | None
    high: float | None
    outcomes: Outcomes

    @property
    def label(self) -> str:
        """`50 to under 75 points`."""
        if self.low is None:
            return f"under {number_text(self.high or 0.0)} points"
        if self.high is None:
            return f"{number_text(self.low)} points or more"
        return f"{number_text(self.low)} to under {number_text(self.high)} points"


def roc_of(cells: Sequence[ScoreCell]) -> Roc | None:
    """The characteristic of a score; None without won and lost leads."""
    import numpy as np

    ordered = sorted(cells, key=lambda cell: -cell.points)
    won = np.array([cell.outcomes.won for cell in ordered], dtype=np.int64)
    lost = np.array([cell.outcomes.lost for cell in ordered], dtype=np.int64)
    wins, losses = int(won.sum()), int(lost.sum())
    if not wins or not losses:
        return None
    rise = np.concatenate([[0], np.cumsum(won)]) / wins
    run = np.concatenate([[0], np.cumsum(lost)]) / losses
    area = float((won * (losses - np.cumsum(lost) + lost / 2)).sum()) / (wins * losses)
    return Roc(
        tuple(zip(run.tolist(), rise.tolist(), strict=True)),
        area,
        area_interval(area, wins, losses),
        wins,
        losses,
    )


def area_interval(area: float, won: int, lost: int, confidence: float = 0.95) -> Interval:
    """The interval of the area under the curve, from so many won and lost leads, both 1 or more.

    All areas from which this one is no further away than chance explains, with the variance of Hanley & McNeil at each
    (Newcombe, Statistics in Medicine 25, 2006, method 5). Unlike what samples of the leads (bootstrap) would tell, it keeps
    to its confidence where a score tells nearly all leads apart, and does not shrink to nothing where it tells all.
    """
    z = critical_value(confidence)
    more = (won + lost) / 2 - 1

    def is_near(other: float) -> bool:
        spread = 1 + more * ((1 - other) / (2 - other) + other / (1 + other))
        return (area - other) ** 2 <= z * z * other * (1 - other) * spread / (won * lost)

    def edge(far: float) -> float:
        near = area
        for _ in range(60):
            middle = (near + far) / 2
            near, far = (middle, far) if is_near(middle) else (near, middle)
        return near

    return Interval(0.0 if area == 0 else edge(0.0), 1.0 if area == 1 else edge(1.0))


def lift_at(cells: Sequence[ScoreCell], capacity: int) -> Lift | None:
    """What the `capacity` leads with the most points are worth; None where nothing has ended, among these or at all."""
    everyone = sum((cell.outcomes for cell in cells), Outcomes())
    base = everyone.win_rate
    left = float(max(0, capacity))
    won = ended = 0.0
    for cell in sorted(cells, key=lambda cell: -cell.points):
        if not cell.outcomes.leads:
            continue
        share = min(1.0, left / cell.outcomes.leads)
        won += share * cell.outcomes.won
        ended += share * cell.outcomes.ended
        left -= share * cell.outcomes.leads
        if left <= 0:
            break
    if not base or not ended:
        return None
    return Lift(min(capacity, everyone.leads), won / ended, base, won)


def bounds_of(threshold: float) -> tuple[float, ...]:
    """Where bands begin: at half the threshold, at the threshold, and at one and a half of it; at 0 alone for one of 0 or less."""
    return (threshold / 2, threshold, threshold * 1.5) if threshold > 0 else (threshold,)


def bands_of(cells: Sequence[ScoreCell], bounds: Sequence[float]) -> tuple[Band, ...]:
    """The leads by bands that begin at rising bounds, the highest first."""
    edges = [None, *bounds, None]
    found = []
    for low, high in pairwise(edges):
        inside = (
            cell.outcomes
            for cell in cells
            if (low is None or cell.points >= low) and (high is None or cell.points < high)
        )
        found.append(Band(low, high, sum(inside, Outcomes())))
    return tuple(reversed(found))


@dataclass(frozen=True)
class Proposal:
    """One team's score: the points of each trait by its name, and from how many on a lead qualifies."""

    points: Mapping[str, float]
    threshold: float

    def band(self, traits: frozenset[str]) -> int:
        """2 from the threshold on, 1 from half of it on, else 0."""
        total = sum(worth for name, worth in self.points.items() if name in traits)
        return (total >= self.threshold) + (total >= self.threshold / 2)


@dataclass(frozen=True)
class Approach:
    """The smallest change after which two scores put every kind of lead into the same band.

    `moved` is how many points are moved in all, thresholds included. `kinds` of leads were looked at, which are `share` of
    all; before the change, `apart` leads of these stood in different bands. `proven` is whether no smaller change exists.
    """

    first: Proposal
    second: Proposal
    moved: float
    kinds: int
    share: float
    apart: int
    proven: bool


def approach(
    first: Proposal, second: Proposal, profiles: Mapping[frozenset[str], int], seconds: float = SECONDS
) -> Approach | None:
    """Move the points of both proposals as little as possible until both have one order of bands.

    `profiles` counts leads by the traits that they have; the 60 most frequent kinds are looked at. Points and thresholds
    stay between what the two propose, in whole points where both propose whole ones, else in halves. A mixed-integer
    programme (HiGHS through scipy): a binary a kind and bound says whether the kind reaches it, in both proposals alike.
    None where nothing was found in `seconds`, or where there are no leads or a threshold is not above 0.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not profiles or min(first.threshold, second.threshold) <= 0:
        return None
    ordered = sorted(profiles.items(), key=lambda item: (-item[1], sorted(item[0])))[:MOST_PROFILES]
    names = sorted({*first.points, *second.points})
    now = np.array([[*(of.points.get(name, 0.0) for name in names), of.threshold] for of in (first, second)])
    unit = _STEP if np.all(now == np.round(now)) else _STEP / 2
    if not np.all(now / unit == np.round(now / unit)):
        unit = 0.01
    steps = np.round(now / unit)
    one = len(names) + 1
    kinds = len(ordered)
    # unknown: both proposals, then how far each number moves, then whether a kind reaches the threshold, and half of it
    size = 4 * one + 2 * kinds
    low, high = steps.min(axis=0), steps.max(axis=0)
    most = float(2 * np.abs(steps).max(axis=0).sum() + 2)
    rows, least = [], []

    def require(entries: Mapping[int, float], at_least: float) -> None:
        row = np.zeros(size)
        for place, factor in entries.items():
            row[place] += factor
        rows.append(row)
        least.append(at_least)

    for side in (0, 1):
        for place in range(one):
            at, distance = side * one + place, 2 * one + side * one + place
            require({distance: 1, at: -1}, -steps[side, place])
            require({distance: 1, at: 1}, steps[side, place])
        for kind, (traits, _) in enumerate(ordered):
            score = {side * one + names.index(name): 1.0 for name in traits if name in names}
            for bound, share in enumerate((1.0, 0.5)):
                reaches = 4 * one + bound * kinds + kind
                short = {**score, side * one + one - 1: -share}
                # reached: score − bound ≥ 0, whatever else where it is not; not reached: at least half a step below
                require({**short, reaches: -most}, -most)
                require({**{place: -factor for place, factor in short.items()}, reaches: most}, 0.5)
    cost = np.zeros(size)
    cost[2 * one : 4 * one] = 1
    integer = np.ones(size)
    integer[2 * one : 4 * one] = 0
    solved = milp(
        cost,
        integrality=integer,
        bounds=Bounds(
            np.concatenate([low, low, np.zeros(2 * one + 2 * kinds)]),
            np.concatenate([high, high, np.full(2 * one, np.inf), np.ones(2 * kinds)]),
        ),
        constraints=LinearConstraint(np.array(rows), np.array(least), np.inf),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if solved.x is None:
        return None
    found = np.round(solved.x[: 2 * one]) * unit
    proposals = []
    for side in (0, 1):
        part = found[side * one : (side + 1) * one]
        proposals.append(
            Proposal({name: float(part[place]) for place, name in enumerate(names)}, float(part[-1]))
        )
    apart = sum(count for traits, count in ordered if first.band(traits) != second.band(traits))
    everyone = sum(profiles.values())
    return Approach(
        proposals[0],
        proposals[1],
        float(np.abs(found.reshape(2, one) - now).sum()),
        kinds,
        sum(count for _, count in ordered) / everyone if everyone else 0.0,
        apart,
        bool(solved.status == 0),
    )
