"""The dashboard on many leads, in a running portal: how long it takes to open on a cold engine and when nothing has changed,
what four others who click notice of it, and how soon a query ends whose viewer has left.

python -m benchmarks.dashboard --leads 1000000
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
CLICKING = 15.0
"""Seconds for which four people click, without a dashboard in use and with one."""
OTHERS = 4
SOURCES = ("ads", "referral", "organic", "partner", "fair", "webinar", "unknown")
QUIET_FOR = 0.3


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


def leave_during(url: str, cookie: str, query: str) -> None:
    """Ask for the dashboard and hang up half a second later, while it computes."""
    from raw_client import RawClient
    from streamlit.proto.BackMsg_pb2 import BackMsg

    class Leaver(RawClient):
        def ask(self) -> None:
            message = BackMsg()
            message.rerun_script.query_string = query
            message.rerun_script.page_name = "metrics"
            self._socket.send(message.SerializeToString())

    leaver = Leaver(url, cookie)
    leaver.ask()
    time.sleep(0.5)
    leaver.close()


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


def cpu_seconds(pid: int) -> float:
    """What a process has worked so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seconds_until_idle(pid: int) -> float:
    """How long a process still works: until it has done next to nothing for a moment."""
    begun = last_busy = time.perf_counter()
    worked = cpu_seconds(pid)
    while time.perf_counter() - last_busy < QUIET_FOR and time.perf_counter() - begun < 60:
        time.sleep(0.05)
        now = cpu_seconds(pid)
        if now - worked > 0.02:
            last_busy, worked = time.perf_counter(), now
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
            promise_the_usual()
            click.echo(f"{made.leads:,} leads with {made.events:,} events")
        cookies = [cookie(time.time_ns() % 10**9 + number) for number in range(OTHERS + 1)]
        with running(Path(scratch)) as portal:
            from raw_client import RawClient

            assert portal.process is not None
            loading = seconds_until_idle(portal.process.pid)
            with closing(RawClient(portal.url, cookies[0])) as screen:
                screen.run("account")  # which looks at no lead, so that nobody has opened the engine
                worked = cpu_seconds(portal.process.pid)
                cold = seconds_of(screen, "metrics")
                worked = cpu_seconds(portal.process.pid) - worked
                again = [seconds_of(screen, "metrics") for _ in range(5)]
            sources = {
                one: seconds_of_new(portal.url, cookies[0], f"only=source:{one}") for one in SOURCES[:3]
            }
            click.echo(f"libraries were loaded      {loading:6.2f} s   after the server had started")
            click.echo(
                f"opened on a cold engine    {cold:6.2f} s   (at most 1.5), {worked:.2f} s of processor time"
            )
            click.echo(f"opened, nothing changed    {statistics.median(again):6.2f} s   (at most 0.3)")
            for source, taken in sources.items():
                click.echo(f"kept to source {source:11} {taken:6.2f} s")

            alone = p95(clicks_of_others(portal.url, cookies[1:], time.perf_counter() + CLICKING))
            ended = threading.Event()
            looked = [0]

            def use_dashboard() -> None:
                for field in ("source", "campaign", "content"):
                    for source in SOURCES:
                        if not ended.is_set():
                            # of no such campaign or content there is a lead: the work is the same
                            seconds_of_new(portal.url, cookies[0], f"only={field}:{source}-")
                            looked[0] += 1
                            ended.wait(2.0)

            user = threading.Thread(target=use_dashboard)
            user.start()
            beside = p95(clicks_of_others(portal.url, cookies[1:], time.perf_counter() + CLICKING))
            ended.set()
            user.join()
            click.echo(f"p95 of four others, alone  {alone * 1000:6.0f} ms")
            click.echo(
                f"beside a dashboard in use  {beside * 1000:6.0f} ms  = {beside / alone:.2f} times (at most 1.2), "
                f"{looked[0]} looks"
            )

            leave_during(portal.url, cookies[0], "only=source:unknown")
            left = seconds_until_idle(portal.process.pid)
            click.echo(f"worked on after its viewer left {left:.2f} s  (at most 0.5)")


if __name__ == "__main__":
    main()
