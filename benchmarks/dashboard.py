"""The dashboard on many leads, in a running portal: how long it takes to open at once after the start, first after it, with a question
that nobody could foresee, and when nothing has changed, what four others who click notice of it, and how soon a query ends whose viewer has left.

python -m benchmarks.dashboard --leads 1000000
"""

import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
CLICKING = 10.0
"""Seconds for which four people click, without a dashboard in use and with one, in turns."""
TURNS = 5
OTHERS = 4
SOURCES = ("ads", "referral", "organic", "partner", "fair", "webinar", "unknown")
IN_THE_MIDDLE = 0.15
"""Seconds of work after which a viewer leaves."""
QUIET_FOR = 1.0
MOMENTS = 6
"""Looks of 10 ms each, in more than half of which a process was found at work that is not idle."""


@contextmanager
def running(folder: Path) -> Iterator[Any]:
    """A portal of its own process over the current data folder."""
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))
    from portals import Portal, free_port

    portal = Portal(Path(os.environ["CONCORD_DATA"]), free_port(), folder / "server.log")
    portal.start()
    try:
        yield portal
    finally:
        portal.stop()


def cookie(number: int) -> str:
    """The cookie of a team lead who has just signed in."""
    from actions import clock, people, sign_in
    from alignment.people import MACHINE, Role, Team

    team = list(Team)[number % 2]
    person = people.add_person(
        MACHINE, f"Lead {number}", f"lead.{number}@example.com", team, Role.TEAM_LEAD
    ).person
    session = sign_in.Session(person.id, clock.now_text())
    return f"{sign_in.KEPT_COOKIE}={sign_in.issue_token(session, person.email)}"


def promise_the_usual() -> None:
    """Let both team leads have signed, before any lead came: a call within the hour, a decision within days, so many leads."""
    from actions import clock, people, promise_signing, promises
    from alignment.people import MACHINE, Actor, Role, Team
    from alignment.promises import Answer, DeliveryTerms, ResponseTerms

    with clock.at(datetime.now(UTC) - timedelta(days=900)):
        leads = [
            people.add_person(MACHINE, team.label, f"{team.value}@example.com", team, Role.TEAM_LEAD).person
            for team in Team
        ]
        actors = [Actor(lead.id, clock.now_text()) for lead in leads]
        usual: dict[str, ResponseTerms | DeliveryTerms] = {
            "follow_up": ResponseTerms(60),
            "feedback": ResponseTerms(5 * 480, answer=Answer.DECISION),
            "delivery": DeliveryTerms(30_000, 0.5),
        }
        for entry in promises.read_promises(actors[0]):
            version = promise_signing.draft(actors[0], entry.promise.key, usual[entry.promise.key])
            promise_signing.propose(actors[0], version)
            for actor in actors:
                shown = next(
                    one for one in promises.read_promises(actor) if one.promise.key == entry.promise.key
                )
                assert shown.open is not None
                promise_signing.sign(actor, version, shown.open.content_hash)


def seconds_of(screen: Any, page: str, query: str = "") -> float:
    """How long a screen takes until it is drawn whole."""
    begun = time.perf_counter()
    shown = screen.run(page, query=query)
    taken = time.perf_counter() - begun
    assert page != "metrics" or "Marketing delivered" in shown, shown[:500]
    return taken


def seconds_of_new(url: str, cookie: str, query: str) -> float:
    """How long the dashboard takes in a new tab."""
    from raw_client import RawClient

    with closing(
        RawClient(url, cookie)
    ) as screen:  # the choices in an address hold for the first run of a tab
        return seconds_of(screen, "metrics", query)


def leave_during(url: str, cookie: str, query: str, pid: int) -> float:
    """Ask for the dashboard and hang up in the middle; returns what the processes beside that of the screens have worked by then."""
    from raw_client import RawClient
    from streamlit.proto.BackMsg_pb2 import BackMsg

    class Leaver(RawClient):
        def ask(self) -> None:
            message = BackMsg()
            message.rerun_script.query_string = query
            message.rerun_script.page_name = "metrics"
            self._socket.send(message.SerializeToString())

    leaver = Leaver(url, cookie)
    before = begun = worked(pid)[1]
    leaver.ask()
    while before - begun < IN_THE_MIDDLE:
        time.sleep(0.01)
        before = worked(pid)[1]
    leaver.close()
    return before - begun


