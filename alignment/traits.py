"""What won and lost leads have in common: how often a trait occurs among each, and how far chance could explain it."""

from dataclasses import dataclass
from typing import Any

from alignment.rules import Rule
from alignment.statistics import Interval


@dataclass(frozen=True)
class Trait:
    """One trait of past leads among those won and those lost; leads of which the trait is not known count in neither.

    `field` is the lead field, `words` the trait as it is read (`employees at least 50`, `source is “referral”`), `rule` the
    same to be run on leads. `won` of `of_won` won leads have it, `lost` of `of_lost` lost ones. `difference` is the share
    among the won minus that among the lost, with its 95 % Newcombe interval; `q` its false-discovery rate among the traits
    looked at together (Benjamini & Hochberg, from Fisher's exact test). `suspected` says why the field may have been
    filled in after the outcome; '' where nothing speaks for it.
    """

    field: str
    words: str
    rule: Rule
    won: int
    of_won: int
    lost: int
    of_lost: int
    difference: float
    interval: Interval
    q: float
    suspected: str = ""

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
    """The traits looked at, the one that tells most first. `reason` says why there are none, or '' where there are."""

    traits: tuple[Trait, ...]
    won: int = 0
    lost: int = 0
    reason: str = ""
