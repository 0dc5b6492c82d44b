"""Times until something happens where something else may happen first, or nothing has happened yet.

Counts in, frozen values out; Kaplan–Meier, for one kind of end only, is in `alignment.statistics`.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alignment.statistics import Interval, critical_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class IncidenceCurve:
    """The share of everyone to whom the event has happened by each time, where something else may prevent it for good.

    `times` are the distinct times at which the event or what competes with it happened, in rising order; `incidence`,
    `events` and `at_risk` have the same length. `followed` is the longest time anybody was followed, infinite
    where in the end nobody was left waiting. `n` counts everyone.
    """

    times: "NDArray[np.float64]"
    incidence: "NDArray[np.float64]"
    survival_before: "NDArray[np.float64]"
    events: "NDArray[np.int64]"
    ends: "NDArray[np.int64]"
    at_risk: "NDArray[np.int64]"
    followed: float
    n: int

    def at(self, time: float) -> float | None:
        """The share by `time`; None where nobody was followed for that long, for then it cannot be told."""
        if self.n == 0 or time > self.followed:
            return None
        upto = self._upto(time)
        return float(self.incidence[upto - 1]) if upto else 0.0

    def variance_at(self, time: float) -> float:
        """The variance of `at` by the delta method (Marubini & Valsecchi 1995, formula 10.12); p(1−p)/n without censoring."""
        import numpy as np

        upto = self._upto(time)
        if upto == 0:
            return 0.0
        incidence, before = self.incidence[:upto], self.survival_before[:upto]
        risk, events, ends = (
            part[:upto].astype(np.float64) for part in (self.at_risk, self.events, self.ends)
        )
        ahead = incidence[-1] - incidence
        left = risk - ends
        spread = np.divide(ends, risk * left, out=np.zeros(upto), where=left > 0)
        parts = (
            ahead**2 * spread
            + before**2 * events * (risk - events) / risk**3
            - 2 * ahead * before * events / risk**2
        )
        return max(0.0, float(parts.sum()))

    def interval_at(self, time: float, confidence: float = 0.95) -> Interval | None:
        """Wilson's interval of `at`, with as many people as would have this variance had all been followed.

        The effective number is that of Cutler & Ederer (1958). Without censoring it is Wilson's interval of the share.
        Where the share is 0 or 1 the number is of those who were followed up to `time`.
        """
        share = self.at(time)
        if share is None:
            return None
        upto = self._upto(time)
        variance = self.variance_at(time)
        if 0 < share < 1 and variance > 0:
            n = share * (1 - share) / variance
        else:
            n = float(self.at_risk[upto - 1]) if upto else float(self.n)
        z = critical_value(confidence)
        centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return Interval(max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)))

    def time_of(self, q: float) -> float | None:
        """The time by which the share `q` of those who get there at all, as far as anybody was followed, are there."""
        return self._time_at(q) if self.incidence.size and self.incidence[-1] > 0 else None

    def time_interval(self, q: float, confidence: float = 0.95) -> Interval | None:
        """Interval of `time_of`: the times of the shares between which `q` lies (Woodruff 1952).

        The number behind `q` is Kish's effective number of events, each of which stands for as many as its step in the curve
        says. `high` is infinite where the curve does not reach that far.
        """
        import numpy as np

        if self.time_of(q) is None:
            return None
        happened = self.events > 0
        steps = np.diff(self.incidence, prepend=0.0)[happened]
        counts = self.events[happened]
        n = float(steps.sum() ** 2 / (steps**2 / counts).sum())
        z = critical_value(confidence)
        centre = (q + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(q * (1 - q) / n + z * z / (4 * n * n))
        low, high = self._time_at(max(centre - half, 1e-12)), self._time_at(min(centre + half, 1.0))
        assert low is not None
        return Interval(low, math.inf if high is None else high)

    def _time_at(self, q: float) -> float | None:
        reached = (self.incidence >= q * self.incidence[-1] * (1 - 1e-12)).nonzero()[0]
        return float(self.times[reached[0]]) if reached.size else None

    def _upto(self, time: float) -> int:
        return int(self.times.searchsorted(time, side="right"))


def cumulative_incidence(
    times: "ArrayLike", events: "ArrayLike", competing: "ArrayLike", censored: "ArrayLike"
) -> IncidenceCurve:
    """The estimate of Aalen & Johansen (1978) from counts: at each of `times`, to how many the event happened, to how
    many something that prevents it, and how many were last seen waiting.

    Four arrays of one length, in any order; a time may occur more than once. Someone censored at t counts as at risk
    at t. 1 − Kaplan–Meier, which would take the competing events for censored, overstates the share. Raises ValueError
    for negative or missing times and for negative counts.
    """
    import numpy as np

    moments = np.asarray(times, dtype=np.float64)
    kinds = [np.asarray(kind, dtype=np.int64) for kind in (events, competing, censored)]
    if moments.ndim != 1 or any(kind.shape != moments.shape for kind in kinds):
        raise ValueError("times, events, competing and censored are four lists of the same length")
    if not np.all(np.isfinite(moments)) or np.any(moments < 0):
        raise ValueError("times are numbers, 0 or more")
    if any(np.any(kind < 0) for kind in kinds):
        raise ValueError("counts are 0 or more")

    distinct, position = np.unique(moments, return_inverse=True)
    happened, other, left = (np.zeros(distinct.size, dtype=np.int64) for _ in range(3))
    for total, kind in zip((happened, other, left), kinds, strict=True):
        np.add.at(total, position, kind)
    ends = happened + other
    exits = ends + left
    at_risk = exits[::-1].cumsum()[::-1]
    seen = exits > 0
    longest = float(distinct[seen][-1]) if seen.any() else 0.0
    settled = bool(seen.any()) and left[seen][-1] == 0

    kept = ends > 0
    happened, ends, at_risk = happened[kept], ends[kept], at_risk[kept]
    survival = np.cumprod((at_risk - ends) / at_risk)
    before = np.concatenate(([1.0], survival[:-1])) if survival.size else survival
    return IncidenceCurve(
        times=distinct[kept],
        incidence=np.cumsum(before * happened / at_risk),
        survival_before=before,
        events=happened,
        ends=ends,
        at_risk=at_risk,
        followed=math.inf if settled else longest,
        n=int(exits.sum()),
    )
