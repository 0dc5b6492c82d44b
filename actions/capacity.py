"""How many leads sales can work a week: said by those who lead, kept, and filled in wherever it counts."""

from dataclasses import dataclass

from actions import clock
from actions.journal import journal
from actions.permissions import authorise, may
from alignment.errors import InvalidInput, NotPermitted
from alignment.people import Actor, Person, Role, Team
from db.queries import people, settings
from db.store import Connection, store

MOST_A_WEEK = 1_000_000
_KEY = "sales_capacity"


@dataclass(frozen=True)
class Capacity:
    """How many leads sales can work `a_week`, who said so (None for the administrator of the machine), and when."""

    a_week: int
    said_by: str | None
    at: str


def read_capacity(actor: Actor) -> Capacity | None:
    """What was said last; None where nobody has."""
    authorise(actor, "metrics:read")
    connection = store().read()
    kept = settings.get(connection, _KEY)[0]
    if kept is None:
        return None
    person = people.find(connection, kept["person_id"])
    return Capacity(kept["a_week"], None if person is None else person.name, kept["at"])


def may_change(person: Person) -> bool:
    """Whether a person speaks for what sales can work: not the team leads of marketing."""
    return may(person, "capacity:change") and (person.role is not Role.TEAM_LEAD or person.team is Team.SALES)


def change_capacity(actor: Actor, a_week: int | None) -> None:
    """Keep how many leads sales can work a week; None takes back what was said.

    Raises InvalidInput for what is no such number, and NotPermitted for the team leads of marketing: sales says what it can do.
    """
    person = authorise(actor, "capacity:change")
    if not may_change(person):
        raise NotPermitted("Sales says how many leads it can work. Ask its team lead to change this.")
    if a_week is not None and (
        isinstance(a_week, bool) or not isinstance(a_week, int) or not 1 <= a_week <= MOST_A_WEEK
    ):
        raise InvalidInput(f"Leads a week have to be a whole number from 1 to {MOST_A_WEEK:,}.")

    def transaction(connection: Connection) -> None:
        before = settings.get(connection, _KEY)[0]
        if a_week is None:
            settings.delete(connection, _KEY)
        else:
            kept = {"a_week": a_week, "person_id": person.id, "at": clock.now_text()}
            settings.put(connection, _KEY, kept)
        journal(
            connection,
            person,
            "change sales' capacity",
            "setting",
            _KEY,
            before=None if before is None else {"a_week": before["a_week"]},
            after={"a_week": a_week},
        )

    store().write(transaction)
