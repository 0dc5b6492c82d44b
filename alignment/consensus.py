"""What counts as agreement of two teams: written down before a survey opens, and kept with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Consensus(StrEnum):
    """What both teams together say about an item."""

    IN = "in"
    OUT = "out"
    NONE = "none"


@dataclass(frozen=True)
class ConsensusRule:
    """The thresholds, fixed before a survey opens: the two-group rule used for core outcome sets (COMET handbook).

    *In*: at least `agree` of each team in the top band and fewer than `oppose` of each in the bottom band. *Out*: at most
    `out` of each in the top band. `alignment.disagreement.positions` says how it is read for each type of answer.
    """

    agree: float = 0.70
    oppose: float = 0.15
    out: float = 0.50

    def of(self, top: Sequence[float], bottom: Sequence[float]) -> Consensus:
        """Consensus from each group's share in the top band and in the bottom band."""
        if all(share >= self.agree for share in top) and all(share < self.oppose for share in bottom):
            return Consensus.IN
        if all(share <= self.out for share in top):
            return Consensus.OUT
        return Consensus.NONE

    @property
    def sentence(self) -> str:
        """The rule in one sentence, for those who prepare a questionnaire and those who read its results."""
        return (
            f"The teams agree on something when at least {_percent(self.agree)} of each are for it and fewer than "
            f"{_percent(self.oppose)} of each against; they agree to leave it out when at most {_percent(self.out)} of each "
            "are for it."
        )


def _percent(share: float) -> str:
    return f"{round(share * 100, 2):g}%"


USUAL_CONSENSUS = ConsensusRule()
"""What counts as agreement where nobody chose otherwise."""
