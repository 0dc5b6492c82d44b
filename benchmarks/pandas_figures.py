"""The figures of the dashboard, each whole, in pandas with a frame read from SQLite (`benchmarks/sqlite_sql.py: load`).

Each reads the columns that it needs, in parts so that no more than a part is there as Python's objects, and works on columns only.
What comes back is as from `benchmarks/hand_written_sql.py`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.sqlite_sql import DAY, NOW

_AT_ONCE = 500_000
_ACCEPTED, _REJECTED, _IMPLIED = 1, 2, 3
_MINUTE = 60_000_000
_TODAY = NOW // DAY

Rows = list[tuple[Any, ...]]


def _read(connection: Any, columns: Iterable[str], where: str = "", table: str = "episode") -> pd.DataFrame:
    """Columns of a table; numbers and times as floats, which hold microseconds since 1970 exactly."""
    text = f"SELECT {', '.join(columns)} FROM {table} {where}"
    parts = []
    for part in pd.read_sql_query(text, connection, chunksize=_AT_ONCE):
        # a part of nothing but blanks would have another type
        parts.append(part.apply(lambda column: column.astype("float64") if column.isna().all() else column))
    return pd.concat(parts, ignore_index=True)


def _handed_over(connection: Any, *columns: str) -> pd.DataFrame:
    """Who was handed over, with `source`, `handed_at` and these columns."""
    columns = tuple(dict.fromkeys(("source", "handed_at", *columns)))
    frame = _read(connection, columns, "WHERE handed_at IS NOT NULL")
    frame["source"] = frame["source"].fillna("(blank)")
    return frame


def _open_before(connection: Any, at: pd.Series) -> np.ndarray:
    """Open minutes of the calendar before instants that are all known."""
    days = pd.read_sql_query("SELECT * FROM calendar ORDER BY day", connection)
    instants = at.to_numpy().astype("int64")
    number = instants // DAY - int(days["day"].iloc[0])
    within = np.clip(instants // _MINUTE % 1440 - 540, 0, 480)
    return days["before"].to_numpy()[number] + within * days["is_open"].to_numpy()[number]


def _open_before_now(connection: Any) -> int:
    return int(pd.read_sql_query(f"SELECT before FROM calendar WHERE day = {_TODAY}", connection).iloc[0, 0])


def _by(frame: pd.DataFrame, key: str, **parts: Any) -> Rows:
    """How many of each group are each of some things."""
    table = pd.DataFrame(parts, index=frame.index).groupby(frame[key]).sum()
    return [(name, *map(int, row)) for name, *row in table.itertuples()]


def _volume_mql(connection: Any) -> Rows:
    frame = _handed_over(connection, "mql_at")
    told = _by(frame, "source", n=True, imputed=frame["mql_at"].isna())
    return [(name, n, n, 0, imputed) for name, n, imputed in told]


def _volume_won(connection: Any) -> Rows:
    frame = _read(connection, ("source", "won_at"), "WHERE won_at IS NOT NULL")
    frame["source"] = frame["source"].fillna("(blank)")
    return [(name, n, n, 0, 0) for name, n in _by(frame, "source", n=True)]


def _conversion(connection: Any) -> Rows:
    days = [f"{name}_{part}" for name in ("handed", "won") for part in ("at", "day", "day_only")]
    frame = _handed_over(connection, "mql_at", *days)
    handed, won = frame["handed_at"], frame["won_at"]
    by_day = (frame["handed_day_only"].fillna(0) > 0) | (frame["won_day_only"].fillna(0) > 0)
    reached = np.where(by_day, frame["won_day"] - frame["handed_day"] <= 90, won <= handed + 90 * DAY)
    mature = np.where(by_day, frame["handed_day"] <= _TODAY - 90, handed <= NOW - 90 * DAY)
    unusual = frame["mql_at"].isna() | (won < handed)
    parts = {"hit": mature & reached, "n": mature, "young": ~mature, "unusual": mature & unusual}
    return _by(frame, "source", **parts)


def _acceptance(connection: Any) -> Rows:
    frame = _handed_over(connection, "decision")
    decision = frame["decision"]
    parts = {"hit": decision.isin((_ACCEPTED, _IMPLIED)), "n": decision > 0, "open": decision == 0}
    return _by(frame, "source", **parts, implied=decision == _IMPLIED)


def _win_rate(connection: Any) -> Rows:
    columns = ("source", "won_at", "lost_at")
    frame = _read(connection, columns, "WHERE won_at IS NOT NULL OR lost_at IS NOT NULL")
    frame["source"] = frame["source"].fillna("(blank)")
    won = frame["won_at"].notna() & (frame["lost_at"].isna() | (frame["won_at"] >= frame["lost_at"]))
    return [(name, hit, n, 0, 0) for name, hit, n in _by(frame, "source", hit=won, n=True)]


def _silent(connection: Any) -> Rows:
    frame = _handed_over(connection, "decision", "decided_at")
    started = _open_before(connection, frame["handed_at"])
    due = _open_before_now(connection) - started >= 2880
    decided = (frame["decision"] > 0).to_numpy()
    took = np.zeros(len(frame))
    took[decided] = _open_before(connection, frame["decided_at"][decided]) - started[decided]
    parts = {
        "hit": due & ~decided,
        "n": due,
        "young": ~due,
        "unusual": due & ((frame["decision"] == _IMPLIED) | (took > 2880)),
    }
    return _by(frame, "source", **parts)


def _called(connection: Any) -> pd.DataFrame:
    """Who was handed over, with `answered`, `early` and `minutes`."""
    frame = _handed_over(connection, "attempted_at", "rejected_at", "lost_at", "until_at")
    attempted = frame["attempted_at"]
    closed = frame[["rejected_at", "lost_at", "until_at"]].min(axis=1)
    ended = attempted.fillna(closed).fillna(NOW)
    minutes = _open_before(connection, ended) - _open_before(connection, frame["handed_at"])
    return pd.DataFrame(
        {
            "source": frame["source"],
            "answered": attempted.notna(),
            "early": attempted < frame["handed_at"],
            "minutes": np.maximum(minutes, 0),
        }
    )


def _followed_up(connection: Any) -> Rows:
    frame = _called(connection)
    in_time, answered = frame["minutes"] <= 60, frame["answered"]
    counts = answered | ~in_time
    parts = {"hit": answered & in_time, "n": counts, "waits": ~counts, "early": counts & frame["early"]}
    return _by(frame, "source", **parts)


def _reasons(connection: Any) -> Rows:
    frame = _handed_over(connection, "decision", "reason")
    decision = frame["decision"]
    frame["why"] = frame["reason"].fillna("(none)").where(decision == _REJECTED, "")
    return _by(frame, "why", n=decision > 0, undecided=decision == 0)


def _speed(connection: Any) -> Rows:
    frame = _called(connection)
    minutes = frame["minutes"]
    frame["minutes"] = minutes.where(minutes <= 10_000, minutes // 60 * 60)
    groups = frame.assign(n=1).groupby(["source", "minutes"])[["n", "answered", "early"]].sum()
    told = [_quantiles(None, groups.groupby("minutes").sum())]
    return told + [_quantiles(name, part.droplevel(0)) for name, part in groups.groupby("source")]


def _quantiles(source: str | None, each: pd.DataFrame) -> tuple[Any, ...]:
    """Median and 90th percentile by Kaplan and Meier, from counts by minutes in their order."""
    at_risk = each["n"][::-1].cumsum()[::-1]
    waiting = (1 - each["answered"] / at_risk).cumprod()
    found = [next(iter(waiting.index[waiting <= left + 1e-12]), None) for left in (0.5, 0.1)]
    sums = each[["answered", "n", "early"]].sum()
    return (source, *(None if minute is None else int(minute) for minute in found), *map(int, sums))


def backtest(connection: Any) -> Rows:
    """What a rule of five conditions says, as `hand_written_sql.BACKTEST` tells it."""
    fields = ("employees", "country", "job_level", "industry", "company_size")
    lead = _read(connection, (*fields, "won", "lost", "worked"), table="lead")
    won, lost, worked = (lead[name] > 0 for name in ("won", "lost", "worked"))
    conditions = [
        lead["employees"] >= 50,
        lead["country"].isin(("DE", "FR", "US")),
        lead["job_level"].isin(("c-level", "vp", "manager")),
        lead["industry"] != "retail",
        lead["company_size"] != "small",
    ]
    known = [lead[name].notna() for name in fields]
    # one that fails decides, whatever else is unknown
    fails = np.logical_or.reduce([~holds & told for holds, told in zip(conditions, known, strict=True)])
    passes = np.where(fails, 0, np.where(np.logical_and.reduce(known), 1, -1))
    apart = pd.DataFrame({"passes": passes, "won": won, "lost": lost})
    counted = pd.DataFrame({"n": 1, "unworked": ~worked, **dict(zip(fields, known, strict=True))})
    table = counted.groupby([apart[name] for name in apart.columns]).sum()
    return [
        (None if key[0] < 0 else bool(key[0]), bool(key[1]), bool(key[2]), *map(int, row))
        for key, row in zip(table.index, table.itertuples(index=False), strict=True)
    ]


FIGURES: dict[str, Callable[[Any], Rows]] = {
    "volume:mql": _volume_mql,
    "volume:won": _volume_won,
    "conversion:mql:won": _conversion,
    "acceptance_rate:mql:sal": _acceptance,
    "win_rate:won": _win_rate,
    "silent_rejections:mql": _silent,
    "followed_up_in_time:mql": _followed_up,
    "rejection_reason": _reasons,
    "speed_to_lead": _speed,
}
"""By the key of the measure."""
