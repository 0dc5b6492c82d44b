"""What the disagreements of a survey cost: for each, the past leads that the teams' rules would treat differently."""

from collections.abc import Mapping
from datetime import datetime

from alignment.disagreement.costs import LeadsApart
from alignment.people import Team
from alignment.rules import FieldType, InvalidRule, Rule, parse, to_document
from leads.backtest import RuleComparison, compare_rules, with_outcomes
from leads.closed_periods import EVERYTHING, Period, closed_periods
from leads.store import Facts

LEAST_JUDGED = 100
"""A period in which fewer leads than these can be judged is too short to say what a disagreement costs."""


def costs_of(
    facts: Facts, rules: Mapping[str, Mapping[Team, Rule | None]], as_of: datetime, timezone: str
) -> dict[str, LeadsApart]:
    """What differs in leads between both teams' rules, by the key under which they stand in `rules`.

    All stand for the same leads: of the last quarter that was over at `as_of` (aware) and in which leads came, else of twelve
    months, else all. Left out is what cannot be told: where a team has no rule, where the leads have not got its fields or
    hold something else in them, where no lead meets either rule (an option is written otherwise there, for instance), and
    all where there are no leads.
    """
    if not facts.revision:
        return {}
    fields = facts.rule_fields()
    pairs = {
        key: (sales, marketing)
        for key, of in rules.items()
        if (sales := of.get(Team.SALES)) is not None
        and (marketing := of.get(Team.MARKETING)) is not None
        and fits(sales, fields)
        and fits(marketing, fields)
    }
    if not pairs:
        return {}
    period: Period = EVERYTHING
    found: tuple[RuleComparison, ...] = ()
    for period in closed_periods(facts, with_outcomes(facts), as_of, timezone):
        found = compare_rules(facts, list(pairs.values()), period, timezone)
        if max(_judged(tried) for tried in found) >= LEAST_JUDGED:
            break
    return {
        key: LeadsApart(
            judged=_judged(tried),
            untold=tried.either_unknown,
            only={Team.SALES: tried.only_first, Team.MARKETING: tried.only_second},
            won={Team.SALES: tried.won_only_first, Team.MARKETING: tried.won_only_second},
            lost={Team.SALES: tried.lost_only_first, Team.MARKETING: tried.lost_only_second},
            first_day=period.first_day,
            last_day=period.last_day,
        )
        for key, tried in zip(pairs, found, strict=True)
        if tried.jaccard is not None
    }


def fits(rule: Rule, fields: Mapping[str, FieldType]) -> bool:
    """Whether the leads have the fields that a rule looks at, and of its kind."""
    try:
        parse(to_document(rule), fields)
    except InvalidRule:
        return False
    return True


def _judged(tried: RuleComparison) -> int:
    return tried.both + tried.only_first + tried.only_second + tried.neither
