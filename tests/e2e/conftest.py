"""A running portal with a data folder of its own, and browsers in which people sign in."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browsing import PASSWORD, fill_in_sign_in
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from actions import people
from alignment.people import MACHINE, Person, Role, Team
from db import store as stores

ROOT = Path(__file__).resolve().parents[2]
# what a browser does by itself when somebody leaves: no fault of the portal's
_HARMLESS = ("Session with id", "is already connected")


@dataclass
class Portal:
    """A server process. `url` has no slash at its end; `log` is the file of its standard error."""

    folder: Path
    port: int
    log: Path
    process: subprocess.Popen | None = None
    violations: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        environment = {**os.environ, "CONCORD_DATA": str(self.folder), "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        for _ in range(3000):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                self.process.poll()
                _pause()
        raise AssertionError("the portal did not start:\n" + self.log.read_text())

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Stop the server and return its exit code."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=30)

    def setup_link(self) -> str:
        """The set-up link that the log shows."""
        found = re.findall(r'"url": "(\S+\?setup=\S+?)"', self.log.read_text())
        assert found, self.log.read_text()
        return found[-1]

    def complaints(self) -> list[str]:
        """Lines of the log that a good run does not have."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if _complains(line) and not any(word in line for word in _HARMLESS)]


def _complains(line: str) -> bool:
    try:
        return json.loads(line)["level"] not in ("info", "debug")
    except (ValueError, KeyError, TypeError):
        return bool(re.search(r"Traceback|Warning|WARNING|Error|ERROR|missing ScriptRunContext", line))


def _pause() -> None:
    """Yield to the server that starts; a bound on tries stands in the caller."""
    import select

    select.select([], [], [], 0.02)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def portal(data_folder: Path, tmp_path: Path) -> Iterator[Portal]:
    """A running server over this test's own data folder. Its log has to be free of warnings and tracebacks."""
    stores.close_all()
    running = Portal(data_folder, free_port(), tmp_path / "server.log")
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()
    assert not running.complaints(), "\n".join(running.complaints())
    assert not running.violations, "\n".join(running.violations)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it, or else as playwright has it."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        opened = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture
def new_context(browser: Browser, portal: Portal) -> Iterator[Callable[..., BrowserContext]]:
    """new_context(**options) -> a fresh browser that knows nobody. Content policy violations are kept in the portal."""
    opened: list[BrowserContext] = []

    def new(**options: object) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        context.on("console", lambda message: _note(portal, message.text))
        opened.append(context)
        return context

    yield new
    for context in opened:
        context.close()


def _note(portal: Portal, text: str) -> None:
    if "Content Security Policy" in text:
        portal.violations.append(text)


@pytest.fixture
def add_person() -> Callable[..., Person]:
    """add_person("Ada Sales", role="member", team="sales") -> Person with PASSWORD, in the portal's own store."""

    def add(name: str, role: str = "member", team: str | None = "sales", email: str | None = None) -> Person:
        email = email or f"{name.lower().replace(' ', '.')}@example.com"
        added = people.add_person(MACHINE, name, email, Team(team) if team else None, Role(role)).person
        people.set_password(MACHINE, added.id, PASSWORD)
        return added

    return add


@pytest.fixture
def sign_in(portal: Portal, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """sign_in(person, "/glossary", **context options) -> Page of a new browser in which the person has signed in."""

    def signed_in(person: Person, path: str = "/", **options: object) -> Page:
        page = new_context(**options).new_page()
        page.goto(portal.url + path)
        fill_in_sign_in(page, person.email)
        return page

    return signed_in
