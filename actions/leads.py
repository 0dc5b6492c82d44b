"""What people may see of the leads."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from actions import clock
from actions.permissions import authorise
from alignment import definitions as agreements
from alignment import rules
from alignment.errors import InvalidInput
from alignment.people import Actor
from alignment.texts import optional_text
from db.queries import definitions
from db.store import store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.listing import LeadPage
    from leads.overview import Overview

MOST_IDS = 1_000
MOST_TEXT = 200


def are_ready(actor: Actor) -> bool:
    """Whether the leads need not be made anew for this version of the program before anybody can look at them."""
    authorise(actor, "leads:read")
    from leads.pointer import FORMAT, WarehouseUnavailable
    from leads.store import warehouse

    facts = warehouse()
    if not facts.takes_in:
        return True
    try:
        pointer = facts.pointer()
    except WarehouseUnavailable:  # which is said where they are looked at
        return True
    return pointer.file is None or pointer.format == FORMAT


def make_ready(actor: Actor) -> None:
    """Make the leads anew for this version of the program, or wait for whoever is at it: seconds to minutes.

    Raises WarehouseUnavailable when disk or memory do not suffice.
    """
    authorise(actor, "leads:read")
    from leads.store import warehouse

    with warehouse().read():
        pass


def read_overview(actor: Actor) -> "Overview | None":
    """How many leads there are, of what age, and what became of them; None before the first import."""
    authorise(actor, "leads:read")
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    return _overview(facts.folder, revision) if revision else None


@lru_cache(maxsize=4)
def _overview(folder: Path, revision: str) -> "Overview":
    from leads.overview import summarise
    from leads.store import warehouse

    with warehouse().read() as facts:
        return summarise(facts)


def find_leads(
    actor: Actor,
    *,
    stage: str | None = None,
    source: str | None = None,
    meets: str | None = None,
    ids: Sequence[str] | None = None,
    text: str = "",
    page: int = 1,
) -> "LeadPage":
    """Leads, 50 a page, the latest first, with where each stands and whether it meets the definition in force.

    `stage` is where they stand, `source` where they came from (`(blank)` for none), `meets` yes, no or unknown;
    `ids` keeps to those, for instance the leads behind a figure, and `text` to those with it in their id or company. Raises InvalidInput for a choice that is none.
    """
    authorise(actor, "leads:read")
    from alignment.lifecycle import Stage
    from leads.listing import find_leads as find
    from leads.store import warehouse

    if stage is not None and stage not in list(Stage):
        raise InvalidInput(f"“{stage}” is no stage. Use one of: {', '.join(Stage)}.")
    if meets is not None and meets not in ("yes", "no", "unknown"):
        raise InvalidInput("Whether leads meet the definition is yes, no or unknown.")
    if ids is not None and len(ids) > MOST_IDS:
        raise InvalidInput(f"{len(ids):,} leads at once are too many; ask for at most {MOST_IDS:,}.")
    force = agreements.in_force(definitions.in_force_history(store().read(), "mql"), clock.now_text())
    rule = rules.parse(force.rule) if force is not None and force.rule is not None else None
    with warehouse().read() as facts:
        return find(
            facts,
            stage=Stage(stage) if stage is not None else None,
            source=source,
            meets=meets,
            rule=rule,
            ids=ids,
            text=optional_text(text, "What you look for", MOST_TEXT),
            page=page,
        )


def read_revision(actor: Actor) -> str:
    """A text that changes with every import, '' while there are no leads: what live screens poll."""
    authorise(actor, "leads:read")
    from leads.store import warehouse

    return warehouse().revision()
