"""What won and lost leads have in common: how often a trait occurs among each, and how far chance could explain it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from alignment.rules import Rule
from alignment.statistics import Interval, benjamini_hochberg, newcombe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_OF_EACH = 10
"""Of so many won and so many lost leads a field has to be known before a trait of it is compared."""
LEAST_WITH_TRAIT = 5
"""So many won and lost leads together have to have a trait."""


@dataclass(frozen=True)
class CountedTrait:
    """One trait of past leads among those won and those lost; leads of which the trait is not known count in neither.

    `field` is the lead field, `words` the trait as it is read (`employees at least 50`, `source is “referral”`), `rule` the
    same to be run on leads. `won` of `of_won` won leads have it, `lost` of `of_lost` lost ones. `suspected` says why the field
    may have been filled in after the outcome; '' where nothing speaks for it.
    """

    field: str
    words: str
    rule: Rule
    won: int
    of_won: int
    lost: int
    of_lost: int
    suspected: str = ""

    @property
    def enough(self) -> bool:
        """Whether there are leads enough to compare won and lost ones."""
        return min(self.of_won, self.of_lost) >= LEAST_OF_EACH and self.won + self.lost >= LEAST_WITH_TRAIT


@dataclass(frozen=True, kw_only=True)
class Trait(CountedTrait):
    """A counted trait that was compared.

    `difference` is the share among the won minus that among the lost, with its 95 % Newcombe interval; `q` its false-discovery
    rate among the traits looked at together (Benjamini & Hochberg, from Fisher's exact test).
    """

    difference: float
    interval: Interval
    q: float

    @property
    def share_of_won(self) -> float:
        """How often the trait occurs among the won leads, 0 to 1."""
        return self.won / self.of_won

    @property
    def share_of_lost(self) -> float:
        """How often the trait occurs among the lost leads, 0 to 1."""
        return self.lost / self.of_lost

    @property
    def tells(self) -> bool:
        """Whether the data say that the trait goes with winning, or with losing: the interval leaves out 0, and q < 0.10."""
        return (self.interval.low > 0 or self.interval.high < 0) and self.q < 0.10

    def as_dict(self) -> dict[str, Any]:
        """The trait in the shape of `manage.py compare --json`."""
        return {
            "field": self.field,
            "trait": self.words,
            "won": [self.won, self.of_won],
            "lost": [self.lost, self.of_lost],
            "difference": self.difference,
            "interval": [self.interval.low, self.interval.high],
            "q": self.q,
            "suspected": self.suspected,
        }


@dataclass(frozen=True)
class Traits:
    """The traits looked at, the one that tells most first. `reason` says why there are none, or '' where there are.

    They are of `won` won and `lost` lost leads, which closed from `first_day` to `last_day` (None where all count).
    `left_out` says in sentences what was not compared, and why.
    """

    traits: tuple[Trait, ...]
    won: int = 0
    lost: int = 0
    reason: str = ""
    left_out: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """The traits, ready for `json.dumps`."""
        return {
            "won": self.won,
            "lost": self.lost,
            "first_day": None if self.first_day is None else self.first_day.isoformat(),
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
            "traits": [trait.as_dict() for trait in self.traits],
            "left_out": list(self.left_out),
            "reason": self.reason,
        }


def judge_traits(counted: Sequence[CountedTrait]) -> tuple[Trait, ...]:
    """Those of which there are leads enough, compared and corrected together: those that tell first, by their difference."""
    enough = [one for one in counted if one.enough]
    p_values = fishers_exact(
        [one.won for one in enough],
        [one.of_won for one in enough],
        [one.lost for one in enough],
        [one.of_lost for one in enough],
    )
    found = []
    for one, q in zip(enough, benjamini_hochberg([float(p) for p in p_values]), strict=True):
        interval = newcombe(one.won, one.of_won, one.lost, one.of_lost)
        assert interval is not None
        difference = one.won / one.of_won - one.lost / one.of_lost
        found.append(Trait(**vars(one), difference=difference, interval=interval, q=q))
    return tuple(sorted(found, key=lambda trait: (not trait.tells, -abs(trait.difference), trait.words)))


def words_of_left_out(counted: Sequence[CountedTrait]) -> tuple[str, ...]:
    """What `judge_traits` leaves out, in sentences: of which fields too little is known, and which traits are too rare."""
    unknown = {one.field: one for one in counted if min(one.of_won, one.of_lost) < LEAST_OF_EACH}
    found = [
        f"“{field.replace('_', ' ')}” is known of {one.of_won:,} won and {one.of_lost:,} lost leads; at least "
        f"{LEAST_OF_EACH} of each are needed."
        for field, one in unknown.items()
    ]
    rare = [one.words for one in counted if one.field not in unknown and not one.enough]
    if rare:
        found.append(
            f"Fewer than {LEAST_WITH_TRAIT} won and lost leads together have this: {'; '.join(rare)}."
        )
    return tuple(found)


def fishers_exact(
    a: Sequence[int], n_a: Sequence[int], b: Sequence[int], n_b: Sequence[int]
) -> "NDArray[np.float64]":
    """Fisher's exact test of many tables at once, two-sided: `a` of `n_a` have something, and `b` of `n_b` (shape (m,) each).

    The probability, with all margins given, of a table no more likely than the one found (as in R and scipy, tables within
    1e-7 of it count as equally likely).
    """
    import numpy as np
    from scipy.special import gammaln

    first, of_first, second, of_second = (
        np.asarray(one, dtype=np.int64)[:, None] for one in (a, n_a, b, n_b)
    )
    if not first.size:
        return np.zeros(0)
    have, everyone = first + second, of_first + of_second
    low, high = np.maximum(0, have - of_second), np.minimum(have, of_first)
    # Beyond 40 standard deviations no table adds anything that a float could hold.
    share = of_first / np.maximum(everyone, 1)
    expected = have * share
    spread = np.sqrt(have * share * (1 - share) * (everyone - have) / np.maximum(everyone - 1, 1))
    reach = 40 * spread + 40
    low = np.maximum(low, np.floor(expected - reach)).astype(np.int64)
    high = np.minimum(high, np.ceil(expected + reach)).astype(np.int64)
    tables = low + np.arange(int((high - low).max()) + 1)[None, :]

    def log_probability(x: "NDArray[np.int64]") -> "NDArray[np.float64]":
        def choose(n: "NDArray[np.int64]", k: "NDArray[np.int64]") -> "NDArray[np.float64]":
            return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))

        return choose(of_first, x) + choose(of_second, have - x) - choose(everyone, have)

    possible = tables <= high
    logs = log_probability(np.where(possible, tables, low))
    as_rare = possible & (logs <= log_probability(first) + np.log1p(1e-7))
    return np.minimum(1.0, np.where(as_rare, np.exp(logs), 0.0).sum(axis=1))
