"""Terms, and the versions of their definitions as `db.queries.agreements` holds them."""

from alignment.agreements import AgreementKind
from alignment.definitions import DefinitionVersion, Term, timeline
from db.queries import agreements
from db.queries.agreements import acknowledge, acknowledged_by
from db.store import Connection

__all__ = [
    "acknowledge",
    "acknowledged_by",
    "add_term",
    "agreed_since",
    "find",
    "find_term",
    "in_force_history",
    "terms",
    "versions",
]


def terms(connection: Connection) -> list[Term]:
    """All terms in the order of the glossary."""
    rows = connection.execute("SELECT key, name, meaning FROM term ORDER BY position, name").fetchall()
    return [Term(row["key"], row["name"], row["meaning"]) for row in rows]


def find_term(connection: Connection, key: str) -> Term | None:
    """The term with this key."""
    row = connection.execute("SELECT key, name, meaning FROM term WHERE key = ?", (key,)).fetchone()
    return Term(row["key"], row["name"], row["meaning"]) if row else None


def add_term(connection: Connection, term: Term) -> None:
    """Append a term to the glossary."""
    connection.execute(
        """
        INSERT INTO term (key, name, meaning, position)
        SELECT ?, ?, ?, coalesce(max(position), 0) + 1 FROM term
        """,
        (term.key, term.name, term.meaning),
    )


def find(connection: Connection, definition_id: str) -> DefinitionVersion | None:
    """One version with its signatures."""
    found = agreements.find(connection, definition_id)
    return found if isinstance(found, DefinitionVersion) else None


def versions(connection: Connection, term_key: str | None = None) -> list[DefinitionVersion]:
    """Versions of one term, or of all, by term and number; dropped ones included."""
    return agreements.versions(connection, DefinitionVersion, term_key)


def in_force_history(connection: Connection, term_key: str = "mql") -> list[DefinitionVersion]:
    """The term's versions that were, are or will be in force, oldest first, with from and until."""
    return timeline(versions(connection, term_key))


def agreed_since(connection: Connection, instant: str) -> int:
    """How many versions were agreed at or after an instant."""
    return agreements.agreed_since(connection, AgreementKind.DEFINITION, instant)
