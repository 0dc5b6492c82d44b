"""Kill the process with eight people answering in it, fifty times, and look whether anything confirmed was lost.

Run `python -m benchmarks.killing` (a minute or two), or with `--rounds 5` for a first look. Each round a process saves
answers from eight threads through `actions.answers.save_answer` and says each one aloud once it is confirmed; after a random
number of them it gets SIGKILL. Then every answer that was confirmed has to be in the store, or a later one of the same
person to the same question, and the store has to pass SQLite's own check.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.answering import WRITERS, add_people

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = 5
_TOML = 'title = "Counting"\nmode = "confidential"\n' + "".join(
    f'[[questions]]\nkey = "q{n}"\ntopic = "t"\ntype = "number"\ntext = "Up to where?"\n'
    for n in range(QUESTIONS)
)
_CHILD = """
import sys, threading
from actions import answers, clock
from alignment.people import Actor
survey, start, *people = sys.argv[1:]
def work(person):
    for number in range(int(start), 10**9):
        key = f"q{number % 5}"
        answers.save_answer(Actor(person, clock.now_text()), survey, key, number)
        sys.stdout.write(f"{person} {key} {number}\\n")
        sys.stdout.flush()
for person in people:
    threading.Thread(target=work, args=(person,)).start()
"""


def kill_once(survey: Any, people: list[Any], start: int, confirmations: int) -> dict[tuple[str, str], int]:
    """Let a process save answers from `start` on, kill it after so many, and return the last confirmed of each."""
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, survey.id, str(start), *(who.person_id for who in people)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(line)
        if len(lines) == confirmations:
            child.send_signal(signal.SIGKILL)
    child.wait()
    if len(lines) < confirmations:
        raise click.ClickException("The process ended before it was killed.")
    last: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.endswith("\n"):  # a line cut off was not said
            person, key, number = line.split()
            last[person, key] = int(number)
    return last


@click.command()
@click.option("--rounds", default=50, show_default=True)
def main(rounds: int) -> None:
    """Kill, look, repeat. Exit code 1 when anything was lost."""
    folder = Path(tempfile.mkdtemp(prefix="concord-killing-"))
    os.environ["CONCORD_DATA"] = str(folder / "data")
    from actions import answers, health, surveys
    from alignment.people import MACHINE
    from db import store as stores

    draw, confirmed, lost, unsound, start = random.Random(1), 0, 0, 0, 1
    try:
        people = add_people(WRITERS)
        survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=_TOML).id)
        for number in range(1, rounds + 1):
            stores.close_all()
            said = kill_once(survey, people, start, draw.randint(50, 2000))
            kept = {who.person_id: answers.my_progress(who, survey.id).answers for who in people}
            lost += sum(kept[person].get(key, -1) < value for (person, key), value in said.items())
            unsound += not health.inspect(MACHINE).sound
            confirmed += sum(value - start + 1 for value in _furthest(said).values())
            start = 1 + max(int(value) for own in kept.values() for value in own.values())
            if number % 10 == 0 or number == rounds:
                click.echo(
                    f"{number} kills: {confirmed:,} confirmed answers, {lost} lost, {unsound} times unsound"
                )
    finally:
        stores.close_all()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if lost or unsound else 0)


def _furthest(said: dict[tuple[str, str], int]) -> dict[str, int]:
    furthest: dict[str, int] = {}
    for (person, _), value in said.items():
        furthest[person] = max(value, furthest.get(person, 0))
    return furthest


if __name__ == "__main__":
    main()
