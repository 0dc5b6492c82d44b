"""The leads of a period without those of all years: what most figures are about is in a small part of the facts.

Only what the whole history tells (which stages are recorded, the time a conversion takes, since when outcomes are recorded)
looks at all episodes, and at few columns of them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import ibis

from alignment import instants
from alignment.lifecycle import Stage
from leads.closed_periods import start_of
from leads.metrics.conversion import truncation_between, window
from leads.metrics.population import MOST_KEPT, MOST_PARTS, Population, Profile
from leads.metrics.question import BLANK, OTHERS, GroupBy, MetricQuestion
from leads.store import Facts
from leads.truncation import Truncation

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


_TOLD_BY_EPISODES = (None, GroupBy.WEEK, GroupBy.MONTH, GroupBy.DEFINITION, "source")
"""Splits that need no more than the columns that are held."""


@dataclass
class RecentPopulation(Population):
    """Few episodes: they are held once for all runs, and what measures make of them is worked out in the query that asks for it."""

    since: str = ""
    """The instant from which on the episodes are recent, in the store's form."""

    def once(self, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
        """The table of that name; only the episodes themselves are held."""
        if name not in self.tables:
            self.tables[name] = self._held(make) if name == "episodes" else make()
        return self.tables[name]

    def _held(self, make: Callable[[], ibis.Table]) -> ibis.Table:
        question = self.question
        kind = (
            *(question.definitions, question.restate, question.only, question.exclude),
            None if question.by in _TOLD_BY_EPISODES else question.by,
            question.as_of if self.something_came_later else None,
        )
        held = self.facts.share(kind, self.since, lambda: _narrow(make()))
        if question.by in _TOLD_BY_EPISODES:
            held = held.mutate(part=super()._part(held))
        if question.by in _TOLD_BY_EPISODES[:-1]:
            return held
        counted = held.group_by("part").aggregate(n=held.count())
        counted = counted.order_by(counted.n.desc(), "part").limit(MOST_PARTS + 1)
        found = [row["part"] for row in self.facts.rows(counted)]
        if len(found) <= MOST_PARTS:
            return held
        return held.mutate(part=held.part.isin(found[:MOST_PARTS]).ifelse(held.part, OTHERS))

    def _part(self, table: ibis.Table) -> ibis.Value:
        return ibis.literal("") if self.question.by in _TOLD_BY_EPISODES else super()._part(table)

    def _most_frequent(self, table: ibis.Table, value: ibis.Value) -> ibis.Value:
        return value.coalesce(BLANK)  # which are the most frequent is told from what is held


def _narrow(table: ibis.Table) -> ibis.Table:
    return table.drop(*(_NOT_ASKED & set(table.columns)))


class _PassingPopulation(Population):
    """Episodes of which nothing is held: they are looked at once."""

    def once(self, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
        """The table of that name as an expression."""
        return make()


class _WonPopulation(_PassingPopulation):
    """The episodes that were won, of which few columns are held."""

    def once(self, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
        """The table of that name; the episodes are held."""
        if name != "episodes":
            return make()
        if name not in self.tables:
            table = make()
            columns = [f"{stage}_{what}" for stage in _MQL_TO_WON for what in ("at", "day", "day_only")]
            self.tables[name] = self.facts.keep(table.select(*columns, "test"))
        return self.tables[name]


class _Over(Facts):
    """The facts of a run with other episodes."""

    def __init__(self, facts: Facts, episode: ibis.Table) -> None:
        vars(self).update(vars(facts))
        self.whole = facts
        self._episode = episode

    @property
    def episode(self) -> ibis.Table:
        """The episodes instead of those of the facts."""
        return self._episode

    def keep(self, expression: ibis.Table) -> ibis.Table:
        """The rows of an expression as a table of this run, among the others of its facts."""
        return self.whole.keep(expression)


@dataclass(frozen=True)
class _Conversions:
    """The windows of conversions, and since when their outcomes are recorded."""

    windows: Mapping[tuple[Stage, Stage], int | None]
    truncations: Mapping[tuple[Stage, Stage], Truncation | None]


class _Records:
    """What all episodes of a version tell as of an instant: the populations that were asked, without their facts, the latest few."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._kept: OrderedDict[Hashable, _Record] = OrderedDict()

    def get(self, facts: Facts, question: MetricQuestion, imported_at: str | None) -> "_Record":
        found = self._known(facts, question, imported_at)
        if found is not None:
            return found
        with self._looking:  # who asks meanwhile waits, and finds what was looked up
            found = self._known(facts, question, imported_at)
            if found is not None:
                return found
            whole = Population(facts, question, imported_at)
            found = _Record(whole.profile, whole._span, facts.value(facts.episode.count()))
            with self._lock:
                # where nothing is of a later time, it is the same as of all later instants
                later = (question.as_of,) if found.was_later_than(question.as_of) else ()
                self._kept[facts.revision, imported_at, *later] = found
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            return found

    def _known(self, facts: Facts, question: MetricQuestion, imported_at: str | None) -> "_Record | None":
        with self._lock:
            found = self._kept.get((facts.revision, imported_at, question.as_of))
            if found is None and (newest := self._kept.get((facts.revision, imported_at))) is not None:
                found = None if newest.was_later_than(question.as_of) else newest
            return found


@dataclass(frozen=True)
class _Record:
    """The profile and the span of times of all episodes, how many there are, and what their conversions tell, by what was asked."""

    profile: Profile
    span: tuple[datetime | None, datetime | None]
    episodes: int
    conversions: dict[Hashable, _Conversions] = field(default_factory=dict)

    def was_later_than(self, moment: datetime) -> bool:
        """Whether the facts hold anything from after an instant (aware)."""
        last = self.span[1]
        return last is not None and last > moment.astimezone(UTC).replace(tzinfo=None)

    def tell(self, population: Population) -> None:
        """Spare a population of some of the episodes from looking at all."""
        population.profile, population._span = self.profile, self.span


_records = _Records(8)


def recent_population(
    facts: Facts, question: MetricQuestion, imported_at: str | None, since: date | None
) -> Population:
    """The episodes in which anything happened since a day (or three days before it); all where it is None.

    Every figure of a question whose period begins on that day or later is the same as from all episodes, those of
    conversions once they are noted (`note_conversions`).
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
    over = _Over(facts, rows)
    recent = Population(over, question, imported_at)
    if few:
        reaching_to = instants.day_start(since - _SLACK, question.timezone)
        recent = RecentPopulation(over, question, imported_at, since=reaching_to)
    record.tell(recent)
    return recent


def note_conversions(population: Population) -> None:
    """Note in a population of recent leads what all conversions from MQL to won tell.

    That is the time they take, and since when they are recorded; nothing where the population is of all leads.
    """
    if not isinstance(population.facts, _Over):
        return
    profile, question = population.profile, population.question
    if not profile.entered[Stage.MQL] or not profile.entered[Stage.WON]:
        return
    facts = population.facts.whole
    record = _records.get(facts, question, population.imported_at)
    as_of = question.as_of if record.was_later_than(question.as_of) else None
    key = (question.window_days, question.only, question.exclude, as_of)
    found = record.conversions.get(key)
    if found is None:
        found = record.conversions[key] = _conversions(facts, question, population.imported_at, record)
    population.windows.update(found.windows)
    population.truncations.update(found.truncations)


def _conversions(
    facts: Facts, question: MetricQuestion, imported_at: str | None, record: _Record
) -> _Conversions:
    # these need neither the values nor the fields by which the question splits and judges
    episode = facts.episode
    bare = episode.mutate(
        **{name: ibis.null().cast(kind) for name, kind in _MONEY.items() if name not in episode.columns}
    )
    asked = replace(question, by=None, definitions=(), restate=None)
    won = _WonPopulation(_Over(facts, bare.filter(bare.won_at.notnull())), asked, imported_at)
    record.tell(won)
    window(won, *_MQL_TO_WON)
    table = won.genuine
    days = (table.won_at.epoch_seconds() - table.mql_at.epoch_seconds()) / 86_400.0
    row = facts.rows(table.aggregate(first=table.won_at.min(), lag=days.quantile(0.5, where=days >= 0)))[0]
    truncation = None
    if row["lag"] is not None and _some_were_early(record.profile.earliest, row["first"], row["lag"]):
        history = _PassingPopulation(_Over(facts, bare), asked, imported_at)
        record.tell(history)
        truncation = truncation_between(history, *_MQL_TO_WON)
    return _Conversions(won.windows, {_MQL_TO_WON: truncation})


def _some_were_early(since: datetime | None, first: datetime, lag: float) -> bool:
    """Whether any lead was early enough for the median lag, in days, to have passed before the first outcome.

    Else nothing was to be expected before it, and its record does not start late.
    """
    return since is not None and since.replace(microsecond=0) + timedelta(days=lag) < first
