"""A rule on past leads: who would have passed, what became of them, and how two rules differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis

from alignment.rules import Rule, fields_of
from alignment.what_if import Outcomes, RuleChange, Verdicts, Window, change_from
from leads.closed_periods import EVERYTHING, Period, closed_periods, start_of, within
from leads.facts import Prepared
from leads.latest import Latest
from leads.model import column_of
from leads.rule_expressions import compile_rule
from leads.store import Facts, warehouse

# a field is suspected of being filled after the outcome if it is known at least twice as often, and on at least
# 20 percentage points more, of the leads that were won
LEAKAGE_RATIO = 2.0
LEAKAGE_DIFFERENCE = 0.2
LEAST_WINS_FOR_LEAKAGE = 10
_MOST_QUERIES = 16
_queries: Latest[Prepared] = Latest(_MOST_QUERIES)


@dataclass(frozen=True)
class BacktestWarning:
    """Something that makes a back-test less than it seems. `field` is the field it is about."""

    code: str
    field: str
    text: str


@dataclass(frozen=True)
class RuleComparison:
    """Two rules on the same leads. Leads that either rule leaves open are counted apart.

    `kappa` is Cohen's κ of the two verdicts, None where both say the same of everyone; `jaccard` is both / either,
    None if nobody passes. `won_…` and `lost_…` are what became of the leads that only one rule wants.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    either_unknown: int
    won_only_first: int
    won_only_second: int
    lost_only_first: int
    lost_only_second: int

    @property
    def kappa(self) -> float | None:
        """(p_o − p_e) / (1 − p_e)."""
        n = self.both + self.only_first + self.only_second + self.neither
        if not n:
            return None
        observed = (self.both + self.neither) / n
        first, second = (self.both + self.only_first) / n, (self.both + self.only_second) / n
        expected = first * second + (1 - first) * (1 - second)
        return None if expected == 1 else (observed - expected) / (1 - expected)

    @property
    def jaccard(self) -> float | None:
        """The share of leads that both want among those that either wants."""
        either = self.both + self.only_first + self.only_second
        return self.both / either if either else None


@dataclass(frozen=True)
class Backtest:
    """What a rule says of past leads, beside what became of them.

    `precision` is the share of the passing that were won, `recall` the share of the won that pass; None without any.
    `unworked` leads have no event after they were qualified: they had no chance to be won. `undated` leads were left
    out of a period because it is not known when they came.
    """

    leads: int
    passed: int
    failed: int
    unknown: int
    won_passed: int
    won_failed: int
    won_unknown: int
    unworked: int
    undated: int
    warnings: tuple[BacktestWarning, ...] = ()
    against: RuleComparison | None = None
    revision: str = field(default="")

    @property
    def precision(self) -> float | None:
        """Wins among those who pass / those who pass."""
        return self.won_passed / self.passed if self.passed else None

    @property
    def recall(self) -> float | None:
        """Wins among those who pass / all wins."""
        won = self.won_passed + self.won_failed + self.won_unknown
        return self.won_passed / won if won else None

    def to_document(self) -> dict[str, Any]:
        """The result as plain dicts and lists, in the shape of the command line's contract."""
        document: dict[str, Any] = {
            "leads": self.leads,
            "passed": self.passed,
            "failed": self.failed,
            "unknown": self.unknown,
            "won_passed": self.won_passed,
            "won_failed": self.won_failed,
            "won_unknown": self.won_unknown,
            "precision": self.precision,
            "recall": self.recall,
            "unworked": self.unworked,
            "undated": self.undated,
            "warnings": [vars(warning) for warning in self.warnings],
        }
        if self.against is not None:
            document["against"] = {
                **vars(self.against),
                "kappa": self.against.kappa,
                "jaccard": self.against.jaccard,
            }
        return document


