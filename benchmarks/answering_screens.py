"""People with screens: websocket sessions that answer in a running portal, each click timed until the screen is back."""

import os
import random
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.answering import Timing

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 20.0
THINKING = (0.3, 1.2)
"""Seconds between two clicks of one person: far quicker than people are."""


def measure_screens(folder: Path, survey: Any, people: list[Any]) -> Timing:
    """Let everybody answer the scales of the first section over and over; the times of a click.

    A click is over when the screen has been drawn anew and says 'Saved'. What was clicked last has to be in the store; what
    is not counts as an error.
    """
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))
    from portals import Portal, free_port

    os.chdir(ROOT)
    portal = Portal(Path(os.environ["CONCORD_DATA"]), free_port(), folder / "server.log")
    portal.start()
    waits: list[float] = []
    errors: list[str] = []
    try:
        loaded = threading.Barrier(len(people))
        screens = [
            threading.Thread(target=_answer, args=(portal.url, survey, who, loaded, waits, errors))
            for who in people
        ]
        for screen in screens:
            screen.start()
        for screen in screens:
            screen.join()
    finally:
        portal.stop()
    return Timing(tuple(sorted(waits)), len(waits) / SECONDS, tuple(errors))


def _answer(
    url: str, survey: Any, who: Any, loaded: threading.Barrier, waits: list[float], errors: list[str]
) -> None:
    from raw_client import RawClient

    from actions import answers
    from alignment.questionnaires import QuestionType

    draw = random.Random(who.person_id)
    last: dict[str, int] = {}
    try:
        with closing(RawClient(url, _cookie(who))) as screen:
            screen.run("answer", query=f"survey={survey.id}")
            keys = [
                question.key
                for question in survey.questionnaire.everything
                if question.type is QuestionType.SCALE
                and _button(survey, question.key, question.points) in screen.buttons
            ]
            assert keys, "no scale was drawn"
            loaded.wait()
            until = time.perf_counter() + SECONDS
            while time.perf_counter() < until:
                time.sleep(draw.uniform(*THINKING))
                key = draw.choice(keys)
                point = draw.choice([p for p in range(1, 6) if p != last.get(key)])
                begun = time.perf_counter()
                shown = screen.run("answer", query=f"survey={survey.id}", clicked=_button(survey, key, point))
                waits.append(time.perf_counter() - begun)
                last[key] = point
                if "Saved" not in shown:
                    errors.append(f"not saved: {key}")
        found = answers.my_progress(who, survey.id).answers
        errors += [f"lost: {key}" for key, point in last.items() if found.get(key) != point]
    except Exception as error:
        loaded.abort()
        errors.append(repr(error))


def _button(survey: Any, key: str, point: int) -> str:
    """The key of the button for a point of a scale."""
    return f"answer_{survey.id}_{key}-option-{point - 1}"


def _cookie(who: Any) -> str:
    """The cookie of a person who has just signed in."""
    from actions import people, sign_in
    from alignment.people import MACHINE

    person = next(e.person for e in people.list_people(MACHINE) if e.person.id == who.person_id)
    session = sign_in.Session(person.id, who.signed_in_at)
    return f"{sign_in.KEPT_COOKIE}={sign_in.issue_token(session, person.email)}"
