"""The lead fields that rules are made of."""

from functools import lru_cache
from pathlib import Path

from actions.permissions import authorise
from alignment.fields import FieldChoice
from alignment.people import Actor


def list_fields(actor: Actor) -> tuple[FieldChoice, ...]:
    """The fields of the leads that have been imported, with their real values; read again after each import."""
    authorise(actor, "leads:read")
    from leads.store import warehouse

    facts = warehouse()
    return _choices(facts.folder, facts.revision())


@lru_cache(maxsize=4)
def _choices(folder: Path, revision: str) -> tuple[FieldChoice, ...]:
    from leads.fields import list_choices
    from leads.store import warehouse

    with warehouse().read() as facts:
        return list_choices(facts)