def backtest(
    rule: Rule,
    against: Rule | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    timezone: str = "UTC",
) -> Backtest:
    """Run a rule, and perhaps a second one, over the leads that came from `first_day` to `last_day`, both included.

    A lead came when it first entered MQL, else when it was created; `within_days` looks back from there. Fields are
    taken as they are known now. Without a period all leads count, dated or not.
    """
    names = sorted({*fields_of(rule), *(fields_of(against) if against is not None else ())})
    period = Period(first_day, last_day)
    with warehouse().read() as facts:
        # by their text: rules that ask for True and for 1 are equal in Python, and mean something else
        asked = (facts.revision, repr(rule), repr(against), period, timezone)
        query = _queries.get(asked)
        if query is None:
            query = facts.prepare(_judged(facts, rule, against, names, period, timezone))
            _queries.put(asked, query)
        # of all leads it is not asked which are dated, nor of one rule what another says
        cells = [{"dated": True, "second": None, **cell} for cell in facts.ask(query, {}).to_pylist()]
        undated = sum(cell["n"] for cell in cells if not cell["dated"])
        cells = [cell for cell in cells if cell["dated"]]
        return _counted(
            cells, against is not None, undated, fields_that_mislead(names, cells), facts.revision
        )


def forget() -> None:
    """Keep no query of an earlier back-test."""
    _queries.clear()


def _judged(
    facts: Facts, rule: Rule, against: Rule | None, names: Sequence[str], period: Period, timezone: str
) -> ibis.Table:
    """What both rules say of the leads, and what became of them: how many of each kind, and of how many each field is known."""
    population = facts.followed
    kinds = {name: population[name] for name in ("won", "lost", "worked")}
    if period != EVERYTHING:
        dated = population.came_at.notnull()
        population = population.filter(~dated | within(population.came_at, period, timezone))
        kinds["dated"] = dated
    kinds["first"] = _outcome(rule, population)
    if against is not None:
        kinds["second"] = _outcome(against, population)
    values = _values(population, names)
    judged = population.select(**kinds, **values)
    return judged.group_by(*kinds).aggregate(
        n=judged.count(), **{name: judged[name].count() for name in values}
    )


def count_windows(facts: Facts, as_of: datetime, timezone: str) -> tuple[tuple[Window, Outcomes], ...]:
    """The windows that a rule can be tried on, each with what became of its leads: the last quarter that was over at `as_of`
    (aware) and in which leads came, twelve months, and all leads; see `closed_periods`."""
    population = facts.followed
    periods = closed_periods(facts, population, as_of, timezone)
    columns: dict[str, ibis.Value] = {
        "first": population.came_at.min(),
        "last": population.came_at.max(),
    }
    for place, period in enumerate(periods):
        inside = within(population.came_at, period, timezone)
        for name, of in outcomes_where(population, inside).items():
            columns[f"{name}_{place}"] = of
    [found] = facts.rows(population.aggregate(**columns))
    ends = [
        None if found[name] is None else found[name].replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()
        for name in ("first", "last")
    ]
    return tuple(
        (
            Window(
                period.first_day,
                period.last_day,
                facts.revision,
                period.first_day or ends[0],
                period.last_day or ends[1],
            ),
            Outcomes(*(found[f"{name}_{place}"] for name in _OUTCOMES)),
        )
        for place, period in enumerate(periods)
    )


def count_verdicts(
    facts: Facts, rules: Sequence[Rule], window: Window, timezone: str
) -> tuple[Verdicts, ...]:
    """What each of several rules says of the leads of a window, in one query."""
    if not rules:
        return ()
    population = of_window(facts, window, timezone)
    weeks = window.weeks
    judged = population.select(
        "won",
        "lost",
        "worked",
        week=week_of(population, window, timezone),
        **{f"says_{place}": _outcome(rule, population) for place, rule in enumerate(rules)},
    )
    columns = outcomes_where(judged)
    for place in range(len(rules)):
        says = judged[f"says_{place}"]
        for name, value in outcomes_where(judged, says).items():
            columns[f"passed_{name}_{place}"] = value
        for name, value in outcomes_where(judged, ~says).items():
            columns[f"failed_{name}_{place}"] = value
    rows = facts.rows(judged.group_by("week").aggregate(**columns))

    def total(prefix: str, suffix: str) -> Outcomes:
        return Outcomes(*(sum(row[f"{prefix}{name}{suffix}"] for row in rows) for name in _OUTCOMES))

    everyone = total("", "")
    found = []
    for place in range(len(rules)):
        passed, failed = total("passed_", f"_{place}"), total("failed_", f"_{place}")
        by_week = {row["week"]: row[f"passed_leads_{place}"] for row in rows}
        found.append(
            Verdicts(
                passed,
                failed,
                everyone - passed - failed,
                tuple(by_week.get(week, 0) for week in range(weeks)),
            )
        )
    return tuple(found)


