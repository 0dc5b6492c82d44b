"""Searching rules that both teams can live with, on the leads of a window."""

from collections.abc import Callable, Mapping

from actions import what_if
from actions.kept_results import KeptResults
from actions.permissions import authorise
from actions.what_if import RuleDocument
from alignment.bridging import Limits, Search, search, slots_of
from alignment.errors import InvalidInput
from alignment.people import Actor, Team
from alignment.rules import Points, Rule, canonical_hash
from alignment.what_if import DAYS_OF_A_WEEK, Window

STEPS_BETWEEN = 5
MOST_PARTS = 24


def find_bridges(
    actor: Actor,
    rules: Mapping[Team, RuleDocument],
    limits: Limits,
    window: Window | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Search:
    """Rules built from both teams' conditions that convince the less convinced team most, within limits; see `alignment.bridging`:
    chosen by one half of the window's leads, told by the other.

    `progress` is told the share that is done, from 0 to 1. The same leads, rules and limits always give the same. Raises
    InvalidInput for scores, for rules of too many parts, for limits that exclude each other, for a window of which the leads
    are too many, or cannot be held; and InvalidRule as `what_if.judge_rule`.
    """
    authorise(actor, "rule:test")
    tried = what_if.read_leads(actor, list(rules.values()), window)
    if tried.held is None:
        raise InvalidInput(
            "The leads of this window cannot be held, or the rules look at texts that hardly repeat. Choose a shorter window, or "
            "leave such conditions out."
        )
    read = dict(zip(rules, tried.rules, strict=True))
    _check(read, limits)
    held, window = tried.held, tried.window
    key = (held.window, tried.zone, *(canonical_hash(read[team]) for team in Team), limits)

    def find() -> Search:
        slots = slots_of(read, lambda field, low, high: held.values_between(field, low, high, STEPS_BETWEEN))
        if len(slots) > MOST_PARTS:
            raise InvalidInput(
                f"The two rules have {len(slots)} parts in all; at most {MOST_PARTS} can be searched. Leave some out."
            )
        weeks = (
            window.days / DAYS_OF_A_WEEK
        )  # all of the window's leads are counted, those of its last days too
        return search(slots, read, held.passing, held.count, weeks, limits, progress)

    return _FOUND.get(key, find)


_FOUND: KeptResults[Search] = KeptResults(32)


def _check(rules: Mapping[Team, Rule], limits: Limits) -> None:
    if set(rules) != set(Team):
        raise InvalidInput("Choose a rule of each team.")
    if any(isinstance(rule.root, Points) for rule in rules.values()):
        raise InvalidInput(
            "A bridge is built from conditions. For scores, look at the smallest change between them."
        )
    least, most = limits.least_a_week, limits.most_a_week
    if any(one is not None and one < 0 for one in (least, most)):
        raise InvalidInput("Leads a week are 0 or more.")
    if least is not None and most is not None and least > most:
        raise InvalidInput("There cannot be more leads a week at least than at most. Change one of the two.")
    rate = limits.least_win_rate
    if rate is not None and not 0 <= rate <= 1:
        raise InvalidInput("A win rate lies between 0 and 100 %.")
