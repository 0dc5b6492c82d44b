"""How long comparing two teams takes, beside a straightforward loop over scipy's `permutation_test`, and its peak memory.

Run `python -m benchmarks.disagreement_speed` (some minutes), with `--quick` for a first look, or with `--people 30` for
one size. Times are processor seconds, so that other work on the machine does not count: ours for the whole `compare` of 60
questions, answers gathered, intervals and sentences made and all; the loop's for its tests alone, with 2,000 resamples each
and the answers at hand as arrays.

The loop tests what the comparison gives a p-value for: χ² (choice, yes or no); Brunner and Munzel's statistic (scale,
number); the largest difference of shares, and the difference of each option for its q (choices; conditions of a rule); of
cards the mean difference too; the distance of the mean ranks by Kendall's τ, and the place that differs most (ranking).
Thresholds of rules and bootstraps are left out. The column 'one test' is the ratio to the first of these tests alone.
The loop is timed on a few questions of each type and scaled to 60, as the last column says (with `--quick` on one, and for
large teams on fewer resamples).

Everybody answers everything here, so that people are dealt but once. Where many skip questions, every question has other
numbers of people and draws of its own: 60 mixed questions of 10,000 people take two to three times as long with 5 % skipped
at random.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from alignment.disagreement import compare
from alignment.disagreement.answers import gather_each
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from benchmarks.simulated_surveys import COMPOUND, CONDITIONS, COUNTED, OPTIONS, Survey, make_survey

QUESTIONS = 60
RESAMPLES = 2000
Statistic = Callable[[np.ndarray, np.ndarray], float]
Samples = tuple[np.ndarray, np.ndarray]
REQUIRED = {True: 100, False: 20}
"""How many times faster than the loop counted types, and the others, have to be."""
MEMORY = 1024
"""The most that a comparison may take, in MiB."""


def scipy_loop(survey: Survey, resamples: int) -> tuple[float, float]:
    """The processor seconds of the permutation tests of each question, as an analyst would write them: the first, all."""
    questionnaire, responses = survey
    first = every = 0.0
    for question in questionnaire.questions:
        x, y = (
            _as_arrays(question, [r.answers[question.key] for r in responses if r.team is team])
            for team in Team
        )
        for number, (statistic, samples) in enumerate(_tests(question.type, x, y)):
            begun = time.process_time()
            _tested(statistic, *samples, resamples)
            took = time.process_time() - begun
            every += took
            first += 0.0 if number else took
    return first, every


def _as_arrays(question: Question, answers: Sequence[Any]) -> np.ndarray:
    match question.type:
        case QuestionType.CHOICE:
            return np.array([OPTIONS.index(one) for one in answers])
        case QuestionType.CHOICES:
            return np.array([[option in one for option in OPTIONS] for one in answers])
        case QuestionType.RANKING:
            return np.array([_places(one) for one in answers])
        case QuestionType.LEAD_CARDS:
            return np.array([[card["verdict"] == "qualified" for card in one.values()] for one in answers])
        case QuestionType.RULE:
            return np.array(
                [[field in {p["field"] for p in one["all"]} for field in CONDITIONS] for one in answers]
            )
    return np.array(answers, dtype=float)


def _places(order: Sequence[str]) -> list[float]:
    behind = (len(order) + 1 + len(OPTIONS)) / 2
    return [order.index(option) + 1 if option in order else behind for option in OPTIONS]


def _tests(kind: QuestionType, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[Statistic, Samples]]:
    """Each statistic, and what it is permuted on."""
    from scipy import stats

    def chi_square(a: np.ndarray, b: np.ndarray) -> float:
        levels = int(max(x.max(), y.max())) + 1
        table = np.array([np.bincount(side.astype(int), minlength=levels) for side in (a, b)])
        return float(stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False).statistic)

    def in_order(a: np.ndarray, b: np.ndarray) -> float:
        return abs(float(stats.brunnermunzel(a, b).statistic))

    def of_one(a: np.ndarray, b: np.ndarray) -> float:
        return abs(float(a.mean() - b.mean()))

    if kind in (QuestionType.CHOICE, QuestionType.YES_NO):
        yield chi_square, (x, y)
        return
    if kind in (QuestionType.SCALE, QuestionType.NUMBER):
        yield in_order, (x, y)
        return
    # Rows stay whole: the rows' numbers are what is permuted.
    rows, samples = np.concatenate([x, y]), (np.arange(len(x)), np.arange(len(x), len(x) + len(y)))

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.abs(rows[a].mean(axis=0) - rows[b].mean(axis=0))

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return -float(stats.kendalltau(rows[a].mean(axis=0), rows[b].mean(axis=0)).statistic)

    if kind is QuestionType.RANKING:
        yield distance, samples
        yield (
            lambda a, b: float(np.abs(stats.ttest_ind(rows[a], rows[b], equal_var=False).statistic).max()),
            samples,
        )
        return
    yield lambda a, b: float(apart(a, b).max()), samples
    if kind is QuestionType.LEAD_CARDS:
        yield lambda a, b: float(apart(a, b).mean()), samples
    for column in range(x.shape[1]):
        yield of_one, (x[:, column], y[:, column])


def _tested(statistic: Statistic, x: np.ndarray, y: np.ndarray, resamples: int) -> float:
    from scipy import stats

    return float(
        stats.permutation_test(
            (x, y), statistic, n_resamples=resamples, alternative="greater", vectorized=False
        ).pvalue
    )


def ours(kind: QuestionType, people: int) -> tuple[float, float, float]:
    """Processor seconds of `compare` and of gathering the answers alone, and the peak memory that both added, in MiB."""
    survey = make_survey(np.random.default_rng(1), [kind] * QUESTIONS, people, people)
    compare(
        *make_survey(np.random.default_rng(2), [kind] * 2, 6, 6)
    )  # what is imported at the first call is no part of it
    before = _resident()
    begun = time.process_time()
    compare(*survey)
    took = time.process_time() - begun
    peak = _peak() - before
    begun = time.process_time()
    for _ in gather_each(survey[0].questions, survey[1]):
        pass
    return took, time.process_time() - begun, peak


def _resident() -> float:
    """MiB in memory now; from here on the peak counts anew."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))