def count_change(facts: Facts, before: Rule, after: Rule, window: Window, timezone: str) -> RuleChange:
    """Who of a window's leads changes side where the rule `after` takes the place of `before`."""
    population = of_window(facts, window, timezone)
    judged = population.select(
        "won",
        "lost",
        "worked",
        before=_outcome(before, population),
        after=_outcome(after, population),
    )
    rows = facts.rows(judged.group_by("before", "after").aggregate(**outcomes_where(judged)))
    return change_from(
        window,
        {(row["before"], row["after"]): Outcomes(*(row[name] for name in _OUTCOMES)) for row in rows},
    )


def warn_of_fields(
    facts: Facts, rules: Sequence[Rule], window: Window, timezone: str
) -> tuple[BacktestWarning, ...]:
    """What makes a look at the window less than it seems: fields that no lead has, or that are filled in after the outcome."""
    names = sorted({name for rule in rules for name in fields_of(rule)})
    if not names:
        return ()
    population = of_window(facts, window, timezone)
    values = _values(population, names)
    looked_at = population.select("won", **values)
    cells = facts.rows(
        looked_at.group_by("won").aggregate(
            n=looked_at.count(), **{name: looked_at[name].count() for name in values}
        )
    )
    return fields_that_mislead(names, cells)


_OUTCOMES = ("leads", "won", "lost", "unworked")


def outcomes_where(table: ibis.Table, where: ibis.Value | None = None) -> dict[str, ibis.Value]:
    """Counts for `Outcomes`, of the rows of which `where` is true."""
    inside = ibis.literal(True) if where is None else where
    return {
        "leads": table.count(where=inside),
        "won": table.count(where=inside & table.won),
        "lost": table.count(where=inside & table.lost),
        "unworked": table.count(where=inside & ~table.worked),
    }


def of_window(facts: Facts, window: Window, timezone: str) -> ibis.Table:
    """The leads that came in the window, with what became of them."""
    population = facts.followed
    period = Period(window.first_day, window.last_day)
    return population.filter(within(population.came_at, period, timezone))


