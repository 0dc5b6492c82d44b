"""Where two teams differ: effect sizes, evidence in words, and one verdict for each question.

`compare` does the work; the values that come back are in `results`. Nothing here reads a clock or a store, and all
draws come from one generator with a given seed: the same answers give the same verdicts.
"""

from alignment.consensus import Consensus, ConsensusRule
from alignment.disagreement.comparison import compare, fingerprint, with_costs
from alignment.disagreement.costs import LeadsApart
from alignment.disagreement.results import (
    Comparison,
    Distribution,
    Effect,
    Evidence,
    OptionDifference,
    Perspective,
    QuestionComparison,
    Seen,
    Verdict,
)

__all__ = [
    "Comparison",
    "Consensus",
    "ConsensusRule",
    "Distribution",
    "Effect",
    "Evidence",
    "LeadsApart",
    "OptionDifference",
    "Perspective",
    "QuestionComparison",
    "Seen",
    "Verdict",
    "compare",
    "fingerprint",
    "with_costs",
]
