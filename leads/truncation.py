"""Outcomes that are recorded only from some day on, so that earlier leads look as if nothing had come of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis

from alignment.lifecycle import Stage
from leads.lean import lean
from leads.store import Facts

EXPECTED_AT_LEAST = 5.0


@dataclass(frozen=True)
class Truncation:
    """Outcomes are known from `first` on; `leads_before` leads, from `since` on, entered before that."""

    first: datetime
    since: datetime
    leads_before: int


def first_recorded(facts: Facts, episode: ibis.Table, start: Stage, end: Stage) -> Truncation | None:
    """Whether the record of `end` starts late against that of `start`; None if not.

    Had conversion before the first recorded `end` been as it was after, some would have been seen: of the leads
    early enough for the median lag to have passed, half of the later rate. If five or more were to be expected and
    none is there (a chance below 1 % by Poisson), the record is taken to start late.
    """
    return first_recorded_of_each(facts, episode, [(start, end)])[start, end]


def first_recorded_of_each(
    facts: Facts, episode: ibis.Table, pairs: Collection[tuple[Stage, Stage]]
) -> dict[tuple[Stage, Stage], Truncation | None]:
    """`first_recorded` of several pairs of stages, as many as can be in one look at the episodes."""
    found: dict[tuple[Stage, Stage], Truncation | None] = dict.fromkeys(pairs)
    stages = sorted({stage for pair in pairs for stage in pair})
    first = _told(facts, episode, {stage.value: episode[f"{stage}_at"].min() for stage in stages})
    gaps = {
        (start, end): _whole_seconds(first[end]) - _whole_seconds(first[start])
        for start, end in pairs
        if first[start] is not None and first[end] is not None
    }
    # before the first outcome there was nobody whose time had passed, where as much as that took most of them longer
    counts: dict[str, ibis.Value] = {}
    for number, ((start, end), gap) in enumerate(gaps.items()):
        lag = _seconds_between(episode, start, end)
        counts |= {
            f"took_{number}": episode.count(where=lag >= 0),
            f"longer_{number}": episode.count(where=lag > max(gap, 0)),
        }
    told = _told(facts, episode, counts) if counts else {}
    for number, ((start, end), gap) in enumerate(gaps.items()):
        took, longer = told[f"took_{number}"], told[f"longer_{number}"]
        if took and gap > 0 and 2 * longer <= took:
            found[start, end] = _looked_at(facts, episode, start, end)
    return found


def _looked_at(facts: Facts, episode: ibis.Table, start: Stage, end: Stage) -> Truncation | None:
    begun, ended = episode[f"{start}_at"], episode[f"{end}_at"]
    days = _seconds_between(episode, start, end) / 86_400.0
    basic = _told(
        facts,
        episode,
        {"first": ended.min(), "since": begun.min(), "lag": days.quantile(0.5, where=days >= 0)},
    )
    first = ibis.literal(basic["first"]).cast("timestamp(6)")
    early = begun.epoch_seconds() + basic["lag"] * 86_400.0 < first.epoch_seconds()
    counted = _told(
        facts,
        episode,
        {
            "before": episode.count(where=begun < first),
            "early": episode.count(where=early),
            "after": episode.count(where=begun >= first),
            "reached": episode.count(where=(begun >= first) & ended.notnull()),
        },
    )
    if not counted["after"]:
        return None
    expected = counted["early"] * counted["reached"] / counted["after"] / 2
    if expected < EXPECTED_AT_LEAST:
        return None
    return Truncation(basic["first"], basic["since"], counted["before"])


def _told(facts: Facts, episode: ibis.Table, values: dict[str, ibis.Value]) -> dict[str, Any]:
    """Some figures of all episodes, by name."""
    return facts.rows(lean(episode.aggregate(**values)))[0]


def _seconds_between(episode: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    return episode[f"{end}_at"].epoch_seconds() - episode[f"{start}_at"].epoch_seconds()


def _whole_seconds(at: datetime) -> int:
    """Seconds since 1970, as the engine counts them."""
    return int(at.replace(tzinfo=UTC).timestamp() // 1)
