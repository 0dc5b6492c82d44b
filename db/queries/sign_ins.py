"""Passwords, failed sign-ins and the end of sessions."""

from dataclasses import dataclass

from db.store import Connection


@dataclass(frozen=True)
class Credential:
    """What a sign-in is checked against. `password_hash` is bcrypt's, or '' when no password was chosen yet."""

    person_id: str
    active: bool
    password_hash: str
    sessions_valid_from: str


@dataclass(frozen=True)
class Failures:
    """Failed attempts under one name. `locked_until` is an instant, or '' when it never was locked."""

    count: int
    last_at: str
    locked_until: str


def credential(connection: Connection, email: str) -> Credential | None:
    """What the person with this e-mail (lower case) signs in with; None when nobody has it."""
    row = connection.execute(
        "SELECT id, active, password_hash, sessions_valid_from FROM person WHERE email = ?", (email,)
    ).fetchone()
    if row is None:
        return None
    return Credential(row["id"], bool(row["active"]), row["password_hash"] or "", row["sessions_valid_from"])


def set_password(connection: Connection, person_id: str, password_hash: str | None) -> None:
    """Replace the password; None leaves the person without one."""
    connection.execute("UPDATE person SET password_hash = ? WHERE id = ?", (password_hash, person_id))


def end_sessions(connection: Connection, person_id: str, at: str) -> None:
    """Void every session of the person that was signed in before `at`."""
    connection.execute(
        "UPDATE person SET sessions_valid_from = ?, copied_session = 0 WHERE id = ?", (at, person_id)
    )


def mark_copied(connection: Connection, person_id: str) -> None:
    """Note that the person's only session is one that a copied link began, so that somebody else may have it."""
    connection.execute("UPDATE person SET copied_session = 1 WHERE id = ?", (person_id,))


def is_copied(connection: Connection, person_id: str) -> bool:
    """Whether the person's only session is one that a copied link began."""
    row = connection.execute("SELECT copied_session FROM person WHERE id = ?", (person_id,)).fetchone()
    return bool(row and row["copied_session"])


def end_copied(connection: Connection, person_id: str, at: str) -> None:
    """Void a session that a copied link began before `at`, if there is one: the person has come in in another way."""
    connection.execute(
        "UPDATE person SET sessions_valid_from = ?, copied_session = 0 WHERE id = ? AND copied_session = 1",
        (at, person_id),
    )


def failures(connection: Connection, mark: str) -> Failures | None:
    """The failed attempts under `mark`, or None."""
    row = connection.execute(
        "SELECT failures, last_at, locked_until FROM sign_in_failure WHERE email = ?", (mark,)
    ).fetchone()
    return Failures(row["failures"], row["last_at"], row["locked_until"]) if row else None


def set_failures(connection: Connection, mark: str, found: Failures) -> None:
    """Keep the failed attempts under `mark`."""
    connection.execute(
        """
        INSERT INTO sign_in_failure (email, failures, last_at, locked_until) VALUES (?, ?, ?, ?)
        ON CONFLICT (email) DO UPDATE SET
            failures = excluded.failures, last_at = excluded.last_at, locked_until = excluded.locked_until
        """,
        (mark, found.count, found.last_at, found.locked_until),
    )


def clear_failures(connection: Connection, mark: str) -> None:
    """Forget the failed attempts under `mark`."""
    connection.execute("DELETE FROM sign_in_failure WHERE email = ?", (mark,))


def clear_failures_before(connection: Connection, at: str) -> None:
    """Forget attempts older than `at`, so that guessed names do not fill the store."""
    connection.execute("DELETE FROM sign_in_failure WHERE last_at < ? AND locked_until < ?", (at, at))
