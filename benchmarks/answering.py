"""Many people answer at once: nothing lost, nobody kept waiting, and how that compares with a bare SQLite upsert.

Run `python -m benchmarks.answering` (about a minute and a half), on a machine that does nothing else.

1. 300 people answer the whole questionnaire on qualified leads through `actions.answers.save_answer`, from 16 threads, as
   fast as it goes. Every answer that was confirmed has to be found again.
2. Eight threads write 2,000 answers each, one after the other, until all are written: a bare upsert (`sqlite3`, a
   connection a thread, each statement its own transaction); the same upsert through `store().write`; and the whole action,
   which also looks up who is acting, whether they may, whether the questionnaire is open, and checks the answer. All three
   use the same file, table, SQLite library, write-ahead log and `synchronous=FULL`: confirmed means on disk. Compared are
   the best round of each, which favours the bare one (its throughput collapses whenever its writers back off together), and
   the longest wait of all rounds. Like with like is the upsert through the store; the action does more for each answer.
3. 25 people with a screen each (a websocket session that speaks Streamlit's protocol, no browser) answer questions in a
   running portal at the same time; timed is a click, until the screen has come back with the answer saved.
"""

import os
import shutil
import sqlite3 as _standard
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils.utils import sqlite3

WRITERS = 8
EACH = 2_000
THREADS = 16
_UPSERT = (
    "INSERT INTO answer (survey_id, respondent, question, value, revision, saved_at) VALUES (?, ?, ?, ?, 1, ?)"
    " ON CONFLICT (survey_id, respondent, question) DO UPDATE SET"
    " value = excluded.value, revision = answer.revision + 1, saved_at = excluded.saved_at"
)
"""What the store does when it keeps an answer, and nothing around it."""


@dataclass(frozen=True)
class Timing:
    """How long something took each time, in seconds, sorted; how many were done a second; and what failed."""

    waits: tuple[float, ...]
    per_second: float
    errors: tuple[str, ...]

    def at(self, share: float) -> float:
        """The wait in milliseconds that this share of all does not exceed; nan where there was none."""
        if not self.waits:
            return float("nan")
        return 1000 * self.waits[min(len(self.waits) - 1, int(len(self.waits) * share))]

    def __str__(self) -> str:
        waits = f"p50 {self.at(0.5):7.2f}   p95 {self.at(0.95):7.2f}   longest {self.at(1):8.1f} ms"
        return f"{self.per_second:9,.0f}/s   {waits}   errors {len(self.errors)}"


def timed(threads: int, each: int, work: Callable[[int, int], None]) -> Timing:
    """Call `work(thread, number)` so many times from each of so many threads, until every thread has done all of its own."""
    waits: list[list[float]] = [[] for _ in range(threads)]
    errors: list[str] = []
    start = threading.Barrier(threads + 1)

    def run(thread: int) -> None:
        start.wait()
        for number in range(each):
            begun = time.perf_counter()
            try:
                work(thread, number)
            except Exception as error:
                errors.append(repr(error))
            waits[thread].append(time.perf_counter() - begun)

    running = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    for one in running:
        one.start()
    start.wait()
    begun = time.perf_counter()
    for one in running:
        one.join()
    taken = time.perf_counter() - begun
    return Timing(tuple(sorted(w for own in waits for w in own)), threads * each / taken, tuple(errors))


def together(timings: list[Timing]) -> Timing:
    """Several rounds of the same as one: all their waits, and the most that was done a second in any round."""
    waits = tuple(sorted(wait for one in timings for wait in one.waits))
    best = max(one.per_second for one in timings)
    return Timing(waits, best, tuple(error for one in timings for error in one.errors))


def add_people(count: int) -> list[Any]:
    """So many members, half of them in each team, as those who act."""
    from actions import clock, people
    from alignment.people import MACHINE, Actor, Role, Team

    newcomers = [
        people.Newcomer(f"Person {n}", f"person{n}@example.com", list(Team)[n % 2], Role.MEMBER)
        for n in range(count)
    ]
    added = people.add_with_password(MACHINE, newcomers, "correct horse battery")
    return [Actor(person.id, clock.now_text()) for person in added]


def open_survey() -> Any:
    """The questionnaire on qualified leads, open, without questions that need leads."""
    from actions import surveys
    from alignment.people import MACHINE

    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template="qualified_lead").id)


def some_answer(question: Any, number: int) -> Any:
    """An answer that the question offers, another one for each number."""
    from alignment.questionnaires import QuestionType

    match question.type:
        case QuestionType.CHOICE:
            return question.options[number % len(question.options)]
        case QuestionType.CHOICES:
            return [question.options[number % len(question.options)]]
        case QuestionType.YES_NO:
            return number % 2 == 0
        case QuestionType.SCALE:
            return 1 + number % question.points
        case QuestionType.NUMBER:
            return float((question.minimum or 0) + number % 10)
        case QuestionType.RANKING:
            return list(question.options)[: question.top]
        case QuestionType.TEXT:
            return f"What I think of it, number {number}"
        case QuestionType.RULE:
            return {"version": 1, "field": "employees", "op": ">=", "value": number}
        case _:
            return {str(card): {"verdict": "qualified"} for card in range(1, question.count + 1)}


