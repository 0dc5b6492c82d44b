"""What the disagreements of a survey cost: for each, the past leads that the teams' rules would treat differently."""

from collections.abc import Mapping
from datetime import datetime

from alignment.disagreement.costs import LeadsApart
from alignment.people import Team
from alignment.rules import FieldType, InvalidRule, Rule, parse, to_document
from leads.backtest import RuleComparison, compare_rules
from leads.closed_periods import Period, closed_periods
from leads.store import Facts

LONG_ENOUGH = 100
"""A period is long enough for a question of which so many leads can be judged, and enough of all that came in it."""


def costs_of(
    facts: Facts, rules: Mapping[str, Mapping[Team, Rule | None]], as_of: datetime, timezone: str
) -> dict[str, LeadsApart]:
    """What differs in leads between both teams' rules, by the key under which they stand in `rules`.

    All stand for the same leads: of the last quarter that was over at `as_of` (aware) and in which leads came, else of twelve
    months, else all – the first of them that is long enough for most of the questions, else that in which most of them can be
    judged. Left out is what cannot be told: where a team has no rule, where the leads have not got its fields or hold something
    else in them, where no lead meets either rule (an option is written otherwise there, for instance), and all where there
    are no leads. Where too few leads have the fields, `LeadsApart.enough` is false.
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
    best: dict[str, LeadsApart] = {}
    for period in closed_periods(facts, facts.followed, as_of, timezone):
        found = compare_rules(facts, list(pairs.values()), period, timezone)
        looked_at = {key: _apart(tried, period) for key, tried in zip(pairs, found, strict=True)}
        asked = {
            key: apart
            for (key, apart), tried in zip(looked_at.items(), found, strict=True)
            if tried.jaccard is not None or not apart.enough
        }
        if _count_enough(asked) >= _count_enough(best):
            best = asked
        if 2 * sum(apart.enough and apart.judged >= LONG_ENOUGH for apart in asked.values()) > len(asked):
            return asked
    return best


def _apart(tried: RuleComparison, period: Period) -> LeadsApart:
    return LeadsApart(
        judged=tried.both + tried.only_first + tried.only_second + tried.neither,
        untold=tried.either_unknown,
        only={Team.SALES: tried.only_first, Team.MARKETING: tried.only_second},
        won={Team.SALES: tried.won_only_first, Team.MARKETING: tried.won_only_second},
        lost={Team.SALES: tried.lost_only_first, Team.MARKETING: tried.lost_only_second},
        first_day=period.first_day,
        last_day=period.last_day,
    )


def _count_enough(asked: Mapping[str, LeadsApart]) -> int:
    return sum(apart.enough for apart in asked.values())


def fits(rule: Rule, fields: Mapping[str, FieldType]) -> bool:
    """Whether the leads have the fields that a rule looks at, and of its kind."""
    try:
        parse(to_document(rule), fields)
    except InvalidRule:
        return False
    return True
