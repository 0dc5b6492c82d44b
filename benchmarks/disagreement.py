"""How often two teams are called different by chance, and how often a planted gap is found, beside naive methods.

Run `python -m benchmarks.disagreement`; `--surveys 20` gives a first look. Each survey has 30 questions. False alarms: both
teams answer alike (`benchmarks.simulated_surveys` says how, and what unequal spread is); counted are surveys with any
alarm. Two further tables have camps around a team of one mind, and a team that leaves out cards and places. Planted gaps: five of the 30 questions have a gap of 80 % of sales against 30 % of marketing; counted are gaps found.
The naive methods (`benchmarks.naive_methods`) see the same answers. Ends with exit code 1 where a requirement does not hold.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from alignment.disagreement import Evidence, Verdict, compare
from alignment.questionnaires import QuestionType
from alignment.statistics import Interval, wilson
from benchmarks.naive_methods import METHODS, naive_alarms
from benchmarks.simulated_surveys import CAMPS, COUNTED, EVERY, SKIPPABLE, SPREADABLE, make_survey

__all__ = ["COUNTED", "EVERY", "make_survey"]

QUESTIONS = 30
GAPS = 5
MOST_FALSE = 0.10
LEAST_FOUND = 0.80
FOUND_FROM = 20
SIZES = ((5, 5), (8, 8), (12, 12), (20, 20), (5, 20), (6, 14), (30, 12))
SPREAD_SIZES = ((5, 5), (8, 8), (12, 12), (20, 20), (5, 20), (20, 5))
CAMP_SIZES = ((8, 20), (20, 8), (12, 60))
PART_SIZES = ((12, 12), (20, 20), (30, 30))
GAP_SIZES = ((8, 8), (20, 20))


@dataclass(frozen=True)
class Cell:
    """One row of a table: what is simulated, how often, from which seed."""

    sizes: tuple[int, int]
    types: tuple[QuestionType, ...]
    surveys: int
    seed: int
    gaps: int = 0
    unequal_spread: bool = False
    camps: bool = False
    unequal_parts: bool = False
    permutations: int = 2000

    @property
    def label(self) -> str:
        """The row's heading."""
        kind = self.types[0].value if len(self.types) == 1 else "mixed"
        return f"{self.sizes[0]} + {self.sizes[1]} {kind}"

    @property
    def unlike(self) -> str:
        """What the teams differ in where there is no gap: `, two camps`; '' for nothing."""
        if self.unequal_parts:
            return ", answered in part"
        return ", two camps" if self.camps else ", unequal spread" if self.unequal_spread else ""

    @property
    def questions(self) -> list[QuestionType]:
        """The types of the 30 questions, by turns."""
        return (list(self.types) * QUESTIONS)[:QUESTIONS]


@dataclass
class Counts:
    """How many of `trials` (surveys, or planted gaps) each method called different, by column."""

    trials: int = 0
    found: dict[str, int] = field(default_factory=dict)

    def add(self, column: str, is_found: bool) -> None:
        """Count one trial's outcome in a column."""
        self.found[column] = self.found.get(column, 0) + bool(is_found)

    def share(self, column: str) -> float:
        """The share of trials."""
        return self.found[column] / max(self.trials, 1)

    def interval(self, column: str) -> Interval:
        """Its 95 % Wilson interval: the error of simulating only so many."""
        return wilson(self.found[column], self.trials) or Interval(0.0, 1.0)


def false_alarms(cell: Cell) -> Counts:
    """In how many surveys without a difference there is any alarm, by method."""
    rng, counts = np.random.default_rng(cell.seed), Counts()
    for _ in range(cell.surveys):
        survey = make_survey(
            rng,
            cell.questions,
            *cell.sizes,
            unequal_spread=cell.unequal_spread,
            camps=cell.camps,
            unequal_parts=cell.unequal_parts,
        )
        compared = compare(*survey, permutations=cell.permutations)
        counts.trials += 1
        counts.add("clear", any(one.evidence is Evidence.CLEAR for one in compared.questions))
        for method, keys in naive_alarms(survey).items():
            counts.add(method, bool(keys))
    return counts


def planted_gaps(cell: Cell) -> Counts:
    """How many of the planted gaps are found, by method; and called clear, or split between the teams."""
    rng, counts = np.random.default_rng(cell.seed), Counts()
    for _ in range(cell.surveys):
        survey = make_survey(rng, cell.questions, *cell.sizes, gaps=cell.gaps)
        compared = compare(*survey, permutations=cell.permutations)
        naive = naive_alarms(survey)
        for key in (f"q{number}" for number in range(cell.gaps)):
            one = compared.question(key)
            counts.trials += 1
            counts.add("at least likely", one.evidence in (Evidence.CLEAR, Evidence.LIKELY))
            counts.add("clear", one.evidence is Evidence.CLEAR)
            counts.add("split between", one.verdict is Verdict.SPLIT_BETWEEN)
            for method in METHODS:
                counts.add(method, key in naive[method])
    return counts