def week_of(population: ibis.Table, window: Window, timezone: str) -> ibis.Value:
    """The week of the window in which each lead came, from 0 on, of seven times 24 hours; null or -1 where it is not known."""
    if window.earliest is None or not window.weeks:
        return ibis.literal(-1, "int32")
    came = population.came_at.truncate("s").epoch_seconds()  # which rounds
    return ((came - start_of(window.earliest, timezone).epoch_seconds()) // (7 * 86_400)).cast("int32")


def _outcome(rule: Rule, population: ibis.Table) -> ibis.Value:
    """What a rule says of leads of the facts."""
    return compile_rule(rule, population, population.came_at).outcome


def _values(population: ibis.Table, fields: Sequence[str]) -> dict[str, ibis.Value]:
    """The values of fields as `known_…`, each with its place, of which those that are there are counted."""
    columns = [column_of(field) for field in fields]
    return {
        f"known_{place}": population[column] if column in population.columns else ibis.null().cast("string")
        for place, column in enumerate(columns)
    }


def compare_rules(
    facts: Facts, pairs: Sequence[tuple[Rule, Rule]], period: Period = EVERYTHING, timezone: str = "UTC"
) -> tuple[RuleComparison, ...]:
    """Many pairs of rules on the same leads, those that came in `period`, in one look at them: one result for each pair.

    The counts are those of `backtest`, which takes a query for each pair.
    """
    if not pairs:
        return ()
    population = facts.followed
    population = population.filter(within(population.came_at, period, timezone))
    # by their text: rules that ask for True and for 1 are equal in Python, and mean something else
    distinct = {repr(rule): rule for pair in pairs for rule in pair}
    names = {text: f"says_{number}" for number, text in enumerate(distinct)}
    judged = population.select(
        "won",
        "lost",
        **{name: _outcome(distinct[text], population) for text, name in names.items()},
    )
    measured: dict[str, ibis.Value] = {"all": judged.count()}
    for number, (one, other) in enumerate(pairs):
        first, second = judged[names[repr(one)]], judged[names[repr(other)]]
        only = {"first": first & ~second, "second": ~first & second}
        measured[f"both_{number}"] = (first & second).sum()
        measured[f"neither_{number}"] = (~first & ~second).sum()
        for name, alone in only.items():
            measured[f"only_{name}_{number}"] = alone.sum()
            measured[f"won_only_{name}_{number}"] = (alone & judged.won).sum()
            measured[f"lost_only_{name}_{number}"] = (alone & judged.lost).sum()
        measured[f"told_{number}"] = (first.notnull() & second.notnull()).sum()
    counts = {name: count or 0 for name, count in facts.rows(judged.aggregate(**measured))[0].items()}
    return tuple(
        RuleComparison(
            both=counts[f"both_{number}"],
            only_first=counts[f"only_first_{number}"],
            only_second=counts[f"only_second_{number}"],
            neither=counts[f"neither_{number}"],
            either_unknown=counts["all"] - counts[f"told_{number}"],
            won_only_first=counts[f"won_only_first_{number}"],
            won_only_second=counts[f"won_only_second_{number}"],
            lost_only_first=counts[f"lost_only_first_{number}"],
            lost_only_second=counts[f"lost_only_second_{number}"],
        )
        for number in range(len(pairs))
    )


def fields_that_mislead(
    names: Sequence[str], cells: Sequence[Mapping[str, Any]]
) -> tuple[BacktestWarning, ...]:
    """Look at cells of leads with `won`, `n`, and `known_…`, how many of them have a value in each of the fields."""

    def count(column: str, won: bool | None = None) -> int:
        return sum(cell[column] for cell in cells if won is None or cell["won"] is won)

    everyone, won = count("n"), count("n", True)
    warnings = []
    for place, name in enumerate(names):
        known, known_won = count(f"known_{place}"), count(f"known_{place}", True)
        if everyone and not known:
            warnings.append(
                BacktestWarning(
                    "never_known", name, f"No lead has a value for “{name}”: the rule leaves all open."
                )
            )
        elif leakage := words_of_leakage(name, won, known_won, everyone - won, known - known_won):
            warnings.append(
                BacktestWarning("leakage", name, f"{leakage}, and would then make any rule look good.")
            )
    return tuple(warnings)


def words_of_leakage(field: str, won: int, known_won: int, others: int, known_others: int) -> str:
    """Why a field may have been filled in after the outcome, without a full stop; '' where nothing speaks for it.

    It is known of `known_won` of the `won` leads, and of `known_others` of the `others`.
    """
    if won < LEAST_WINS_FOR_LEAKAGE or not others:
        return ""
    of_won, of_others = known_won / won, known_others / others
    if of_won < LEAKAGE_RATIO * of_others or of_won - of_others < LEAKAGE_DIFFERENCE:
        return ""
    return (
        f"“{field}” is known of {of_won:.0%} of the won leads and of {of_others:.0%} of the others: "
        "it may be filled in after the outcome"
    )


def _counted(
    cells: list[dict[str, Any]],
    compared: bool,
    undated: int,
    warnings: tuple[BacktestWarning, ...],
    revision: str,
) -> Backtest:
    def count(**wanted: Any) -> int:
        return sum(cell["n"] for cell in cells if all(cell[name] is value for name, value in wanted.items()))

    comparison = None
    if compared:
        comparison = RuleComparison(
            both=count(first=True, second=True),
            only_first=count(first=True, second=False),
            only_second=count(first=False, second=True),
            neither=count(first=False, second=False),
            either_unknown=sum(
                cell["n"] for cell in cells if cell["first"] is None or cell["second"] is None
            ),
            won_only_first=count(first=True, second=False, won=True),
            won_only_second=count(first=False, second=True, won=True),
            lost_only_first=count(first=True, second=False, lost=True),
            lost_only_second=count(first=False, second=True, lost=True),
        )
    return Backtest(
        leads=count(),
        passed=count(first=True),
        failed=count(first=False),
        unknown=count(first=None),
        won_passed=count(first=True, won=True),
        won_failed=count(first=False, won=True),
        won_unknown=count(first=None, won=True),
        unworked=count(worked=False),
        undated=undated,
        warnings=warnings,
        against=comparison,
        revision=revision,
    )
