"""People, their teams and their roles."""

from dataclasses import dataclass
from enum import StrEnum


class Team(StrEnum):
    """The two sides that have to agree."""

    SALES = "sales"
    MARKETING = "marketing"

    @property
    def label(self) -> str:
        """The team as it stands in a sentence."""
        return self.value

    @property
    def other(self) -> "Team":
        """The side across the table."""
        return Team.MARKETING if self is Team.SALES else Team.SALES


class Role(StrEnum):
    """What a person comes to the portal for. A lead is a prospect; the manager is a team lead."""

    MEMBER = "member"
    FACILITATOR = "facilitator"
    TEAM_LEAD = "team_lead"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """The role in words."""
        return {"team_lead": "team lead", "admin": "administrator"}.get(self.value, self.value)


@dataclass(frozen=True)
class Person:
    """Someone the portal knows. `team` is None for people who belong to neither side."""

    id: str
    name: str
    email: str
    team: Team | None
    role: Role
    active: bool = True
    sessions_valid_from: str = ""

    @property
    def first_name(self) -> str:
        """The first word of the name, for greetings."""
        return self.name.split()[0] if self.name.strip() else self.email


@dataclass(frozen=True)
class Actor:
    """Who is acting, as the session claims it: `authorise` checks the claim against the store each time.

    `signed_in_at` is a UTC instant in the store's form (`2026-01-31T09:30:00.000000Z`); a claim older than
    the person's `sessions_valid_from` is void. `machine` marks the administrator at the command line.
    """

    person_id: str
    signed_in_at: str
    machine: bool = False


MACHINE = Actor(person_id="machine", signed_in_at="9999-12-31T23:59:59.999999Z", machine=True)
