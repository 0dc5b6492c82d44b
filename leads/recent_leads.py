"""The leads of a period without those of all years: what most figures are about is in a small part of the facts.

Only what the whole history tells (which stages are recorded, the time a conversion takes, since when outcomes are recorded)
looks at all episodes, and at few columns of them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import ibis

from alignment.lifecycle import Stage
from leads.closed_periods import start_of
from leads.metrics.conversion import truncation_between, window
from leads.metrics.population import MOST_KEPT, MOST_PARTS, Population, Profile
from leads.metrics.question import BLANK, OTHERS, GroupBy, MetricQuestion
from leads.store import Facts

_MONEY = {"value": "float64", "currency": "string"}
_SLACK = timedelta(days=3)
"""Days of a source and days of the company may be different ones, and a day begins at other instants in other zones."""
_NOT_ASKED = frozenset(
    {
        f"{stage}_{what}"
        for stage in (Stage.LEAD, Stage.SAL, Stage.SQL)
        for what in ("day", "day_only", "imputed")
    }
    | {
        "campaign",
        "content",
        "owner",
        "assigned_to",
        "last",
        "lost_day",
        "lost_day_only",
        "opportunity_imputed",
    }
)
"""Columns of episodes that no measure of a period looks at once the split is made."""
_MQL_TO_WON = (Stage.MQL, Stage.WON)


class RecentPopulation(Population):
    """Few episodes: they are held once, and what measures make of them is worked out in the query that asks for it."""

    def once(self, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
        """The table of that name; only the episodes themselves are held."""
        if name not in self.tables:
            table = make()
            self.tables[name] = self._hold(table) if name == "episodes" else table
        return self.tables[name]

    def _hold(self, table: ibis.Table) -> ibis.Table:
        held = self.facts.keep(table.drop(*(_NOT_ASKED & set(table.columns))))
        by = self.question.by
        if by is None or by in (GroupBy.WEEK, GroupBy.MONTH, GroupBy.DEFINITION):
            return held
        counted = held.group_by("part").aggregate(n=held.count())
        counted = counted.order_by(counted.n.desc(), "part").limit(MOST_PARTS + 1)
        found = [row["part"] for row in self.facts.rows(counted)]
        if len(found) <= MOST_PARTS:
            return held
        return held.mutate(part=held.part.isin(found[:MOST_PARTS]).ifelse(held.part, OTHERS))

    def _most_frequent(self, table: ibis.Table, value: ibis.Value) -> ibis.Value:
        return value.coalesce(BLANK)  # which are the most frequent is told from what is held


class _PassingPopulation(Population):
    """Episodes of which nothing is held: they are looked at once."""

    def once(self, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
        """The table of that name as an expression."""
        return make()


class _Over(Facts):
    """The facts of a run with other episodes."""

    def __init__(self, facts: Facts, episode: ibis.Table) -> None:
        vars(self).update(vars(facts))
        self._facts = facts
        self._episode = episode

    @property
    def episode(self) -> ibis.Table:
        """The episodes instead of those of the facts."""
        return self._episode

    def keep(self, expression: ibis.Table) -> ibis.Table:
        """The rows of an expression as a table of this run, among the others of its facts."""
        return self._facts.keep(expression)


class _Records:
    """What all episodes of a version tell as of an instant: the populations that were asked, without their facts, the latest few."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Record] = OrderedDict()

    def get(self, facts: Facts, question: MetricQuestion, imported_at: str | None) -> "_Record":
        known_now, key = (facts.revision, imported_at), (facts.revision, imported_at, question.as_of)
        with self._lock:
            found = self._kept.get(key)
            if found is None and (newest := self._kept.get(known_now)) is not None:
                found = None if newest.was_later_than(question.as_of) else newest
        if found is None:
            whole = Population(facts, question, imported_at)
            found = _Record(whole.profile, whole._span, facts.value(facts.episode.count()))
            with self._lock:
                # where nothing is of a later time, it is the same as of all later instants
                self._kept[key if found.was_later_than(question.as_of) else known_now] = found
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return found


@dataclass(frozen=True)
class _Record:
    """The profile and the span of times of all episodes, and how many there are."""

    profile: Profile
    span: tuple[datetime | None, datetime | None]
    episodes: int

    def was_later_than(self, moment: datetime) -> bool:
        """Whether the facts hold anything from after an instant (aware)."""
        last = self.span[1]
        return last is not None and last > moment.astimezone(UTC).replace(tzinfo=None)

    def tell(self, population: Population) -> None:
        """Spare a population of some of the episodes from looking at all."""
        population.profile, population._span = self.profile, self.span


_records = _Records(8)


def recent_population(
    facts: Facts,
    question: MetricQuestion,
    imported_at: str | None,
    since: date | None,
    *,
    conversions: bool = False,
) -> Population:
    """The episodes in which anything happened since a day (or three days before it); all where it is None.

    Every figure of a question whose period begins on that day or later is the same as from all episodes. `conversions` says
    whether those from MQL to won are asked for, which all that were won tell of.
    """
    if since is None:
        return Population(facts, question, imported_at)
    record = _records.get(facts, question, imported_at)
    from_instant = start_of(since - _SLACK, question.timezone)
    episode = facts.episode
    times = [episode[f"{stage}_at"] for stage in Stage]
    others = (episode[name] for name in ("created_at", "assigned_at", "accepted_at", "rejected_at"))
    latest = ibis.greatest(*times, *others)
    rows = episode.filter(latest >= from_instant)
    few = record.episodes <= MOST_KEPT * 2 or facts.value(rows.count()) <= MOST_KEPT
    recent = (RecentPopulation if few else Population)(_Over(facts, rows), question, imported_at)
    record.tell(recent)
    if conversions:
        _look_at_conversions(facts, recent, record)
    return recent


def _look_at_conversions(facts: Facts, recent: Population, record: _Record) -> None:
    """Note what all conversions from MQL to won tell: the time they take, and since when they are recorded."""
    profile, question = recent.profile, recent.question
    if not profile.entered[Stage.MQL] or not profile.entered[Stage.WON]:
        return
    # these need neither the values nor the fields by which the question splits and judges
    episode = facts.episode
    bare = episode.mutate(
        **{name: ibis.null().cast(kind) for name, kind in _MONEY.items() if name not in episode.columns}
    )
    asked = replace(question, by=None, definitions=(), restate=None)
    won = _PassingPopulation(_Over(facts, bare.filter(bare.won_at.notnull())), asked, recent.imported_at)
    record.tell(won)
    window(won, *_MQL_TO_WON)
    recent.windows.update(won.windows)
    table = won.genuine
    days = (table.won_at.epoch_seconds() - table.mql_at.epoch_seconds()) / 86_400.0
    row = facts.rows(table.aggregate(first=table.won_at.min(), lag=days.quantile(0.5, where=days >= 0)))[0]
    recent.truncations[_MQL_TO_WON] = None
    if row["lag"] is None or not _some_were_early(profile.earliest, row["first"], row["lag"]):
        return
    history = _PassingPopulation(_Over(facts, bare), asked, recent.imported_at)
    record.tell(history)
    recent.truncations[_MQL_TO_WON] = truncation_between(history, *_MQL_TO_WON)


def _some_were_early(since: datetime | None, first: datetime, lag: float) -> bool:
    """Whether any lead was early enough for the median lag, in days, to have passed before the first outcome.

    Else nothing was to be expected before it, and its record does not start late.
    """
    return since is not None and since.replace(microsecond=0) + timedelta(days=lag) < first
