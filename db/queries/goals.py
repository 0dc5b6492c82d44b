"""Shared goals as the store holds them."""

from datetime import date

from alignment.goals import Agreement, Goal, GoalMeasure, Target
from alignment.people import Team
from db.keys import new_id
from db.store import Connection, Row


def add(
    connection: Connection,
    *,
    title: str,
    outcome: Target,
    marketing: Target,
    sales: Target,
    first_day: date,
    last_day: date,
    author_id: str,
    at: str,
) -> str:
    """Keep a proposed goal; returns its id."""
    goal_id = new_id()
    connection.execute(
        """
        INSERT INTO goal (id, title, measure, target, marketing_measure, marketing_target, sales_measure, sales_target,
                          first_day, last_day, author_id, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            goal_id,
            title,
            outcome.measure.value,
            outcome.amount,
            marketing.measure.value,
            marketing.amount,
            sales.measure.value,
            sales.amount,
            first_day.isoformat(),
            last_day.isoformat(),
            author_id,
            at,
        ),
    )
    return goal_id


def everything(connection: Connection) -> list[Goal]:
    """All goals, those that end last first."""
    agreed: dict[str, list[Agreement]] = {}
    for row in connection.execute("SELECT * FROM goal_agreement ORDER BY at").fetchall():
        agreed.setdefault(row["goal_id"], []).append(_agreement(row))
    rows = connection.execute("SELECT * FROM goal ORDER BY last_day DESC, first_day DESC, id DESC").fetchall()
    return [_goal(row, agreed.get(row["id"], [])) for row in rows]


def find(connection: Connection, goal_id: str) -> Goal | None:
    """One goal."""
    row = connection.execute("SELECT * FROM goal WHERE id = ?", (goal_id,)).fetchone()
    if row is None:
        return None
    agreed = connection.execute(
        "SELECT * FROM goal_agreement WHERE goal_id = ? ORDER BY at", (goal_id,)
    ).fetchall()
    return _goal(row, [_agreement(one) for one in agreed])


def agree(connection: Connection, goal_id: str, team: Team, person_id: str, at: str) -> None:
    """Keep the yes of a side; a second one of the same side changes nothing."""
    connection.execute(
        "INSERT INTO goal_agreement (goal_id, team, person_id, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (goal_id, team.value, person_id, at),
    )


def register(connection: Connection, goal_id: str, at: str, definition: str) -> None:
    """From now on the goal counts."""
    connection.execute(
        "UPDATE goal SET registered_at = ?, definition = ? WHERE id = ? AND registered_at IS NULL",
        (at, definition, goal_id),
    )


def withdraw(connection: Connection, goal_id: str, at: str, because: str) -> None:
    """Take a goal back."""
    connection.execute(
        "UPDATE goal SET withdrawn_at = ?, withdrawn_because = ? WHERE id = ?", (at, because, goal_id)
    )


def revision(connection: Connection) -> str:
    """A text that changes whenever a goal does."""
    row = connection.execute(
        "SELECT count(*) AS n, coalesce(max(coalesce(withdrawn_at, registered_at, created_at)), '') AS at FROM goal"
    ).fetchone()
    agreed = connection.execute("SELECT count(*) AS n FROM goal_agreement").fetchone()
    return f"{row['n']}/{agreed['n']}/{row['at']}"


def _agreement(row: Row) -> Agreement:
    return Agreement(Team(row["team"]), row["person_id"], row["at"])


def _goal(row: Row, agreements: list[Agreement]) -> Goal:
    def target(prefix: str) -> Target:
        return Target(GoalMeasure(row[f"{prefix}measure"]), row[f"{prefix}target"])

    return Goal(
        id=row["id"],
        title=row["title"],
        outcome=target(""),
        contributions={Team.MARKETING: target("marketing_"), Team.SALES: target("sales_")},
        first_day=date.fromisoformat(row["first_day"]),
        last_day=date.fromisoformat(row["last_day"]),
        author_id=row["author_id"],
        created_at=row["created_at"],
        registered_at=row["registered_at"],
        withdrawn_at=row["withdrawn_at"],
        withdrawn_because=row["withdrawn_because"],
        definition=row["definition"],
        agreements=tuple(agreements),
    )
