"""The audit row that every change carries, in the same transaction."""

from typing import Any

from actions import clock
from alignment.people import Person
from db.queries import audit
from db.store import Connection


def journal(
    connection: Connection,
    person: Person,
    action: str,
    noun: str,
    noun_id: str,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    """Write who did `action` on which `noun`, now. Confidential answers never go into `before` or `after`."""
    audit.record(
        connection,
        at=clock.now_text(),
        actor=person.id,
        action=action,
        noun=noun,
        noun_id=noun_id,
        before=before,
        after=after,
    )