def _in_child(kind: QuestionType, people: int) -> tuple[float, float, float]:
    """`ours` in a process of its own, for its memory, and with one thread, as the loop has."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.disagreement_speed",
        "--only",
        kind.value,
        "--people",
        str(people),
    ]
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    )
    took, gathering, peak = map(float, told.stdout.split())
    return took, gathering, peak


def _row(kind: QuestionType, people: int, *, quick: bool) -> bool:
    took, gathering, peak = _in_child(kind, people)
    large = people > 1000
    timed = 1 if quick or large else 5
    resamples = 100 if quick and large else RESAMPLES
    scaled = QUESTIONS / timed * RESAMPLES / resamples
    survey = make_survey(np.random.default_rng(1), [kind] * timed, people, people)
    first, every = (seconds * scaled for seconds in scipy_loop(survey, resamples))
    needed = REQUIRED[kind in COUNTED]
    reached = every / took >= needed and peak < MEMORY
    _tell(
        f"{kind.value:>10} {took:>8.2f} s {gathering:>8.2f} s {peak:>8.0f} MiB {every:>9.1f} s {every / took:>7.0f}×"
        f" {needed:>7}× {'yes' if reached else 'NO':>4} {first / took:>8.0f}×   loop: {timed} questions × {resamples}"
    )
    return reached


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Print a table for each size; 1 where something required was not reached."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--people", type=int, nargs="+", default=[30, 5000], help="people in each team")
    parser.add_argument("--quick", action="store_true", help="time the loop on fewer questions and resamples")
    parser.add_argument("--only", choices=[kind.value for kind in COUNTED + COMPOUND], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        _tell(" ".join(map(str, ours(QuestionType(asked.only), asked.people[0]))))
        return 0
    reached = []
    for people in asked.people:
        _tell(f"\n{QUESTIONS} questions, {people} + {people} people, {RESAMPLES} draws")
        _tell(
            f"{'':>10} {'compare':>10} {'gathering':>10} {'memory':>12} {'scipy loop':>11} {'ratio':>8} {'needed':>8} {'':>4}"
            f" {'one test':>9}"
        )
        reached += [_row(kind, people, quick=asked.quick) for kind in COUNTED + COMPOUND]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
