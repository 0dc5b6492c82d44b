"""People for tests of the store and the actions."""

from collections.abc import Mapping
from typing import Any

from actions import answers, clock, people
from alignment.people import MACHINE, Actor, Role, Team
from alignment.surveys import Survey

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


def make_members(team: str, count: int) -> list[Actor]:
    """Put so many members of a team into the store: `sales 0`, `sales 1`, …"""
    return [make_actor(team=team, name=f"{team} {number}") for number in range(count)]


def submit(who: Actor, survey: Survey, given: Mapping[str, Any]) -> None:
    """Answer a survey: question key → answer."""
    for key, value in given.items():
        answers.save_answer(who, survey.id, key, value)
    answers.submit_answers(who, survey.id)
