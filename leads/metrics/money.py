"""Wins by what they are worth: the win rate by value, and what the pipeline brings in a day."""

import math
from collections.abc import Sequence

import ibis

from alignment.lifecycle import Stage
from alignment.statistics import Interval, critical_value, wilson
from leads.metrics import conversion as cohorts
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.sales_cycle import median_of_wins, start_of_cycle
from leads.metrics.selection import Reckoned, Row, Selection, select
from leads.metrics.win_rate import closed_at, is_won, why_no_win_rate

FEWEST_FOR_AN_INTERVAL = 10
OTHER_CURRENCY, NO_VALUE = "other_currency", "no_value"
_WON, _LOST, _OPEN = "won", "lost", "open"
_TENTHS = 10
_NO_NOTES: tuple[str, ...] = ()
_TOO_FEW: tuple[str, ...] = ("Too few for an interval.",)


def win_rate_by_value(population: Population) -> Selection:
    """Value won / (value won + value lost), by the close in the period, in one currency."""
    table = population.episodes
    won, currency = is_won(table), currency_of(population)
    worth = has_value(table)
    selected = select(
        population,
        table,
        counts=population.in_period(closed_at(table)),
        hit=won,
        left_out=[(~worth, NO_VALUE), (~in_currency(table, currency), OTHER_CURRENCY)],
        beside={"value": table.value, "squared": table.value * table.value},
    )
    impossible = why_no_win_rate(population)
    if impossible is None and currency is None:
        impossible = "No lead has a value."

    def reckon(rows: Sequence[Row]) -> Reckoned:
        return _share_of_value(rows, currency or None)

    return Selection(
        name="win_rate_by_value",
        choice=selected,
        unit=Unit.SHARE,
        formula=f"value won / (value won + value lost){_in(currency)}, of the leads closed in the period",
        to_stage=Stage.WON,
        impossible=impossible,
        sums=("value", "squared"),
        reckon=reckon,
    )


def pipeline_velocity(population: Population) -> Selection:
    """Open opportunities × win rate × mean value won ÷ days of the sales cycle: what the pipeline brings in a day.

    Open are those that are neither won nor lost by now; win rate, mean value and cycle are those of the opportunities
    closed in the period, all in one currency. The interval combines those of the three (MOVER on the logarithm, Zou & Donner
    2008); the number of open ones is a count and has none.
    """
    start = start_of_cycle(population)
    table = population.episodes
    currency = currency_of(population)
    won, opened = is_won(table), table.opportunity_at.notnull()
    closed = closed_at(table)
    is_open = opened & closed.isnull() & table.until_at.isnull()
    taken = cohorts.days_taken(table, start, Stage.WON)
    tenths = won.ifelse(cohorts.not_negative((taken * _TENTHS).floor().cast("int64")), ibis.null())
    worth = has_value(table)
    selected = select(
        population,
        table,
        counts=opened & (is_open | population.in_period(closed)),
        hit=won,
        left_out=[(worth & ~in_currency(table, currency), OTHER_CURRENCY)],
        beside={
            "state": ibis.cases((is_open, _OPEN), (won, _WON), else_=_LOST),
            "tenths": tenths,
            "valued": (won & worth).cast("int64"),
            "value": (won & worth).ifelse(table.value, 0.0),
            "squared": (won & worth).ifelse(table.value * table.value, 0.0),
        },
    )
    impossible = why_no_win_rate(population)
    if not population.profile.entered[Stage.OPPORTUNITY]:
        impossible = "No entry to opportunity is recorded with a date."
    elif impossible is None and currency is None:
        impossible = "No lead has a value."

    def reckon(rows: Sequence[Row]) -> Reckoned:
        return _velocity(rows, currency or None)

    return Selection(
        name="pipeline_velocity",
        choice=selected,
        unit=Unit.MONEY_PER_DAY,
        formula=(
            "open opportunities × won / (won + lost) × mean value won ÷ median days from "
            f"{start.label} to won; of the opportunities closed in the period{_in(currency)}"
        ),
        from_stage=start,
        to_stage=Stage.WON,
        impossible=impossible,
        keys=("state", "tenths"),
        sums=("valued", "value", "squared"),
        reckon=reckon,
    )


