"""The lead episodes a question is about: as of its instant, gaps filled, judged by the definition in force.

Everything here is an expression; what it costs is paid when a measure is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt

from alignment import instants
from alignment.errors import InvalidInput
from alignment.lifecycle import ORDERED_STAGES, Stage
from alignment.rules import fields_of
from leads.episodes import Decision, tell
from leads.metrics.question import BLANK, NO_DEFINITION, OTHERS, GroupBy, MetricQuestion
from leads.model import column_of
from leads.rule_expressions import compile_rule
from leads.store import Facts
from leads.truncation import Truncation

MOST_KEPT = 1_000_000
MOST_COUNTED = 2_000_000
"""Rows up to which tables are held; more where figures are only counted, for then they say nothing of who it is."""
MOST_PARTS = 50
AS_OF = "as_of"
TEST = "test_or_internal"
_MONEY = ("value", "currency")
_NO_FIELD = (GroupBy.WEEK, GroupBy.MONTH, GroupBy.DEFINITION)
_WHO = ("lead_id", "source", "campaign", "content", "owner", "assigned_to", "last")
_OF_A_STAGE = ("at", "day", "day_only")
_OTHER_TIMES = ("assigned_at", "attempted_at", "contacted_at", "accepted_at", "rejected_at", "until_at")


@ibis.udf.scalar.builtin(name="timezone")
def wall_clock(zone: str, at: dt.Timestamp(timezone="UTC")) -> dt.timestamp:  # type: ignore[valid-type]
    """The engine's own: what the wall clock of an IANA zone shows at an instant."""


@ibis.udf.scalar.builtin(name="getvariable")
def told_instant(key: str) -> dt.timestamp:
    """The engine's own: the instant that a run was told under a name."""


@ibis.udf.scalar.builtin(name="getvariable")
def told_number(key: str) -> dt.int64:
    """The engine's own: the number that a run was told under a name."""


@ibis.udf.scalar.builtin(name="subtract")
def _day_less(later: dt.date, earlier: dt.date) -> dt.int64:
    """The engine's own: days between two days."""


@dataclass(frozen=True)
class Profile:
    """What the facts hold up to the instant asked for: how often each stage was entered, and from when on."""

    entered: dict[Stage, int]
    decided: int
    attempted: int
    contacted: int
    earliest: datetime | None
    undated_outcomes: int


