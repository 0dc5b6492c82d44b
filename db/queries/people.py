"""People as the store holds them."""

from alignment.people import Person, Role, Team
from db.store import Connection, Row

_COLUMNS = "id, name, email, team, role, active, sessions_valid_from"


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


def _person(row: Row) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        team=Team(row["team"]) if row["team"] else None,
        role=Role(row["role"]),
        active=bool(row["active"]),
        sessions_valid_from=row["sessions_valid_from"],
    )
