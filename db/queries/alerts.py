"""Alerts of promises: which promises have them, and which went out."""

from dataclasses import dataclass

from db.store import Connection


@dataclass(frozen=True)
class AlertSetting:
    """Whether a promise alerts, how many minutes before it is due, and since when (instant; None while it never did)."""

    promise_key: str
    active: bool
    minutes_before: int
    since: str | None


def settings(connection: Connection) -> dict[str, AlertSetting]:
    """The setting of every promise, by its key."""
    rows = connection.execute("SELECT key, alerts, alert_before, alerts_since FROM promise").fetchall()
    return {
        row["key"]: AlertSetting(row["key"], bool(row["alerts"]), row["alert_before"], row["alerts_since"])
        for row in rows
    }


def put_setting(connection: Connection, setting: AlertSetting) -> None:
    """Keep the setting of a promise."""
    connection.execute(
        "UPDATE promise SET alerts = ?, alert_before = ?, alerts_since = ? WHERE key = ?",
        (int(setting.active), setting.minutes_before, setting.since, setting.promise_key),
    )


def claim(connection: Connection, key: str, lead_id: str, episode: int, moment: str, at: str) -> bool:
    """Note that an alert goes out; False when it already did, whoever sent it."""
    return bool(
        connection.execute(
            """
            INSERT INTO promise_alert (promise_key, lead_id, episode, moment, at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            (key, lead_id, episode, moment, at),
        ).rowcount
    )


def sent(connection: Connection, key: str, moment: str, lead_ids: list[str]) -> set[tuple[str, int]]:
    """Of these leads, the episodes for which the alert has gone out."""
    found: set[tuple[str, int]] = set()
    for start in range(0, len(lead_ids), 500):
        some = lead_ids[start : start + 500]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(
            f"SELECT lead_id, episode FROM promise_alert WHERE promise_key = ? AND moment = ? AND lead_id IN ({marks})",
            (key, moment, *some),
        ).fetchall()
        found |= {(row["lead_id"], row["episode"]) for row in rows}
    return found
