"""Trying a rule on past leads, before anybody signs it."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from actions import settings
from actions.permissions import authorise
from alignment import rules
from alignment.people import Actor
from alignment.rules import FieldType, Rule
from db.store import store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.backtest import Backtest


def try_rule(
    actor: Actor,
    rule: str | Mapping[str, Any],
    against: str | Mapping[str, Any] | None = None,
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
        _read(rule, fields),
        None if against is None else _read(against, fields),
        first_day,
        last_day,
        zone,
    )


def _read(rule: str | Mapping[str, Any], fields: Mapping[str, FieldType]) -> Rule:
    return rules.parse_json(rule, fields) if isinstance(rule, str) else rules.parse(rule, fields)
