"""What a score says of past leads, and how far two proposed scores are apart."""

from dataclasses import dataclass

from actions import what_if
from actions.kept_results import KeptResults
from actions.permissions import authorise
from actions.what_if import RuleDocument
from alignment.errors import InvalidInput
from alignment.people import Actor
from alignment.rules import Node, Points, Rule, canonical_hash, sentence
from alignment.scoring import (
    Approach,
    Band,
    Lift,
    Proposal,
    Roc,
    ScoreCell,
    approach,
    bands_of,
    bounds_of,
    lift_at,
    roc_of,
)
from alignment.what_if import DAYS_OF_A_WEEK, Outcomes, Window

MOST_ENTRIES_HELD = 16
"""Points for so many things are counted on the leads that are held; of more, the engine is asked."""


@dataclass(frozen=True)
class ScoreCheck:
    """What a score says of the leads of a window.

    `roc` is how well it tells won from lost leads, None without both; `halves` the same of the leads of the window's earlier
    and later half, since a score that only fits the past loses in the later one. `bands` are the leads by points, the
    highest first.
    """

    rule: Rule
    window: Window
    everyone: Outcomes
    cells: tuple[ScoreCell, ...]
    roc: Roc | None
    halves: tuple[Roc | None, Roc | None]
    bands: tuple[Band, ...]

    def lift(self, a_week: float) -> Lift | None:
        """What the leads with the most points are worth, so many a week; None where nothing has ended."""
        return lift_at(self.cells, round(a_week * self.window.days / DAYS_OF_A_WEEK))


def check_score(actor: Actor, rule: RuleDocument, window: Window | None = None) -> ScoreCheck:
    """Try a score on the leads of a window. Raises InvalidInput for a rule without points, and as `what_if.judge_rule`."""
    authorise(actor, "rule:test")
    tried = what_if.read_leads(actor, [rule], window)
    [read] = tried.rules
    points = _points(read)
    held = tried.held if len(points.entries) <= MOST_ENTRIES_HELD else None
    key = (tried.window, tried.zone, canonical_hash(read))
    earlier, later = _CELLS.get(
        key, lambda: held.scores(points) if held else _count(points, tried.window, tried.zone)
    )
    cells = _together(earlier, later)
    return ScoreCheck(
        read,
        tried.window,
        sum((cell.outcomes for cell in cells), Outcomes()),
        cells,
        roc_of(cells),
        (roc_of(earlier), roc_of(later)),
        bands_of(cells, bounds_of(points.threshold_hundredths / 100)),
    )


def bring_together(
    actor: Actor, first: RuleDocument, second: RuleDocument, window: Window | None = None
) -> Approach | None:
    """The smallest change after which two scores put every kind of lead into the same band; see `alignment.scoring.approach`.

    None where none was found. Raises as `check_score`, and InvalidInput for points that fade, or a threshold of 0 or less.
    """
    authorise(actor, "rule:test")
    tried = what_if.read_leads(actor, [first, second], window)
    scores = [_points(rule) for rule in tried.rules]
    if any(entry.decay is not None for score in scores for entry in score.entries):
        raise InvalidInput("Points that fade differ from day to day. Compare the two scores without fading.")
    if any(score.threshold_hundredths <= 0 for score in scores):
        raise InvalidInput("A score with a threshold of 0 or less has no bands. Set a threshold above 0.")
    traits = {sentence(Rule(entry.node)): entry.node for score in scores for entry in score.entries}
    key = (tried.window, tried.zone, *map(canonical_hash, tried.rules))
    one, other = (_proposal(score) for score in scores)
    held = tried.held if len(traits) <= MOST_ENTRIES_HELD else None

    def find() -> Approach | None:
        return approach(
            one, other, held.kinds(traits) if held else _count_kinds(traits, tried.window, tried.zone)
        )

    return _APPROACHES.get(key, find)


def read_proposal(actor: Actor, rule: RuleDocument) -> Proposal:
    """A score's points by the words of what they are given for. Raises as `check_score`."""
    authorise(actor, "rule:test")
    tried = what_if.read_leads(actor, [rule], hold=False)
    return _proposal(_points(tried.rules[0]))


_CELLS: KeptResults[tuple[tuple[ScoreCell, ...], tuple[ScoreCell, ...]]] = KeptResults(32)
_APPROACHES: KeptResults[Approach | None] = KeptResults(32)


def _points(rule: Rule) -> Points:
    if not isinstance(rule.root, Points):
        raise InvalidInput("This rule has no points. Choose a score.")
    return rule.root


def _proposal(score: Points) -> Proposal:
    points: dict[str, float] = {}
    for entry in score.entries:
        name = sentence(Rule(entry.node))
        points[name] = points.get(name, 0.0) + entry.add_hundredths / 100
    return Proposal(points, score.threshold_hundredths / 100)


def _together(earlier: tuple[ScoreCell, ...], later: tuple[ScoreCell, ...]) -> tuple[ScoreCell, ...]:
    found: dict[float, Outcomes] = {}
    for cell in (*earlier, *later):
        found[cell.points] = found.get(cell.points, Outcomes()) + cell.outcomes
    return tuple(ScoreCell(points, found[points]) for points in sorted(found))


def _count(points: Points, window: Window, zone: str) -> tuple[tuple[ScoreCell, ...], tuple[ScoreCell, ...]]:
    from leads.score_lift import count_scores
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_scores(facts, points, window, zone)


def _count_kinds(traits: dict[str, Node], window: Window, zone: str) -> dict[frozenset[str], int]:
    from leads.score_lift import count_kinds
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_kinds(facts, traits, window, zone)