def clicks_of_others(url: str, cookies: list[str], until: float) -> list[float]:
    """Several people who open one small screen after the other; the seconds of each click."""
    from raw_client import RawClient

    waits: list[float] = []

    def go_about(cookie: str) -> None:
        with closing(RawClient(url, cookie)) as screen:
            screen.run("")
            while time.perf_counter() < until:
                for page in ("glossary", "cycle", "account"):
                    waits.append(seconds_of(screen, page))
                    time.sleep(0.4)

    threads = [threading.Thread(target=go_about, args=(one,)) for one in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def p95(waits: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(waits, n=20)[-1]


def family(pid: int) -> list[Path]:
    """What the system tells of a process and of those it has started."""
    found = [Path(f"/proc/{pid}")]
    with suppress(OSError):
        for children in (found[0] / "task").glob("*/children"):
            for child in children.read_text().split():
                found += family(int(child))
    return found


def worked(pid: int) -> tuple[float, float]:
    """What a process has worked so far, and what those it has started, in seconds of a processor."""
    ticks = []
    for process in family(pid):
        with suppress(OSError):
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            ticks.append(int(fields[11]) + int(fields[12]))
    second = os.sysconf("SC_CLK_TCK")
    return ticks[0] / second, sum(ticks[1:]) / second


def is_busy(pid: int) -> bool:
    """Whether any thread of a process, or of those it has started, is at work or waits for a processor or the disk."""
    for process in family(pid):
        for thread in (process / "task").glob("*"):
            with suppress(OSError):
                if (thread / "stat").read_text().rsplit(")", 1)[1].split()[0] in "RD":
                    return True
    return False


def seconds_until_idle(pid: int) -> float:
    """How long a process and its children are still at work, but for moments, as a clock that ticks has them."""
    begun = last_busy = time.perf_counter()
    looks: deque[bool] = deque(maxlen=MOMENTS)
    while (now := time.perf_counter()) - last_busy < QUIET_FOR and now - begun < 60:
        looks.append(is_busy(pid))
        if sum(looks) > MOMENTS / 2:
            last_busy = now
        time.sleep(0.01)
    return last_busy - begun


@click.command()
@click.option("--leads", "count", default=1_000_000, show_default=True, help="How many leads to make up.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="A folder to make them in, or that has them already."
)
def main(count: int, data: Path | None) -> None:
    """Make up leads, open the dashboard, and say how long it took."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = data or Path(scratch) / "data"
        os.environ["CONCORD_DATA"] = str(folder)
        os.chdir(ROOT)
        if not (folder / "leads").exists():
            from benchmarks.lead_factory import make_facts

            made = make_facts(count, until=datetime.now(UTC))
            click.echo(f"{made.leads:,} leads with {made.events:,} events")
        if not (folder / "concord.db").exists():
            promise_the_usual()
        cookies = [cookie(time.time_ns() % 10**9 + number) for number in range(OTHERS + 1)]
        with running(Path(scratch)) as portal:
            click.echo(
                f"opened at once             {seconds_of_new(portal.url, cookies[0], ''):6.2f} s   while the server still loads"
            )
        with running(Path(scratch)) as portal:
            from raw_client import RawClient

            assert portal.process is not None
            loading = seconds_until_idle(portal.process.pid)
            with closing(RawClient(portal.url, cookies[0])) as screen:
                screen.run("account")  # which looks at no lead, so that nobody has opened the engine
                before = worked(portal.process.pid)
                cold = seconds_of(screen, "metrics")
                screens, figures = (b - a for a, b in zip(before, worked(portal.process.pid), strict=True))
                again = [seconds_of(screen, "metrics") for _ in range(5)]
                unforeseen = seconds_of_new(portal.url, cookies[0], "period=30%20days&split=Country")
                delivered = re.search(r"Marketing delivered ([\d,]+)", screen.run("metrics"))
                assert delivered and delivered[1] != "0", (
                    "These leads are older than the days that the dashboard shows."
                )
            sources = {
                one: seconds_of_new(portal.url, cookies[0], f"only=source:{one}") for one in SOURCES[:3]
            }
            click.echo(f"qualified leads shown      {delivered[1]}")
            click.echo(f"loaded and looked ahead in {loading:6.2f} s   after the server had started")
            click.echo(
                f"opened first after the start {cold:5.2f} s   (at most 1.5), of a processor {screens:.2f} s of the screens' process and "
                f"{figures:.2f} s of others"
            )
            click.echo(f"asked what nobody foresaw  {unforeseen:6.2f} s   (30 days, by country)")
            click.echo(f"opened, nothing changed    {statistics.median(again):6.2f} s   (at most 0.3)")
            for source, taken in sources.items():
                click.echo(f"kept to source {source:11} {taken:6.2f} s")

            # of no such campaign or content there is a lead: the work is the same
            fields = ("source", "campaign", "content", "industry", "country")
            choices = (f"only={field}:{source}-" for field in fields for source in SOURCES)
            looked = [0]

            def use_dashboard(until: float) -> None:
                while time.perf_counter() < until:
                    seconds_of_new(portal.url, cookies[0], next(choices))
                    looked[0] += 1
                    time.sleep(2.0)

            waits: dict[bool, list[float]] = {False: [], True: []}
            work = {False: [0.0, 0.0], True: [0.0, 0.0]}
            for turn in range(2 * TURNS):
                in_use = turn % 2 == 1
                before = worked(portal.process.pid)
                until = time.perf_counter() + CLICKING
                user = threading.Thread(target=use_dashboard, args=(until if in_use else 0.0,))
                user.start()
                waits[in_use] += clicks_of_others(portal.url, cookies[1:], until)
                user.join()
                for place, (a, b) in enumerate(zip(before, worked(portal.process.pid), strict=True)):
                    work[in_use][place] += b - a
            alone, beside = p95(waits[False]), p95(waits[True])
            click.echo(f"p95 of four others, alone  {alone * 1000:6.0f} ms   of {len(waits[False])} clicks")
            click.echo(
                f"beside a dashboard in use  {beside * 1000:6.0f} ms   of {len(waits[True])} clicks = {beside / alone:.2f} times "
                f"(at most 1.2), {looked[0]} looks"
            )
            click.echo(
                f"  a processor of {TURNS * CLICKING:.0f} s: {work[False][0]:.2f} s for clicks alone, then {work[True][0]:.2f} s of "
                f"the screens' process and {work[True][1]:.2f} s of others"
            )

            before = worked(portal.process.pid)
            seconds_of_new(portal.url, cookies[0], "period=All&only=source:fair")
            whole = worked(portal.process.pid)[1] - before[1]
            seconds_until_idle(portal.process.pid)
            before = worked(portal.process.pid)
            done = leave_during(portal.url, cookies[0], "period=All&only=source:webinar", portal.process.pid)
            left = seconds_until_idle(portal.process.pid)
            after = worked(portal.process.pid)[1] - before[1] - done
            click.echo(
                f"worked on after its viewer left {left:.2f} s  (at most 0.5): {after:.2f} s of a processor after {done:.2f} s; "
                f"a whole look takes {whole:.2f} s"
            )


if __name__ == "__main__":
    main()
