"""A running portal with a data folder of its own, and browsers in which people sign in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import PASSWORD, settle
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from portals import ForkedPortal, Portal, free_port, started

from actions import clock, people
from actions import sign_in as sessions
from alignment.people import MACHINE, Person, Role, Team
from db import store as stores

# Only the last list of features that a browser is given counts. The first two draw suggestions below an address bar that nobody
# sees, a third of what a new window costs; the others are those that playwright leaves out.
_LEFT_OUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    f"--disable-features={','.join(_LEFT_OUT)}",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test gets a second go, from an empty store: a machine that was busy for a moment is no fault of the portal.

    The summary counts every second go as `rerun`.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def portal(data_folder: Path, tmp_path: Path) -> Iterator[Portal]:
    """A running server over this test's own data folder. Its log has to be free of warnings and tracebacks."""
    stores.close_all()
    with started(ForkedPortal(data_folder, free_port(), tmp_path / "server.log")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it, or else as playwright has it."""
    expect.set_options(timeout=20_000)  # a machine may be busy; what has to be fast says so itself
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        opened = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
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
        known = {entry.person.email for entry in people.list_people(MACHINE)}
        alike = f"{name.lower().replace(' ', '.')}@example.com"
        email = email or (f"{len(known)}.{alike}" if alike in known else alike)
        added = people.add_person(MACHINE, name, email, Team(team) if team else None, Role(role)).person
        people.set_password(MACHINE, added.id, PASSWORD)
        return added

    return add


def session_cookie(person: Person, url: str) -> dict[str, str]:
    """The cookie of somebody who has signed in just now, as playwright takes it."""
    token = sessions.issue_token(sessions.Session(person.id, clock.now_text()), person.email)
    return {"name": sessions.KEPT_COOKIE, "value": token, "url": url, "sameSite": "Strict"}


@pytest.fixture
def sign_in(portal: Portal, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """sign_in(person, "/glossary", **context options) -> Page of a new browser in which the person has signed in.

    The browser brings the cookie that the sign-in form leaves behind; the form has tests of its own.
    """

    def signed_in(person: Person, path: str = "/", **options: object) -> Page:
        context = new_context(**options)
        context.add_cookies([session_cookie(person, portal.url)])
        page = context.new_page()
        page.goto(portal.url + path)
        expect(page.get_by_role("button", name="Sign out")).to_be_attached()
        settle(page)
        return page

    return signed_in
