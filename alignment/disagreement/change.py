"""The same question in two surveys: whether the teams have come closer; and how far they agree over all topics."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alignment.disagreement.results import Effect
from alignment.statistics import Interval


class Direction(StrEnum):
    """What became of the gap between the teams."""

    CLOSER = "closer"
    FURTHER = "further_apart"
    NONE = "no_detectable_change"
    NOT_COMPARABLE = "not_comparable"

    @property
    def label(self) -> str:
        """In words."""
        return {
            "closer": "closer than before",
            "further_apart": "further apart than before",
            "no_detectable_change": "no detectable change",
            "not_comparable": "not comparable with before",
        }[self.value]


@dataclass(frozen=True)
class Change:
    """The gap on one question then and now. `difference` is now − then of the same effect, with its 95 % interval.

    Both are None where the two cannot be compared; `sentence` then says why.
    """

    key: str
    direction: Direction
    then: Effect | None
    now: Effect | None
    difference: float | None
    interval: Interval | None
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """The change in the shape of `manage.py compare --json`."""
        return {
            "direction": self.direction.value,
            "then": None if self.then is None else self.then.value,
            "now": None if self.now is None else self.now.value,
            "difference": self.difference,
            "interval": None if self.interval is None else [self.interval.low, self.interval.high],
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class AlignmentMeasure:
    """How far two teams agree over a survey: `agreed` of `topics` with consensus, and the mean share of all disagreement
    that lies between the teams (None where nothing could be tested). Questions with too few answers are no topics here."""

    agreed: int
    topics: int
    agreed_interval: Interval | None
    between_share: float | None

    def as_dict(self) -> dict[str, Any]:
        """The measure in the shape of `manage.py compare --json`."""
        interval = self.agreed_interval
        return {
            "agreed": self.agreed,
            "topics": self.topics,
            "agreed_interval": None if interval is None else [interval.low, interval.high],
            "between_share": self.between_share,
        }
