"""The HTTP feed under load: events from several clients at a steady rate, with a dashboard open, against a server of its own.

Says how fast events were acknowledged, how long after that they were in the figures, and whether any was lost or doubled.

python -m benchmarks.feed --leads 100000 --seconds 60
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Seen:
    """What the clients saw: seconds until each acknowledgement, and what was acknowledged."""

    waits: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    late: float = 0.0


@click.command()
@click.option("--leads", default=100_000, show_default=True, help="Leads that are there before.")
@click.option("--rate", default=200, show_default=True, help="Events a second from all clients together.")
@click.option("--clients", default=4, show_default=True)
@click.option("--seconds", default=60, show_default=True)
@click.option(
    "--dashboard/--no-dashboard", default=True, help="Whether somebody looks at the metrics meanwhile."
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="A folder of its own; one that is thrown away otherwise."
)
def main(leads: int, rate: int, clients: int, seconds: int, dashboard: bool, data: Path | None) -> None:
    """Run the load and print what was seen as JSON."""
    with tempfile.TemporaryDirectory() as thrown_away:
        folder = (data or Path(thrown_away) / "data").resolve()
        os.environ["CONCORD_DATA"] = str(folder)
        print(json.dumps(_run(folder, leads, rate, clients, seconds, dashboard), indent=1))  # noqa: T201


def _run(folder: Path, leads: int, rate: int, clients: int, seconds: int, dashboard: bool) -> dict[str, Any]:
    from actions import api_tokens
    from alignment.people import MACHINE
    from benchmarks.lead_factory import make_facts

    if leads:
        make_facts(leads)
    name = f"load {time.time_ns()}"
    secret = api_tokens.create_token(MACHINE, name, list(api_tokens.Scope)).secret
    port = _free_port()
    before = _count_events()
    server = _serve(folder, port)
    watching = threading.Event()
    lags: list[float] = []
    watcher = threading.Thread(target=_watch, args=(watching, lags), daemon=True)
    browser = None
    try:
        _wait_until_up(port)
        browser = _open_dashboard(port) if dashboard else None
        watcher.start()
        seen = _send(port, secret, rate, clients, seconds, leads)
        _wait_until_in_figures()
        watching.set()
        watcher.join()
    finally:
        if browser is not None:
            browser.terminate()
            browser.wait(10)
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    waits = sorted(seen.waits)
    return {
        "leads_before": leads,
        "sent": rate * seconds,
        "acknowledged": len(seen.acknowledged),
        "faults": seen.faults[:5],
        "in_figures": _count_events() - before,
        "acknowledged_within_ms": {
            f"p{share}": round(_quantile(waits, share) * 1000, 1) for share in (50, 95, 99, 100)
        },
        "share_within_100_ms": round(sum(wait < 0.1 for wait in waits) / max(len(waits), 1), 4),
        "behind_plan_seconds": round(seen.late, 2),
        "in_figures_after_seconds": {
            f"p{share}": round(_quantile(sorted(lags), share), 2) for share in (50, 95, 100)
        },
        "dashboard": browser is not None,
    }


def _send(port: int, secret: str, rate: int, clients: int, seconds: int, leads: int) -> Seen:
    """Each client sends its part one event after the other, by the clock: who comes late sends at once.

    The wait of an event is counted from when it was due, so that nothing is hidden behind a slow answer before it.
    """
    seen = Seen()
    gap = clients / rate
    began = time.perf_counter() + 0.5
    first = datetime.now(UTC) - timedelta(days=1)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for place in range(rate * seconds // clients):
            event_id = f"{began}-{number}-{place}"
            event = {
                "id": event_id,
                "lead_id": f"L{(place * 7919 + number) % max(leads, 1000)}",
                "type": "contact_attempted",
                "at": (first + timedelta(milliseconds=place * clients + number)).isoformat(),
            }
            body = json.dumps([event])
            due = began + place * gap + number * gap / clients
            time.sleep(max(0.0, due - time.perf_counter()))
            seen.late = max(seen.late, time.perf_counter() - due)
            try:
                connection.request("POST", "/api/v1/lead-events", body, headers)
                answer = connection.getresponse()
                told = answer.read()
            except (OSError, http.client.HTTPException) as error:
                seen.faults.append(repr(error))
                connection.close()
                continue
            seen.waits.append(time.perf_counter() - due)
            if answer.status == 200:
                seen.acknowledged.append(event_id)
            else:
                seen.faults.append(f"{answer.status} {told[:200]!r}")

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _watch(stop: threading.Event, lags: list[float]) -> None:
    """How old, several times a second, the oldest item is that is not in the figures."""
    from actions import lead_feed
    from alignment import instants
    from alignment.people import MACHINE

    while not stop.wait(0.2):
        state = lead_feed.read_feed(MACHINE)
        if state.waiting_since:
            lags.append((datetime.now(UTC) - instants.from_text(state.waiting_since)).total_seconds())


def _wait_until_in_figures() -> None:
    from actions import lead_feed
    from alignment.people import MACHINE

    until = time.monotonic() + 120
    while lead_feed.read_feed(MACHINE).waiting and time.monotonic() < until:
        time.sleep(0.1)


def _count_events() -> int:
    from leads.store import warehouse

    with warehouse().read() as facts:
        return int(facts.value(facts.event.count()))


def _serve(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    log = (folder / "server.log").open("ab")
    environment = {**os.environ, "PORT": str(port), "CONCORD_ADDRESS": "127.0.0.1"}
    return subprocess.Popen([sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)


def _wait_until_up(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/api/v1/health")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not start")


_BROWSE = """
import sys, time
from playwright.sync_api import sync_playwright
url, name, value = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
    )
    context = browser.new_context()
    context.add_cookies([{"name": name, "value": value, "url": url, "sameSite": "Strict"}])
    page = context.new_page()
    page.goto(url + "/metrics")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    print("open", flush=True)
    time.sleep(3600)
"""


def _open_dashboard(port: int) -> "subprocess.Popen[bytes]":
    """A browser in which a team lead looks at the metrics."""
    from actions import clock, people, sign_in
    from alignment.people import MACHINE, Role, Team

    email = f"lead.{time.time_ns()}@example.com"
    person = people.add_person(MACHINE, "Looks on", email, Team.SALES, Role.TEAM_LEAD).person
    cookie = sign_in.issue_token(sign_in.Session(person.id, clock.now_text()), person.email)
    process = subprocess.Popen(
        [sys.executable, "-c", _BROWSE, f"http://localhost:{port}", sign_in.KEPT_COOKIE, cookie],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    if process.stdout.readline().strip() != b"open":
        raise RuntimeError("the dashboard did not open")
    return process


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _quantile(ordered: list[float], share: int) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


if __name__ == "__main__":
    main()
