"""The lead fields that rules are made of."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from actions.permissions import authorise
from alignment.fields import FieldChoice
from alignment.people import Actor
from alignment.rules import FieldType, InvalidRule, parse


def list_fields(actor: Actor) -> tuple[FieldChoice, ...]:
    """The fields of the leads that have been imported, with their real values; read again after each import."""
    authorise(actor, "leads:read")
    from leads.store import warehouse

    facts = warehouse()
    return _choices(facts.folder, facts.revision())


def find_misfit(actor: Actor, rule: Mapping[str, Any]) -> str:
    """What keeps a rule from fitting the leads there are, such as a field that they do not have; '' where it fits, and while
    there are no leads.

    Raises InvalidRule for a document that is no rule.
    """
    authorise(actor, "leads:read")
    from leads.store import warehouse

    parse(rule)
    facts = warehouse()
    revision = facts.revision()
    try:
        if revision:
            parse(rule, _types(facts.folder, revision))
    except InvalidRule as error:
        return str(error)
    return ""


@lru_cache(maxsize=4)
def _types(folder: Path, revision: str) -> dict[str, FieldType]:
    from leads.store import warehouse

    with warehouse().read() as facts:
        return facts.rule_fields()


@lru_cache(maxsize=4)
def _choices(folder: Path, revision: str) -> tuple[FieldChoice, ...]:
    from leads.fields import list_choices
    from leads.store import warehouse

    with warehouse().read() as facts:
        return list_choices(facts)