@dataclass
class Population:
    """The episodes of a question over one version of the facts."""

    facts: Facts
    question: MetricQuestion
    imported_at: str | None = None
    tables: dict[str, ibis.Table] = field(default_factory=dict)
    windows: dict[tuple[Stage, Stage], int | None] = field(default_factory=dict)
    truncations: dict[tuple[Stage, Stage], Truncation | None] = field(default_factory=dict)
    chosen: dict[str, str | None] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    holds: bool = False
    """Whether episodes that take a look at the leads are held for the run, for many figures; they say nothing of who it is then."""
    lasting: bool = False
    """Whether its expressions are for later instants of the same day too: then each run is told the instant as `AS_OF`."""

    @cached_property
    def as_of(self) -> ibis.Value:
        """The instant asked for."""
        return told_instant(AS_OF) if self.lasting else instant(self.question.as_of)

    def days_ago(self, days: int) -> ibis.Value:
        """The instant so many times 24 hours before the one asked for."""
        if self.lasting:
            return self.as_of - ibis.interval(days=days)
        return instant(self.question.as_of.astimezone(UTC) - timedelta(days=days))

    @cached_property
    def today(self) -> date:
        """The calendar day of the instant asked for."""
        return self.question.as_of.astimezone(ZoneInfo(self.question.timezone)).date()

    @cached_property
    def recorded(self) -> ibis.Table:
        """The episodes as they stood then: what came later is not yet there."""
        episode = self.facts.episode
        times = [f"{stage}_at" for stage in Stage] + list(_OTHER_TIMES)
        if not self.something_came_later:
            return episode  # which after the first begins with an entry to MQL
        known = {name: (episode[name] <= self.as_of).ifelse(episode[name], ibis.null()) for name in times}
        for stage in Stage:
            happened = episode[f"{stage}_at"] <= self.as_of
            known[f"{stage}_day"] = happened.ifelse(episode[f"{stage}_day"], ibis.null())
            known[f"{stage}_day_only"] = happened & episode[f"{stage}_day_only"]
        begun = known["mql_at"].notnull() | (episode.number == 1)
        return tell(episode.mutate(**known).filter(begun))

    @cached_property
    def _span(self) -> tuple[datetime | None, datetime | None]:
        """The earliest and the latest time that the facts hold; the engine knows both without looking at rows."""
        episode = self.facts.episode
        times = [f"{stage}_at" for stage in Stage] + list(_OTHER_TIMES)
        bounds = {f"first_{name}": episode[name].min() for name in (*times, "created_at")}
        bounds |= {f"last_{name}": episode[name].max() for name in times}
        found = self.facts.rows(episode.aggregate(**bounds))[0]
        first = [at for name, at in found.items() if name.startswith("first_") and at is not None]
        last = [at for name, at in found.items() if name.startswith("last_") and at is not None]
        return min(first, default=None), max(last, default=None)

    @cached_property
    def something_came_later(self) -> bool:
        """Whether the facts hold anything from after the instant asked for, which of 'now' is seldom."""
        last = self._span[1]
        return last is not None and last > self.question.as_of.astimezone(UTC).replace(tzinfo=None)

    @cached_property
    def profile(self) -> Profile:
        """What there is to compute with; one small query."""
        table = self.recorded
        earliest = {}
        if self.something_came_later:
            # least and greatest pass over nulls, as DuckDB and PostgreSQL do
            known = [*(table[f"{stage}_at"] for stage in Stage), *(table[name] for name in _OTHER_TIMES)]
            earliest["earliest"] = ibis.least(*known, table.created_at).min()
        event = self.facts.event
        row = self.facts.rows(
            table.aggregate(
                **{stage.value: table[f"{stage}_at"].count() for stage in Stage},
                decided=table.decision.isin([int(Decision.ACCEPTED), int(Decision.REJECTED)])
                .sum()
                .coalesce(0),
                attempted=table.attempted_at.count(),
                contacted=table.contacted_at.count(),
                **earliest,
            )
        )[0]
        return Profile(
            entered={stage: row[stage.value] for stage in Stage},
            decided=row["decided"],
            attempted=row["attempted"],
            contacted=row["contacted"],
            earliest=row["earliest"] if earliest else self._span[0],
            undated_outcomes=self.facts.value(event["at"].isnull().sum().coalesce(0)),
        )

    @cached_property
    def episodes(self) -> ibis.Table:
        """One row per episode, with what `recorded` has and:

        times of skipped stages filled with the next later one (`<stage>_imputed` says so; a stage that is recorded
        nowhere is not filled in, nor lead in an episode after the first); `definition`, the label that applies at its MQL; `verdict`, true, false or null;
        `test`, whether the agreed filter takes it for a test or an internal lead; and `part`, the group it belongs to.
        """
        table = self.recorded.mutate(**self._filled(self.recorded))
        own = [name for name in table.columns if not name.startswith("handed_")]
        columns = list(dict.fromkeys([*own, *_MONEY, "definition", "verdict", "test", "part"]))
        table = self._judged(table)
        if self.question.only is not None:
            table = table.filter(compile_rule(self.question.only, table, table.mql_at).passes)
        exclude = self.question.exclude
        test = ibis.literal(False) if exclude is None else compile_rule(exclude, table, table.mql_at).passes
        table = table.mutate(test=test, part=self._part(table)).select(*columns)
        return self.once("episodes", lambda: table.mutate(source=table.source.coalesce(BLANK)))

    def _filled(self, table: ibis.Table) -> dict[str, ibis.Value]:
        """The times of the stages, those of skipped ones from the next later one, and `<stage>_imputed`."""
        filled: dict[str, ibis.Value] = {}
        later: list[Stage] = []
        for stage in reversed(ORDERED_STAGES):
            own = table[f"{stage}_at"]
            filled[f"{stage}_imputed"] = ibis.literal(False)
            if not self.profile.entered[stage]:
                continue
            if stage == Stage.MQL:
                filled |= {f"mql_{what}": table[f"handed_{what}"] for what in _OF_A_STAGE}
                filled["mql_imputed"] = own.isnull() & table.handed_at.notnull()
            elif later:
                times = [table[f"{after}_at"] for after in later]
                # who comes again was a lead before
                fills = table.number == 1 if stage == Stage.LEAD else ibis.literal(True)
                for what in _OF_A_STAGE:
                    values = [table[f"{after}_{what}"] for after in later]
                    if what == "at":
                        value = ibis.coalesce(*values)
                    else:
                        known = [(at.notnull(), value) for at, value in zip(times, values, strict=True)]
                        value = ibis.cases(*known[:-1], else_=values[-1]) if known[1:] else values[0]
                    name = f"{stage}_{what}"
                    filled[name] = (own.isnull() & fills).ifelse(value, table[name])
                if stage != Stage.LEAD:
                    filled[f"{stage}_at"] = ibis.coalesce(own, *times)
                filled[f"{stage}_imputed"] = own.isnull() & fills & filled[f"{stage}_at"].notnull()
            later.insert(0, stage)
        return filled

    @cached_property
    def genuine(self) -> ibis.Table:
        """`episodes` without tests and internal leads."""
        return self.episodes if self.question.exclude is None else self.episodes.filter(~self.episodes.test)

    def once(self, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
        """A table that several measures build on, made once for this run.

        It is worked out in the queries that ask for it, unless it takes a look at the leads and is held. What is held is gone
        when the run ends.
        """
        if name not in self.tables:
            table = make()
            if name == "episodes" and self.holds and self.missing_fields and self.size <= MOST_COUNTED:
                table = self.facts.keep(table.drop(*(column for column in _WHO if column in table.columns)))
            self.tables[name] = table
        return self.tables[name]

    @cached_property
    def size(self) -> int:
        """How many episodes there are."""
        return self.facts.value(self.facts.episode.count())

    def in_period(self, at: ibis.Value) -> ibis.Value:
        """Whether an instant lies in the period asked for."""
        question, inside = self.question, at.notnull()
        if question.first_day is not None:
            inside = inside & (at >= instant(_start(question.first_day, question.timezone)))
        if question.last_day is not None:
            following = date.fromordinal(question.last_day.toordinal() + 1)
            inside = inside & (at < instant(_start(following, question.timezone)))
        return inside

    def entered_in_period(self, table: ibis.Table, stage: Stage) -> ibis.Value:
        """Whether a stage was entered in the period; where the source tells only the day, by the day it tells."""
        question, day = self.question, table[f"{stage}_day"]
        if question.first_day is None and question.last_day is None:
            return table[f"{stage}_at"].notnull()
        inside = day.notnull()
        if question.first_day is not None:
            inside = inside & (day >= question.first_day)
        if question.last_day is not None:
            inside = inside & (day <= question.last_day)
        at = table[f"{stage}_at"]
        return at.notnull() & table[f"{stage}_day_only"].fill_null(False).ifelse(inside, self.in_period(at))

    def came_since(self, table: ibis.Table, stage: Stage, day: date) -> ibis.Value:
        """Whether a stage was entered on a day or later; where the source tells only the day, by the day it tells."""
        exact = table[f"{stage}_at"] >= instant(_start(day, self.question.timezone))
        return table[f"{stage}_day_only"].fill_null(False).ifelse(table[f"{stage}_day"] >= day, exact)

    def local_day(self, at: ibis.Value) -> ibis.Value:
        """The calendar day of an instant."""
        return wall_clock(self.question.timezone, at.cast("timestamp('UTC')")).date()

    def tests_to_leave_out(self, table: ibis.Table) -> list[tuple[ibis.Value, str]]:
        """Why an episode counts nowhere: it is a test."""
        return [(table.test, TEST)] if self.question.exclude is not None else []

    def reasons_to_leave_out(self, table: ibis.Table) -> list[tuple[ibis.Value, str]]:
        """Why an episode never counts: a test, or no qualified lead by the definition that applies to it."""
        if not self.question.definitions:
            return self.tests_to_leave_out(table)
        return [
            *self.tests_to_leave_out(table),
            ((~table.verdict).fill_null(False), "fails_definition"),
            (table.verdict.isnull(), "unknown_by_definition"),
        ]

    def _judged(self, table: ibis.Table) -> ibis.Table:
        definitions = self.question.definitions
        if self.question.restate is not None:
            definitions = tuple(found for found in definitions if found.label == self.question.restate)
            if not definitions:
                raise InvalidInput(
                    f"There is no definition “{self.question.restate}” to restate by. "
                    f"There are: {', '.join(found.label for found in self.question.definitions) or 'none'}."
                )
        joined = self._with_fields(table)
        if not definitions:
            return joined.mutate(definition=ibis.literal(NO_DEFINITION), verdict=ibis.literal(True))
        labels, verdicts = [], []
        for found in definitions:
            applies = joined.mql_at.notnull()
            if self.question.restate is None:
                applies = applies & (joined.mql_at >= instant(instants.from_text(found.from_instant)))
                if found.until_instant is not None:
                    applies = applies & (joined.mql_at < instant(instants.from_text(found.until_instant)))
            labels.append((applies, found.label))
            if found.rule is not None:
                verdicts.append((applies, compile_rule(found.rule, joined, joined.mql_at).outcome))
        verdict = ibis.cases(*verdicts, else_=True) if verdicts else ibis.literal(True)
        return joined.mutate(definition=ibis.cases(*labels, else_=NO_DEFINITION), verdict=verdict)

    @cached_property
    def missing_fields(self) -> list[str]:
        """The columns of leads that rules and the split speak of and episodes have not got."""
        question, lead, episode = self.question, self.facts.lead, self.facts.episode
        rules = [question.only, question.exclude, *(found.rule for found in question.definitions)]
        fields = {*_MONEY}
        fields |= {name for rule in rules if rule is not None for name in fields_of(rule)}
        if question.by is not None and question.by not in _NO_FIELD:
            fields.add(question.by)
        columns = [column_of(name) for name in sorted(fields)]
        return [name for name in columns if name in lead.columns and name not in episode.columns]

    def _with_fields(self, table: ibis.Table) -> ibis.Table:
        """The episodes with these fields of their leads beside them."""
        if not self.missing_fields:
            return table
        return table.left_join(self.facts.lead.select("lead_id", *self.missing_fields), "lead_id").drop(
            "lead_id_right"
        )

    def _part(self, table: ibis.Table) -> ibis.Value:
        match self.question.by:
            case None:
                return ibis.literal("")
            case GroupBy.DEFINITION:
                return table.definition
            case GroupBy.WEEK | GroupBy.MONTH as by:
                by_zone = self.local_day(table.mql_at)
                day = table.mql_day_only.fill_null(False).ifelse(table.mql_day, by_zone)
                return day.truncate("W" if by == GroupBy.WEEK else "M").strftime("%Y-%m-%d")
            case GroupBy.OWNER:
                # the first who had the lead, so that nobody is judged by what was handed on to them
                owner = table.owner
                if "assigned_to" in table.columns:
                    owner = table.assigned_at.notnull().ifelse(table.assigned_to, ibis.null()).coalesce(owner)
                return self._most_frequent(table, owner)
            case name:
                column = column_of(name)
                if column not in table.columns:
                    raise InvalidInput(f"Leads have no field “{name[:80]}” to split by. Choose another.")
                return self._most_frequent(table, table[column].cast("string"))

    def _most_frequent(self, table: ibis.Table, value: ibis.Value) -> ibis.Value:
        """A text as a group: missing is one of its own, and beyond the most frequent ones they are all `OTHERS`.

        The engine groups by a column as it stands several times faster than by what is made of it, so `BLANK` is said in the end.
        """
        named = value.coalesce(BLANK)
        by = str(self.question.by)
        if by not in self.parts:
            values = table.select(named=named)
            counted = values.group_by("named").aggregate(n=values.count())
            counted = counted.order_by(counted.n.desc(), "named").limit(MOST_PARTS + 1)
            self.parts[by] = [row["named"] for row in self.facts.rows(counted)]
        found = self.parts[by]
        if len(found) <= MOST_PARTS:
            return value
        return named.isin(found[:MOST_PARTS]).ifelse(named, OTHERS)


def instant(moment: datetime) -> ibis.Value:
    """An aware datetime as the engine's instant (UTC, without a zone)."""
    text = instants.to_text(moment)
    return ibis.literal(instants.from_text(text).replace(tzinfo=None)).cast("timestamp(6)")


def days_between(first: ibis.Value, last: ibis.Value | date) -> ibis.Value:
    """Whole days from one calendar day to another."""
    return _day_less(ibis.literal(last) if isinstance(last, date) else last, first)


def _start(day: date, timezone: str) -> datetime:
    return instants.from_text(instants.day_start(day, timezone))