def answer_everything(survey: Any, people: list[Any]) -> tuple[Timing, float, int]:
    """Everybody answers every question and submits, from 16 threads.

    Returns the times of storing an answer, the seconds it took altogether, and how many answers were lost.
    """
    from actions import answers
    from alignment.answers import check_answer, counted_answers

    waits: list[float] = []
    errors: list[str] = []
    expected: dict[str, dict[str, Any]] = {}

    def run(place: int) -> None:
        who, given = people[place], {}
        for question in survey.questionnaire.everything:
            value = some_answer(question, place)
            begun = time.perf_counter()
            try:
                given[question.key] = answers.save_answer(
                    who, survey.id, question.key, value, seen=0, seconds=5.0
                )
            except Exception as error:
                errors.append(repr(error))
            waits.append(time.perf_counter() - begun)
            assert given.get(question.key) == check_answer(question, value)
        answers.submit_answers(who, survey.id)
        expected[who.person_id] = given

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(len(people))))
    seconds = time.perf_counter() - begun
    lost = 0
    for who in people:
        found = answers.my_progress(who, survey.id)
        wanted = expected[who.person_id]
        lost += sum(found.answers.get(key, "nothing") != value for key, value in wanted.items())
        assert found.submitted and counted_answers(survey.questionnaire, found.answers)
    return Timing(tuple(sorted(waits)), len(waits) / seconds, tuple(errors)), seconds, lost


def compare_writers(survey: Any, people: list[Any], rounds: int) -> dict[str, Timing]:
    """Bare upserts, upserts through the store, and whole actions, in turns."""
    from actions import answers
    from db.store import store

    path, ours = store().path, store()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    own = threading.local()

    def row(thread: int, number: int) -> tuple[str, ...]:
        return (survey.id, people[thread].person_id, "response_hours", f"{number % 100}.0", now)

    def bare(thread: int, number: int) -> None:
        if not hasattr(own, "connection"):
            own.connection = sqlite3.connect(path, timeout=15, isolation_level=None)
            for setting in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                "secure_delete = ON",
            ):
                own.connection.execute(f"PRAGMA {setting}")
        own.connection.execute(_UPSERT, row(thread, number))

    def through_the_store(thread: int, number: int) -> None:
        ours.write(lambda connection: connection.execute(_UPSERT, row(thread, number)).rowcount)

    def action(thread: int, number: int) -> None:
        answers.save_answer(people[thread], survey.id, "response_hours", number % 100, seconds=5.0)

    kinds = {"bare upsert": bare, "store().write": through_the_store, "save_answer": action}
    for who in people[:WRITERS]:
        answers.save_answer(who, survey.id, "response_hours", 1)
    found: dict[str, list[Timing]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, work in kinds.items():
            found[kind].append(timed(WRITERS, EACH, work))
    return {kind: together(timings) for kind, timings in found.items()}


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT REACHED"


def _say(text: str = "") -> None:
    click.echo(text)
    sys.stdout.flush()


def _report_writers(found: dict[str, Timing]) -> bool:
    bare = found["bare upsert"]
    for kind, timing in found.items():
        _say(f"  {kind:14}{timing}")
    good = True
    for kind, least in (("store().write", 0.75), ("save_answer", 0.0)):
        timing = found[kind]
        throughput, longest = timing.per_second / bare.per_second, timing.at(1) / bare.at(1)
        reached = throughput >= least and longest <= 0.1 and not timing.errors
        good = good and reached
        wanted = f" ({least} or more wanted)" if least else ", the checks included"
        _say(
            f"  {kind}: {throughput:.2f} of the bare throughput{wanted}, longest wait {longest:.3f} of the bare one's "
            f"(0.1 or less wanted): {_verdict(reached)}"
        )
    return good


@click.command()
@click.option(
    "--people", "count", default=300, show_default=True, help="How many people answer in the first part."
)
@click.option("--rounds", default=5, show_default=True, help="How often the writers take turns.")
@click.option(
    "--sessions", default=25, show_default=True, help="How many screens; 0 leaves the third part out."
)
def main(count: int, rounds: int, sessions: int) -> None:
    """Answer, measure, compare. Exit code 1 when a target was not reached."""
    folder = Path(tempfile.mkdtemp(prefix="concord-answering-"))
    os.environ["CONCORD_DATA"] = str(folder / "data")
    try:
        people, survey = add_people(max(count, WRITERS)), open_survey()
        _say(
            f"SQLite {sqlite3.sqlite_version} (Python's own is {_standard.sqlite_version}), {os.cpu_count()} cores"
        )
        _say(
            f"\n{count} people answer {len(survey.questionnaire.everything)} questions each, {THREADS} threads"
        )
        timing, seconds, lost = answer_everything(survey, people[:count])
        _say(f"  save_answer   {timing}")
        good = lost == 0 and not timing.errors and timing.at(0.95) < 50 and seconds < 60
        _say(f"  {seconds:.1f} s, {lost} answers lost, p95 below 50 ms: {_verdict(good)}")
        other = open_survey()
        _say(f"\n{WRITERS} writers, {rounds} rounds in turns")
        good = _report_writers(compare_writers(other, people, rounds)) and good
        if sessions:
            from benchmarks.answering_screens import measure_screens

            _say(f"\n{sessions} people with a screen each, in a running portal")
            clicks = measure_screens(folder, open_survey(), people[:sessions])
            _say(f"  click         {clicks}")
            for error in sorted(set(clicks.errors))[:5]:
                _say(f"    {error}")
            good = not clicks.errors and good
    finally:
        from db import store as stores

        stores.close_all()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
