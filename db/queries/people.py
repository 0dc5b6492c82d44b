"""People as the store holds them."""

from dataclasses import dataclass
from functools import lru_cache

from alignment.people import Person, Role, Team
from db.store import Connection, Row

_COLUMNS = "id, name, email, team, role, active, sessions_valid_from"
_NAMES = _COLUMNS.split(", ")


@dataclass(frozen=True)
class Access:
    """A person with what an administrator needs to know. `invited_until` is '' without an open invitation."""

    person: Person
    revision: int
    has_password: bool
    invited_until: str


def find(connection: Connection, person_id: str) -> Person | None:
    """The person with this id, active or not."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM person WHERE id = ?", (person_id,)).fetchone()
    return _person(row) if row else None


def everyone(connection: Connection) -> list[Person]:
    """All people by name, inactive ones included."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM person ORDER BY name, id").fetchall()
    return [_person(row) for row in rows]


def count(connection: Connection) -> int:
    """How many people there are; 0 means that the portal has not been set up."""
    return connection.execute("SELECT count(*) FROM person").fetchone()[0]


def find_by_email(connection: Connection, email: str) -> Person | None:
    """The person with this e-mail (lower case), active or not."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM person WHERE email = ?", (email,)).fetchone()
    return _person(row) if row else None


def revision(connection: Connection, person_id: str) -> int:
    """How often the person's record has changed; 0 when there is no such person."""
    row = connection.execute("SELECT revision FROM person WHERE id = ?", (person_id,)).fetchone()
    return row["revision"] if row else 0


def access(connection: Connection, now: str) -> list[Access]:
    """Everyone by name, with the state of their access at `now`."""
    rows = connection.execute(
        """
        SELECT id, name, email, team, role, active, sessions_valid_from, revision,
            password_hash IS NOT NULL AS has_password,
            coalesce((SELECT max(expires_at) FROM invitation
                WHERE person_id = person.id AND used_at IS NULL AND expires_at > ?), '') AS invited_until
        FROM person ORDER BY name, id
        """,
        (now,),
    ).fetchall()
    return [
        Access(_person(row), row["revision"], bool(row["has_password"]), row["invited_until"]) for row in rows
    ]


def add(connection: Connection, person: Person, at: str) -> None:
    """Insert a person, without a password."""
    connection.execute(
        """
        INSERT INTO person (id, name, email, team, role, active, sessions_valid_from, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            person.id,
            person.name,
            person.email,
            person.team.value if person.team else None,
            person.role.value,
            int(person.active),
            person.sessions_valid_from,
            at,
        ),
    )


def change(connection: Connection, person: Person) -> None:
    """Write name, team, role and whether the person is active, and count the revision."""
    connection.execute(
        "UPDATE person SET name = ?, team = ?, role = ?, active = ?, revision = revision + 1 WHERE id = ?",
        (
            person.name,
            person.team.value if person.team else None,
            person.role.value,
            int(person.active),
            person.id,
        ),
    )


def count_other_administrators(connection: Connection, person_id: str) -> int:
    """How many active administrators with a password there are besides this person."""
    return connection.execute(
        "SELECT count(*) FROM person WHERE role = 'admin' AND active = 1 AND password_hash IS NOT NULL AND id <> ?",
        (person_id,),
    ).fetchone()[0]


def _person(row: Row) -> Person:
    return _of_columns(*tuple(row)[: len(_NAMES)])


@lru_cache(maxsize=1024)
def _of_columns(
    person_id: str, name: str, email: str, team: str | None, role: str, active: int, valid_from: str
) -> Person:
    """Equal rows give the same person: every action reads the one who acts, most of them many times over."""
    return Person(
        id=person_id,
        name=name,
        email=email,
        team=Team(team) if team else None,
        role=Role(role),
        active=bool(active),
        sessions_valid_from=valid_from,
    )
