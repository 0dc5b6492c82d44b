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
_LATER = ("sal_at", "sql_at", "opportunity_at", "won_at")
_STAGES = ("mql", "sal", "sql", "opportunity", "won")
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


def _first(frame: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """The first of some columns that is known."""
    first, *others = names
    found = frame[first]
    for name in others:
        found = found.fillna(frame[name])
    return found


def _handed_over(connection: Any, *columns: str) -> pd.DataFrame:
    """Who was handed over, with `source`, `mql` and these columns."""
    frame = _read(connection, dict.fromkeys(("source", "mql_at", *_LATER, *columns)))
    frame["mql"] = _first(frame, ("mql_at", *_LATER))
    frame["source"] = frame["source"].fillna("(blank)")
    return frame[frame["mql"].notna()]


def _decisions(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with `decided`, `implied` and `accepted`."""
    accepted, rejected = frame["accepted_at"], frame["rejected_at"]
    told = accepted.notna() | rejected.notna()
    implied = ~told & frame[list(_LATER)].notna().any(axis=1)
    first = accepted.notna() & (rejected.isna() | (accepted <= rejected))
    return frame.assign(decided=told | implied, implied=implied, accepted=first | implied)


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
    frame = _handed_over(connection)
    told = _by(frame, "source", n=True, imputed=frame["mql_at"].isna())
    return [(name, n, n, 0, imputed) for name, n, imputed in told]


def _volume_won(connection: Any) -> Rows:
    frame = _read(connection, ("source", "won_at"), "WHERE won_at IS NOT NULL")
    frame["source"] = frame["source"].fillna("(blank)")
    return [(name, n, n, 0, 0) for name, n in _by(frame, "source", n=True)]


def _conversion(connection: Any) -> Rows:
    days = [f"{stage}_{part}" for stage in _STAGES for part in ("day", "day_only")]
    frame = _handed_over(connection, *days)
    of_mql = {
        part: np.select(
            [frame[f"{stage}_at"].notna() for stage in _STAGES[:-1]],
            [frame[f"{stage}_{part}"].astype("float64") for stage in _STAGES[:-1]],
            frame[f"won_{part}"].astype("float64"),
        )
        for part in ("day", "day_only")
    }
    mql, won = frame["mql"], frame["won_at"]
    by_day = (np.nan_to_num(of_mql["day_only"]) > 0) | (frame["won_day_only"].fillna(0) > 0)
    reached = np.where(by_day, frame["won_day"] - of_mql["day"] <= 90, won <= mql + 90 * DAY)
    mature = np.where(by_day, of_mql["day"] <= _TODAY - 90, mql <= NOW - 90 * DAY)
    unusual = frame["mql_at"].isna() | (won < mql)
    parts = {"hit": mature & reached, "n": mature, "young": ~mature, "unusual": mature & unusual}
    return _by(frame, "source", **parts)


def _acceptance(connection: Any) -> Rows:
    frame = _decisions(_handed_over(connection, "accepted_at", "rejected_at"))
    decided = frame["decided"]
    parts = {"hit": frame["accepted"] & decided, "n": decided, "open": ~decided, "implied": frame["implied"]}
    return _by(frame, "source", **parts)


def _win_rate(connection: Any) -> Rows:
    columns = ("source", "won_at", "lost_at")
    frame = _read(connection, columns, "WHERE won_at IS NOT NULL OR lost_at IS NOT NULL")
    frame["source"] = frame["source"].fillna("(blank)")
    won = frame["won_at"].notna() & (frame["lost_at"].isna() | (frame["won_at"] >= frame["lost_at"]))
    return [(name, hit, n, 0, 0) for name, hit, n in _by(frame, "source", hit=won, n=True)]


def _silent(connection: Any) -> Rows:
    frame = _decisions(_handed_over(connection, "accepted_at", "rejected_at"))
    started = _open_before(connection, frame["mql"])
    due = _open_before_now(connection) - started >= 2880
    told = frame[["accepted_at", "rejected_at"]].min(axis=1)
    decided_at = told.where(~frame["implied"], frame[list(_LATER)].min(axis=1))
    decided = frame["decided"].to_numpy()
    took = np.zeros(len(frame))
    took[decided] = _open_before(connection, decided_at[decided]) - started[decided]
    parts = {
        "hit": due & ~decided,
        "n": due,
        "young": ~due,
        "unusual": due & (frame["implied"] | (took > 2880)),
    }
    return _by(frame, "source", **parts)


def _called(connection: Any) -> pd.DataFrame:
    """Who was handed over, with `answered`, `early` and `minutes`."""
    frame = _handed_over(connection, "attempted_at", "rejected_at", "lost_at", "until_at")
    attempted = frame["attempted_at"]
    closed = frame[["rejected_at", "lost_at", "until_at"]].min(axis=1)
    ended = attempted.fillna(closed).fillna(NOW)
    minutes = _open_before(connection, ended) - _open_before(connection, frame["mql"])
    return pd.DataFrame(
        {
            "source": frame["source"],
            "answered": attempted.notna(),
            "early": attempted < frame["mql"],
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
    frame = _decisions(_handed_over(connection, "accepted_at", "rejected_at", "reason"))
    rejected = frame["decided"] & ~frame["accepted"]
    frame["why"] = frame["reason"].fillna("(none)").where(rejected, "")
    return _by(frame, "why", n=frame["decided"], undecided=~frame["decided"])


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
    later = ("sal", "sql", "opportunity", "won", "lost")
    sets: dict[str, list[np.ndarray]] = {"won": [], "lost": [], "worked": []}
    text = "SELECT lead_id, type, stage FROM lead_event"
    for part in pd.read_sql_query(text, connection, chunksize=_AT_ONCE):
        entered = part["type"] == "entered_stage"
        is_later = entered & part["stage"].isin(later)
        happened = {
            "won": entered & (part["stage"] == "won"),
            "lost": entered & (part["stage"] == "lost"),
            "worked": is_later | ~(entered | (part["type"] == "assigned")),
        }
        for name, which in happened.items():
            sets[name].append(part["lead_id"][which].unique())
    fields = ("employees", "country", "job_level", "industry", "company_size")
    lead = _read(connection, ("lead_id", *fields), table="lead")
    won, lost, worked = (lead["lead_id"].isin(np.unique(np.concatenate(found))) for found in sets.values())
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
    apart = pd.DataFrame({"passes": passes, "won": won, "lost": lost & ~won})
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
