"""Outcomes that are recorded only from some day on, so that earlier leads look as if nothing had come of them."""

from dataclasses import dataclass
from datetime import datetime

import ibis

from alignment.lifecycle import Stage
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
    begun, ended = episode[f"{start}_at"], episode[f"{end}_at"]
    days = (ended.epoch_seconds() - begun.epoch_seconds()) / 86_400.0
    basic = facts.rows(
        episode.aggregate(first=ended.min(), since=begun.min(), lag=days.quantile(0.5, where=days >= 0))
    )[0]
    if basic["first"] is None or basic["since"] is None or basic["lag"] is None:
        return None
    first = ibis.literal(basic["first"]).cast("timestamp(6)")
    early = begun.epoch_seconds() + basic["lag"] * 86_400.0 < first.epoch_seconds()
    counted = facts.rows(
        episode.aggregate(
            before=(begun < first).sum().coalesce(0),
            early=early.sum().coalesce(0),
            after=(begun >= first).sum().coalesce(0),
            reached=((begun >= first) & ended.notnull()).sum().coalesce(0),
        )
    )[0]
    if not counted["after"]:
        return None
    expected = counted["early"] * counted["reached"] / counted["after"] / 2
    if expected < EXPECTED_AT_LEAST:
        return None
    return Truncation(basic["first"], basic["since"], counted["before"])