def currency_of(population: Population) -> str | None:
    """The currency of all amounts: as asked, else that of most leads with a value ('' where none is said); None without values."""
    if population.question.currency is not None:
        return population.question.currency.strip().upper()
    if "currency" not in population.chosen:
        table = population.genuine
        valued = table.filter(has_value(table)).select(named=_currency(table))
        counted = valued.group_by("named").aggregate(n=valued.count())
        rows = population.facts.rows(counted.order_by(counted.n.desc(), "named").limit(1))
        population.chosen["currency"] = rows[0]["named"] if rows else None
    return population.chosen["currency"]


def has_value(table: ibis.Table) -> ibis.Value:
    """Whether a lead has a value to count with; never null."""
    return (table.value > 0).fill_null(False)


def in_currency(table: ibis.Table, currency: str | None) -> ibis.Value:
    """Whether the value of a lead is in this currency; never null."""
    return _currency(table) == (currency or "")


def _currency(table: ibis.Table) -> ibis.Value:
    return table.currency.strip().upper().coalesce("")


def _in(currency: str | None) -> str:
    return f" in {currency}" if currency else ""


def _share_of_value(rows: Sequence[Row], currency: str | None) -> Reckoned:
    n = sum(row["n"] for row in rows)
    won = sum(row["n"] for row in rows if row["hit"])
    total = sum(row["value"] for row in rows)
    if not total:
        return Reckoned(
            None, won, n, notes=("Nothing with a value was closed in the period.",), currency=currency
        )
    value_won = sum(row["value"] for row in rows if row["hit"])
    share = value_won / total
    # the ratio of two sums, linearised (Cochran 1977, 2.11)
    spread = sum(row["squared"] * ((1 - share) if row["hit"] else share) ** 2 for row in rows)
    interval, notes = None, _TOO_FEW
    if n >= FEWEST_FOR_AN_INTERVAL:
        half = critical_value(0.95) * math.sqrt(spread * n / (n - 1)) / total
        interval, notes = Interval(max(0.0, share - half), min(1.0, share + half)), _NO_NOTES
    return Reckoned(
        share, won, n, interval, notes, {"value_won": value_won, "value_lost": total - value_won}, currency
    )


def _velocity(rows: Sequence[Row], currency: str | None) -> Reckoned:
    counts = {state: sum(row["n"] for row in rows if row["state"] == state) for state in (_OPEN, _WON, _LOST)}
    closed = counts[_WON] + counts[_LOST]
    valued = sum(row["valued"] for row in rows)
    cycle = median_of_wins(
        [
            (row["tenths"] / _TENTHS, row["n"])
            for row in rows
            if row["state"] == _WON and row["tenths"] is not None
        ]
    )
    if not valued or not cycle.value:
        why = (
            "No opportunity with a value was won in the period."
            if not valued
            else "The sales cycle takes no time."
        )
        return Reckoned(
            None, counts[_WON], closed, notes=(why,), parts={"open": counts[_OPEN]}, currency=currency
        )
    rate = counts[_WON] / closed
    mean = sum(row["value"] for row in rows) / valued
    value = counts[_OPEN] * rate * mean / cycle.value
    parts = {"open": counts[_OPEN], "win_rate": rate, "mean_value_won": mean, "cycle_days": cycle.value}
    if valued < FEWEST_FOR_AN_INTERVAL or not counts[_OPEN]:
        return Reckoned(value, counts[_WON], closed, None, _TOO_FEW, parts, currency)
    variance = max(0.0, (sum(row["squared"] for row in rows) - valued * mean**2) / (valued - 1))
    error = critical_value(0.95) * math.sqrt(variance / valued) / mean
    shares = wilson(counts[_WON], closed)
    assert shares is not None and cycle.interval is not None
    below = [_ratio(rate, shares.low), error, _ratio(cycle.interval.high, cycle.value)]
    above = [_ratio(shares.high, rate), error, _ratio(cycle.value, cycle.interval.low)]
    interval = Interval(value * math.exp(-math.hypot(*below)), value * math.exp(math.hypot(*above)))
    return Reckoned(value, counts[_WON], closed, interval, (), parts, currency)


def _ratio(larger: float, smaller: float) -> float:
    return math.log(larger / smaller) if smaller > 0 and math.isfinite(larger) else math.inf