def _cells(
    surveys: int, seed: int, types: Sequence[QuestionType]
) -> tuple[dict[str, list[Cell]], list[Cell]]:
    """The rows of the tables: without a gap, by heading, and with planted gaps. Every row has its own seed."""
    seeds = (int(one.generate_state(1)[0]) for one in np.random.SeedSequence(seed).spawn(1000))

    def rows(sizes: Iterable[tuple[int, int]], kinds: Sequence[QuestionType], *, mixed: bool) -> list[Cell]:
        groups = [(kind,) for kind in kinds] + ([tuple(kinds)] if mixed and len(kinds) > 1 else [])
        return [Cell(size, group, surveys, next(seeds)) for size in sizes for group in groups]

    def among(some: Sequence[QuestionType]) -> list[QuestionType]:
        return [kind for kind in types if kind in some]

    alike = rows(SIZES, types, mixed=True)
    spread = [
        replace(cell, unequal_spread=True) for cell in rows(SPREAD_SIZES, among(SPREADABLE), mixed=True)
    ]
    planted = [replace(cell, gaps=GAPS) for cell in rows(GAP_SIZES, types, mixed=True)]
    camps = [
        replace(cell, unequal_spread=True, camps=True) for cell in rows(CAMP_SIZES, among(CAMPS), mixed=False)
    ]
    parts = [replace(cell, unequal_parts=True) for cell in rows(PART_SIZES, among(SKIPPABLE), mixed=False)]
    return {
        f"Surveys of {QUESTIONS} questions with any false alarm, no difference": alike,
        "The same, but sales is spread wider around the same middle": spread,
        "The same, but sales is two camps around marketing in the middle": camps,
        "The same, but sales judges 30 % of the cards and ranks two options, marketing all": parts,
    }, planted


def _measure(cell: Cell) -> Counts:
    return planted_gaps(cell) if cell.gaps else false_alarms(cell)


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _write_table(
    title: str, columns: Sequence[str], rows: Iterable[tuple[Cell, Counts]]
) -> list[tuple[Cell, Counts]]:
    """Print a table row by row as they come; the first column with its interval. Returns the rows."""
    _write(f"\n{title}")
    _write(" " * 22 + f"{columns[0]:>24}" + "".join(f"{column:>16}" for column in columns[1:]))
    seen = []
    for cell, counts in rows:
        interval = counts.interval(columns[0])
        first = f"{counts.share(columns[0]):.1%} ({interval.low:.1%} to {interval.high:.1%})"
        _write(
            f"{cell.label:22}{first:>24}"
            + "".join(f"{counts.share(column):>16.1%}" for column in columns[1:])
        )
        seen.append((cell, counts))
    return seen


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 0 where both requirements held, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--surveys", type=int, default=200, help="surveys per row (default 200)")
    parser.add_argument("--processes", type=int, default=2, help="processes at a time (default 2)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same tables (default 7)")
    parser.add_argument(
        "--types",
        nargs="*",
        type=QuestionType,
        choices=EVERY,
        default=EVERY,
        help="types of question (default all)",
    )
    settings = parser.parse_args(arguments)
    tables, planted = _cells(settings.surveys, settings.seed, tuple(settings.types))
    with ProcessPoolExecutor(max_workers=max(settings.processes, 1)) as pool:
        counted = pool.map(_measure, chain(*tables.values(), planted))
        false = [
            row
            for title, cells in tables.items()
            if cells
            for row in _write_table(
                f"{title} ({settings.surveys} a row)",
                ("clear", *METHODS),
                zip(cells, counted, strict=False),
            )
        ]
        found = _write_table(
            f"Planted gaps found, 80 % against 30 %, {GAPS} of {QUESTIONS} questions ({settings.surveys * GAPS} a row)",
            ("at least likely", "clear", "split between", *METHODS),
            zip(planted, counted, strict=False),
        )
    return conclude(false, found)


def conclude(false: Sequence[tuple[Cell, Counts]], found: Sequence[tuple[Cell, Counts]]) -> int:
    """Print the worst cells and whether both requirements held; 0 where they did, else 1.

    A cell fails where its whole interval lies on the wrong side, so that the error of simulating fails nothing.
    """
    due = [(cell, counts) for cell, counts in found if min(cell.sizes) >= FOUND_FROM]
    too_often = [cell.label for cell, counts in false if counts.interval("clear").low > MOST_FALSE]
    too_seldom = [cell.label for cell, counts in due if counts.interval("at least likely").high < LEAST_FOUND]
    worst, most = max(false, key=lambda row: row[1].share("clear"))
    weakest, least = min(due, key=lambda row: row[1].share("at least likely"))
    _write(
        f"\nWorst cell without a difference: {worst.label}{worst.unlike}, {most.share('clear'):.1%} of surveys."
    )
    _write(
        f"Weakest cell at {FOUND_FROM} a team: {weakest.label}, {least.share('at least likely'):.1%} of gaps."
    )
    held = not too_often and not too_seldom
    _write(
        f"Both requirements held: at most {MOST_FALSE:.0%} false, at least {LEAST_FOUND:.0%} found."
        if held
        else f"Did not hold: false alarms in {', '.join(too_often) or 'no cell'}; "
        f"too few gaps found in {', '.join(too_seldom) or 'no cell'}."
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
