"""Trying a rule on past leads, before anybody signs it."""

from datetime import date
from typing import TYPE_CHECKING

from actions import settings
from actions.permissions import authorise
from actions.what_if import RuleDocument, read_rule
from alignment.people import Actor
from db.store import store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.backtest import Backtest


def try_rule(
    actor: Actor,
    rule: RuleDocument,
    against: RuleDocument | None = None,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
) -> "Backtest":
    """What a rule says of past leads beside what became of them; with `against`, how a second rule differs.

    Rules are JSON text or documents. Without a period all leads count. Raises InvalidRule, for fields that the leads
    do not have as well.
    """
    authorise(actor, "rule:test")
    from leads.backtest import backtest
    from leads.store import warehouse

    with warehouse().read() as facts:
        fields = facts.rule_fields()
    zone = settings.company_of(store().read()).hours.timezone
    return backtest(
        read_rule(rule, fields),
        None if against is None else read_rule(against, fields),
        first_day,
        last_day,
        zone,
    )
