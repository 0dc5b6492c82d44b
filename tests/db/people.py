"""People for tests of the store and the actions."""

from actions import clock, people
from alignment.people import MACHINE, Actor, Role, Team

_number = iter(range(1, 10_000))


def make_actor(role: str = "member", team: str | None = "sales", name: str = "") -> Actor:
    """Put a person into the store and return them as the one who acts, signed in now."""
    number = next(_number)
    invited = people.add_person(
        MACHINE,
        name or f"{role.title()} {number}",
        f"{role}.{number}@example.com",
        Team(team) if team else None,
        Role(role),
    )
    return Actor(invited.person.id, clock.now_text())
